import Testing

@testable import PosternTLS
@testable import TestAuthority

@Suite struct OCSPTests {
    private let root = TestCertificate.root()
    private let leaf: TestCertificate
    private let responder: TestResponder

    init() {
        leaf = root.client()
        responder = TestResponder(signer: root, issuer: root)
    }

    private func recipe(_ status: OCSPRecipe.Status, from: Int = -60, until: Int? = 3600) -> OCSPRecipe {
        OCSPRecipe(
            status, thisUpdate: TestClock.now + from, nextUpdate: until.map { TestClock.now + $0 })
    }

    private func request(nonce: Bool = false) -> OCSPRequest {
        OCSPRequest(certificate: leaf.certificate, issuer: root.certificate, hasNonce: nonce)
    }

    private func read(_ der: [UInt8], nonce: Bool = false) throws(OCSPProblem) -> OCSPAnswer {
        try OCSPAnswer.read(der, to: request(nonce: nonce), at: TestClock.now)
    }

    private func delegate(_ usage: String?, issuer: TestCertificate? = nil, until: Int = 10) -> TestCertificate {
        var recipe = CertificateRecipe(
            subject: [["CN", "responder"]], notBefore: TestClock.days(-10), notAfter: TestClock.days(until))
        recipe.extendedKeyUsage = usage
        return (issuer ?? root).issue(recipe)
    }

    @Test func `a good certificate is good for as long as the answer says`() throws {
        let answer = try read(responder.answer(recipe(.good), about: leaf))
        #expect(answer == OCSPAnswer(status: .good, thisUpdate: TestClock.now - 60, until: TestClock.now + 3600))
    }

    @Test func `a revoked certificate is revoked since, and why`() throws {
        var recipe = recipe(.revoked)
        #expect(try read(responder.answer(recipe, about: leaf)).status == .revoked(at: TestClock.now - 60, reason: nil))
        recipe.reason = 1
        #expect(try read(responder.answer(recipe, about: leaf)).status == .revoked(at: TestClock.now - 60, reason: 1))
    }

    @Test func `an unknown certificate is unknown`() throws {
        #expect(try read(responder.answer(recipe(.unknown), about: leaf)).status == .unknown)
    }

    @Test func `a responder that the issuer let answer is believed`() throws {
        let other = TestResponder(signer: delegate("OCSPSigning"), issuer: root)
        #expect(try read(other.answer(recipe(.good), about: leaf)).status == .good)
    }

    @Test func `nobody else is believed`() {
        let stranger = TestCertificate.root("stranger")
        let signers = [
            delegate(nil), delegate("clientAuth"), delegate("OCSPSigning", issuer: stranger),
            delegate("OCSPSigning", until: -1), stranger,
        ]
        for signer in signers {
            let answer = TestResponder(signer: signer, issuer: root).answer(recipe(.good), about: leaf)
            let problem = #expect(throws: OCSPProblem.self) { try read(answer) }
            #expect(problem?.description.hasPrefix("the OCSP answer is not signed by `CN=root` or in its name") == true)
        }
    }

    @Test func `an answer about another certificate counts for nothing`() {
        let answer = responder.answer(recipe(.good), about: root.client("other"))
        #expect(throws: OCSPProblem("the OCSP answer is not about `CN=client`")) { try read(answer) }
    }

    @Test func `an answer that is over, or yet to come, counts for nothing`() throws {
        let now = TestClock.now
        #expect(throws: OCSPProblem("the OCSP answer expired 2027-01-15T07:55:00Z")) {
            try read(responder.answer(recipe(.good, from: -3600, until: -300), about: leaf))
        }
        #expect(throws: OCSPProblem("the OCSP answer is of 2027-01-15T08:05:01Z, which is yet to come")) {
            try read(responder.answer(recipe(.good, from: 301), about: leaf))
        }
        #expect(throws: OCSPProblem("nextUpdate of the OCSP answer is before its thisUpdate")) {
            try read(responder.answer(recipe(.good, from: 100, until: 0), about: leaf))
        }
        #expect(try read(responder.answer(recipe(.good, from: 300), about: leaf)).thisUpdate == now + 300)
        #expect(try read(responder.answer(recipe(.good, from: -3600, until: -299), about: leaf)).until == now - 299)
    }

    @Test func `an answer without an end is used for a day`() throws {
        #expect(try read(responder.answer(recipe(.good, until: nil), about: leaf)).until == TestClock.now - 60 + 86_400)
        #expect(throws: OCSPProblem.self) {
            try read(responder.answer(recipe(.good, from: -86_700, until: nil), about: leaf))
        }
    }

    @Test func `a nonce must be ours, or left out`() throws {
        let (first, second) = (request(nonce: true), request(nonce: true))
        let answer = responder.answer(recipe(.good), about: leaf, to: first.der)
        #expect(try OCSPAnswer.read(answer, to: first, at: TestClock.now).status == .good)
        #expect(throws: OCSPProblem("the OCSP answer has another nonce")) {
            try OCSPAnswer.read(answer, to: second, at: TestClock.now)
        }
        let without = responder.answer(recipe(.good), about: leaf)
        #expect(try OCSPAnswer.read(without, to: first, at: TestClock.now).status == .good)
    }

    @Test func `an answer signed with SHA-1 counts for nothing`() {
        var recipe = recipe(.good)
        recipe.digest = "SHA1"
        #expect(throws: OCSPProblem("the signature of the OCSP answer uses a digest that is too weak")) {
            try read(responder.answer(recipe, about: leaf))
        }
    }

    @Test func `a responder's refusal is told`() {
        #expect(throws: OCSPProblem("the OCSP responder answered trylater")) { try read(responder.failure(3)) }
        #expect(throws: OCSPProblem("the OCSP responder answered unauthorized")) { try read(responder.failure(6)) }
        #expect(throws: OCSPProblem("the answer is not OCSP")) { try read([]) }
        #expect(throws: OCSPProblem("the answer is not OCSP")) { try read(Array("<html>".utf8)) }
        #expect(throws: OCSPProblem("the OCSP answer has 65537 bytes, more than 65536")) {
            try read([UInt8](repeating: 0, count: 65_537))
        }
    }

    @Test func `an answer with one bit turned over is not another answer`() throws {
        let answer = responder.answer(recipe(.good), about: leaf)
        let honest = try read(answer)
        for place in answer.indices {
            var other = answer
            other[place] ^= 1
            // What is outside of the signed part (the responder's certificate) may change without harm.
            if let read = try? read(other) { #expect(read == honest, "byte \(place)") }
        }
    }

    @Test func `a staple may name its certificate by SHA-256`() throws {
        var recipe = recipe(.good)
        recipe.idDigest = "SHA256"
        let answer = responder.answer(recipe, about: leaf)
        let read = try OCSPAnswer.readStaple(
            answer, about: leaf.certificate, issuer: root.certificate, at: TestClock.now)
        #expect(read.status == .good)
    }

    @Test func `responders are those of the certificate, over plain HTTP`() {
        var recipe = CertificateRecipe(
            subject: [["CN", "a"]], notBefore: TestClock.days(-1), notAfter: TestClock.days(1))
        recipe.extensions = [
            [
                "authorityInfoAccess",
                "OCSP;URI:http://ocsp.example/a,caIssuers;URI:http://ca.example,OCSP;URI:ldap://x,OCSP;URI:HTTP://b",
            ]
        ]
        #expect(
            OCSPRequest.responders(of: root.issue(recipe).certificate) == ["http://ocsp.example/a", "HTTP://b"])
        #expect(OCSPRequest.responders(of: leaf.certificate) == [])
    }
}
