/// libFuzzer's entry for chunked bodies: whatever the bytes are, they mean the same however they arrive.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzChunkedBody(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    // Long inputs are cut coarsely, or the fuzzer would spend its time on them.
    if let violation = violatedChunkedBodyInvariant(bytes, step: size <= 200 ? 1 : size / 61) { fatalError(violation) }
    return 0
}
