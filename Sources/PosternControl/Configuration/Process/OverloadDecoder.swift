import PosternModel
import PosternPolicy

/// Reads `overload`.
enum OverloadDecoder {
    static func decode(_ mapping: MappingReader?) -> OverloadConfiguration {
        var overload = OverloadConfiguration()
        guard let mapping else { return overload }
        if let memory = mapping.node("memory") { overload.memory = memory.byteCount("memory", mapping.report) }
        let keys: [(String, WritableKeyPath<OverloadConfiguration, Int>)] = [
            ("shrinkTimers", \.shrinkTimers), ("stopKeepAlive", \.stopKeepAlive), ("refuse", \.refuse),
        ]
        for (key, path) in keys {
            if let percent = mapping.integer(key, in: 1...100) { overload[keyPath: path] = percent }
        }
        // Each must come after the one before it; a default that is in the way is named like a value of one's own.
        for (first, second) in zip(keys, keys.dropFirst())
        where overload[keyPath: first.1] >= overload[keyPath: second.1] {
            let (low, high) = (overload[keyPath: first.1], overload[keyPath: second.1])
            let place = (mapping.node(second.0) ?? mapping.node(first.0))?.position ?? mapping.position
            mapping.report.error(
                at: place, "`\(second.0)` of \(high) is not more than `\(first.0)` of \(low)",
                hint: "percent of the memory limit, in the order `shrinkTimers`, `stopKeepAlive`, `refuse`")
        }
        mapping.finish()
        return overload
    }
}

extension DocumentNode {
    /// Bytes, as a number or with a unit of 1,024: `2GiB`; at least 16 MiB, below which nothing could be served.
    fileprivate func byteCount(_ key: String, _ report: ProblemReport) -> Int? {
        let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)]
        guard let written = text(key, report)?.value else { return nil }
        let unit = units.first { written.hasSuffix($0.0) }
        let digits = written.dropLast(unit?.0.count ?? 0)
        let isNumber = !digits.isEmpty && digits.utf8.allSatisfy(\.isDigit)
        if isNumber, let number = Int(digits) {
            let (bytes, overflows) = number.multipliedReportingOverflow(by: unit?.1 ?? 1)
            if !overflows, bytes >= 16 << 20 { return bytes }
        }
        report.error(
            at: position, "`\(written.abbreviated)` is not a value of `\(key)`",
            hint: "bytes, or a number with `KiB`, `MiB`, `GiB` or `TiB`; at least 16 MiB")
        return nil
    }
}
