import Foundation

/// A control group of version 1 with memory controls, made for one test inside the group of the tests.
final class MemoryGroup {
    let path: String

    /// nil where the machine has no such hierarchy that may be written.
    init?() {
        let lines = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
        guard let line = lines.split(separator: "\n").first(where: { $0.contains(":memory:") }),
            let own = line.split(separator: ":", omittingEmptySubsequences: false).last
        else { return nil }
        path = "/sys/fs/cgroup/memory\(own)/postern-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        guard mkdir(path, 0o755) == 0 else { return nil }
    }

    deinit { rmdir(path) }

    static let isAvailable = MemoryGroup() != nil

    /// Runs a program in the group.
    var launcher: [String] { ["sh", "-c", "echo $$ > \(path)/cgroup.procs && exec \"$@\"", "sh"] }

    /// As the gateway counts it.
    var usage: Int {
        let stat = (try? String(contentsOfFile: "\(path)/memory.stat", encoding: .utf8)) ?? ""
        let inactive = stat.split(separator: "\n").first { $0.hasPrefix("total_inactive_file ") }
        return number("memory.usage_in_bytes") - (inactive.flatMap { Int($0.split(separator: " ")[1]) } ?? 0)
    }

    private func number(_ file: String) -> Int {
        let text = (try? String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)) ?? ""
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    /// Limits the group so that its present usage is `percent` of the limit.
    func fill(to percent: Double) throws {
        let limit = Int(Double(usage) * 100 / percent)
        let file = open("\(path)/memory.limit_in_bytes", O_WRONLY)
        defer { close(file) }
        let text = "\(limit)"
        guard write(file, text, text.utf8.count) > 0 else { throw SocketFailure("limiting \(path)") }
    }
}
