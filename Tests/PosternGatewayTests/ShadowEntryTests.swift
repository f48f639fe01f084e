import PosternModel
import Testing

@testable import PosternGateway

@Suite("ShadowEntry") struct ShadowEntryTests {
    private func entry(_ statement: String, _ index: Int, deny: Int, at time: Int, path: String = "/x") -> ShadowEntry {
        ShadowEntry(
            kind: .api, owner: "shop", api: "shop", stage: "dev", verb: "GET", resourcePath: path,
            statement: statement, statementIndex: index, requests: 10, wouldDeny: deny, wouldAllow: 0,
            exampleID: deny > 0 ? "at \(time)" : nil, exampleNanoseconds: time)
    }

    @Test func `loops are added up, the newest example is kept, statements keep the document's order`() {
        let merged = ShadowEntry.merged([
            entry("Late", 10, deny: 1, at: 5), entry("Early", 2, deny: 0, at: 0), entry("Late", 10, deny: 2, at: 9),
            entry("Late", 10, deny: 4, at: 7), entry("Early", 2, deny: 0, at: 0, path: "/a"),
        ])
        #expect(merged.map(\.statement) == ["Early", "Early", "Late"])
        #expect(merged.map(\.resourcePath) == ["/a", "/x", "/x"])
        #expect(merged.map(\.requests) == [10, 10, 30])
        #expect(merged.map(\.wouldDeny) == [0, 0, 7])
        #expect(merged.map(\.exampleID) == [nil, nil, "at 9"])
    }
}
