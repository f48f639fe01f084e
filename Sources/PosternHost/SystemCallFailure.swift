import Glibc

/// A system call that failed.
package struct SystemCallFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package var call: String
    package var code: CInt

    package init(_ call: String, code: CInt = errno) {
        self.call = call
        self.code = code
    }

    package var description: String { "\(call): \(String(cString: strerror(code)))" }
}
