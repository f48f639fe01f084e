import Foundation
import Testing

@testable import PosternHost

/// `/proc` and control groups as files of a test.
private final class FakeRoot {
    let path: String

    init(_ files: [String: String]) throws {
        var template = Array("/tmp/postern-host-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        for (name, text) in files { try write(text, to: name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        let file = "\(path)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
    }

    func read(ownLimit: Int? = nil) -> MemoryReading? { MemoryGauge(ownLimit: ownLimit, root: path).read() }
}

@Suite struct MemoryGaugeTests {
    private static let v2Mount = "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw\n"
    private static let group = "sys/fs/cgroup/system.slice/postern.service"

    private func v2(_ files: [String: String]) throws -> FakeRoot {
        let standing = [
            "proc/self/cgroup": "0::/system.slice/postern.service\n",
            "proc/self/mountinfo": "22 1 0:21 / /proc rw - proc proc rw\n" + Self.v2Mount,
            "proc/self/statm": "50000 2560 1000 1 0 3000 0\n",
        ]
        return try FakeRoot(standing.merging(files) { $1 })
    }

    @Test func `usage is what is charged without what the kernel takes back first`() throws {
        let root = try v2([
            "\(Self.group)/memory.max": "1000000\n", "\(Self.group)/memory.high": "max\n",
            "\(Self.group)/memory.current": "900000\n",
            "\(Self.group)/memory.stat": "anon 1\nactive_file 7\ninactive_file 150000\n",
        ])
        #expect(root.read() == MemoryReading(usage: 750_000, limit: 1_000_000))
        #expect(root.read()?.percent == 75)
    }

    @Test func `the smallest limit of the group and those above it counts, high or max`() throws {
        let root = try v2([
            "\(Self.group)/memory.max": "1000\n", "\(Self.group)/memory.high": "800\n",
            "\(Self.group)/memory.current": "400\n",
            "sys/fs/cgroup/system.slice/memory.max": "max\n", "sys/fs/cgroup/system.slice/memory.high": "max\n",
        ])
        #expect(root.read() == MemoryReading(usage: 400, limit: 800))
        try root.write("500\n", to: "sys/fs/cgroup/system.slice/memory.max")
        #expect(root.read() == MemoryReading(usage: 400, limit: 500))
    }

    @Test func `without a limit there is nothing to read`() throws {
        let root = try v2([
            "\(Self.group)/memory.max": "max\n", "\(Self.group)/memory.high": "max\n",
            "\(Self.group)/memory.current": "400\n",
        ])
        #expect(root.read() == nil)
        #expect(try FakeRoot([:]).read() == nil)
        #expect(try FakeRoot(["proc/self/cgroup": "nonsense\n::\n", "proc/self/mountinfo": "- - -\n\n"]).read() == nil)
    }

    @Test func `a limit of the configuration is held against what is resident`() throws {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let root = try v2([:])
        #expect(root.read(ownLimit: 1 << 30) == MemoryReading(usage: 2560 * page, limit: 1 << 30))
        // Whichever leaves less room.
        try root.write("1000\n", to: "\(Self.group)/memory.max")
        try root.write("999\n", to: "\(Self.group)/memory.current")
        #expect(root.read(ownLimit: 1 << 30) == MemoryReading(usage: 999, limit: 1000))
        #expect(root.read(ownLimit: 4096)?.limit == 4096)
    }

    @Test func `version 1 has other names, and no word for no limit`() throws {
        let group = "sys/fs/cgroup/mem ory/process/a"
        let root = try FakeRoot([
            "proc/self/cgroup": "4:cpu,memory:/process/a\n0::/\n",
            "proc/self/mountinfo":
                "35 31 0:32 / /sys/fs/cgroup/mem\\040ory rw - cgroup cgroup rw,cpu,memory\n"
                + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
            "\(group)/memory.limit_in_bytes": "9223372036854771712\n", "\(group)/memory.usage_in_bytes": "700\n",
            "\(group)/memory.stat": "inactive_file 1\ntotal_inactive_file 200\n",
        ])
        #expect(root.read() == nil)
        try root.write("1000\n", to: "\(group)/memory.limit_in_bytes")
        #expect(root.read() == MemoryReading(usage: 500, limit: 1000))
        try root.write("600\n", to: "sys/fs/cgroup/mem ory/memory.limit_in_bytes")
        #expect(root.read() == MemoryReading(usage: 500, limit: 600))
    }

    @Test(arguments: [
        // The container's own group is mounted as the root.
        ("0::/docker/abc\n", "/docker/abc"), ("0::/docker/abc/inner\n", "/docker/abc"),
        // A path outside of what is mounted: the mount is the best that is known.
        ("0::/../other\n", "/"), ("0::/elsewhere\n", "/docker/abc"),
    ])
    func `a container's groups are found below its mount`(line: String, mountRoot: String) throws {
        let inner = line.contains("inner") ? "sys/fs/cgroup/inner" : "sys/fs/cgroup"
        let root = try FakeRoot([
            "proc/self/cgroup": line,
            "proc/self/mountinfo": "41 31 0:38 \(mountRoot) /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "\(inner)/memory.current": "10\n", "sys/fs/cgroup/memory.max": "20\n",
        ])
        #expect(root.read() == MemoryReading(usage: 10, limit: 20))
    }
}
