import Glibc
import NIOCore
import Synchronization

@testable import PosternHTTP

/// A reader of peers whose lookups run when the test says so, on a clock and a user database that the test sets.
final class UnixPeerBench: Sendable {
    struct State {
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var jobs: [@Sendable () -> Void] = []
        var asked: [Account] = []
        var names: [Account: String] = [:]
        var isDown = false
    }
    let state = Mutex(State())

    func reader(_ change: (inout UnixPeerReader.Options) -> Void = { _ in }) -> UnixPeerReader {
        var options = UnixPeerReader.Options()
        change(&options)
        return UnixPeerReader(
            options: options,
            systemName: { [self] account throws(UnixPeerRefusal) in try name(of: account) },
            now: { [self] in state.withLock { $0.now } }, threads: nil,
            perform: { [self] job in state.withLock { $0.jobs.append(job) } })
    }

    private func name(of account: Account) throws(UnixPeerRefusal) -> String? {
        let (name, isDown) = state.withLock { state in
            state.asked.append(account)
            return (state.names[account], state.isDown)
        }
        if isDown { throw .namesUnavailable }
        return name
    }

    var waiting: Int { state.withLock { $0.jobs.count } }

    func runLookups() {
        let jobs = state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in jobs { job() }
    }

    func takeAsked() -> [Account] {
        state.withLock { state in
            defer { state.asked = [] }
            return state.asked
        }
    }

    /// Who the tests themselves are.
    static let own = PeerCredentials(processID: getpid(), userID: geteuid(), groupID: getegid())
    static var socketName: String { "@postern-test-\(getpid())-\(UInt64.random(in: 0 ... .max))" }
}
