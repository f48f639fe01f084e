import Foundation
import Testing

@Suite("Stopping")
struct DrainTests {
    @Test("SIGTERM closes listeners and idle connections, lets the busy one end, and exits 0")
    func drain() throws {
        let mayAnswer = Flag()
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try mayAnswer.wait()
            try connection.send(reply("late"))
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["GET /slow": "\(back.uri)/slow", "GET /x": "{type: MOCK}"])
        let (busy, idle) = (try gateway.connect(), try gateway.connect())
        #expect(try idle.exchange("GET", "/dev/x").status == 200)
        try busy.request("GET", "/dev/slow")
        try eventually("the upstream has the request") { back.requests.count == 1 }
        gateway.child.signal(SIGTERM)
        #expect(try idle.readToEnd().isEmpty)
        try eventually("nobody listens") { (try? Socket.connected(to: gateway.place())) == nil }
        #expect(gateway.child.status == nil)
        mayAnswer.raise()
        let response = try busy.readResponse()
        #expect(response.text == "late")
        #expect(response["Connection"] == "close")
        #expect(try busy.readToEnd().isEmpty)
        #expect(try gateway.child.exit() == 0)
        #expect(try gateway.record(of: response).number("status") == 200)
        try eventually("no upstream connection is left") { back.open == 0 }
    }

    @Test("What still runs at the drain's deadline is cut")
    func deadline() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.waitForEnd()
        }
        let gateway = try Gateway(Configuration(["GET /slow": "\(back.uri)/slow"], ["timeouts: {drain: 300ms}"]))
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/slow")
        try eventually("the upstream has the request") { back.requests.count == 1 }
        #expect(try gateway.stop() == 0)
        #expect(try wire.readToEnd().isEmpty)
    }

    @Test("A connection that was used a moment ago is left one more request, and told that it was the last")
    func lastRequest() throws {
        let gateway = try Gateway(Configuration(["GET /x": "{type: MOCK}"], ["timeouts: {drainIdle: 20s}"]))
        let (used, new) = (try gateway.connect(), try gateway.connect())
        let first = try used.exchange("GET", "/dev/x")
        #expect(first["Connection"] == "keep-alive")
        try eventually("both are counted") {
            try gateway.admin("/status").text.contains("\"connections\" : 2,")
        }
        gateway.child.signal(SIGTERM)
        try eventually("nobody listens") { (try? Socket.connected(to: gateway.place())) == nil }
        for wire in [used, new] {
            let last = try wire.exchange("GET", "/dev/x")
            #expect(last.status == 200)
            #expect(last["Connection"] == "close")
            #expect(try wire.readToEnd().isEmpty)
        }
        #expect(try gateway.child.exit() == 0)
    }

    @Test("With `drainIdle: 0s` idle connections are closed at once")
    func noLastRequest() throws {
        let gateway = try Gateway(Configuration(["GET /x": "{type: MOCK}"], ["timeouts: {drainIdle: 0s, drain: 1h}"]))
        let wire = try gateway.connect()
        _ = try wire.exchange("GET", "/dev/x")
        #expect(try gateway.stop() == 0)
        #expect(try wire.readToEnd().isEmpty)
    }

    @Test("A connection of a listener that a reload closes is left one more request as well")
    func reload() throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"], ["timeouts: {drainIdle: 20s}"])
        let gateway = try Gateway(configuration)
        let wire = try gateway.connect()
        _ = try wire.exchange("GET", "/dev/x")
        configuration.listeners = [try Listener("vpce-other", options: "defaultApi: shop")]
        #expect(try gateway.reloadAndWait(configuration).status == 0)
        let last = try wire.exchange("GET", "/dev/x")
        #expect(last.status == 200)
        #expect(last["Connection"] == "close")
    }

    @Test("A second order cuts at once, says how much, and loses no record")
    func impatience() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["GET /slow": "\(back.uri)/slow"])
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/slow")
        try eventually("the upstream has the request") { back.requests.count == 1 }
        gateway.child.signal(SIGTERM)
        try eventually("nobody listens") { (try? Socket.connected(to: gateway.place())) == nil }
        gateway.child.signal(SIGTERM)
        #expect(try gateway.child.exit(within: 20) == 0)
        #expect(gateway.errors.contains("connections cut at the second order count=1"))
        #expect(gateway.records.contains { $0["path"]?.hasSuffix("/slow") ?? false })
    }

    @Test("SIGINT stops as SIGTERM does, and the admin socket's file goes")
    func interrupt() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK}"])
        #expect(gateway.directory.exists("admin.sock"))
        gateway.child.signal(SIGINT)
        #expect(try gateway.child.exit() == 0)
        #expect(!gateway.directory.exists("admin.sock"))
    }

    @Test("Records written at the very end are not lost")
    func lastRecords() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK}"])
        let wire = try gateway.connect()
        for _ in 0..<500 { _ = try wire.exchange("GET", "/dev/x") }
        #expect(try gateway.stop() == 0)
        #expect(gateway.records.count == 500)
    }
}
