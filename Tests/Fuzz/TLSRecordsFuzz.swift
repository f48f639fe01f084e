/// libFuzzer's entry for a client's records: whatever the bytes are, the server's session ends as it should.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTLSRecords(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    if let violation = violatedTLSRecordsInvariant(bytes) { fatalError(violation) }
    return 0
}
