import PosternModel
import PosternPolicy
import PosternTLS

/// Reads certificates of ours with their keys, and checks that they can be shown to anybody.
struct CredentialLoader {
    let environment: MaterialEnvironment
    /// Seconds since 1970.
    let now: Int
    let report: ProblemReport

    func load(_ pair: KeyPairSource) -> LoadedCredential? {
        let chain = bytes(of: pair.certificate)
        let key: TLSCredential.Key?
        if case .store(let uri) = pair.key.place { key = .uri(uri) } else { key = bytes(of: pair.key).map { .pem($0) } }
        guard let chain, let key else { return nil }
        do throws(TLSConfigurationError) {
            let loaded = LoadedCredential(source: pair, credential: try TLSCredential(chainPEM: chain, key: key))
            return check(loaded) ? loaded : nil
        } catch {
            report.error(
                at: pair.certificate.position,
                "`\(pair.certificate)` cannot be used with the key `\(pair.key)`: \(error.description)")
            return nil
        }
    }

    /// A file's bytes; nil with the problem reported.
    func bytes(of source: MaterialSource) -> [UInt8]? {
        guard let path = environment.path(of: source) else {
            report.error(
                at: source.position, "`\(source)` cannot be read: the process has no credentials",
                hint: "systemd sets `$CREDENTIALS_DIRECTORY` where the unit has `LoadCredential=`")
            return nil
        }
        do throws(ConfigurationFile.Failure) {
            return try ConfigurationFile.read(path)
        } catch {
            report.error(at: source.position, "cannot read `\(source)`: \(error.reason)")
            return nil
        }
    }

    private func check(_ loaded: LoadedCredential) -> Bool {
        let place = loaded.source.certificate
        var isGood = true
        func fail(_ message: String, hint: String? = nil) {
            report.error(at: place.position, message, hint: hint)
            isGood = false
        }
        let all = [loaded.certificate] + loaded.credential.chain
        for (index, certificate) in all.enumerated() {
            let name = "`\(certificate.name)` in `\(place)`"
            if certificate.notAfter < now {
                fail("\(name) expired at \(TimeText.text(certificate.notAfter))")
            } else if certificate.notBefore > now {
                fail("\(name) is not valid before \(TimeText.text(certificate.notBefore))")
            }
            if index + 1 < all.count, !certificate.isIssued(by: all[index + 1]) {
                fail(
                    "\(name) was not issued by the next certificate, `\(all[index + 1].name)`",
                    hint: "the chain stands in order, the leaf first")
            }
        }
        if all.count == 1, loaded.certificate.isAuthority, !loaded.certificate.isSelfSigned {
            fail(
                "`\(loaded.certificate.name)` in `\(place)` is an authority's certificate",
                hint: "the leaf stands first")
        }
        return isGood
    }
}
