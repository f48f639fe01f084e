import Glibc

/// What systemd says of units, by systemctl(1) and systemd-analyze(1).
package enum ServiceUnit {
    /// Whether systemd is the machine's service manager (sd_booted(3)).
    package static var isManaged: Bool {
        var status = stat()
        return stat("/run/systemd/system", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// - Returns: the properties that the unit has; nil where it is not loaded, or nobody can be asked.
    package static func properties(_ names: [String], of unit: String) -> [String: String]? {
        guard isManaged,
            let text = ProgramOutput.of([
                "systemctl", "show", unit, "-p", (names + ["LoadState"]).joined(separator: ","),
            ])
        else { return nil }
        let properties = lines(text)
        return properties["LoadState"] == "loaded" ? properties : nil
    }

    /// Descriptor names of the loaded socket units, with the unit and whether it is active.
    package static func sockets() -> [(name: String, unit: String, isActive: Bool)]? {
        guard isManaged,
            let text = ProgramOutput.of(["systemctl", "show", "*.socket", "-p", "Id,FileDescriptorName,ActiveState"])
        else { return nil }
        return text.split(separator: "\n\n").map(lines).compactMap { properties in
            guard let unit = properties["Id"] else { return nil }
            // Without one of its own a socket is called as its unit (systemd.socket(5)).
            let name = properties["FileDescriptorName"].flatMap { $0.isEmpty ? nil : $0 } ?? unit
            return (name, unit, properties["ActiveState"] == "active")
        }
    }

    /// The unit's exposure, 0.0 to 10.0, less is better (`systemd-analyze security`).
    package static func exposure(of unit: String) -> Double? {
        guard isManaged, let text = ProgramOutput.of(["systemd-analyze", "security", "--no-pager", unit], within: 20)
        else { return nil }
        return exposure(in: text)
    }

    /// The last line, `→ Overall exposure level for postern.service: 1.2 OK :-)`.
    static func exposure(in text: String) -> Double? {
        let line = text.split(separator: "\n").last { $0.contains("exposure level for") } ?? ""
        let words = line.split(separator: " ")
        guard let unit = words.firstIndex(where: { $0.hasSuffix(":") }), unit + 1 < words.count else { return nil }
        return Double(words[unit + 1])
    }

    private static func lines(_ text: some StringProtocol) -> [String: String] {
        var properties: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            properties[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        return properties
    }
}
