/// libFuzzer's entry for PROXY headers: the parser's promises hold for any bytes and every way of cutting them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProxyHeader(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    // Long inputs are cut coarsely, or the fuzzer would spend its time on them.
    if let violation = violatedProxyHeaderInvariant(bytes, step: size <= 300 ? 1 : size / 97) { fatalError(violation) }
    return 0
}
