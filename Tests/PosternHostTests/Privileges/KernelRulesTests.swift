import Testing

@testable import PosternHost

@Suite struct KernelRulesTests {
    @Test func `what is tried agrees with what is written`() throws {
        guard let written = KernelRules.writtenPort() else { return }
        #expect(try KernelRules.triedPort() == (written > 1 ? 1024 : 0))
    }

    @Test func `the capabilities that it is tried without come back`() throws {
        let before = try ProcessPrivileges.ofThreads()
        let held = try Capability.held()
        _ = try KernelRules.ofMachine()
        #expect(try Capability.held() == held)
        #expect(try ProcessPrivileges.ofThreads().first == before.first)
    }
}
