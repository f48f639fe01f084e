import Foundation

/// The `openssl` program.
enum OpenSSL {
    /// What `s_client` shows of a connection over which it sends a request, or nothing.
    static func client(_ place: SocketPlace, _ options: [String] = [], asking request: String? = nil) throws -> String {
        let target = if case .unix(let path) = place { ["-unix", path] } else { ["-connect", "\(place)"] }
        let arguments = ["openssl", "s_client"] + target + options
        guard let request else { return try Child.run(arguments).all }
        let command = (arguments + ["-ign_eof"]).map { "'\($0)'" }.joined(separator: " ")
        return try Child.run(["sh", "-c", "printf '\(request)' | \(command)"]).all
    }

    static func present(_ identity: EstateIdentity) -> [String] {
        ["-cert", identity.certificateFile, "-key", identity.keyFile, "-cert_chain", identity.certificateFile]
    }
}
