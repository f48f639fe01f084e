import NIOCore

/// What a caller hears that speaks plain HTTP to a TLS port.
enum PlainHTTPAnswer {
    /// No TLS record begins with a capital letter, and every request line of a known method does.
    static func isDue(firstByte: UInt8) -> Bool { (0x41...0x5A).contains(firstByte) }

    /// A StaticString's bytes live as long as the process.
    static var bytes: ByteBuffer {
        ByteBuffer(bytes: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private static let text: StaticString = """
        HTTP/1.1 400 Bad Request\r
        Content-Type: application/json\r
        Content-Length: 62\r
        Connection: close\r
        \r
        {"message":"This port speaks TLS; use https instead of http."}
        """
}
