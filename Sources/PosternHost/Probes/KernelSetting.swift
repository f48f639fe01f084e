/// Settings of the kernel under `/proc/sys` (sysctl(8)), by names such as `net.core.somaxconn`.
package enum KernelSetting {
    /// - Returns: nil where this kernel or this namespace does not have it.
    package static func number(_ name: String) -> Int? { numbers(name)?.first }

    /// Several stand in one setting, `net.ipv4.ip_local_port_range` for one.
    package static func numbers(_ name: String) -> [Int]? {
        let path = "/proc/sys/" + String(name.map { $0 == "." ? "/" : $0 })
        guard let text = FileText.read(path) else { return nil }
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        return numbers.isEmpty ? nil : numbers
    }
}
