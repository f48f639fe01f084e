import COpenSSL

/// How the chains of one listener's clients or one integration's servers are judged.
package struct VerificationSettings: Sendable, Equatable {
    package enum Purpose: Sendable, Equatable {
        /// extendedKeyUsage, if there is one, names clientAuth.
        case client
        /// extendedKeyUsage, if there is one, names serverAuth.
        case server
    }

    /// When certificate revocation lists decide. An anchor is revoked by taking it from the trust store: no list of its
    /// own issuer is asked for (RFC 5280 section 6.1 leaves anchors out of the path).
    package enum Revocation: String, Sendable, Equatable, CaseIterable {
        /// Every issuer in the chain needs a current list.
        case require
        /// A list is used where the issuer has one; one that is there and not current refuses.
        case check
        case off
    }

    package var purpose: Purpose
    package var revocation: Revocation = .check
    /// Authorities between leaf and anchor; AWS's chain of four has two.
    package var maximumIntermediates = 3
    /// OpenSSL's strict reading of RFC 5280 (`X509_V_FLAG_X509_STRICT`): critical basicConstraints, key identifiers …
    package var isStrict = true
    /// OpenSSL's security level, 0 to 5, for keys and signatures of the chain. 2: RSA from 2,048 bits, EC from 256, no SHA-1.
    package var securityLevel = 2
    /// Whether an anchor need not be self-signed.
    package var acceptsPartialChains = false
    /// Clients and servers are X.509-SVIDs: each chain ends in the bundle of the leaf's own trust domain, and the other
    /// anchors of the trust store count for nothing.
    package var requiresSPIFFE = false
    /// Whether a chain must end in an anchor. Off only for `insecureSkipVerification`, which leaves signatures, dates,
    /// purpose and name to be checked.
    package var requiresAnchor = true

    package init(purpose: Purpose) { self.purpose = purpose }

    /// More certificates than this are not looked at: leaf, intermediates, anchor, and as many strays.
    var mostPresented: Int { 2 * (maximumIntermediates + 2) }
}

/// Whom a chain must name, where it is known beforehand: the server of an integration.
package enum ExpectedPeer: Sendable, Hashable {
    /// A DNS name in ASCII (A-labels), matched by RFC 9525: subjectAltName only, `*` for one whole leftmost label.
    case host(String)
    /// IPv4 or IPv6, matched with the names of kind IP.
    case address(String)
    case workload(SPIFFEID)

    /// An address if it is written like one, else a host.
    package init(named name: String) {
        if let address = a2i_IPADDRESS(name) {
            ASN1_OCTET_STRING_free(address)
            self = .address(name)
        } else {
            ERR_clear_error()
            self = .host(name)
        }
    }

    package var description: String {
        switch self {
        case .host(let name): name
        case .address(let address): address
        case .workload(let id): id.text
        }
    }
}
