import PosternModel
import PosternPolicy

/// Reads `accessLog` and `systemLog`.
enum LogDecoder {
    static func accessLog(_ mapping: MappingReader?) -> AccessLogConfiguration {
        guard let mapping else { return .standardOutput }
        defer { mapping.finish() }
        guard let path = mapping.text("path") else { return .standardOutput }
        switch path.value {
        case "stdout": return .standardOutput
        case "stderr": return .standardError
        case "journal": return .journal
        case "off": return .off
        case let file where isFile(file): return .file(file)
        default:
            mapping.report.error(
                at: path.position, "`\(path.value.abbreviated)` is not a place for the access log",
                hint: "`stdout`, `stderr`, `journal`, `off`, or an absolute path")
            return .standardOutput
        }
    }

    static func systemLog(_ mapping: MappingReader?) -> SystemLogConfiguration {
        var log = SystemLogConfiguration()
        guard let mapping else { return log }
        if let path = mapping.text("path") { log.place = place(path, mapping.report) ?? log.place }
        log.format = mapping.choice("format", of: SystemLogConfiguration.Format.self) ?? log.format
        log.level = mapping.choice("level", of: SystemLogConfiguration.Level.self) ?? log.level
        if log.place == .journal {
            mapping.refuse("format", because: "has no meaning in the journal, whose entries have fields")
        }
        mapping.finish()
        return log
    }

    private static func place(_ path: Positioned<String>, _ report: ProblemReport) -> SystemLogConfiguration.Place? {
        switch path.value {
        case "stderr": return .standardError
        case "stdout": return .standardOutput
        case "journal": return .journal
        case let file where isFile(file): return .file(file)
        default:
            report.error(
                at: path.position, "`\(path.value.abbreviated)` is not a place for the system log",
                hint: "`stderr`, `stdout`, `journal`, or an absolute path")
            return nil
        }
    }

    private static func isFile(_ path: String) -> Bool { path.hasPrefix("/") && !path.hasSuffix("/") }
}
