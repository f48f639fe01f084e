import Synchronization

/// Something that a test raises and a back end's script waits for.
final class Flag: Sendable {
    private let isRaised = Atomic(false)

    func raise() { isRaised.store(true, ordering: .relaxed) }

    func wait() throws { try eventually("the test's flag") { isRaised.load(ordering: .relaxed) } }
}
