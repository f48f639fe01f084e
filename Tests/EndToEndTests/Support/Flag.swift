import Synchronization

/// Something that a test raises and a back end's script, or a thread, waits for.
final class Flag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .relaxed) }

    func raise() { raised.store(true, ordering: .relaxed) }

    func wait() throws { try eventually("the test's flag") { isRaised } }
}
