import PosternModel
import PosternPolicy

extension DocumentNode {
    func network(_ name: String, _ report: ProblemReport) -> CIDR? {
        guard let text = text(name, report) else { return nil }
        do throws(CIDRError) {
            return try CIDR(text.value)
        } catch {
            report.error(at: position, error.message, hint: error.hint)
            return nil
        }
    }
}

extension MappingReader {
    /// A socket's path at `key` with `mode`, `owner` and `group` beside it.
    func unixSocket(_ key: String, default path: String? = nil) -> UnixSocketConfiguration? {
        let written = text(key)
        let mode = self.mode()
        let owner = text("owner")?.value
        let group = text("group")?.value
        guard let value = written?.value ?? (has(key) ? nil : path) else { return nil }
        let name = value.dropFirst(value.hasPrefix("@") ? 1 : 0)
        guard value.hasPrefix("@") || value.hasPrefix("/"), (1...106).contains(name.utf8.count), !value.hasSuffix("/"),
            !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else {
            report.error(
                at: written?.position ?? position, "`\(value.abbreviated)` is not a socket's path",
                hint: "an absolute path or `@name`, up to 107 bytes")
            return nil
        }
        if value.hasPrefix("@") {
            for key in ["mode", "owner", "group"] {
                refuse(
                    key, because: "has no meaning for an abstract socket", hint: "the kernel gives it no permissions")
            }
        }
        return UnixSocketConfiguration(path: value, mode: mode ?? 0o660, owner: owner, group: group)
    }

    private func mode() -> UInt32? {
        guard let text = text("mode") else { return nil }
        if (3...4).contains(text.value.utf8.count), let mode = UInt32(text.value, radix: 8), mode <= 0o777,
            text.value.utf8.allSatisfy(\.isDigit)
        {
            return mode
        }
        report.error(
            at: text.position, "`\(text.value.abbreviated)` is not a mode", hint: "octal digits in quotes: `\"0660\"`")
        return nil
    }
}
