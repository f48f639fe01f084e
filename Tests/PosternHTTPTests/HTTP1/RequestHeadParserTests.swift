import PosternHTTP
import Testing

@Suite struct RequestHeadParserTests {
    @Test(arguments: acceptedRequests.indices)
    func aProperHeadIsReadAsItIs(_ index: Int) {
        let (name, bytes, reading) = acceptedRequests[index]
        #expect(parseRequest(bytes) == .accepted(length: bytes.count, reading), "\(name)")
        #expect(
            parseRequest(bytes + wire("GET /next HTTP/1.1\n")) == .accepted(length: bytes.count, reading), "\(name)")
    }

    @Test(arguments: refusedRequests.indices)
    func anythingElseIsRefusedByName(_ index: Int) {
        let (refusal, name, bytes) = refusedRequests[index]
        #expect(parseRequest(bytes) == .refused(refusal), "\(name)")
        // Whatever follows, a refusal stays one.
        #expect(parseRequest(bytes + request()) == .refused(refusal), "\(name)")
    }

    @Test func itDoesNotMatterHowTheBytesArrive() {
        for (name, bytes) in acceptedRequests.map({ ($0.name, $0.bytes) })
            + refusedRequests.map({ ($0.name, $0.bytes) })
        {
            let whole = parseRequest(bytes)
            let step = bytes.count < 1000 ? 1 : bytes.count / 100
            for cut in stride(from: 0, to: bytes.count, by: step) {
                #expect(parseRequest(bytes, cuts: [cut]) == whole, "\(name), cut at \(cut)")
            }
            #expect(parseRequest(bytes, cuts: 0..<bytes.count) == whole, "\(name), byte by byte")
        }
    }

    @Test func everyBeginningOfAHeadNeedsMore() {
        for (name, bytes, _) in acceptedRequests {
            for length in 0..<bytes.count {
                #expect(parseRequest(Array(bytes[..<length])) == .needMore, "\(name), \(length) bytes")
            }
        }
    }

    @Test func everyRefusalHasACase() {
        let tried = Set(refusedRequests.map(\.refusal) + refusedResponses.map(\.refusal) + refusedBodies.map(\.refusal))
        // These are a connection's to tell: its tests have them.
        let elsewhere: Set<WireRefusal> = [.headTimeout, .bodyTooLarge]
        #expect(Set(WireRefusal.allCases).subtracting(tried) == elsewhere)
    }

    @Test func theInvariantsHoldForEveryCase() {
        for bytes in acceptedRequests.map(\.bytes) + refusedRequests.map(\.bytes) {
            let violation = violatedRequestHeadInvariant(bytes, step: bytes.count < 1000 ? 1 : 97)
            #expect(violation == nil, "\(String(decoding: bytes.prefix(200), as: UTF8.self))")
        }
    }

    // MARK: Details

    @Test func knownFieldsAreRecognisedInAnyCase() {
        for name in FieldName.allCases where name != .other {
            let lower = String(describing: name.lowercased)
            for text in [lower, lower.uppercased()] {
                #expect(known(text) == name, "\(text)")
            }
            #expect(known(lower + "x") == .other)
            #expect(known(String(lower.dropLast()) + "~") == .other)
        }
    }

    private func known(_ name: String) -> FieldName? {
        var parser = ResponseHeadParser(limits: HeadLimits())
        let bytes = wire("HTTP/1.1 304 x\n\(name): 1\n\n")
        _ = try? parser.parse(bytes.span, answering: .get)
        return parser.head.fields.first?.known
    }

    @Test func fieldsNamedByConnectionAreForThisHop() throws {
        let bytes = request("GET / HTTP/1.1", "Connection: x-a, CLOSE\nX-A: 1\nX-B: 2\nx-a: 3\nConnection: X-C\nX-C: 4")
        var parser = RequestHeadParser(limits: HeadLimits())
        _ = try parser.parse(bytes.span)
        let hop = parser.head.fields.filter(\.isHopByHop).map { text($0.value, bytes) }
        #expect(hop == ["1", "3", "4"])
    }

    @Test func theSingletonsAreFound() throws {
        let bytes = request(
            "GET / HTTP/1.1",
            "User-Agent: a\nReferer: b\nx-apigw-api-id: c\nx-amzn-RequestId: d\nX-Amzn-Trace-Id: e\nX-HTTP-Method-Override: f"
        )
        var parser = RequestHeadParser(limits: HeadLimits())
        _ = try parser.parse(bytes.span)
        let head = parser.head
        let found = [head.userAgent, head.referer, head.apiID, head.requestID, head.traceID, head.methodOverride]
        #expect(found.map { $0.map { text(head.fields[$0].value, bytes) } } == ["a", "b", "c", "d", "e", "f"])
    }

    @Test func underscoresPassWhereTheyAreAllowed() {
        let limits = HeadLimits(underscoresInNames: true)
        let bytes = request("GET / HTTP/1.1", "X_A: 1")
        #expect(parseRequest(bytes, limits: limits) == .accepted(length: bytes.count, "GET / @h none keep"))
    }

    @Test func limitsAreExact() {
        func outcome(_ bytes: [UInt8], _ change: (inout HeadLimits) -> Void) -> Outcome {
            var limits = HeadLimits()
            change(&limits)
            return parseRequest(bytes, limits: limits)
        }
        let bytes = request("GET /abc HTTP/1.1", "X: 12345")
        let taken = Outcome.accepted(length: bytes.count, "GET /abc @h none keep")
        #expect(outcome(bytes) { $0.headBytes = bytes.count } == taken)
        #expect(outcome(bytes) { $0.headBytes = bytes.count - 1 } == .refused(.headTooLarge))
        #expect(outcome(bytes) { $0.fieldBytes = 8 } == taken)
        #expect(outcome(bytes) { $0.fieldBytes = 7 } == .refused(.fieldTooLarge))
        #expect(outcome(bytes) { $0.fields = 2 } == taken)
        #expect(outcome(bytes) { $0.fields = 1 } == .refused(.tooManyFields))
        #expect(outcome(bytes) { $0.targetBytes = 4 } == taken)
        #expect(outcome(bytes) { $0.targetBytes = 3 } == .refused(.targetTooLong))
    }

    @Test func aHeadThatNeverEndsIsRefusedAtItsLimit() {
        let limits = HeadLimits(headBytes: 200, fieldBytes: 50, targetBytes: 40)
        let start = request().dropLast(2)
        #expect(
            parseRequest(start + Array("X: \(repeating("a", 49, ""))".utf8), limits: limits) == .refused(.fieldTooLarge)
        )
        #expect(parseRequest(start + wire(repeating("X: 1", 50)), limits: limits) == .refused(.headTooLarge))
    }

    @Test func aParserBeginsAnew() throws {
        var parser = RequestHeadParser(limits: HeadLimits())
        for (_, bytes, reading) in acceptedRequests {
            #expect(try parser.parse(bytes.span) == bytes.count)
            #expect(describe(parser.head, bytes) == reading)
            parser.reset()
        }
    }

    /// RFC 9110, section 5.6.2, and RFC 3986, section 3.3, byte by byte.
    @Test func characterClassesAreThoseOfTheRFCs() {
        let letters =
            (UInt8(ascii: "a")...UInt8(ascii: "z")).map { $0 } + (UInt8(ascii: "A")...UInt8(ascii: "Z")).map { $0 }
        let alphanumeric = Set(letters + Array("0123456789".utf8))
        let token = alphanumeric.union("!#$%&'*+-.^_`|~".utf8)
        let path = alphanumeric.union("-._~!$&'()*+,;=:@/".utf8)
        for byte in UInt8.min ... .max {
            let isName =
                if case .accepted = parseRequest(
                    wire("GET / HTTP/1.1\nHost: h\nX") + [byte, UInt8(ascii: "y")] + wire(": 1\n\n"),
                    limits: HeadLimits(underscoresInNames: true))
                { true } else { false }
            // A colon there ends the name instead.
            #expect(isName == (token.contains(byte) || byte == UInt8(ascii: ":")), "\(byte)")
            let isPath =
                if case .accepted = parseRequest(
                    wire("GET /x") + [byte] + wire("y HTTP/1.1\nHost: h\n\n"))
                { true } else { false }
            // A question mark begins the query.
            #expect(isPath == (path.contains(byte) || byte == UInt8(ascii: "?")), "\(byte)")
            let isQuery =
                if case .accepted = parseRequest(
                    wire("GET /?x") + [byte] + wire("y HTTP/1.1\nHost: h\n\n"))
                { true } else { false }
            #expect(isQuery == path.union("%?[]".utf8).contains(byte), "\(byte)")
        }
    }

    /// Every byte at every place of a value, since values are checked eight bytes at a time.
    @Test func controlBytesAreFoundWhereverTheyAre() {
        for place in 0..<20 {
            for byte in UInt8.min ... .max {
                var value = Array(repeating: UInt8(ascii: "a"), count: 20)
                value[place] = byte
                let bytes = wire("GET / HTTP/1.1\nHost: h\nX: b") + value + wire("b\n\n")
                let isControl = (byte < 0x20 && byte != 0x09) || byte == 0x7F
                let isTaken = if case .accepted = parseRequest(bytes) { true } else { false }
                #expect(isTaken == !isControl, "\(byte) at \(place)")
            }
        }
    }
}
