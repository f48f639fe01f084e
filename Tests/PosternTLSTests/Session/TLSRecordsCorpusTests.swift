import Foundation
import Testing

/// Replays what the fuzzer kept.
@Suite struct TLSRecordsCorpusTests {
    static let inputs: [URL] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fuzz/corpus/tls-records")
        return (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    }()

    @Test func `there is a corpus`() { #expect(Self.inputs.count >= 10) }

    @Test func `no input breaks an invariant`() throws {
        for input in Self.inputs {
            let violation = violatedTLSRecordsInvariant([UInt8](try Data(contentsOf: input)))
            #expect(violation == nil, "\(input.lastPathComponent)")
        }
    }
}
