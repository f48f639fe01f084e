import Foundation
import TestAuthority
import Testing

@Suite("Upstream certificates change under traffic", .enabled(if: TLSFront.isInstalled, "python3 is not installed"))
struct UpstreamRotationTests {
    private let authority: UpstreamAuthority
    private let server: UpstreamAuthority.Pair

    init() throws {
        authority = try UpstreamAuthority()
        server = try authority.issue("server", ["IP:127.0.0.1"])
    }

    /// A back end whose `/slow` waits for the flag in the middle of its answer.
    private func backEnd(_ flag: Flag) throws -> BackEnd {
        try BackEnd { connection in
            while true {
                let request = try connection.readRequest()
                guard request.target == "/slow" else {
                    try connection.send(reply("\(connection.number)"))
                    continue
                }
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
                try flag.wait()
                try connection.send("half")
            }
        }
    }

    @Test("A new client certificate is presented from then on; the exchange in flight ends on its old connection")
    func clientCertificate() throws {
        let flag = Flag()
        let back = try backEnd(flag)
        let front = try TLSFront(server, before: back, clients: authority.trust)
        let own = try authority.issue("old")
        let gateway = try Gateway([
            "GET /{path+}": "{uri: \"https://\(front.place)/{path}\", tls: {trust: [\(authority.trust)], \(own.yaml)}}"
        ])
        let slow = try gateway.connect()
        try slow.request("GET", "/dev/slow")
        try eventually("the slow one is there") { back.requests.contains { $0.target == "/slow" } }
        // A second connection, which waits in the pool.
        #expect(try gateway.get("/dev/x").text == "1")
        #expect(try gateway.get("/dev/x").text == "1")

        let new = authority.root.issue(authority.recipe("new"))
        try authority.directory.write(new.pem, to: "old.crt")
        try authority.directory.write(new.key.pem, to: "old.key")
        try eventually("the idle connection closes") { back.open == 1 }
        #expect(try gateway.get("/dev/x").text == "2")
        #expect(front.handshakes.count { $0.hasSuffix("peer=new") } == 1)
        flag.raise()
        #expect(try slow.readResponse().text == "halfhalf")
        try eventually("its connection is not used again") { back.open == 1 }
        #expect(try gateway.get("/dev/x").text == "2")
        #expect(front.handshakes.map { String($0.split(separator: "=").last ?? "") } == ["old", "old", "new"])
    }

    @Test(
        "Trust that is taken away ends kept connections and sessions; a reload brings it back",
        arguments: [false, true])
    func trust(byReload: Bool) throws {
        let flag = Flag()
        let back = try backEnd(flag)
        let front = try TLSFront(server, before: back)
        let stranger = try UpstreamAuthority("Strangers")
        try authority.directory.write(authority.root.pem, to: "trust.pem")
        let configuration = try Configuration([
            "GET /{path+}":
                "{uri: \"https://\(front.place)/{path}\", tls: {trust: [\(authority.directory.file("trust.pem"))]}}"
        ])
        let gateway = try Gateway(configuration)
        // A change of files is served some time later; when a reload has ended it is served at once.
        let call = { (pem: String, status: Int) in
            try authority.directory.write(pem, to: "trust.pem")
            if byReload {
                #expect(try gateway.reloadAndWait(configuration).status == 0)
            } else {
                try eventually("the change is served") { try gateway.get("/dev/x").status == status }
            }
            return try gateway.get("/dev/x")
        }
        let slow = try gateway.connect()
        try slow.request("GET", "/dev/slow")
        try eventually("the slow one is there") { back.requests.contains { $0.target == "/slow" } }
        #expect(try gateway.get("/dev/x").status == 200)

        // Neither the kept connection nor a session of it is used: the new trust has the word.
        let refused = try call(stranger.root.pem, 500)
        #expect(refused.status == 500)
        #expect(try gateway.record(of: refused)["errorReason"]?.contains("neither in the trust store") == true)
        flag.raise()
        #expect(try slow.readResponse().text == "halfhalf")

        #expect(try call(authority.root.pem, 200).status == 200)
    }

    @Test("Files that cannot be used change nothing")
    func broken() throws {
        let back = try backEnd(Flag())
        let front = try TLSFront(server, before: back, clients: authority.trust)
        let own = try authority.issue("own")
        let gateway = try Gateway([
            "GET /{path+}": "{uri: \"https://\(front.place)/{path}\", tls: {trust: [\(authority.trust)], \(own.yaml)}}"
        ])
        #expect(try gateway.get("/dev/x").text == "0")
        try authority.directory.write(TestKey().pem, to: "own.key")
        try eventually("the files are found wanting") {
            try gateway.admin("/metrics").text.contains("\npostern_tls_material_stale 1\n")
        }
        #expect(gateway.errors.contains("the private key does not belong to the certificate `CN=own`"))
        #expect(try gateway.get("/dev/x").text == "0")
        #expect(back.accepted == 1)
    }
}
