import NIOCore
import Testing

@testable import PosternHTTP

@Suite struct AccountNamesTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func aNameIsKnownUntilItsTimeIsUp() {
        var names = AccountNames(age: .seconds(60), limit: 4)
        #expect(names.entry(for: .user(7), at: start) == nil)
        names.remember("orders", for: .user(7), at: start)
        #expect(names.entry(for: .user(7), at: start + .seconds(59))?.name == "orders")
        #expect(names.entry(for: .user(7), at: start + .seconds(60)) == nil)
    }

    @Test func thatThereIsNoNameIsKnownTooAndNotForgottenForAnUnknownOne() throws {
        var names = AccountNames(age: .seconds(60), limit: 4)
        names.remember(nil, for: .user(7), at: start)
        #expect(try #require(names.entry(for: .user(7), at: start)).name == nil)
        #expect(names.entry(for: .user(8), at: start) == nil)
    }

    @Test func usersAndGroupsOfOneNumberAreTwoThings() {
        var names = AccountNames(age: .seconds(60), limit: 4)
        names.remember("orders", for: .user(7), at: start)
        names.remember("web", for: .group(7), at: start)
        #expect(names.entry(for: .user(7), at: start)?.name == "orders")
        #expect(names.entry(for: .group(7), at: start)?.name == "web")
    }

    @Test func theOldestMakesRoom() {
        var names = AccountNames(age: .seconds(60), limit: 2)
        names.remember("a", for: .user(1), at: start)
        names.remember("b", for: .user(2), at: start + .seconds(1))
        // Renewed, so that it is no longer the oldest.
        names.remember("A", for: .user(1), at: start + .seconds(2))
        names.remember("c", for: .user(3), at: start + .seconds(3))
        #expect(names.count == 2)
        #expect(names.entry(for: .user(1), at: start + .seconds(3))?.name == "A")
        #expect(names.entry(for: .user(2), at: start + .seconds(3)) == nil)
        #expect(names.entry(for: .user(3), at: start + .seconds(3))?.name == "c")
    }

    @Test func theSystemKnowsRootAndNotEveryNumber() throws {
        #expect(try Account.user(0).systemName() == "root")
        #expect(try Account.group(0).systemName() == "root")
        #expect(try Account.user(3_999_999_999).systemName() == nil)
        #expect(try Account.group(3_999_999_999).systemName() == nil)
    }
}
