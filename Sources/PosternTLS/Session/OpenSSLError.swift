import COpenSSL

/// What OpenSSL said of its own failure, taken off the thread's error queue.
package struct OpenSSLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `ERR_LIB_…`
    package let library: Int32
    /// `…_R_…` of that library.
    package let code: Int32
    /// OpenSSL's own words, with the data it attached in brackets.
    package let description: String

    /// Empties the thread's queue, so that nothing of this failure is taken for the next one's.
    ///
    /// - Returns: the earliest entry, which is nearest to the cause; nil where OpenSSL gave no reason.
    static func drain() -> OpenSSLError? {
        var data: UnsafePointer<CChar>?
        var flags: Int32 = 0
        let code = ERR_get_error_all(nil, nil, nil, &data, &flags)
        guard code != 0 else { return nil }
        var text = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
        if flags & ERR_TXT_STRING != 0, let data, data.pointee != 0 { text += " (\(String(cString: data)))" }
        ERR_clear_error()
        return OpenSSLError(library: postern_error_library(code), code: postern_error_reason(code), description: text)
    }

    /// The same as text for messages.
    package static func drainText() -> String { drain()?.description ?? "no reason given" }
}
