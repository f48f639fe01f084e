import COpenSSL

/// What is wrong with one file, or with one thing in it.
package struct CertificateFileProblem: Error, Equatable, CustomStringConvertible {
    package let path: String
    /// Which PEM block of the file, from 1; nil for the file as a whole.
    package let item: Int?
    package let reason: String

    package init(path: String, item: Int? = nil, reason: String) {
        self.path = path
        self.item = item
        self.reason = reason
    }

    package var description: String {
        "`\(path)`: " + (item.map { "block \($0): " } ?? "") + reason
    }
}

/// The objects of one file: PEM (RFC 7468, any text between the blocks) or the bare DER of a single one.
enum CertificateFile {
    /// AWS takes 1 MB; a system's whole bundle has a quarter of that.
    static let mostCertificateBytes = 4 << 20
    static let mostCertificates = 5000
    /// Lists of large authorities reach tens of megabytes.
    static let mostRevocationBytes = 64 << 20
    static let mostRevocationLists = 1000

    /// All certificates of a file, with their block numbers; at least one. A damaged block is reported and the others
    /// are read on.
    static func certificates(
        at path: String, into problems: inout [CertificateFileProblem]
    ) -> [(item: Int, certificate: Certificate)] {
        objects(
            at: path, label: "CERTIFICATE", noun: "certificate", mostBytes: mostCertificateBytes,
            most: mostCertificates, into: &problems
        ) { Certificate(der: $0) }
    }

    /// All revocation lists of a file, likewise.
    static func revocationLists(
        at path: String, into problems: inout [CertificateFileProblem]
    ) -> [(item: Int, list: OpaquePointer)] {
        objects(
            at: path, label: "X509 CRL", noun: "revocation list", mostBytes: mostRevocationBytes,
            most: mostRevocationLists, into: &problems
        ) { DER.decode($0, with: d2i_X509_CRL, free: X509_CRL_free) }
    }

    private static func objects<Object>(
        at path: String, label: String, noun: String, mostBytes: Int, most: Int,
        into problems: inout [CertificateFileProblem], decode: ([UInt8]) -> Object?
    ) -> [(Int, Object)] {
        let blocks: [PEMBlock]
        do {
            let bytes = try FileBytes.read(path, most: mostBytes)
            // A SEQUENCE with a length of several bytes; as text it would be the digit 0 and a byte beyond ASCII.
            let isDER = bytes.count > 1 && bytes[0] == 0x30 && bytes[1] >= 0x80
            blocks = isDER ? [PEMBlock(label: label, der: bytes)] : try PEMBlock.all(in: bytes)
        } catch {
            problems.append(.init(path: path, item: error.item, reason: error.reason))
            return []
        }
        guard blocks.count <= most else {
            problems.append(.init(path: path, reason: "\(blocks.count) blocks are more than \(most)"))
            return []
        }
        if blocks.isEmpty { problems.append(.init(path: path, reason: "no \(noun) in it")) }
        var found: [(Int, Object)] = []
        for (index, block) in blocks.enumerated() {
            if block.label != label {
                problems.append(
                    .init(path: path, item: index + 1, reason: "`\(block.label)` where a \(noun) is expected"))
            } else if let object = decode(block.der) {
                found.append((index + 1, object))
            } else {
                problems.append(.init(path: path, item: index + 1, reason: "not a \(noun) in DER"))
            }
        }
        return found
    }
}
