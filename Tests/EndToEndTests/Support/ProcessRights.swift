import Foundation

/// What the kernel says of a process's privileges (proc_pid_status(5)), thread by thread.
struct ProcessRights: Hashable {
    /// Real, effective, saved and file system.
    var users: [Int]
    var groups: [Int]
    var supplementaryGroups: Set<Int>
    /// The five sets by the kernel's names `CapInh`, `CapPrm`, `CapEff`, `CapBnd` and `CapAmb`.
    var sets: [String: UInt64]
    var noNewPrivileges: Bool

    static let chown: UInt64 = 1 << 0
    static let netBindService: UInt64 = 1 << 10

    /// Every set holds exactly this.
    static func all(_ capabilities: UInt64) -> [String: UInt64] {
        Dictionary(uniqueKeysWithValues: ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map { ($0, capabilities) })
    }

    /// Of every thread; equal ones once.
    static func ofThreads(_ pid: pid_t) throws -> Set<ProcessRights> {
        let folder = "/proc/\(pid)/task"
        let threads = try FileManager.default.contentsOfDirectory(atPath: folder)
        return Set(
            try threads.map { try ProcessRights(String(contentsOfFile: "\(folder)/\($0)/status", encoding: .utf8)) })
    }

    private init(_ status: String) throws {
        var fields: [String: [Substring]] = [:]
        for line in status.split(separator: "\n") {
            let words = line.split(whereSeparator: { " \t".contains($0) })
            fields[String(words[0].dropLast())] = Array(words.dropFirst())
        }
        func numbers(_ name: String) -> [Int] { (fields[name] ?? []).compactMap { Int($0) } }
        users = numbers("Uid")
        groups = numbers("Gid")
        supplementaryGroups = Set(numbers("Groups"))
        sets = [:]
        for name in Self.all(0).keys { sets[name] = UInt64(fields[name]?.first ?? "", radix: 16) ?? .max }
        noNewPrivileges = numbers("NoNewPrivs") == [1]
    }
}

extension Machine {
    /// Whether low ports are guarded: a machine or a container may leave them to everyone.
    static let guardsLowPorts: Bool = {
        let text = try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding: .utf8)
        return Int(text?.split(separator: "\n").first ?? "") == 1024
    }()

    static let nobody: (user: Int, group: Int)? = getpwnam("nobody").map {
        (Int($0.pointee.pw_uid), Int($0.pointee.pw_gid))
    }

    static let hasLandlock: Bool = LinuxCalls.landlockVersion > 0
}

extension FreePort {
    /// One that only root or CAP_NET_BIND_SERVICE may listen on.
    static func low() throws -> Int {
        for _ in 0..<1000 {
            let port = Int.random(in: 600..<1000)
            if (try? Socket.listening(at: .tcp("127.0.0.1", port))) != nil { return port }
        }
        throw SocketFailure("looking for a free low port", 0)
    }
}

extension TemporaryDirectory {
    /// Has the user `nobody` own it and what is in it.
    func giveToNobody() throws {
        guard let nobody = Machine.nobody else { throw SocketFailure("no user `nobody`", 0) }
        let files = [path] + (FileManager.default.subpaths(atPath: path) ?? []).map(file)
        for file in files where chown(file, uid_t(nobody.user), gid_t(nobody.group)) != 0 {
            throw SocketFailure("chown \(file)")
        }
    }
}
