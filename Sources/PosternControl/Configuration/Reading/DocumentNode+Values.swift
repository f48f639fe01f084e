import PosternModel
import PosternPolicy

/// A value with the place where it was written.
struct Positioned<Value> {
    var value: Value
    var position: SourcePosition
}

extension DocumentNode {
    /// Text; a number counts as the text it was written as.
    func text(_ name: String, _ report: ProblemReport) -> Positioned<String>? {
        switch value {
        case .string(let text), .number(let text): return Positioned(value: text, position: position)
        default:
            mismatch(name, "text", report)
            return nil
        }
    }

    func integer(_ name: String, in range: ClosedRange<Int>, _ report: ProblemReport) -> Int? {
        let expected =
            range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        guard case .number(let text) = value else {
            mismatch(name, "a number", report, hint: expected)
            return nil
        }
        guard let number = Int(text), range.contains(number) else {
            report.error(
                at: position, "`\(text.abbreviated)` is out of range for `\(name)`", hint: "expected \(expected)")
            return nil
        }
        return number
    }

    /// `500ms`, `10s`, `5m` or `1h`, in milliseconds.
    func duration(_ name: String, in range: ClosedRange<Int>, _ report: ProblemReport) -> Int? {
        let expected = "expected \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound))"
        guard let text = text(name, report) else { return nil }
        guard let milliseconds = DurationText.milliseconds(text.value) else {
            report.error(
                at: position, "`\(text.value.abbreviated)` is not a duration for `\(name)`",
                hint: "a whole number with its unit: `500ms`, `10s`, `5m`, `1h`")
            return nil
        }
        guard range.contains(milliseconds) else {
            report.error(at: position, "`\(text.value)` is out of range for `\(name)`", hint: expected)
            return nil
        }
        return milliseconds
    }

    func mismatch(_ name: String, _ wanted: String, _ report: ProblemReport, hint: String? = nil) {
        report.error(at: position, "`\(name)` is \(kindName), expected \(wanted)", hint: hint)
    }
}
