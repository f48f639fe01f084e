import ArgumentParser
import Dispatch

/// Runs the asynchronous part of a command to its end, which is the program's. Until it is called the process has one
/// thread; the main thread does nothing from then on.
func runAsynchronously(_ body: @escaping @Sendable () async throws -> Void) -> Never {
    Task {
        do {
            try await body()
            endProcess()
        } catch {
            endProcess(by: error)
        }
    }
    dispatchMain()
}

/// Ends the program when what it has to say is written.
func endProcess(by error: (any Error)? = nil) -> Never {
    SystemLog.process.close()
    Postern.exit(withError: error)
}
