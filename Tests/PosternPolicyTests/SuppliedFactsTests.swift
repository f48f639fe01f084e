import Testing

@testable import PosternPolicy

/// A policy that asks for what nobody supplies is refused where it asks.
@Suite("facts that are supplied") struct SuppliedFactsTests {
    private func problems(_ document: String, supplied: SuppliedFacts) throws -> [String] {
        let node = try JSONReader.read(Array(document.utf8), file: "p.json")
        let scope = PolicyScope(region: "local", account: "000000000000", apiID: "shop")
        do {
            _ = try Policy.compile(node, for: scope, supplied: supplied)
            return []
        } catch {
            return error.all.map(\.message)
        }
    }

    private static func statement(_ rest: String) -> String {
        #"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","# + rest + "}}"
    }

    @Test(
        "what is not supplied is refused, what is supplied is read",
        arguments: [
            (#""Principal":{"UnixUser":"a"}"#, "UnixUser"), (#""Principal":{"SPIFFE":"spiffe://a/b"}"#, "SPIFFE"),
            (#""Principal":"*","postern:Mode":"shadow""#, "postern:Mode"),
            (#""Principal":"*","Condition":{"StringEquals":{"POSTERN:unixuser":"a"}}"#, "postern:UnixUser"),
            (
                #""Principal":"*","Condition":{"StringEquals":{"postern:LocalInterface":"eth0"}}"#,
                "postern:LocalInterface"
            ),
            (
                #""Principal":"*","Condition":{"StringEquals":{"aws:UserAgent":"${postern:CertificateSubject}"}}"#,
                "postern:CertificateSubject"
            ),
        ])
    func refused(rest: String, name: String) throws {
        let document = Self.statement(rest)
        #expect(try problems(document, supplied: []) == ["`\(name)` is not supported yet"])
        #expect(try problems(document, supplied: .all) == [])
    }

    @Test("AWS's own keys need nothing: what is absent is absent by AWS's rules")
    func ofAWS() throws {
        let document = Self.statement(#""Principal":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#)
        #expect(try problems(document, supplied: []) == [])
    }
}
