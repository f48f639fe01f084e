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
    /// A private custom domain: a host name in lower case without a wildcard (reference 3.6), up to 253.
    case domain
    /// The part of a domain's ARN behind its name: `[a-z0-9]`, with `-` inside, up to 64.
    case domainID
    /// `[A-Za-z0-9$_.+!*'()-]+`, one path segment, up to 300; empty for the root (reference 3.6).
    case basePath

    /// What is wrong with the name, or nil.
    package func problem(in text: String) -> DeclarationProblem? {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= longest, bytes.allSatisfy(allows) else {
            return DeclarationProblem("`\(text.abbreviated)` is not \(title)", hint: "\(expected), up to \(longest)")
        }
        if case .domain = self, text.split(separator: ".", omittingEmptySubsequences: false).contains(where: isNoLabel)
        {
            return DeclarationProblem(
                "`\(text.abbreviated)` is not \(title)", hint: "labels of 1 to 63 bytes, with `-` only inside")
        }
        if case .basePath = self, text.allSatisfy({ $0 == "." }) {
            return DeclarationProblem("`\(text)` is not \(title)", hint: "no path has a segment of dots")
        }
        if case .domainID = self { return hyphenProblem(text) }
        guard case .apiID = self else { return nil }
        if let problem = hyphenProblem(text) { return problem }
        if text.contains("-vpce-") {
            return DeclarationProblem(
                "`\(text)` is not \(title)", hint: "`-vpce-` separates an API id from an endpoint id in host names")
        }
        return nil
    }

    private func hyphenProblem(_ text: String) -> DeclarationProblem? {
        guard text.hasPrefix("-") || text.hasSuffix("-") else { return nil }
        return DeclarationProblem("`\(text)` is not \(title)", hint: "`-` may stand only inside")
    }

    private func isNoLabel(_ label: Substring) -> Bool {
        !(1...63).contains(label.utf8.count) || label.hasPrefix("-") || label.hasSuffix("-")
    }

    private var title: String {
        switch self {
        case .apiID: "an API id"
        case .stage: "a stage name"
        case .stageVariable: "a stage variable's name"
        case .stageVariableValue: "a stage variable's value"
        case .domain: "a domain name"
        case .domainID: "a domain's id"
        case .basePath: "a base path"
        }
    }

    private var expected: String {
        switch self {
        case .apiID: "lower-case letters, digits, `-` inside"
        case .stage: "letters, digits, `-`, `_`"
        case .stageVariable: "letters, digits, `_`"
        case .stageVariableValue: "letters, digits and `-._~:/?#&=,`, at least one"
        case .domain: "a host name in lower-case letters, digits, `-` and `.`, without a wildcard"
        case .domainID: "lower-case letters, digits, `-` inside"
        case .basePath: "one path segment of letters, digits and `$-_.+!*'()`"
        }
    }

    private var longest: Int {
        switch self {
        case .apiID, .stageVariable: 64
        case .stage: 128
        case .stageVariableValue: 512
        case .domain: 253
        case .domainID: 64
        case .basePath: 300
        }
    }

    private func allows(_ byte: UInt8) -> Bool {
        switch self {
        case .apiID: byte.isLowerCaseLetter || byte.isDigit || byte == UInt8(ascii: "-")
        case .stage: byte.isLetterOrDigit || byte.isAny(of: "-_")
        case .stageVariable: byte.isLetterOrDigit || byte.isAny(of: "_")
        case .stageVariableValue: byte.isLetterOrDigit || byte.isAny(of: "-._~:/?#&=,")
        case .domain: byte.isLowerCaseLetter || byte.isDigit || byte.isAny(of: "-.")
        case .domainID: byte.isLowerCaseLetter || byte.isDigit || byte.isAny(of: "-")
        case .basePath: byte.isLetterOrDigit || byte.isAny(of: "$-_.+!*'()")
        }
    }
}
