/// libFuzzer's entry for request heads: whatever the bytes are, the parser's promises hold for every way of cutting them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequestHead(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    // Long inputs are cut coarsely, or the fuzzer would spend its time on them.
    if let violation = violatedRequestHeadInvariant(bytes, step: size <= 200 ? 1 : size / 61) { fatalError(violation) }
    return 0
}
