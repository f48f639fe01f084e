/// Whether a resource pattern can match any request at all, which is asked for the sake of a warning only.
///
/// Requests have the form `{api-id}/{stage}/{METHOD}/{path}`, the path possibly empty, and a domain has its own resource
/// alone. The question is whether two patterns, that form and the author's, have a text in common.
struct ResourceReach {
    enum Verdict { case otherAPI, noRequest }

    /// One place of the form: a byte, or any but a slash, or a run of these or of anything.
    private enum Place: Equatable { case byte(UInt8), inSegment, segmentRun, anyRun }

    private let subject: [Place]
    /// What follows in the resource of a request.
    private let request: [Place]

    init(_ scope: PolicyScope) {
        let segment: [Place] = [.inSegment, .segmentRun, .byte(UInt8(ascii: "/"))]
        request = if case .domain = scope.subject { [] } else { segment + segment + [.anyRun] }
        subject =
            switch scope.subject {
            case .api: "\(scope.apiID)/".utf8.map { .byte($0) }
            case .endpoint: segment
            case .domain(let resource): resource.utf8.map { .byte($0) }
            }
    }

    /// - Returns: nil if some request matches.
    func verdict(on pattern: PatternText) -> Verdict? {
        if meets(pattern.tokens, subject + request) { return nil }
        return !request.isEmpty && meets(pattern.tokens, subject + [.anyRun]) ? .noRequest : .otherAPI
    }

    /// Works backwards: `reach[j]` tells whether the rest of the tokens meets the form from place `j`.
    private func meets(_ tokens: [UInt8], _ form: [Place]) -> Bool {
        var reach = [Bool](repeating: false, count: form.count + 1)
        reach[form.count] = true
        for j in form.indices.reversed() { reach[j] = isRun(form[j]) && reach[j + 1] }
        for token in tokens.reversed() {
            let after = reach
            let isStar = token == PatternText.anyRun
            reach[form.count] = isStar && after[form.count]
            for j in form.indices.reversed() {
                if isStar {
                    reach[j] = after[j] || reach[j + 1]
                } else {
                    let takes = accepts(form[j], token)
                    reach[j] = takes && (isRun(form[j]) ? after[j] : after[j + 1]) || isRun(form[j]) && reach[j + 1]
                }
            }
        }
        return reach[0]
    }

    private func isRun(_ place: Place) -> Bool { place == .segmentRun || place == .anyRun }

    private func accepts(_ place: Place, _ token: UInt8) -> Bool {
        switch place {
        case .byte(let byte): token == byte || token == PatternText.anyCharacter
        case .inSegment, .segmentRun: token != UInt8(ascii: "/")
        case .anyRun: true
        }
    }
}
