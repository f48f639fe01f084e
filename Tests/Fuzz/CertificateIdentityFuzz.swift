/// libFuzzer's entry for certificates: whatever the bytes are, an identity that comes of them is safe to show.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCertificateIdentity(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    if let violation = violatedCertificateIdentityInvariant(bytes) { fatalError(violation) }
    return 0
}
