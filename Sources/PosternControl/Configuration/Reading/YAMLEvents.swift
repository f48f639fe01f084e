import CYaml
import PosternPolicy

/// libyaml's event stream over one buffer, in our words.
struct YAMLEvents {
    struct Event {
        enum Kind: Equatable {
            case streamStart, streamEnd, documentStart, documentEnd
            case alias(String)
            case scalar(Scalar)
            case sequenceStart(Start)
            case sequenceEnd
            case mappingStart(Start)
            case mappingEnd
        }

        var kind: Kind
        var position: SourcePosition
    }

    struct Scalar: Equatable {
        var text: String
        var tag: String?
        var anchor: String?
        /// Written without quotes and not as a block.
        var isPlain: Bool
    }

    struct Start: Equatable {
        var tag: String?
        var anchor: String?
    }

    struct Failure: Error { var diagnostic: Diagnostic }

    let lines: LineTable
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// - parameter buffer: valid UTF-8; must outlive the events.
    init(_ buffer: UnsafeBufferPointer<UInt8>, lines: LineTable) {
        self.lines = lines
        // libyaml keeps a pointer to the parser in the parser, so it must not move.
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        let isReady = yaml_parser_initialize(parser)
        precondition(isReady == 1, "out of memory")
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
    }

    func free() {
        yaml_parser_delete(parser)
        parser.deinitialize(count: 1)
        parser.deallocate()
    }

    func next() throws(Failure) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw Failure(diagnostic: problem()) }
        defer { yaml_event_delete(&event) }
        return Event(kind: kind(of: event), position: position(of: event.start_mark))
    }

    private func kind(of event: yaml_event_t) -> Event.Kind {
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                Scalar(
                    text: String(decoding: bytes, as: UTF8.self), tag: text(scalar.tag), anchor: text(scalar.anchor),
                    isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE))
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return .sequenceStart(Start(tag: text(start.tag), anchor: text(start.anchor)))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return .mappingStart(Start(tag: text(start.tag), anchor: text(start.anchor)))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .streamEnd
        }
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private func position(of mark: yaml_mark_t) -> SourcePosition {
        lines.position(line: Int(mark.line), character: Int(mark.column))
    }

    private func problem() -> Diagnostic {
        let message = parser.pointee.problem.map { String(cString: $0) } ?? "it cannot be read"
        let context = parser.pointee.context.map { String(cString: $0) }
        let start = parser.pointee.context_mark.line + 1
        return Diagnostic(
            at: position(of: parser.pointee.problem_mark), "invalid YAML: \(message)",
            hint: context.map { "\($0) that begins in line \(start)" })
    }
}
