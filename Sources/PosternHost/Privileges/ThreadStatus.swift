import Glibc

/// What `/proc` says of one thread's privileges (proc_pid_status(5)).
struct ThreadStatus: Equatable {
    /// Real, effective, saved and file system user, and group.
    var users: [UInt32]
    var groups: [UInt32]
    /// Beside the group above.
    var supplementaryGroups: [UInt32]
    var permitted: CapabilityMask
    var effective: CapabilityMask
    var inheritable: CapabilityMask
    var bounding: CapabilityMask
    var ambient: CapabilityMask
    var noNewPrivileges: Bool
    /// prctl(2), PR_GET_SECCOMP.
    var seccomp: Int

    /// - Returns: nil where a line is missing or reads otherwise than the kernel writes it. A kernel without seccomp has
    ///   no line for it.
    init?(_ text: String) {
        var fields: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
        func numbers(_ name: Substring) -> [UInt32]? {
            guard let words = fields[name]?.split(whereSeparator: { $0 == "\t" || $0 == " " }) else { return nil }
            let numbers = words.compactMap { UInt32($0) }
            return numbers.count == words.count ? numbers : nil
        }
        func mask(_ name: Substring) -> CapabilityMask? {
            guard let text = fields[name]?.drop(while: { $0 == "\t" }) else { return nil }
            return UInt64(text, radix: 16).map(CapabilityMask.init)
        }
        guard let users = numbers("Uid"), users.count == 4, let groups = numbers("Gid"), groups.count == 4,
            let supplementaryGroups = numbers("Groups"), let permitted = mask("CapPrm"),
            let effective = mask("CapEff"), let inheritable = mask("CapInh"), let bounding = mask("CapBnd"),
            let ambient = mask("CapAmb"), let noNewPrivileges = numbers("NoNewPrivs")?.first
        else { return nil }
        (self.users, self.groups, self.supplementaryGroups) = (users, groups, supplementaryGroups)
        (self.permitted, self.effective, self.inheritable) = (permitted, effective, inheritable)
        (self.bounding, self.ambient) = (bounding, ambient)
        self.noNewPrivileges = noNewPrivileges != 0
        seccomp = Int(numbers("Seccomp")?.first ?? 0)
    }

    /// - Parameter path: of the thread's directory, such as `/proc/self` for the main thread.
    static func read(_ path: String) throws(PrivilegeError) -> ThreadStatus {
        let file = path + "/status"
        guard let text = contents(of: file) else { throw .unreadable(file, code: errno) }
        guard let status = ThreadStatus(text) else { throw .unreadable(file, code: EBADMSG) }
        return status
    }

    /// Of every thread of this process, by number. One that ends meanwhile is left out.
    static func ofThreads() throws(PrivilegeError) -> [ThreadStatus] {
        let path = "/proc/self/task"
        guard let directory = opendir(path) else { throw .unreadable(path, code: errno) }
        defer { closedir(directory) }
        var threads: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int32(name) { threads.append(number) }
        }
        var statuses: [ThreadStatus] = []
        for thread in threads.sorted() {
            do throws(PrivilegeError) {
                statuses.append(try read("\(path)/\(thread)"))
            } catch {
                guard case .unreadable(_, code: ENOENT) = error else {
                    guard case .unreadable(_, code: ESRCH) = error else { throw error }
                    continue
                }
            }
        }
        return statuses
    }

    /// Nil with `errno` set.
    private static func contents(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}
