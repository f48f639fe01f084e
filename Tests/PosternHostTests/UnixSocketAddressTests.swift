import Testing

@testable import PosternHost

@Suite struct UnixSocketAddressTests {
    @Test(arguments: ["", String(repeating: "a", count: 108), "/run/a\0b"])
    func `what is no path of a socket has no address`(path: String) {
        #expect(UnixSocketAddress(path: path) == nil)
    }

    @Test func `a path ends with a zero, an abstract name begins with one`() throws {
        let path = try #require(UnixSocketAddress(path: "/a"))
        let name = try #require(UnixSocketAddress(path: "@a"))
        #expect(path.withPointer { _, length in length } == 5)
        #expect(name.withPointer { _, length in length } == 4)
    }
}
