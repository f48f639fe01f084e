import Foundation
import Testing

@Suite("Landlock's second wall", .enabled(if: Machine.hasLandlock, "this kernel has no Landlock"))
struct LandlockTests {
    private let elsewhere: TemporaryDirectory

    init() throws {
        elsewhere = try TemporaryDirectory()
        try elsewhere.write(Policies.open, to: "open.json")
    }

    private func configuration(_ process: [String] = [], policy: String = Policies.open) throws -> Configuration {
        try Configuration(["GET /x": "{type: MOCK, body: m}"], policy: policy, process)
    }

    /// The same listeners with a policy in another directory.
    private func moved(_ gateway: Gateway, _ process: [String] = []) throws -> Configuration {
        var next = try configuration(process, policy: elsewhere.file("open.json"))
        next.listeners = gateway.configuration.listeners
        return next
    }

    @Test(
        "A reload that names a file elsewhere changes nothing, and tells that it is the sandbox",
        arguments: [
            [], ["sandbox: {landlock: auto}"], ["sandbox: {landlock: required}"],
        ])
    func file(process: [String]) throws {
        let gateway = try Gateway(configuration(process))
        let reload = try gateway.reloadAndWait(moved(gateway, process))
        #expect(reload.status == 1)
        let message = "cannot read the policy `\(elsewhere.file("open.json"))`: permission denied; the sandbox confines"
        #expect(reload.all.contains(message), "\(reload)")
        #expect(reload.all.contains("`sandbox.read`"))
        #expect(reload.all.contains("nothing was changed; generation 1 keeps serving"))
        #expect(try gateway.get("/dev/x").text == "m")
        // What is wrong is the place, not the confinement: the old files still load.
        #expect(try gateway.reloadAndWait(configuration(process).with(gateway.configuration.listeners)).status == 0)
    }

    @Test("Trust and keys elsewhere are told of the same way")
    func trust() throws {
        try elsewhere.write("", to: "trust.pem")
        let gateway = try Gateway(configuration())
        var next = try Configuration([
            "GET /x":
                "{type: HTTP_PROXY, uri: \"https://127.0.0.1:9/\", tls: {trust: [\(elsewhere.file("trust.pem"))]}}"
        ])
        next.listeners = gateway.configuration.listeners
        let reload = try gateway.reloadAndWait(next)
        #expect(reload.status == 1)
        #expect(reload.all.contains("the sandbox confines"), "\(reload)")
    }

    @Test("A socket in a directory that was not written to at the start is refused with the reason")
    func socket() throws {
        let gateway = try Gateway(configuration())
        var next = try configuration()
        let path = elsewhere.file("a.sock")
        next.listeners = gateway.configuration.listeners + [Listener("vpce-local", at: .unix(path), "unix: \(path)")]
        let reload = try gateway.reloadAndWait(next)
        #expect(reload.status == 1)
        #expect(reload.all.contains("`sandbox.write`"), "\(reload)")
        #expect(!elsewhere.exists("a.sock"))
    }

    @Test("Nothing in the environment makes the gateway believe that it is confined already")
    func forged() throws {
        let configuration = try configuration()
        let gateway = try Gateway(configuration, launcher: [], environment: ["POSTERN_SANDBOX": "abi 7\nread /"])
        try gateway.waitUntilListening()
        #expect(try gateway.reloadAndWait(moved(gateway)).all.contains("the sandbox confines"))
    }

    @Test("What `sandbox` lists is within reach")
    func listed() throws {
        let process = ["sandbox: {read: [\(elsewhere.path)], write: [\(elsewhere.path)]}"]
        let gateway = try Gateway(configuration(process))
        var next = try moved(gateway, process)
        let path = elsewhere.file("a.sock")
        next.listeners.append(Listener("vpce-local", at: .unix(path), "unix: \(path)", "defaultApi: shop"))
        let reload = try gateway.reloadAndWait(next)
        #expect(reload.status == 0, "\(reload)")
        #expect(try gateway.call("GET", "/dev/x", by: "vpce-local").text == "m")
    }

    @Test("Switched off, every file is within reach")
    func off() throws {
        let process = ["sandbox: {landlock: off}"]
        let gateway = try Gateway(configuration(process))
        let reload = try gateway.reloadAndWait(moved(gateway, process))
        #expect(reload.status == 0, "\(reload)")
        #expect(try gateway.get("/dev/x").text == "m")
    }

    @Test("A file that is a link to another directory is read, there and where it is pointed to in that directory")
    func link() throws {
        try elsewhere.write(Policies.open, to: "first.json")
        try elsewhere.write(Policies.policy(Policies.statement("Deny")), to: "second.json")
        let directory = try TemporaryDirectory()
        let link = directory.file("policy.json")
        func point(to name: String) throws {
            try? FileManager.default.removeItem(atPath: link)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: elsewhere.file(name))
        }
        try point(to: "first.json")
        let gateway = try Gateway(configuration(policy: link), in: directory, launcher: [])
        try gateway.waitUntilListening()
        #expect(try gateway.get("/dev/x").text == "m")
        try point(to: "second.json")
        #expect(try gateway.reloadAndWait(gateway.configuration).status == 0)
        #expect(try gateway.get("/dev/x").status == 403)
    }
}

extension Configuration {
    fileprivate func with(_ listeners: [Listener]) -> Configuration {
        var copy = self
        copy.listeners = listeners
        return copy
    }
}
