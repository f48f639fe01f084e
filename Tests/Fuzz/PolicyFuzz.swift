/// libFuzzer's entry for policies: whatever the bytes are, nothing crashes, and whatever policy they make, the compiled
/// evaluators decide as the naive one does.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPolicy(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    if let violation = violatedPolicyInvariant(bytes) { fatalError(violation) }
    return 0
}
