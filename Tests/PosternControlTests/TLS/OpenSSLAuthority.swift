import Foundation

/// Certificates made by the `openssl` command in a directory of their own.
final class OpenSSLAuthority: Sendable {
    let path: String

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init() throws {
        var template = Array("/tmp/postern-ca-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try write("", to: "index.txt")
        try write("unique_subject = no\n", to: "index.txt.attr")
        try write("01\n", to: "crlnumber")
        try write(
            """
            [ca]
            default_ca = own
            [own]
            database = \(path)/index.txt
            crlnumber = \(path)/crlnumber
            new_certs_dir = \(path)
            default_md = sha256
            policy = any
            rand_serial = yes
            unique_subject = no
            [any]
            commonName = supplied
            [root]
            basicConstraints = critical, CA:true
            keyUsage = critical, keyCertSign, cRLSign
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid
            [intermediate]
            basicConstraints = critical, CA:true, pathlen:0
            keyUsage = critical, keyCertSign, cRLSign
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid
            [leaf]
            basicConstraints = CA:false
            keyUsage = critical, digitalSignature
            extendedKeyUsage = serverAuth, clientAuth
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid
            subjectAltName = DNS:$ENV::NAME
            authorityInfoAccess = OCSP;URI:$ENV::RESPONDER
            [responder]
            basicConstraints = CA:false
            keyUsage = critical, digitalSignature
            extendedKeyUsage = OCSPSigning
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid
            """, to: "ca.cnf")
        try makeKey("root")
        try run(
            "req", "-new", "-x509", "-config", file("ca.cnf"), "-extensions", "root", "-subj", "/CN=root", "-days",
            "3650",
            "-key", file("root.key"), "-out", file("root.pem"))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
    }

    func read(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

    /// A file renamed into place, as careful programs replace one.
    func replace(_ name: String, with text: String) throws {
        try write(text, to: name + ".new")
        guard rename(file(name + ".new"), file(name)) == 0 else { throw Failure(description: "rename") }
    }

    /// `NAME.key`, and `NAME.pem` issued by `issuer`.
    ///
    /// - Parameter dates: `YYYYMMDDHHMMSSZ`, start and end.
    func issue(
        _ name: String, kind: String = "leaf", by issuer: String = "root", responder: String = "http://127.0.0.1:9/",
        dates: (String, String)? = nil, days: Int = 365
    ) throws {
        try makeKey(name)
        let environment = ["NAME": "\(name).internal", "RESPONDER": responder]
        try run(
            "req", "-new", "-config", file("ca.cnf"), "-subj", "/CN=\(name)", "-key", file("\(name).key"), "-out",
            file("\(name).csr"), environment: environment)
        let validity = dates.map { ["-startdate", $0.0, "-enddate", $0.1] } ?? ["-days", "\(days)"]
        try run(
            ["ca", "-batch", "-notext", "-config", file("ca.cnf"), "-extensions", kind]
                + ["-cert", file("\(issuer).pem"), "-keyfile", file("\(issuer).key")]
                + ["-in", file("\(name).csr"), "-out", file("\(name).pem")] + validity, environment: environment)
    }

    func revoke(_ name: String, by issuer: String = "root") throws {
        try run(
            "ca", "-config", file("ca.cnf"), "-cert", file("\(issuer).pem"), "-keyfile", file("\(issuer).key"),
            "-revoke",
            file("\(name).pem"), "-crl_reason", "keyCompromise", environment: ["NAME": name, "RESPONDER": "http://h/"])
    }

    /// - Parameter dates: thisUpdate and nextUpdate.
    func writeList(_ name: String, by issuer: String = "root", dates: (String, String)? = nil) throws {
        let validity = dates.map { ["-crl_lastupdate", $0.0, "-crl_nextupdate", $0.1] } ?? ["-crldays", "30"]
        try run(
            ["ca", "-config", file("ca.cnf"), "-cert", file("\(issuer).pem"), "-keyfile", file("\(issuer).key")]
                + ["-gencrl", "-out", file(name)] + validity, environment: ["NAME": name, "RESPONDER": "http://h/"])
    }

    private func makeKey(_ name: String) throws {
        try run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file("\(name).key"))
    }

    private func run(_ arguments: String..., environment: [String: String] = [:]) throws {
        try run(arguments, environment: environment)
    }

    private func run(_ arguments: [String], environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let names = ["NAME": "none", "RESPONDER": "http://none/"]
        process.environment = ProcessInfo.processInfo.environment.merging(names) { $1 }.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "openssl \(arguments.joined(separator: " ")): \(text)")
        }
    }
}
