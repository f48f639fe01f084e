import PosternModel
import PosternPolicy

/// Reads what `postern.yaml` says of the process's own rights: `user`, `group` and `sandbox`.
enum HostDecoder {
    static func runAs(_ file: MappingReader) -> RunAsConfiguration? {
        let user = account("user", file)
        let group = account("group", file)
        if let group, !file.has("user") {
            file.report.error(at: group.position, "`group` stands without `user`", hint: "add `user: postern`")
        }
        return user.map { RunAsConfiguration(user: $0.value, group: group?.value) }
    }

    private static func account(_ key: String, _ file: MappingReader) -> Positioned<String>? {
        guard let text = file.text(key) else { return nil }
        let isName = !text.value.utf8.contains { $0 <= 0x20 || $0 == 0x7F || $0.isAny(of: ":/,") }
        if isName, (1...255).contains(text.value.utf8.count) { return text }
        file.report.error(
            at: text.position, "`\(text.value.abbreviated)` is not a \(key)",
            hint: "a name as in `/etc/passwd`, or a number")
        return nil
    }

    static func sandbox(_ mapping: MappingReader?) -> SandboxConfiguration {
        var sandbox = SandboxConfiguration()
        guard let mapping else { return sandbox }
        sandbox.landlock = mapping.choice("landlock", of: SandboxConfiguration.Landlock.self) ?? sandbox.landlock
        sandbox.read = paths("read", mapping)
        sandbox.write = paths("write", mapping)
        if sandbox.landlock == .off {
            for key in ["read", "write"] {
                mapping.refuse(key, because: "has no meaning with `landlock: off`", hint: "every file is within reach")
            }
        }
        mapping.finish()
        return sandbox
    }

    private static func paths(_ key: String, _ mapping: MappingReader) -> [String] {
        (mapping.list(key) ?? []).compactMap { node in
            guard let path = node.text(key, mapping.report) else { return nil }
            if path.value.hasPrefix("/"), !path.value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                return path.value
            }
            mapping.report.error(
                at: path.position, "`\(path.value.abbreviated)` is not a place in the file system",
                hint: "an absolute path")
            return nil
        }
    }
}
