// Compiled into the tests and into the fuzz target.
import PosternPolicy

let testScope = PolicyScope(region: "us-east-1", account: "123456789012", apiID: "a1b2c3d4e5")

func document(_ json: String) throws -> DocumentNode { try JSONReader.read(json.utf8, file: "p.json") }

func compile(_ json: String) throws -> Policy { try Policy.compile(document(json), for: testScope) }

/// A policy of one statement that allows, with the given resource and condition.
func allowing(resource: String = "execute-api:/*", condition: String? = nil, version: String = "2012-10-17") -> String {
    let tail = condition.map { #","Condition":\#($0)"# } ?? ""
    return #"{"Version":"\#(version)","Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","#
        + #""Resource":"\#(resource)"\#(tail)}}"#
}

/// Every problem of a document as `line:column: message (hint)`.
func problems(_ json: String) -> [String] {
    do {
        _ = try compile(json)
        return []
    } catch let found as Diagnostics {
        return found.all.map(plain)
    } catch {
        return ["\(error)"]
    }
}

func warnings(_ json: String) throws -> [String] { try compile(json).warnings.map(plain) }

private func plain(_ diagnostic: Diagnostic) -> String {
    let hint = diagnostic.hint.map { " (\($0))" } ?? ""
    return "\(diagnostic.position.line):\(diagnostic.position.column): \(diagnostic.message)\(hint)"
}

/// A request with its texts owned, for tests.
struct Request {
    var resource = "a1b2c3d4e5/prod/GET/pets/1"
    var userAgent: [UInt8]?
    var referer: [UInt8]?
    var time: PolicyTime?

    init(_ resource: String = "a1b2c3d4e5/prod/GET/pets/1", userAgent: String? = nil, referer: String? = nil) {
        self.resource = resource
        self.userAgent = userAgent.map { Array($0.utf8) }
        self.referer = referer.map { Array($0.utf8) }
    }

    func withFacts<Result>(_ body: (RequestFacts) -> Result) -> Result {
        Array(resource.utf8).withUnsafeBytes { resource in
            (userAgent ?? []).withUnsafeBytes { agent in
                (referer ?? []).withUnsafeBytes { referer in
                    body(
                        RequestFacts(
                            resource: resource, userAgent: userAgent == nil ? nil : agent,
                            referer: self.referer == nil ? nil : referer, time: time))
                }
            }
        }
    }
}

extension Policy {
    func decide(_ facts: ConnectionFacts = ConnectionFacts(), _ request: Request = Request()) -> Decision {
        let bound = bind(facts)
        return request.withFacts { bound.decide($0) }
    }

    func shadowDecision(_ facts: ConnectionFacts = ConnectionFacts(), _ request: Request = Request()) -> ShadowDecision?
    {
        request.withFacts { shadowDecision(facts, $0) }
    }

    func explain(_ facts: ConnectionFacts = ConnectionFacts(), _ request: Request = Request()) -> Explanation {
        request.withFacts { explain(facts, $0) }
    }
}

func address(_ text: String) -> IPAddress { IPAddress(text)! }

/// SplitMix64: small, and the same everywhere for one seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    /// The first choices, a byte each: so a fuzzer steers.
    var choices: ArraySlice<UInt8> = []

    mutating func next() -> UInt64 {
        guard let choice = choices.popFirst() else { return mix() }
        return UInt64(choice) << 56 | mix() >> 8
    }

    private mutating func mix() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
