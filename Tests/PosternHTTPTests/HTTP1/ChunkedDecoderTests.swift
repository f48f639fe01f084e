import PosternHTTP
import Testing

@Suite struct ChunkedDecoderTests {
    @Test func aProperBodyIsTakenApart() {
        for (name, bytes, content, trailers) in acceptedBodies {
            let whole = ChunkedReading(content: Array(content.utf8), trailers: trailers, consumed: bytes.count)
            #expect(readChunked(bytes) == .success(whole), "\(name)")
            // What follows is the next request's.
            #expect(readChunked(bytes + wire("GET / HTTP/1.1\n")) == .success(whole), "\(name)")
        }
    }

    @Test func anythingElseIsRefusedByName() {
        for (refusal, name, bytes) in refusedBodies {
            #expect(readChunked(bytes) == .failure(refusal), "\(name)")
        }
    }

    @Test func itDoesNotMatterHowTheBytesArrive() {
        for (name, bytes) in acceptedBodies.map({ ($0.name, $0.bytes) }) + refusedBodies.map({ ($0.name, $0.bytes) }) {
            let whole = readChunked(bytes)
            for cut in stride(from: 0, to: bytes.count, by: bytes.count < 1000 ? 1 : 499) {
                #expect(readChunked(bytes, cuts: [cut]) == whole, "\(name), cut at \(cut)")
            }
            #expect(readChunked(bytes, cuts: 0..<bytes.count) == whole, "\(name), byte by byte")
        }
    }

    @Test func everyBeginningOfABodyNeedsMore() {
        for (name, bytes, _, _) in acceptedBodies {
            for length in 0..<bytes.count {
                #expect(readChunked(Array(bytes[..<length])) == .success(nil), "\(name), \(length) bytes")
            }
        }
    }

    @Test func theInvariantsHoldForEveryCase() {
        for bytes in acceptedBodies.map(\.bytes) + refusedBodies.map(\.bytes) {
            #expect(violatedChunkedBodyInvariant(bytes, step: bytes.count < 1000 ? 1 : 499) == nil)
        }
    }

    @Test func aHugeChunkIsPassedOnAsItComes() throws {
        var decoder = ChunkedDecoder(limits: HeadLimits())
        let size = wire("fffffffffffffff\nabc")
        #expect(try decoder.step(size.span) == .data(skip: 17, length: 3))
        let more = Array(repeating: UInt8(0), count: 100)
        #expect(try decoder.step(more.span) == .data(skip: 0, length: 100))
    }
}
