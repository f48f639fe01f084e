import Foundation
import Testing

@Suite("Reloading")
struct ReloadTests {
    private func configuration(_ text: String, listeners: [Listener]) throws -> Configuration {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: \(text)}"])
        configuration.listeners = listeners
        return configuration
    }

    @Test("SIGHUP serves the new configuration, on connections that were there before as well")
    func good() throws {
        let listeners = [try Listener("vpce-mesh", options: "defaultApi: shop")]
        let gateway = try Gateway(configuration("old", listeners: listeners))
        let wire = try gateway.connect()
        #expect(try wire.exchange("GET", "/dev/x").text == "old")
        try gateway.reload(configuration("new", listeners: listeners))
        try eventually("the new answer") { try wire.exchange("GET", "/dev/x").text == "new" }
        #expect(try gateway.get("/dev/x").text == "new")
    }

    @Test("A new policy counts from the next request of a connection")
    func policy() throws {
        let listeners = [try Listener("vpce-mesh", options: "defaultApi: shop")]
        var configuration = try configuration("m", listeners: listeners)
        let gateway = try Gateway(configuration)
        let wire = try gateway.connect()
        #expect(try wire.exchange("GET", "/dev/x").status == 200)
        configuration.add(API("shop", policy: Policies.policy(Policies.statement("Deny")), ["GET /x": "{type: MOCK}"]))
        try gateway.reload(configuration)
        try eventually("the refusal") { try wire.exchange("GET", "/dev/x").status == 403 }
    }

    @Test("A bad configuration changes nothing and says why, and a good one after it is served")
    func bad() throws {
        let listeners = [try Listener("vpce-mesh", options: "defaultApi: shop")]
        let gateway = try Gateway(configuration("old", listeners: listeners))
        let wire = try gateway.connect()
        #expect(try wire.exchange("GET", "/dev/x").text == "old")
        var broken = try configuration("new", listeners: listeners)
        broken.apis["broken.yaml"] = "id: other\nrouts: {}\nstages: {dev: {}}\n"
        try gateway.reload(broken)
        try eventually("the reason is told") {
            gateway.errors.contains("broken.yaml:2:1") && gateway.errors.contains("routes")
        }
        #expect(try wire.exchange("GET", "/dev/x").text == "old")
        #expect(try gateway.get("/dev/x").text == "old")
        #expect(try gateway.admin("/ready").status == 200)
        try gateway.reload(configuration("newer", listeners: listeners))
        try eventually("the new answer") { try wire.exchange("GET", "/dev/x").text == "newer" }
    }

    @Test("A configuration whose listener cannot be opened changes nothing at all")
    func badListener() throws {
        let listener = try Listener("vpce-mesh", options: "defaultApi: shop")
        let gateway = try Gateway(configuration("old", listeners: [listener]))
        let taken = try Socket.listening(at: .tcp("127.0.0.1", 0))
        let free = try Listener("vpce-free", options: "defaultApi: shop")
        let blocked = Listener(
            "vpce-taken", at: .tcp("127.0.0.1", taken.localPort), "address: 127.0.0.1, port: \(taken.localPort)")
        try gateway.reload(configuration("new", listeners: [listener, free, blocked]))
        try eventually("the reason is told") { gateway.errors.contains("127.0.0.1:\(taken.localPort)") }
        #expect(try gateway.get("/dev/x").text == "old")
        #expect((try? Socket.connected(to: free.place)) == nil)
    }

    @Test("Listeners come and go without touching the others")
    func listeners() throws {
        let (first, second) = (
            try Listener("vpce-one", options: "defaultApi: shop"), try Listener("vpce-two", options: "defaultApi: shop")
        )
        let gateway = try Gateway(configuration("m", listeners: [first]))
        let wire = try gateway.connect()
        #expect(try wire.exchange("GET", "/dev/x").status == 200)

        try gateway.reload(configuration("m", listeners: [first, second]))
        try eventually("the second answers") { (try? Socket.connected(to: second.place)) != nil }
        #expect(try gateway.call("GET", "/dev/x", by: "vpce-two").status == 200)
        let other = try gateway.connect("vpce-two")
        #expect(try other.exchange("GET", "/dev/x").status == 200)
        #expect(try wire.exchange("GET", "/dev/x").status == 200)

        try gateway.reload(configuration("m", listeners: [second]))
        try eventually("the first is gone") { (try? Socket.connected(to: first.place)) == nil }
        #expect(try other.exchange("GET", "/dev/x").status == 200)
        // Idle connections of a closed listener end; nothing is cut.
        #expect(try wire.readToEnd().isEmpty)
    }

    @Test("Options of a listener change without closing its socket")
    func options() throws {
        let before = try Listener("vpce-mesh", options: "defaultApi: shop")
        let gateway = try Gateway(configuration("m", listeners: [before]))
        #expect(try gateway.get("/dev/x", ["a_b: 1"]).status == 400)
        let after = Listener(
            "vpce-mesh", at: before.place, "address: 127.0.0.1, port: \(before.place.port)",
            "defaultApi: shop, underscoreHeaders: true")
        try gateway.reload(configuration("m", listeners: [after]))
        try eventually("the new option holds") { try gateway.get("/dev/x", ["a_b: 1"]).status == 200 }
    }

    @Test("A listener may change its id and keep its address", arguments: [false, true])
    func renamed(isUnix: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a.sock")
        let before =
            try isUnix
            ? Listener("vpce-old", at: .unix(path), "unix: \(path)", "defaultApi: shop")
            : Listener("vpce-old", options: "defaultApi: shop")
        let gateway = try Gateway(configuration("old", listeners: [before]))
        #expect(try gateway.record(of: try gateway.get("/dev/x"))["vpceId"] == "vpce-old")
        var after = before
        after.text = before.text.replacing("vpce-old", with: "vpce-new")
        try gateway.reload(configuration("new", listeners: [after]))
        try eventually("the new answer") { (try? gateway.get("/dev/x").text) == "new" }
        #expect(try gateway.record(of: try gateway.get("/dev/x"))["vpceId"] == "vpce-new")
    }

    @Test("An answer that is streaming when its route goes is still finished")
    func streaming() throws {
        let mayGoOn = Flag()
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
            try mayGoOn.wait()
            try connection.send("half")
            try connection.waitForEnd()
        }
        let listeners = [try Listener("vpce-mesh", options: "defaultApi: shop")]
        var configuration = try Configuration(["GET /x": "\(back.uri)/x"])
        configuration.listeners = listeners
        let gateway = try Gateway(configuration)
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        var head = try wire.readHead()
        try head.findFraming(isResponse: true, to: "GET")
        #expect(try wire.read(exactly: 4) == Array("half".utf8))
        var other = configuration
        other.apis = [:]
        other.add(API("shop", ["GET /y": "{type: MOCK, body: y}"]))
        try gateway.reload(other)
        try eventually("the route is gone") { try gateway.get("/dev/y").text == "y" }
        mayGoOn.raise()
        #expect(try wire.read(exactly: 4) == Array("half".utf8))
        #expect(try wire.exchange("GET", "/dev/x").status == 403)
        #expect(try wire.exchange("GET", "/dev/y").text == "y")
    }

    @Test("A hundred reloads under load, and not one request fails")
    func underLoad() throws {
        let back = try BackEnd(answering: { _ in reply("fine") })
        var configuration = try Configuration(["GET /x": "\(back.uri)/x"])
        configuration.loops = 2
        let gateway = try Gateway(configuration)
        let wires = try (0..<8).map { _ in try gateway.connect() }
        for round in 0..<100 {
            configuration.add(API("other", ["GET /r\(round)": "{type: MOCK}"]))
            try gateway.reload(configuration)
            for wire in wires { try wire.request("GET", "/dev/x") }
            for wire in wires { #expect(try wire.readResponse().text == "fine") }
            #expect(try gateway.get("/dev/x").text == "fine")
        }
        #expect(!gateway.errors.contains("error"))
    }

    @Test("`postern reload` waits for the outcome: 0, or 1 with every problem")
    func command() throws {
        let listeners = [try Listener("vpce-mesh", options: "defaultApi: shop")]
        let gateway = try Gateway(configuration("old", listeners: listeners))
        try configuration("new", listeners: listeners).write(to: gateway.directory)
        let socket = gateway.directory.file("admin.sock")
        #expect(try Postern.run("reload", "--admin", socket).status == 0)
        #expect(try gateway.get("/dev/x").text == "new")

        try gateway.directory.write("id: Bad Id\n", to: "apis.d/bad.yaml")
        let failed = try Postern.run("reload", "--admin", socket, "--json")
        #expect(failed.status == 1)
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(failed.output.utf8)) as? [String: Any])
        #expect(report["succeeded"] as? Bool == false)
        #expect((report["messages"] as? [String])?.contains { $0.contains("bad.yaml:1:") } == true)
        #expect(try gateway.get("/dev/x").text == "new")
        let gone = try Postern.run("reload", "--admin", gateway.directory.file("nothing.sock"))
        #expect(gone.status == 69)
    }
}
