/// The extensions of the language whose facts whoever compiles a policy can supply.
///
/// A policy that asks for one that is not supplied is refused: a `Deny` on a fact that never comes would never apply.
package struct SuppliedFacts: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// `postern:Unix…`, `postern:SystemdUnit` and the principal `UnixUser`.
    package static let unixPeer = SuppliedFacts(rawValue: 1)
    /// `postern:LocalInterface`.
    package static let localInterface = SuppliedFacts(rawValue: 2)
    /// `postern:Certificate…` and the principal `SPIFFE`.
    package static let certificate = SuppliedFacts(rawValue: 4)
    /// Somebody reads what `"postern:Mode": "shadow"` statements would have done.
    package static let shadowReports = SuppliedFacts(rawValue: 8)

    package static let all: SuppliedFacts = [.unixPeer, .localInterface, .certificate, .shadowReports]
}

extension KnownKey {
    /// What must be supplied for the key to mean anything; nothing for AWS's own keys, whose absence AWS defines.
    var needs: SuppliedFacts {
        switch self {
        case .unixUID, .unixGID, .unixUser, .unixGroup, .systemdUnit: .unixPeer
        case .localInterface: .localInterface
        case .certificateSPIFFEID, .certificateSubject, .certificateIssuer, .certificateSerial,
            .certificateFingerprint, .certificateSANDNS, .certificateSANURI, .certificateNotAfter:
            .certificate
        default: []
        }
    }
}
