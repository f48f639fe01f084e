import Foundation
import Testing

@testable import PosternHost

@Suite struct ThreadNameTests {
    @Test func `a thread has the name that it was given, as far as the kernel keeps it`() throws {
        let path = "/proc/thread-self/comm"
        let before = try String(contentsOfFile: path, encoding: .utf8)
        defer { nameThread(String(before.dropLast())) }
        nameThread("postern-log")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "postern-log\n")
        nameThread("a-name-of-more-than-fifteen")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "a-name-of-more-\n")
    }
}
