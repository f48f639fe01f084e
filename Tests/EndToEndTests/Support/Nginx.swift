import Foundation

/// A real nginx as a back end: on a loopback port and on a Unix socket, running as the current user.
final class Nginx {
    let directory: TemporaryDirectory
    let place: SocketPlace
    let socketPath: String
    private let child: Child

    static let isInstalled = Machine.has("nginx")

    /// - Parameters:
    ///   - locations: what the server block says.
    ///   - servers: more server blocks.
    init(_ locations: String, servers: [String] = [], files: [String: [UInt8]] = [:]) throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        place = .tcp("127.0.0.1", try FreePort.next())
        socketPath = directory.file("nginx.sock")
        try FileManager.default.createDirectory(atPath: directory.file("www"), withIntermediateDirectories: true)
        for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: directory.file("www/\(name)"))) }
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(directory.path)/\($0);" }.joined(separator: " ")
        let text = """
            daemon off; master_process off; worker_processes 1;
            pid \(directory.path)/pid;
            error_log \(directory.path)/error.log;
            events { worker_connections 512; }
            http {
              \(temporary)
              access_log \(directory.path)/access.log;
              client_max_body_size 0;
              server {
                listen \(place);
                listen unix:\(socketPath);
                root \(directory.path)/www;
                default_type text/plain;
                \(locations)
              }
              \(servers.joined(separator: "\n"))
            }
            """
        try directory.write(text, to: "nginx.conf")
        let errors = directory.file("error.log")
        let arguments = ["nginx", "-p", directory.path, "-e", errors, "-c", directory.file("nginx.conf")]
        child = try Child(arguments, output: (directory.file("out"), directory.file("err")))
        let (child, place) = (child, place)
        try eventually("nginx answers") {
            if child.status != nil { throw SocketFailure("nginx ended: \(directory.read("err"))", 0) }
            return (try? Socket.connected(to: place)) != nil
        }
    }

    var uri: String { "http://\(place)" }
}
