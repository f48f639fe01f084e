import PosternHost
import PosternModel
import PosternPolicy

/// Reads `admin:`, with users and groups already as numbers.
struct AdminDecoder {
    /// The system's numbers by name; nil for one that it does not know.
    var userID: (String) -> UInt32? = AccountDatabase.user
    var groupID: (String) -> UInt32? = AccountDatabase.group

    func decode(_ mapping: MappingReader?) -> AdminConfiguration {
        var admin = AdminConfiguration()
        guard let mapping else { return admin }
        if let socket = mapping.unixSocket("socket", default: admin.socket.path) { admin.socket = socket }
        admin.port = mapping.integer("port", in: 0...65_535)
        admin.writers = role("writers", mapping) ?? admin.writers
        // Whoever the socket's file lets in by its group was meant to ask.
        let members = admin.socket.group.flatMap(groupID).map { AccountSet(groups: [$0]) }
        admin.readers = role("readers", mapping) ?? members ?? admin.readers
        mapping.finish()
        return admin
    }

    private func role(_ key: String, _ admin: MappingReader) -> AccountSet? {
        guard let mapping = admin.mapping(key, "`\(key)`") else { return nil }
        defer { mapping.finish() }
        return AccountSet(
            users: accounts("users", "user", userID, mapping), groups: accounts("groups", "group", groupID, mapping))
    }

    private func accounts(
        _ key: String, _ kind: String, _ number: (String) -> UInt32?, _ mapping: MappingReader
    ) -> Set<UInt32> {
        var found: Set<UInt32> = []
        for node in mapping.list(key) ?? [] {
            guard let name = node.text(key, mapping.report) else { continue }
            if let number = number(name.value) {
                found.insert(number)
            } else {
                mapping.report.error(
                    at: name.position, "no \(kind) `\(name.value.abbreviated)` on this machine",
                    hint: "a name that `getent \(kind == "user" ? "passwd" : "group")` lists, or a number")
            }
        }
        return found
    }
}
