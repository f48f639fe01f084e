import Testing

@testable import PosternTLS
@testable import TestAuthority

/// The project's certificate matrix: each chain is made by the test authority and judged by the code that judges peers.
@Suite struct ChainMatrixTests {
    @Test(arguments: ChainCase.all) func `a chain gets the verdict that its source demands`(_ item: ChainCase) throws {
        let world = try ChainWorld(item)
        switch world.verifier.verify(world.sent, at: TestClock.now, expecting: world.peer) {
        case .accepted(let chain):
            #expect(item.alert == nil, "accepted: \(chain.certificates.map(\.name))")
            let expected = try (item.chain ?? ["leaf", "root"]).map { try #require(world.certificates[$0]).certificate }
            #expect(chain.certificates == expected)
        case .refused(let failure):
            #expect(failure.alert.description == item.alert ?? "accepted")
            #expect(failure.reason == item.reason ?? "")
        }
    }

    @Test func `every verdict names its source and every name is used once`() {
        #expect(ChainCase.all.count >= 60)
        #expect(ChainCase.all.allSatisfy { !$0.source.isEmpty && ($0.alert == nil) == ($0.reason == nil) })
        #expect(Set(ChainCase.all.map(\.name)).count == ChainCase.all.count)
    }

    @Test(arguments: ChainCase.all.filter { $0.alert == nil })
    func `an accepted chain passes again by itself, which is how sessions are resumed`(_ item: ChainCase) throws {
        let world = try ChainWorld(item)
        let chain = try #require(world.verifier.verify(world.sent, at: TestClock.now, expecting: world.peer).chain)
        let again = world.verifier.verifyAgain(chain, at: TestClock.now, expecting: world.peer)
        #expect(again.chain?.certificates == chain.certificates)
    }
}
