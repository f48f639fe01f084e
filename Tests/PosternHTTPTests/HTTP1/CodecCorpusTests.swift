import Foundation
import Testing

/// The fuzzer's corpora: the codec's promises hold for each kept input, cut at every byte.
@Suite struct CodecCorpusTests {
    @Test func requestHeadsKeepThePromises() throws {
        let corpus = try inputs("request-head")
        #expect(corpus.count >= 70)
        for (name, bytes) in corpus {
            #expect(violatedRequestHeadInvariant(bytes, step: bytes.count <= 600 ? 1 : 97) == nil, "\(name)")
        }
    }

    @Test func chunkedBodiesKeepThePromises() throws {
        let corpus = try inputs("chunked-body")
        #expect(corpus.count >= 40)
        for (name, bytes) in corpus {
            #expect(violatedChunkedBodyInvariant(bytes, step: bytes.count <= 600 ? 1 : 97) == nil, "\(name)")
        }
    }

    private func inputs(_ target: String) throws -> [(name: String, bytes: [UInt8])] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = tests.appending(path: "Fuzz/corpus/\(target)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.sorted { $0.path < $1.path }.map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
    }
}
