/// Where something was read.
package struct CertificateSource: Sendable, Hashable, CustomStringConvertible {
    package let path: String
    /// Which block of the file, from 1.
    package let item: Int

    package var description: String { item == 1 ? "`\(path)`" : "block \(item) of `\(path)`" }
}
