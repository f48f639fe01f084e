/// One log record being written, whatever its form: a member has a name as JSON and one as a journal field, and both
/// stand at the call that writes it. Names are constants; values may be a peer's.
protocol RecordLine {
    /// Text that a peer may have chosen.
    mutating func text(_ json: StaticString, _ journal: StaticString, _ bytes: UnsafeRawBufferPointer)
    mutating func word(_ json: StaticString, _ journal: StaticString, _ word: StaticString)
    mutating func number(_ json: StaticString, _ journal: StaticString, _ value: Int)
    /// Something that is so; written only where it is.
    mutating func mark(_ json: StaticString, _ journal: StaticString)
    /// Milliseconds with three decimals in JSON, whole microseconds in the journal.
    mutating func duration(_ json: StaticString, _ journal: StaticString, nanoseconds: Int)
    mutating func moment(
        _ json: StaticString, _ journal: StaticString, epochNanoseconds: Int, _ timestamp: inout Timestamp)
    /// What policies said. JSON has one member, absent where no policy was asked; the journal has `allow`, `deny` or
    /// `none` under the first name, so that one match finds all refusals, and which deny it was under the second.
    mutating func outcome(
        _ json: StaticString, _ journal: StaticString, kind: StaticString, _ outcome: PolicyOutcome)
}

extension JSONLine: RecordLine {
    @inline(__always)
    mutating func text(_ json: StaticString, _ journal: StaticString, _ bytes: UnsafeRawBufferPointer) {
        field(json, bytes: bytes)
    }

    @inline(__always)
    mutating func word(_ json: StaticString, _ journal: StaticString, _ word: StaticString) { field(json, word) }

    @inline(__always)
    mutating func number(_ json: StaticString, _ journal: StaticString, _ value: Int) { field(json, value) }

    @inline(__always)
    mutating func mark(_ json: StaticString, _ journal: StaticString) { field(json, true) }

    @inline(__always)
    mutating func duration(_ json: StaticString, _ journal: StaticString, nanoseconds: Int) {
        field(json, milliseconds: nanoseconds)
    }

    @inline(__always)
    mutating func moment(
        _ json: StaticString, _ journal: StaticString, epochNanoseconds: Int, _ timestamp: inout Timestamp
    ) {
        field(json, epochNanoseconds: epochNanoseconds, &timestamp)
    }

    @inline(__always)
    mutating func outcome(
        _ json: StaticString, _ journal: StaticString, kind: StaticString, _ outcome: PolicyOutcome
    ) {
        if outcome != .none { field(json, outcome.text) }
    }
}
