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

    @Test("A second order does not wait")
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
        _ = try gateway.child.exit(within: 20)
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
