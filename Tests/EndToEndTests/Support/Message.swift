import Foundation

/// An HTTP message as it came off the wire.
struct Message: Sendable {
    struct Field: Sendable, Equatable, CustomStringConvertible {
        let name: String
        let value: String
        var description: String { "\(name): \(value)" }
    }

    enum Framing: Sendable, Equatable { case none, length(Int), chunked, untilClose }

    /// The head with its empty line, byte for byte.
    var head = ""
    var startLine = ""
    var fields: [Field] = []
    var framing = Framing.none
    var body: [UInt8] = []
    var trailers: [Field] = []
    /// The 1xx responses in front of a response.
    var informational: [Message] = []
    /// Which of a back end's connections brought a request, from 0.
    var connection = 0

    var text: String { String(decoding: body, as: UTF8.self) }

    /// Of a response.
    var status: Int { Int(startLine.split(separator: " ").dropFirst().first ?? "") ?? -1 }

    /// Of a request.
    var method: String { String(startLine.split(separator: " ").first ?? "") }
    var target: String { String(startLine.split(separator: " ").dropFirst().first ?? "") }

    /// The value of the only field of that name.
    subscript(name: String) -> String? {
        let values = self.values(name)
        return values.count == 1 ? values[0] : values.isEmpty ? nil : "\(values.count) fields: \(values)"
    }

    func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
    }

    init() {}

    /// Reads a head strictly: CRLF and nothing else ends a line.
    init(head: String) throws {
        self.head = head
        guard head.hasSuffix("\r\n\r\n") else { throw WireFailure.malformed("no end of head in `\(head)`") }
        let lines = head.components(separatedBy: "\r\n").dropLast(2)
        if let line = lines.first(where: { $0.utf8.contains(10) || $0.utf8.contains(13) }) {
            throw WireFailure.malformed("a bare line end in `\(line)`")
        }
        startLine = lines.first ?? ""
        fields = try lines.dropFirst().map(Self.field)
    }

    static func field(_ line: String) throws -> Field {
        guard let colon = line.firstIndex(of: ":") else { throw WireFailure.malformed("no colon in `\(line)`") }
        let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        return Field(name: String(line[..<colon]), value: value)
    }

    /// How the body of this message ends (RFC 9112, section 6.3).
    mutating func findFraming(isResponse: Bool, to method: String) throws {
        let (codings, lengths) = (values("Transfer-Encoding"), values("Content-Length"))
        guard codings.isEmpty || lengths.isEmpty else { throw WireFailure.malformed("two framings in `\(head)`") }
        if isResponse, method == "HEAD" || status < 200 || status == 204 || status == 304 { return }
        if !codings.isEmpty {
            guard codings == ["chunked"] else { throw WireFailure.malformed("transfer coding \(codings)") }
            framing = .chunked
        } else if !lengths.isEmpty {
            guard lengths.count == 1, let length = Int(lengths[0]) else {
                throw WireFailure.malformed("content length \(lengths)")
            }
            framing = .length(length)
        } else if isResponse {
            framing = .untilClose
        }
    }
}
