/// Which systemd unit a process is in, by `/proc/PID/cgroup` (cgroups(7), systemd's CGROUP_DELEGATION).
enum SystemdUnit {
    /// The unit of the system's own manager: the outermost that is no slice, as `sd_pid_get_unit` has it.
    ///
    /// Everything below a unit may belong to whoever was given its control group: a user can name units of
    /// `user@1000.service` as they like, `sshd.service` too, so that deeper names prove nothing. Nil for a process outside
    /// of all units, or outside of our own cgroup namespace.
    static func named(inCgroups text: [UInt8]) -> String? {
        var unified: String?
        for line in text.split(separator: UInt8(ascii: "\n")) {
            // hierarchy number:controllers:path, and the path may hold colons.
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            // Where systemd keeps a hierarchy of its own (version 1, hybrid), that one counts.
            if parts[1].elementsEqual("name=systemd".utf8), let unit = unit(ofPath: parts[2]) { return unit }
            if parts[0].elementsEqual("0".utf8), parts[1].isEmpty { unified = unit(ofPath: parts[2]) }
        }
        return unified
    }

    private static func unit(ofPath path: ArraySlice<UInt8>) -> String? {
        // The kernel says so behind the path of a group that was removed meanwhile.
        let path = path.ends(with: " (deleted)") ? path.dropLast(" (deleted)".utf8.count) : path
        for component in path.split(separator: UInt8(ascii: "/")) {
            // systemd puts `_` before names that the kernel keeps for itself, such as `cpu.service`, and before a `_`.
            let name = component.first == UInt8(ascii: "_") ? component.dropFirst() : component
            if isUnit(name, types: [".slice"]) { continue }
            guard isUnit(name, types: [".service", ".scope", ".socket", ".mount", ".swap"]) else { return nil }
            return String(decoding: name, as: UTF8.self)
        }
        return nil
    }

    /// The rules of unit names, systemd.unit(5); escapes such as `\x2d` belong to the name.
    private static func isUnit(_ name: ArraySlice<UInt8>, types: [String]) -> Bool {
        guard name.count <= 255, let type = types.first(where: name.ends(with:)) else { return false }
        let prefix = name.dropLast(type.utf8.count)
        return !prefix.isEmpty
            && prefix.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "@"):
                    true
                default: false
                }
            }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
