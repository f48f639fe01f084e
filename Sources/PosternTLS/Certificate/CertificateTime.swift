import COpenSSL
import Glibc

/// Dates of certificates and revocation lists, in seconds since 1970 (UTC), and as text.
package enum CertificateTime {
    /// nil if there is no date or it is not a valid UTCTime or GeneralizedTime.
    static func epochSecond(_ time: UnsafePointer<ASN1_TIME>?) -> Int? {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return timegm(&parts)
    }

    /// `2026-01-02T03:04:05Z` (RFC 3339), for messages and lists.
    package static func text(_ epochSecond: Int) -> String { format("%Y-%m-%dT%H:%M:%SZ", epochSecond) }

    /// `May 28 12:30:02 2019 GMT`, the day padded with a space: `$context.identity.clientCert.validity.*` on AWS.
    package static func awsText(_ epochSecond: Int) -> String { format("%b %e %H:%M:%S %Y GMT", epochSecond) }

    /// The program never sets a locale, so the names of months are those of the C locale.
    private static func format(_ pattern: String, _ epochSecond: Int) -> String {
        // The first and last second that four digits of a year can tell.
        var second = min(max(epochSecond, -62_167_219_200), 253_402_300_799)
        var parts = tm()
        gmtime_r(&second, &parts)
        return String(unsafeUninitializedCapacity: 40) { buffer in
            buffer.withMemoryRebound(to: CChar.self) { strftime($0.baseAddress!, $0.count, pattern, &parts) }
        }
    }
}
