package import PosternModel
package import PosternTLS

/// A certificate of ours with where it came from.
package struct LoadedCredential: Sendable {
    package let source: KeyPairSource
    package let credential: TLSCredential

    package var certificate: Certificate { credential.certificate }
}
