import Foundation
import Glibc

/// A real responder: `openssl ocsp` over an authority's index, on a port of 127.0.0.1.
final class OCSPResponder {
    let port: Int
    private let process: Process

    init(
        _ authority: OpenSSLAuthority, issuer: String = "root", signer: String = "root", minutes: Int = 5,
        port: Int? = nil
    ) throws {
        let arguments = [
            "ocsp", "-index", authority.file("index.txt"), "-CA", authority.file("\(issuer).pem"),
            "-rsigner", authority.file("\(signer).pem"), "-rkey", authority.file("\(signer).key"), "-nmin",
            "\(minutes)", "-rmd", "sha256",
        ]
        var started: (port: Int, process: Process)?
        // A free port may be somebody else's by the time that it is bound.
        for _ in 0..<(port == nil ? 5 : 1) where started == nil {
            let port = try port ?? Self.freePort()
            started = try Self.start(arguments, port, log: authority.file("ocsp-\(UInt32.random(in: 0 ... .max)).log"))
                .map { (port, $0) }
        }
        guard let started else { throw OpenSSLAuthority.Failure(description: "no responder came up") }
        (self.port, process) = started
    }

    /// - Returns: nil where it ends, or does not listen within ten seconds.
    private static func start(_ arguments: [String], _ port: Int, log: String) throws -> Process? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments + ["-port", "\(port)"]
        process.standardInput = FileHandle.nullDevice
        // It says when it listens; a connection made only to see would keep it from answering any other.
        try Data().write(to: URL(fileURLWithPath: log))
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let isWaiting = { (try? String(contentsOfFile: log, encoding: .utf8))?.contains("waiting for OCSP") ?? false }
        for _ in 0..<2_000 where process.isRunning && !isWaiting() { usleep(5_000) }
        if isWaiting() { return process }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return nil
    }

    deinit { stop() }

    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    var url: String { "http://127.0.0.1:\(port)/" }

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(0)
        var length = socklen_t(16)
        let isBound = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            return bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
        }
        guard isBound else { throw OpenSSLAuthority.Failure(description: "no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
