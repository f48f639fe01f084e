import Testing

@testable import PosternHTTP

@Suite struct SystemdUnitTests {
    @Test(
        "The unit is the outermost that is no slice",
        arguments: [
            ("0::/system.slice/orders.service", "orders.service"),
            ("0::/system.slice/orders.service\n", "orders.service"),
            ("0::/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
            ("0::/system.slice/orders.service/payload", "orders.service"),
            ("0::/init.scope", "init.scope"),
            ("0::/user.slice/user-1000.slice/session-3.scope", "session-3.scope"),
            // What a user calls units of their own proves nothing.
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/sshd.service", "user@1000.service"),
            ("0::/system.slice/build.service/sshd.service", "build.service"),
            ("0::/machine.slice/docker-0123abcd.scope", "docker-0123abcd.scope"),
            // Escapes belong to the name; an underscore in front is systemd's.
            (#"0::/system.slice/dev-disk\x2dby.mount"#, #"dev-disk\x2dby.mount"#),
            ("0::/system.slice/_cpu.service", "cpu.service"),
            ("0::/system.slice/__x.service", "_x.service"),
            ("0::/system.slice/orders.service (deleted)", "orders.service"),
            ("0::/orders.service", "orders.service"),
            // Names below a unit are anything: parts are told apart by bytes, not by what looks like one character.
            ("0::/system.slice/build.service/\u{301}x", "build.service"),
            ("2:pids:/build.service/x\r\n1:name=systemd:/system.slice/build.service/x\r\n0::/", "build.service"),
            // Version 1 and the hybrid of both: systemd's own hierarchy counts.
            ("4:memory:/docker/0123\n1:name=systemd:/system.slice/orders.service\n0::/\n", "orders.service"),
            ("1:name=systemd:/system.slice/a.service\n0::/system.slice/b.service", "a.service"),
            ("1:name=systemd:/\n0::/system.slice/b.service", "b.service"),
            ("1:name=systemd:/system.slice/a:b.service", "a:b.service"),
        ])
    func unit(text: String, unit: String) { #expect(SystemdUnit.named(inCgroups: Array(text.utf8)) == unit) }

    @Test(
        "A process outside of all units has none",
        arguments: [
            "", "0::/", "0::", "0:/", "nonsense", "0::/system.slice", "0::/user.slice/user-1000.slice",
            "0::/docker/0123abcd", "0::/kubepods/pod1/orders.service", "4:memory:/system.slice/orders.service",
            "0::/.service", "0::/system.slice/_.service", "0::/system.slice/a b.service",
            "0::/system.slice/a.service\u{0}", "0::/system.slice/ä.service", "0::/system.slice/orders.target",
            "2:cpu:/system.slice/a.service\n0::/",
            // Outside of our cgroup namespace: whose names those are is not told.
            "0::/../orders.service", "0::/../../system.slice/orders.service",
            "0::/system.slice/\(String(repeating: "a", count: 248)).service",
        ])
    func none(text: String) { #expect(SystemdUnit.named(inCgroups: Array(text.utf8)) == nil) }

    @Test func aNameMayHave255Bytes() {
        let name = String(repeating: "a", count: 247) + ".service"
        #expect(SystemdUnit.named(inCgroups: Array("0::/system.slice/\(name)".utf8)) == name)
    }
}
