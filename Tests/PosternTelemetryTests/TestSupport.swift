import Foundation
import Glibc

@testable import PosternTelemetry

/// SplitMix64: random input that a printed seed brings back.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// A directory of its own for one test.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/postern-telemetry-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no temporary directory") }
        path = template.withUnsafeBytes { String(decoding: $0.dropLast(), as: UTF8.self) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// The two ends of a pipe.
struct Pipe {
    let reader: Int32
    let writer: Int32

    init() {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
    }
}

/// Everything until the end of the stream.
func readAll(_ descriptor: Int32) -> [UInt8] {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count <= 0 { return result }
        result.append(contentsOf: buffer.prefix(count))
    }
}

func contents(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

/// The lines of a log as JSON objects; throws where one is not.
func objects(_ log: [UInt8]) throws -> [[String: any Sendable]] {
    try log.split(separator: UInt8(ascii: "\n")).map { line in
        let value = try JSONSerialization.jsonObject(with: Data(line))
        guard let object = value as? [String: any Sendable] else { throw CocoaError(.propertyListReadCorrupt) }
        return object
    }
}

/// What one line of JSON becomes in memory of `capacity` bytes.
func line(capacity: Int = 16_384, _ fields: (inout JSONLine) -> Void) -> [UInt8] {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 8)
    defer { memory.deallocate() }
    var line = JSONLine(memory)
    fields(&line)
    let count = line.end()
    precondition(count <= capacity)
    return Array(memory.prefix(count))
}
