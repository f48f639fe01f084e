import ArgumentParser
import Dispatch

/// Runs the asynchronous part of a command to its end, which is the program's. Until it is called the process has one
/// thread; the main thread does nothing from then on.
func runAsynchronously(_ body: @escaping @Sendable () async throws -> Void) -> Never {
    Task {
        do {
            try await body()
            Postern.exit()
        } catch {
            Postern.exit(withError: error)
        }
    }
    dispatchMain()
}
