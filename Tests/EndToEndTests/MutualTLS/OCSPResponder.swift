import Foundation
import TestAuthority

/// A real responder, `openssl ocsp`, over an index of what was issued.
final class OCSPResponder {
    enum Status: String { case good = "V", revoked = "R" }

    let port: Int
    var url: String { "http://127.0.0.1:\(port)" }
    private let directory: TemporaryDirectory
    private let child: Child

    /// - Parameters:
    ///   - signer: a certificate of the issuer's that may sign answers, or the issuer itself.
    ///   - known: by serial number in hexadecimal; what is not here is unknown.
    init(for issuer: TestCertificate, signer: TestCertificate, known: [(serial: String, status: Status)], port: Int)
        throws
    {
        let directory = try TemporaryDirectory()
        self.directory = directory
        self.port = port
        let lines = known.map { one in
            let revoked = one.status == .revoked ? "260101000000Z,keyCompromise" : ""
            return "\(one.status.rawValue)\t491231235959Z\t\(revoked)\t\(one.serial)\tunknown\t/CN=x\n"
        }
        try directory.write(lines.joined(), to: "index")
        try directory.write("unique_subject = no\n", to: "index.attr")
        try directory.write(issuer.pem, to: "issuer.pem")
        try directory.write(signer.pem, to: "signer.pem")
        try directory.write(signer.key.pem, to: "signer.key")
        child = try Child(
            [
                "openssl", "ocsp", "-port", "\(port)", "-index", directory.file("index"), "-CA",
                directory.file("issuer.pem"), "-rsigner", directory.file("signer.pem"), "-rkey",
                directory.file("signer.key"), "-ndays", "1",
            ], output: (directory.file("out"), directory.file("err")))
        let child = self.child
        // A connection that only looks whether it is there would occupy it for good.
        try eventually("the responder listens: \(directory.read("err"))") {
            if child.status != nil { throw SocketFailure("openssl ocsp ended: \(directory.read("err"))", 0) }
            return directory.read("err").contains("waiting for OCSP client connections")
        }
    }
}

extension Estate {
    /// A certificate that may sign an authority's OCSP answers.
    static func answerer(of issuer: TestCertificate) -> TestCertificate {
        var recipe = leaf("Responder")
        recipe.extendedKeyUsage = "OCSPSigning"
        return issuer.issue(recipe)
    }

    /// A caller whose certificate has this serial number and names this responder.
    func client(_ name: String, serial: Int, responder: String) throws -> EstateIdentity {
        try client(name) {
            $0.serial = "\(serial)"
            $0.extensions = [["authorityInfoAccess", "OCSP;URI:\(responder)"]]
        }
    }
}
