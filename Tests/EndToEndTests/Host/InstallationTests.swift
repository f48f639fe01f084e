import Foundation
import Testing

extension HostTests {
    @Suite("The package") struct InstallationTests {
        @Test("Once installed, the service runs, serves nothing, and says so")
        func fresh() throws {
            let host = try Host()
            #expect(try host.container.property("ActiveState") == "active")
            #expect(try host.container.property("UnitFileState") == "enabled")
            #expect(try host.container.must("postern", "status").contains("none, so nothing is served"))
            #expect(try host.container.run("postern", "check").status == 0)
            #expect(try host.container.must("systemctl", "--failed", "--plain", "--no-legend").isEmpty)
            #expect(!host.container.journal.contains("thread priority"))
            let doctor = try host.container.run("postern", "doctor")
            // That nothing is served yet is all that it has to say.
            let remarks = doctor.all.split(separator: "\n").filter { $0.hasPrefix("warning") || $0.hasPrefix("failed") }
            #expect(doctor.status == 2 && remarks.count == 1, "\(doctor)")
            #expect(remarks.first?.contains("no API") == true)
            // All files are as the package has them.
            #expect(try host.container.must("dpkg", "--verify", "postern").isEmpty)
        }

        @Test("The unit is confined to 1.5 of systemd's ten points, and both units are without fault")
        func confinement() throws {
            let host = try Host()
            let security = try host.container.run(
                "systemd-analyze", "security", "--no-pager", "--threshold=15", "postern.service")
            #expect(security.status == 0, "\(security)")
            let check = try host.container.run(
                "systemd-analyze", "--man=no", "verify", "postern.service", "/lib/systemd/system/postern@.socket")
            #expect(check.status == 0 && check.all.isEmpty, "\(check)")
        }

        @Test("The user is there as long as the service runs, holds no capability, and can run no other program")
        func user() throws {
            let host = try Host()
            let process = try host.mainPID
            #expect(!host.container.read("/etc/passwd").contains("postern"))
            let owner = try host.container.must("stat", "--format=%u %G", "/proc/\(process)").split(separator: " ")
            // systemd.exec(5): the range of dynamic users.
            #expect((61_184...65_519).contains(try #require(Int(owner[0]))))
            #expect(owner[1] == "postern-gateway")
            let status = host.container.read("/proc/\(process)/status")
            for set in ["Inh", "Prm", "Eff", "Bnd", "Amb"] { #expect(status.contains("Cap\(set):\t0000000000000000")) }
            #expect(status.contains("NoNewPrivs:\t1"))
            #expect(try host.container.must("postern", "status").contains("no new privileges, seccomp filter"))
            // In the service's view of the files.
            let enter = ["nsenter", "--target=\(process)", "--mount"]
            #expect(try host.container.run(enter + ["/usr/bin/postern", "version"]).status == 0)
            let shell = try host.container.run(enter + ["/bin/sh", "-c", "exit 0"])
            #expect(shell.status != 0 && shell.errors.contains("Permission denied"), "\(shell)")
        }

        @Test("Manual, completions, policies and documentation are there")
        func company() throws {
            let host = try Host()
            for file in [
                "man/man1/postern.1.gz", "man/man5/postern.yaml.5.gz", "man/man5/postern-policy.5.gz",
                "bash-completion/completions/postern", "zsh/vendor-completions/_postern",
                "fish/vendor_completions.d/postern.fish", "postern/policies/office-hours.json",
                "doc/postern/installation.md", "doc/postern/examples/low-ports.conf",
            ] {
                #expect(host.container.exists("/usr/share/\(file)"), "\(file)")
            }
            let manual = try host.container.must("zcat", "/usr/share/man/man1/postern.1.gz")
            for command in ["serve", "check", "routes", "status", "reload", "explain", "policy simulate"] {
                #expect(manual.contains("postern \(command)"), "\(command)")
            }
        }

        @Test("Removed, it leaves the configuration alone; purged, the system is as it was")
        func removal() throws {
            let container = try Container()
            let before = try Traces(of: container)
            try container.copy(HostTools.package!, to: "/root/postern.deb")
            try container.must("dpkg", "--install", "/root/postern.deb")
            #expect(try Traces(of: container) != before)
            try container.must("dpkg", "--remove", "postern")
            #expect(container.exists("/etc/postern/postern.yaml"))
            #expect(!container.exists("/usr/lib/postern"))
            #expect(!container.exists("/run/postern"))
            #expect(try container.property("LoadState") == "not-found")
            #expect(try container.run("pgrep", "postern").status == 1)
            try container.must("dpkg", "--purge", "postern")
            try container.must("rm", "/root/postern.deb")
            #expect(try Traces(of: container) == before)
        }
    }
}

/// What an installation may leave on a host: files, accounts and units.
private struct Traces: Equatable, CustomStringConvertible {
    let files: Set<String>
    let groups: Set<String>
    let users: Set<String>
    let units: Set<String>

    /// The package system's and the journal's own records are no traces.
    init(of container: Container) throws {
        func lines(_ command: String...) throws -> Set<String> {
            let result = try container.run(command)
            guard result.status == 0 else { throw Container.Failure("\(command): \(result)") }
            return Set(result.output.split(separator: "\n").map(String.init))
        }
        files = try lines("find", "/etc", "/usr", "/var", "/opt", "/root", "-xdev").filter { file in
            !["/var/lib/dpkg/", "/var/log/journal/", "/var/cache/", "/var/lib/systemd/"].contains(where: file.hasPrefix)
                && !file.hasSuffix("-")
        }
        groups = try lines("getent", "group")
        users = try lines("getent", "passwd")
        units = try lines("systemctl", "list-units", "--all", "--plain", "--no-legend", "postern*")
    }

    var description: String { "\(files.filter { $0.contains("postern") }) \(groups) \(users) \(units)" }
}
