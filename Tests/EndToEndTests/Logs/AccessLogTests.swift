import Foundation
import Testing

@Suite("The access log")
struct AccessLogTests {
    @Test("One record an exchange, with what an operator asks first")
    func record() throws {
        let back = try BackEnd(answering: { _ in reply("12345", status: "201 Created") })
        let gateway = try Gateway(["POST /order/{id}": "\(back.uri)/order/{id}"])
        let wire = try gateway.connect()
        let response = try wire.exchange(
            "POST", "/dev/order/7?x=1", ["User-Agent: mesh/\"1\"\\", "Host: shop.example"], body: "abc")
        let record = try gateway.record(of: response)
        #expect(record["extendedRequestId"] == response["x-amz-apigw-id"])
        #expect(record["vpceId"] == "vpce-mesh")
        #expect(record["sourceIp"] == "127.0.0.1")
        #expect(record.number("sourcePort") == wire.socket.localPort)
        #expect(record["httpMethod"] == "POST")
        #expect(record["path"] == "/dev/order/7")
        #expect(record["protocol"] == "HTTP/1.1")
        #expect(record["domainName"] == "shop.example")
        #expect(record["apiId"] == "shop")
        #expect(record["stage"] == "dev")
        #expect(record["resourcePath"] == "/order/{id}")
        #expect(record.number("status") == 201)
        #expect(record.number("requestLength") == 3)
        #expect(record.number("responseLength") == 5)
        #expect(record["decision"] == "allow")
        #expect(record.number("integrationStatus") == 201)
        #expect(record["upstream"] == back.authority)
        #expect(record["userAgent"] == "mesh/\"1\"\\")
        #expect(record.names.isSuperset(of: ["time", "responseLatency", "integrationLatency", "connectionId"]))
        #expect(gateway.records.count == 1)
    }

    @Test("Every line is JSON whatever a caller sends, and a refused head has its record")
    func hostileBytes() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK}"])
        let wire = try gateway.connect()
        try wire.send(
            Array("GET /dev/x HTTP/1.1\r\nHost: a\r\nUser-Agent: \"\\\t".utf8) + [0xFF, 0xC3, 0x28, 0xF0, 0x9F]
                + Array("\r\n\r\n".utf8))
        _ = try wire.readResponse()
        let bad = try gateway.connect()
        try bad.send("GET /dev/x HTTP/9.9\r\n\r\n")
        _ = try bad.readResponse()
        try eventually("two records") { gateway.records.count == 2 }
        let lines = gateway.directory.read("access.log").split(separator: "\n")
        #expect(lines.count == 2)
    }

    @Test("Standard output is a place for it, and `off` is one too")
    func places() throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.accessLog = "stdout"
        let gateway = try Gateway(configuration)
        let id = try gateway.get("/dev/x")["x-amzn-RequestId"] ?? ""
        try eventually("the record") { gateway.directory.read("stdout").contains(id) }
        configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.accessLog = "off"
        let silent = try Gateway(configuration)
        #expect(try silent.get("/dev/x").status == 200)
        #expect(try silent.stop() == 0)
        #expect(silent.directory.read("stdout").isEmpty)
    }

    @Test("SIGUSR1 opens the file anew after it was moved away")
    func reopen() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK}"])
        let before = try gateway.get("/dev/x")
        _ = try gateway.record(of: before)
        let (old, new) = (gateway.directory.file("access.log"), gateway.directory.file("access.log.1"))
        try FileManager.default.moveItem(atPath: old, toPath: new)
        gateway.child.signal(SIGUSR1)
        try eventually("the file is there again") { gateway.directory.exists("access.log") }
        _ = try gateway.record(of: try gateway.get("/dev/x"))
        #expect(gateway.records.count == 1)
    }
}
