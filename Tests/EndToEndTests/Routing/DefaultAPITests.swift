import Testing

@Suite("The default API across reloads")
struct DefaultAPITests {
    /// A host that names no API.
    private let host = ["Host: 10.0.0.1"]

    private func configuration(_ api: String, at place: SocketPlace) throws -> Configuration {
        var configuration = try Configuration(listeners: [
            Listener("vpce-mesh", at: place, "address: 127.0.0.1, port: \(place.port)", "defaultApi: \(api)")
        ])
        configuration.add(API(api, ["GET /x": "{type: MOCK, body: \(api)}"]))
        return configuration
    }

    @Test("A connection that was there before reaches the new default API, whose old name is gone")
    func renamed() throws {
        let place = SocketPlace.tcp("127.0.0.1", try FreePort.next())
        let gateway = try Gateway(configuration("shop", at: place))
        let wire = try gateway.connect()
        #expect(try wire.exchange("GET", "/dev/x", host).text == "shop")
        let reload = try gateway.reloadAndWait(configuration("store", at: place))
        #expect(reload.status == 0, "\(reload)")
        #expect(try wire.exchange("GET", "/dev/x", host).text == "store")
        #expect(try gateway.get("/dev/x", host).text == "store")
    }
}
