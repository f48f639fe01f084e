import Foundation
import Testing

@Suite("quickstart: what it prints is what happens")
struct QuickstartTests {
    @Test("its five lines teach allow, another stage, deny, no route and a refused path; it cleans up")
    func plain() throws {
        let demo = try Demonstration()
        let calls = demo.commands.filter { $0.hasPrefix("curl ") }
        #expect(calls.count == 5)
        if Machine.has("curl") {
            let answers = try calls.map { try Child.run(["/bin/sh", "-c", $0 + " -sS"]).output }
            let statuses = answers.map { $0.split(separator: " ").dropFirst().first.map(String.init) ?? $0 }
            #expect(statuses == ["200", "200", "403", "403", "400"])
            #expect(answers[2].contains("with an explicit deny"))
            #expect(answers[3].contains("Missing Authentication Token"))
        }
        let status = try Child.run(["/bin/sh", "-c", try #require(demo.commands.last)])
        #expect(status.status == 0)
        #expect(status.output.contains("vpce-office"), "\(status)")
        try demo.stop()
    }

    @Test("with --mtls nobody but its owner reads a key, and the authority's is nowhere")
    func keys() throws {
        let demo = try Demonstration("--mtls")
        let folder = demo.folder + "/tls"
        let keys = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".key") }
        #expect(keys.sorted() == ["orders.key", "other.key", "server.key"])
        for file in keys.map({ folder + "/" + $0 }) {
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
        }
        for file in [demo.folder, folder] {
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o700)
        }
        try demo.stop()
    }

    @Test(
        "with --mtls its lines teach allow, deny and why, no certificate, and a revocation that ends an open connection",
        .enabled(if: Machine.has("curl"), "curl is not here"))
    func mutualTLS() throws {
        let demo = try Demonstration("--mtls")
        try #require(demo.commands.count == 12, "\(demo.commands)")
        let allowed = try demo.run(1)
        #expect(allowed.output.hasPrefix("HTTP/1.1 200"), "\(allowed)")
        #expect(allowed.output.contains("URI=spiffe://demo/ns/orders"))
        let denied = try demo.run(2)
        #expect(denied.output.hasPrefix("HTTP/1.1 403"), "\(denied)")
        let why = try demo.run(3)
        #expect(why.status == 0)
        for text in ["403 ACCESS_DENIED", "`OnlyOrders` does not apply", "spiffe://demo/ns/other"] {
            #expect(why.output.contains(text), "\(why)")
        }
        let anonymous = try demo.run(4)
        #expect(anonymous.status != 0)
        #expect(anonymous.errors.contains("certificate required"), "\(anonymous)")

        let asking = try demo.start(5)
        try eventually("the first request is logged") { demo.log.contains("/dev/order/1\"") }
        #expect(try demo.run(6).status == 0)
        #expect(try asking.exit() != 0)
        let lines = demo.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "200, new connections: 1")
        #expect(lines.last == "000, new connections: 1", "a new connection is refused")
        #expect(lines.dropFirst().dropLast().allSatisfy { $0 == "200, new connections: 0" }, "\(lines)")
        let revoked = try demo.run(8)
        #expect(revoked.errors.contains("certificate revoked"), "\(revoked)")

        let certificates = try demo.run(9)
        #expect(certificates.status == 0)
        #expect(certificates.output.contains("1 revoked"), "\(certificates)")
        try eventually("the log tells all of it") {
            demo.log.contains(#""errorReason":"certificate_missing:"#)
                && demo.log.contains(#""CERTIFICATE_INVALIDATED","errorReason":"`CN=orders` was revoked by"#)
                && demo.log.contains(#""errorReason":"certificate_refused: `CN=orders` was revoked by"#)
        }
        #expect(try demo.run(10).status == 0)
        #expect(try demo.run(11).status == 0)
        try eventually("the certificate is good again") { try demo.run(1).output.hasPrefix("HTTP/1.1 200") }
        try demo.stop()
    }
}

/// A running quickstart, and the commands that it has printed.
private final class Demonstration {
    private let directory: TemporaryDirectory
    private let child: Child
    let commands: [String]
    /// Where it keeps its files.
    let folder: String

    init(_ options: String...) throws {
        let directory = try TemporaryDirectory()
        let child = try Child(
            [Postern.path, "quickstart", "--port", "0"] + options, environment: ["TMPDIR": directory.path],
            output: (directory.file("out"), directory.file("err")))
        try eventually("it has printed what to try") {
            if let status = child.status { throw SocketFailure("it ended with \(status): \(directory.read("err"))", 0) }
            return directory.read("out").contains("Ctrl-C")
        }
        let lines = directory.read("out").split(separator: "\n").drop { !$0.hasPrefix("Try,") }
        // Explanations stand further in.
        commands = lines.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }.map { String($0.dropFirst(2)) }
        folder = directory.file(try #require(directory.list("").first { $0.hasPrefix("postern-quickstart-") }))
        self.directory = directory
        self.child = child
    }

    var log: String { (try? String(contentsOfFile: folder + "/access.log", encoding: .utf8)) ?? "" }

    /// One of the commands, in the directory that the first one goes to.
    func run(_ index: Int) throws -> Child.Result {
        try Child.run(["/bin/sh", "-c", commands[0] + "\n" + commands[index]])
    }

    /// Standard output of what was started.
    var output: String { directory.read("started") }

    /// A command for the background, without its `&`.
    func start(_ index: Int) throws -> Child {
        let command = try #require(commands[index].hasSuffix(" &") ? commands[index].dropLast(2) : nil)
        return try Child(
            ["/bin/sh", "-c", commands[0] + "\nexec " + command],
            output: (directory.file("started"), directory.file("started-errors")))
    }

    /// As Ctrl-C does; it must leave nothing behind.
    func stop() throws {
        child.signal(SIGINT)
        #expect(try child.exit() == 0)
        #expect(directory.list("").filter { $0.hasPrefix("postern-quickstart-") }.isEmpty)
        #expect(directory.read("err").isEmpty, "\(directory.read("err"))")
    }
}
