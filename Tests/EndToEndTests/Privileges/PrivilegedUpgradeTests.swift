import Foundation
import Testing

@Suite(
    "Upgrades of a gateway that has given up its privileges",
    .enabled(if: Machine.isRoot && Machine.nobody != nil, "needs root, and a user `nobody`"))
struct PrivilegedUpgradeTests {
    private func gateway(_ configuration: Configuration) throws -> Upgrades {
        let directory = try TemporaryDirectory()
        try configuration.write(to: directory)
        try directory.giveToNobody()
        let gateway = try Gateway(configuration, in: directory, launcher: [])
        try gateway.waitUntilListening()
        return Upgrades(gateway)
    }

    private func configuration(port: Int) throws -> Configuration {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"], ["user: nobody"])
        configuration.listeners = [
            Listener(
                "vpce-mesh", at: .tcp("127.0.0.1", port), "address: 127.0.0.1, port: \(port)", "defaultApi: shop")
        ]
        return configuration
    }

    @Test(
        "The successor of a successor holds what the first process held, and opens low ports as well",
        .enabled(if: Machine.guardsLowPorts, "low ports are everyone's here"))
    func capabilities() throws {
        let upgrades = try gateway(configuration(port: FreePort.low()))
        let before = try ProcessRights.ofThreads(upgrades.current)
        #expect(before.map(\.sets) == [ProcessRights.all(ProcessRights.netBindService)])
        for _ in 0..<2 {
            let outcome = try upgrades.order()
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try ProcessRights.ofThreads(upgrades.current) == before)
        }
        try upgrades.waitUntilOnlyCurrentRuns()
        #expect(try upgrades.gateway.reloadAndWait(configuration(port: FreePort.low())).status == 0)
        #expect(try upgrades.gateway.get("/dev/x").text == "m")
        try upgrades.stop()
    }

    @Test(
        "A successor lives in its predecessor's sandbox, and tells the same of it",
        .enabled(if: Machine.hasLandlock, "this kernel has no Landlock"))
    func sandbox() throws {
        let elsewhere = try TemporaryDirectory()
        try elsewhere.write(Policies.open, to: "open.json")
        let upgrades = try gateway(Configuration(["GET /x": "{type: MOCK, body: m}"], ["user: nobody"]))
        #expect(try upgrades.order().status == 0)
        try upgrades.waitUntilOnlyCurrentRuns()
        var next = try Configuration(
            ["GET /x": "{type: MOCK, body: m}"], policy: elsewhere.file("open.json"), ["user: nobody"])
        next.listeners = upgrades.gateway.configuration.listeners
        // Readable for everyone, so that nothing but the sandbox is in the way.
        chmod(elsewhere.path, 0o755)
        let reload = try upgrades.gateway.reloadAndWait(next)
        #expect(reload.status == 1)
        #expect(reload.all.contains("the sandbox confines"), "\(reload)")
        try upgrades.stop()
    }
}
