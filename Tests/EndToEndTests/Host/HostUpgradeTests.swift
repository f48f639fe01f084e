import Foundation
import Testing

extension HostTests {
    @Suite("Upgrades") struct UpgradeTests {
        private let place = SocketPlace.tcp("127.0.0.1", 8080)

        private func host() throws -> (Host, BackEnd) {
            let host = try Host()
            try host.configure(
                listeners: [
                    "id: vpce-mesh, address: 127.0.0.1, port: 8080",
                    "id: vpce-local, unix: /run/postern/own.sock, mode: \"0666\"",
                ], routes: ServiceTests.proxied)
            let backEnd = try host.backEnd(port: 9000)
            try host.container.must("systemctl", "restart", "postern.service")
            return (host, backEnd)
        }

        private func breakConfiguration(of host: Host) throws {
            try host.container.write("id: shop\nroutes: 5\n", to: "/etc/postern/apis.d/shop.yaml")
        }

        @Test("`postern upgrade` puts another process in charge, and no caller notices")
        func upgrade() throws {
            let (host, backEnd) = try host()
            try expectNoFailure(host, [place, host.unix("/run/postern/own.sock")]) { callers in
                for _ in 0..<2 {
                    let before = try host.mainPID
                    try host.container.must("postern", "upgrade")
                    try eventually("systemd knows the new process") { try host.mainPID != before }
                    #expect(host.isActive)
                    try callers.waitForMore()
                    try eventually("the former process has ended") { !host.container.exists("/proc/\(before)") }
                    #expect(callers.failed == [], "after an upgrade")
                }
                // It is systemd's like any other: it reloads, and restarts with the same sockets.
                try host.container.must("systemctl", "reload", "postern.service")
                try callers.waitForMore()
                #expect(callers.failed == [], "after the reload")
                try host.container.must("systemctl", "restart", "postern.service")
                try callers.waitForMore()
            }
            withExtendedLifetime(backEnd) {}
        }

        @Test("An upgrade that fails, by the configuration or the program, leaves the old process serving")
        func rollback() throws {
            let (host, backEnd) = try host()
            let before = try host.mainPID
            try expectNoFailure(host, [place]) { callers in
                try breakConfiguration(of: host)
                #expect(try host.container.run("postern", "upgrade").status != 0)
                try host.configure(
                    listeners: ["id: vpce-mesh, address: 127.0.0.1, port: 8080"], routes: ServiceTests.proxied)
                // A program that ends at once, put in place as a package does.
                let program = "/usr/lib/postern/postern"
                try host.container.must("cp", "-p", program, "/root/postern")
                try host.container.must("cp", "/bin/false", "\(program).new")
                try host.container.must("mv", "\(program).new", program)
                #expect(try host.container.run("/root/postern", "upgrade").status != 0)
                try callers.waitForMore()
            }
            #expect(try host.mainPID == before)
            #expect(host.isActive)
            withExtendedLifetime(backEnd) {}
        }

        @Test("A new version of the package replaces the process, and no caller notices")
        func package() throws {
            let (host, backEnd) = try host()
            let folder = try TemporaryDirectory()
            let newer = try HostTools.package(as: "99.1", in: folder)
            try expectNoFailure(host, [place, host.unix("/run/postern/own.sock")]) { callers in
                let before = try host.mainPID
                try host.install(newer)
                try eventually("systemd knows the new process") { try host.mainPID != before }
                #expect(host.isActive)
                try callers.waitForMore()
            }
            #expect(try host.container.must("dpkg-query", "--show", "--showformat=${Version}", "postern") == "99.1")
            withExtendedLifetime(backEnd) {}
        }

        @Test("A new version of the package beside a broken configuration is installed, and the old process serves on")
        func packageWithBrokenConfiguration() throws {
            let (host, backEnd) = try host()
            let folder = try TemporaryDirectory()
            let newer = try HostTools.package(as: "99.1", in: folder)
            try expectNoFailure(host, [place]) { callers in
                let before = try host.mainPID
                try breakConfiguration(of: host)
                #expect(try host.install(newer).contains("keeps serving"))
                #expect(try host.mainPID == before)
                try callers.waitForMore()
            }
            withExtendedLifetime(backEnd) {}
        }

        @Test("A service that the administrator has stopped stays stopped")
        func stopped() throws {
            let (host, _) = try host()
            let folder = try TemporaryDirectory()
            try host.container.must("systemctl", "stop", "postern.service")
            try host.install(try HostTools.package(as: "99.1", in: folder))
            #expect(try host.container.property("ActiveState") == "inactive")
        }
    }
}
