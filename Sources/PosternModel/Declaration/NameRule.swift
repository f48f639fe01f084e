/// The spelling of each kind of name an API file gives, with its source.
package enum NameRule: Sendable {
    /// Ours: `[a-z0-9]`, with `-` inside, up to 64. `-vpce-` is kept for host names `{api-id}-{vpce-id}` (reference
    /// 3.5).
    case apiID
    /// Letters, digits, `-`, `_`, up to 128 (reference 3.2).
    case stage
    /// `[A-Za-z0-9_]+`, up to 64 (reference 2.15 and 3.2).
    case stageVariable
    /// `[A-Za-z0-9-._~:/?#&=,]+`, up to 512 (reference 2.15 and 3.2).
    case stageVariableValue

    /// What is wrong with the name, or nil.
    package func problem(in text: String) -> DeclarationProblem? {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= longest, bytes.allSatisfy(allows) else {
            return DeclarationProblem("`\(text.abbreviated)` is not \(title)", hint: "\(expected), up to \(longest)")
        }
        guard case .apiID = self else { return nil }
        if bytes.first == UInt8(ascii: "-") || bytes.last == UInt8(ascii: "-") {
            return DeclarationProblem("`\(text)` is not \(title)", hint: "`-` may stand only inside")
        }
        if text.contains("-vpce-") {
            return DeclarationProblem(
                "`\(text)` is not \(title)", hint: "`-vpce-` separates an API id from an endpoint id in host names")
        }
        return nil
    }

    private var title: String {
        switch self {
        case .apiID: "an API id"
        case .stage: "a stage name"
        case .stageVariable: "a stage variable's name"
        case .stageVariableValue: "a stage variable's value"
        }
    }

    private var expected: String {
        switch self {
        case .apiID: "lower-case letters, digits, `-` inside"
        case .stage: "letters, digits, `-`, `_`"
        case .stageVariable: "letters, digits, `_`"
        case .stageVariableValue: "letters, digits and `-._~:/?#&=,`, at least one"
        }
    }

    private var longest: Int {
        switch self {
        case .apiID, .stageVariable: 64
        case .stage: 128
        case .stageVariableValue: 512
        }
    }

    private func allows(_ byte: UInt8) -> Bool {
        switch self {
        case .apiID: byte.isLowerCaseLetter || byte.isDigit || byte == UInt8(ascii: "-")
        case .stage: byte.isLetterOrDigit || byte.isAny(of: "-_")
        case .stageVariable: byte.isLetterOrDigit || byte.isAny(of: "_")
        case .stageVariableValue: byte.isLetterOrDigit || byte.isAny(of: "-._~:/?#&=,")
        }
    }
}
