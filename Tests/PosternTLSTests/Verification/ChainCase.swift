import Foundation
import Testing

@testable import PosternTLS
@testable import TestAuthority

/// One chain of the matrix (`Fixtures/*.json`): how to make it, how it is judged, and the verdict with its source.
///
/// What a case leaves out is right: a root in the trust store, a client's leaf sent alone, ten days of validity each way.
/// Days count from `TestClock.now`.
struct ChainCase: Decodable, CustomTestStringConvertible, Sendable {
    struct Certificate: Decodable {
        let id: String
        var issuer: String?
        var authority: Bool?
        var subject: [[String]]?
        var key: TestKey.Kind?
        var from: Int?
        var until: Int?
        var pathLength: Int?
        /// `none` leaves the extension out.
        var keyUsage: String?
        var extendedKeyUsage: String?
        var names: [String]?
        var nameConstraints: String?
        var extensions: [[String]]?
        var digest: String?
        var keyIdentifiers: Bool?
        var brokenSignature: Bool?
        /// Whose key it has too.
        var keyOf: String?
        /// Whose key signed it, where that is not the issuer's.
        var signedBy: String?
    }

    struct List: Decodable {
        let issuer: String
        var revoked: [String]?
        var from: Int?
        var until: Int?
        var number: Int?
        var base: Int?
        var keyIdentifier: Bool?
        var extensions: [[String]]?
        var reason: Int?
        var signedBy: String?
    }

    struct Settings: Decodable {
        var purpose: String?
        var revocation: VerificationSettings.Revocation?
        var intermediates: Int?
        var strict: Bool?
        var level: Int?
        var partial: Bool?
        var spiffe: Bool?
        var anchored: Bool?
    }

    struct Peer: Decodable {
        var host: String?
        var address: String?
        var workload: String?
    }

    let name: String
    /// Where the verdict is written down.
    let source: String
    let certificates: [Certificate]
    var send: [String]?
    var anchors: [String]?
    var bundles: [String: [String]]?
    var lists: [List]?
    var settings: Settings?
    var peer: Peer?
    /// The chain that is built, leaf first; for an accepted one.
    var chain: [String]?
    /// RFC 8446's name and the whole text; for a refused one.
    var alert: String?
    var reason: String?

    var testDescription: String { name }

    static let all: [ChainCase] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        let files = try! FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
        return files.flatMap { try! JSONDecoder().decode([ChainCase].self, from: Data(contentsOf: $0)) }
    }()
}

extension VerificationSettings.Revocation: Decodable {}

/// A case made real: its certificates with keys, and the verifier that it asks for.
struct ChainWorld {
    let certificates: [String: TestCertificate]
    let verifier: ChainVerifier
    let sent: [PosternTLS.Certificate]
    let peer: ExpectedPeer?

    init(_ item: ChainCase) throws {
        var made: [String: TestCertificate] = [:]
        for certificate in item.certificates { made[certificate.id] = try Self.make(certificate, from: made) }
        certificates = made
        var lists: [RevocationList] = []
        for (index, list) in (item.lists ?? []).enumerated() {
            lists.append(try RevocationList(try Self.make(list, from: made), item: index + 1))
        }
        let plain = try (item.anchors ?? (item.bundles == nil ? ["root"] : [])).map {
            TrustAnchor(try #require(made[$0]))
        }
        let bundled = try (item.bundles ?? [:]).flatMap { domain, ids in
            try ids.map { TrustAnchor(try #require(made[$0]), trustDomain: domain) }
        }
        verifier = ChainVerifier(
            trust: TrustStore(anchors: plain + bundled, revocationLists: lists, generation: 1),
            settings: Self.settings(item.settings))
        sent = try (item.send ?? ["leaf"]).map { try #require(made[$0]).certificate }
        peer = try item.peer.map { peer in
            if let host = peer.host { return .host(host) }
            if let address = peer.address { return .address(address) }
            return .workload(try SPIFFEID(try #require(peer.workload)))
        }
    }

    private static func make(
        _ item: ChainCase.Certificate, from made: [String: TestCertificate]
    ) throws -> TestCertificate {
        let isAuthority = item.authority ?? false
        var recipe =
            isAuthority
            ? CertificateRecipe.authority(subject: [["CN", item.id]], notBefore: 0, notAfter: 0)
            : CertificateRecipe(subject: [["CN", item.id]], notBefore: 0, notAfter: 0)
        recipe.subject = item.subject ?? recipe.subject
        recipe.notBefore = TestClock.days(item.from ?? -10)
        recipe.notAfter = TestClock.days(item.until ?? 10)
        recipe.pathLength = item.pathLength
        if let usage = item.keyUsage { recipe.keyUsage = usage == "none" ? nil : usage }
        if let usage = item.extendedKeyUsage { recipe.extendedKeyUsage = usage == "none" ? nil : usage }
        recipe.names = item.names ?? []
        recipe.nameConstraints = item.nameConstraints
        recipe.extensions = item.extensions ?? []
        recipe.digest = item.digest ?? recipe.digest
        recipe.hasKeyIdentifiers = item.keyIdentifiers ?? true
        recipe.isSignatureBroken = item.brokenSignature ?? false
        recipe.key = item.key ?? .p256
        let key = try item.keyOf.map { try #require(made[$0]).key }
        guard let issuer = item.issuer else { return TestCertificate(selfSigned: recipe, key: key) }
        let signer = try item.signedBy.map { try #require(made[$0]).key }
        return TestCertificate(recipe, issuer: try #require(made[issuer]), key: key, signer: signer)
    }

    private static func make(
        _ item: ChainCase.List, from made: [String: TestCertificate]
    ) throws -> TestRevocationList {
        var recipe = RevocationRecipe(
            thisUpdate: TestClock.days(item.from ?? -5), nextUpdate: TestClock.days(item.until ?? 5),
            number: item.number ?? 1)
        recipe.base = item.base
        recipe.hasKeyIdentifier = item.keyIdentifier ?? true
        recipe.extensions = item.extensions ?? []
        recipe.reason = item.reason
        return TestRevocationList(
            recipe, issuer: try #require(made[item.issuer]),
            revoking: try (item.revoked ?? []).map { try #require(made[$0]) },
            signer: try item.signedBy.map { try #require(made[$0]).key })
    }

    private static func settings(_ item: ChainCase.Settings?) -> VerificationSettings {
        var settings = VerificationSettings(purpose: item?.purpose == "server" ? .server : .client)
        settings.revocation = item?.revocation ?? settings.revocation
        settings.maximumIntermediates = item?.intermediates ?? settings.maximumIntermediates
        settings.isStrict = item?.strict ?? settings.isStrict
        settings.securityLevel = item?.level ?? settings.securityLevel
        settings.acceptsPartialChains = item?.partial ?? settings.acceptsPartialChains
        settings.requiresSPIFFE = item?.spiffe ?? settings.requiresSPIFFE
        settings.requiresAnchor = item?.anchored ?? settings.requiresAnchor
        return settings
    }
}
