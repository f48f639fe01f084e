import Testing

@Suite("A listener that cannot be opened is told with its place in the file")
struct ListenerProblemTests {
    private let taken: Socket
    private let mesh: Listener

    init() throws {
        taken = try Socket.listening(at: .tcp("127.0.0.1", 0))
        mesh = try Listener("vpce-mesh", options: "defaultApi: shop")
    }

    private func configuration(blocked: Bool) throws -> Configuration {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"])
        configuration.listeners = [mesh]
        if blocked {
            let port = taken.localPort
            configuration.listeners.append(
                Listener("vpce-taken", at: .tcp("127.0.0.1", port), "address: 127.0.0.1, port: \(port)"))
        }
        return configuration
    }

    /// `postern.yaml:line:column:` of the blocked listener.
    private func place(in directory: TemporaryDirectory) throws -> String {
        let lines = directory.read("postern.yaml").split(separator: "\n", omittingEmptySubsequences: false)
        let index = try #require(lines.firstIndex { $0.contains("vpce-taken") })
        let brace = try #require(lines[index].firstIndex(of: "{"))
        return "postern.yaml:\(index + 1):\(lines[index].distance(from: lines[index].startIndex, to: brace) + 1): "
    }

    @Test("By a start")
    func start() throws {
        let gateway = try Gateway(configuration(blocked: true), launcher: [])
        #expect(try gateway.child.exit() == 1)
        #expect(gateway.errors.contains(try place(in: gateway.directory)), "\(gateway.errors)")
        #expect(gateway.errors.contains("vpce-taken"))
        #expect(gateway.errors.contains("127.0.0.1:\(taken.localPort)"))
    }

    @Test("By a reload, to who ordered it and in the process's own messages")
    func reload() throws {
        let gateway = try Gateway(configuration(blocked: false))
        let reload = try gateway.reloadAndWait(configuration(blocked: true))
        let place = try place(in: gateway.directory)
        #expect(reload.status == 1)
        #expect(reload.all.contains(place), "\(reload)")
        #expect(reload.all.contains("vpce-taken"))
        try eventually("it is told") { gateway.errors.contains(place) }
        #expect(try gateway.get("/dev/x").text == "m")
    }
}
