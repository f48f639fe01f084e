import Foundation
import Testing

@testable import PosternHost

@Suite struct LandlockTests {
    @Test(arguments: [
        (0, 0), (1, 0x1FFF), (2, 0x3FFF), (3, 0x7FFF), (4, 0x7FFF), (5, 0xFFFF), (7, 0xFFFF), (99, 0xFFFF),
    ])
    func `each version's rights are those of its header`(version: Int, bits: UInt64) {
        #expect(LandlockRights.known(inVersion: version).rawValue == bits)
    }

    @Test func `no place may be given the making of devices, links or directories`() {
        let all = LandlockRights.reading.union(.writing).union(.execute).rawValue
        // MAKE_CHAR, MAKE_DIR, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM, REMOVE_DIR and REFER.
        for bit: UInt64 in [4, 6, 7, 10, 11, 12, 13] { #expect(all & 1 << bit == 0, "\(bit)") }
        #expect(LandlockRights.writing.isDisjoint(with: .execute))
    }

    @Test func `a directory is its own place, a file's place is its directory, and that of what it links to`() throws {
        let root = NSTemporaryDirectory() + "postern-places-\(UUID().uuidString)"
        let files = FileManager.default
        try files.createDirectory(atPath: "\(root)/live", withIntermediateDirectories: true)
        try files.createDirectory(atPath: "\(root)/archive", withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: root) }
        try "".write(toFile: "\(root)/archive/one.pem", atomically: true, encoding: .utf8)
        try files.createSymbolicLink(atPath: "\(root)/live/key.pem", withDestinationPath: "../archive/one.pem")
        #expect(LandlockPlaces.around("\(root)/live") == ["\(root)/live"])
        #expect(LandlockPlaces.around("\(root)/archive/one.pem").contains("\(root)/archive"))
        let real = try #require(realpath(root, nil).map { String(cString: $0) })
        #expect(LandlockPlaces.around("\(root)/live/key.pem") == ["\(root)/live", "\(real)/archive"])
        #expect(LandlockPlaces.around("\(root)/absent.pem") == [root])
    }

    @Test(arguments: [("/a", "/"), ("/a/b", "/a"), ("a", "."), ("a/b", "a")])
    func `the directory of a path is what stands before its last name`(path: String, directory: String) {
        #expect(LandlockPlaces.directory(of: path) == directory)
    }

    @Test func `a file of the root directory opens no more than itself`() {
        #expect(LandlockPlaces.around("/absent.yaml") == ["/absent.yaml"])
        #expect(LandlockPlaces(read: ["/etc"], execute: ["/usr/lib"], write: ["/run/postern"]).holes.isEmpty)
        #expect(LandlockPlaces(read: ["/"]).holes == ["read"])
        #expect(LandlockPlaces(execute: ["/"], write: ["/"]).holes == ["read", "written"])
        #expect(LandlockPlaces.ofSystem().holes.isEmpty)
    }

    @Test(arguments: [[], ["abi 0"], ["abi x"], ["abi 7", "read"], ["abi 7", "execute /a"], ["read /a"]])
    func `what no predecessor says is not believed`(lines: [String]) {
        #expect(LandlockStatus(told: lines) == nil)
    }

    @Test func `a predecessor's words are read as they are written`() throws {
        let status = try #require(LandlockStatus(told: ["abi 7", "read /etc", "read /a b", "write /run/postern"]))
        #expect(
            status == LandlockStatus(abi: 7, confined: true, read: ["/etc", "/a b"], write: ["/run/postern"]))
        #expect(LandlockStatus(told: status.told) == status)
        #expect(LandlockStatus(abi: 7, confined: false).told.isEmpty)
    }

    @Test func `a process that nobody confined says so`() {
        #expect(!LandlockStatus.ofProcess().confined)
        #expect(LandlockStatus.ofProcess().abi == Landlock.version)
    }
}
