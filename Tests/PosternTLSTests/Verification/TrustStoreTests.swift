import Foundation
import Testing

@testable import PosternTLS
@testable import TestAuthority

@Suite struct TrustStoreTests {
    private let folder = TestFolder()
    private let root = TestCertificate.root()

    private func problems(_ sources: TrustSources) -> [String] {
        do {
            _ = try TrustStore.load(sources, generation: 1)
            return []
        } catch {
            return error.problems.map { $0.description.replacingOccurrences(of: folder.path, with: "…") }
        }
    }

    private func list(_ issuer: TestCertificate, until: Int = 5, signer: TestKey? = nil) -> TestRevocationList {
        TestRevocationList(
            RevocationRecipe(thisUpdate: TestClock.days(-5), nextUpdate: TestClock.days(until), number: 26),
            issuer: issuer, signer: signer)
    }

    @Test func `anchors come from files with commentary, from DER and from directories`() throws {
        let (second, third) = (TestCertificate.root("second"), TestCertificate.root("third"))
        let file = folder.write("a.pem", "Our root:\n" + root.pem + "\nand the next one\n" + second.pem)
        folder.write("directory/b.der", Data(third.der))
        folder.write("directory/.hidden", "not a certificate")
        let trust = try TrustStore.load(
            TrustSources(anchors: [file, folder.path + "/directory"]), generation: 7)
        #expect(trust.anchors.map(\.certificate.name) == ["CN=root", "CN=second", "CN=third"])
        #expect(trust.anchors.map(\.source.item) == [1, 2, 1])
        #expect(trust.generation == 7)
    }

    @Test func `the same certificate under two names is one anchor`() throws {
        folder.write("trust/a.pem", root.pem)
        folder.write("trust/0123abcd.0", root.pem)
        let trust = try TrustStore.load(TrustSources(anchors: [folder.path + "/trust"]), generation: 1)
        #expect(trust.anchors.count == 1)
    }

    @Test func `a directory that is swapped like Kubernetes does is followed`() throws {
        folder.write("..2027_01/ca.pem", root.pem)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/..data", withDestinationPath: "..2027_01")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/ca.pem", withDestinationPath: "..data/ca.pem")
        let trust = try TrustStore.load(TrustSources(anchors: [folder.path]), generation: 1)
        #expect(trust.anchors.map(\.source.path) == [folder.path + "/ca.pem"])
    }

    @Test func `all that is wrong is told at once`() {
        let damaged = folder.write("damaged.pem", root.pem.replacingOccurrences(of: "END CERTIFICATE", with: "END"))
        let key = folder.write("key.pem", root.key.pem)
        let empty = folder.write("empty.pem", "nothing here\n")
        let mixed = folder.write("mixed.pem", root.pem + list(root).pem)
        folder.write("nested/inner/a.pem", root.pem)
        let found = problems(
            TrustSources(
                anchors: [damaged, key, empty, mixed, folder.path + "/none.pem", folder.path + "/nested"],
                revocationLists: [folder.write("root.pem", root.pem)],
                bundles: [.init(trustDomain: "Example.org", paths: [folder.write("bundle.pem", root.pem)])]))
        #expect(
            found == [
                "`…/damaged.pem`: block 1: its END line is missing or names another kind",
                "`…/key.pem`: block 1: `PRIVATE KEY` where a certificate is expected",
                "`…/empty.pem`: no certificate in it",
                "`…/mixed.pem`: block 2: `X509 CRL` where a certificate is expected",
                "`…/none.pem`: no such file or directory",
                "`…/nested`: the directory has no files",
                "`…/bundle.pem`: the trust domain `Example.org` holds more than `a-z`, `0-9`, `.`, `-` and `_`",
                "`…/root.pem`: block 1: `CERTIFICATE` where a revocation list is expected",
            ])
    }

    @Test func `a block whose content is no certificate is named`() {
        let wrong = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"
        let broken = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"
        #expect(
            problems(TrustSources(anchors: [folder.write("a.pem", root.pem + wrong)]))
                == ["`…/a.pem`: block 2: not a certificate in DER"])
        #expect(
            problems(TrustSources(anchors: [folder.write("b.pem", root.pem + broken)]))
                == ["`…/b.pem`: block 2: not base64"])
        #expect(
            problems(TrustSources(anchors: [folder.write("c.der", Data(root.der + [0]))]))
                == ["`…/c.der`: block 1: not a certificate in DER"])
    }

    @Test func `a revocation list that its issuer did not sign is refused`() {
        let anchors = [folder.write("root.pem", root.pem)]
        let forged = folder.write("forged.pem", list(root, signer: TestKey()).pem)
        #expect(
            problems(TrustSources(anchors: anchors, revocationLists: [forged]))
                == ["`…/forged.pem`: block 1: its signature is not that of `CN=root` in the trust store"])
        #expect(
            problems(TrustSources(anchors: anchors, revocationLists: [folder.write("a.pem", list(root).pem)])) == [])
    }

    @Test(arguments: [
        ("critical,indirectCRL:TRUE", "it is indirect, which is not supported"),
        ("critical,onlyAA:TRUE", "it covers attribute certificates only"),
        ("critical,onlysomereasons:keyCompromise", "it covers some reasons only, which is not supported"),
    ])
    func `a revocation list whose scope is not processed is refused`(_ scope: String, _ reason: String) {
        var recipe = RevocationRecipe(thisUpdate: TestClock.days(-5), nextUpdate: TestClock.days(5), number: 1)
        recipe.extensions = [["issuingDistributionPoint", scope]]
        let file = folder.write("a.pem", TestRevocationList(recipe, issuer: root).pem)
        #expect(problems(TrustSources(revocationLists: [file])) == ["`…/a.pem`: block 1: \(reason)"])
    }

    @Test func `a revocation list without an end is refused`() {
        let recipe = RevocationRecipe(thisUpdate: TestClock.days(-5), nextUpdate: nil, number: 1)
        let file = folder.write("a.pem", TestRevocationList(recipe, issuer: root).pem)
        #expect(
            problems(TrustSources(revocationLists: [file]))
                == ["`…/a.pem`: block 1: it has no nextUpdate, so nobody can tell whether it is current"])
    }

    @Test func `the entries say what there is, and the warnings what is over`() throws {
        let file = folder.write("root.pem", root.pem)
        let crl = folder.write("crl.pem", list(root, until: -1).pem)
        let trust = try TrustStore.load(
            TrustSources(
                revocationLists: [crl], bundles: [.init(trustDomain: "spiffe://example.org", paths: [file])]),
            generation: 1)
        let entries = trust.entries
        #expect(entries.map(\.kind) == [.anchor, .revocationList])
        #expect(entries.map(\.name) == ["CN=root", "CN=root"])
        #expect(entries.map(\.trustDomain) == ["example.org", nil])
        #expect(entries.map(\.until) == [TestClock.days(10), TestClock.days(-1)])
        #expect(entries[0].mark == root.certificate.fingerprint.text)
        #expect(entries[1].mark == "1a")
        #expect(trust.trustDomains == ["example.org"])
        #expect(
            trust.warnings(at: TestClock.now)
                == ["the revocation list `CN=root` in `\(crl)` expired 2027-01-14T08:00:00Z"])
        #expect(trust.warnings(at: TestClock.days(-20)).count == 2)
    }

    @Test func `the bundle of a system loads`() throws {
        let path = "/etc/ssl/certs/ca-certificates.crt"
        guard FileManager.default.fileExists(atPath: path) else { return }
        let trust = try TrustStore.load(TrustSources(anchors: [path]), generation: 1)
        #expect(trust.anchors.count > 10)
    }
}
