/// One sample of a metric whose value someone else keeps.
package struct MetricSample: Sendable {
    package var metric: Metric
    package var labels: [(name: String, value: String)]
    package var value: Double

    package init(_ metric: Metric, _ value: Double, labels: [(name: String, value: String)] = []) {
        self.metric = metric
        self.labels = labels
        self.value = value
    }
}

/// Writes Prometheus' text format, version 0.0.4: a metric's `HELP` and `TYPE`, then all its samples.
struct Exposition {
    private(set) var bytes: [UInt8] = []
    /// Labels that every sample has, rendered.
    private let common: String

    init(common: [(name: String, value: String)]) { self.common = Self.labels(common) }

    mutating func begin(_ metric: Metric) {
        put(
            "# HELP \(metric.name) \(Self.escape(metric.help, quote: false))\n"
                + "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
        )
    }

    mutating func sample(_ name: String, _ labels: String, _ value: Int) { sample(name, labels, String(value)) }

    /// - Parameter labels: rendered, without braces.
    mutating func sample(_ name: String, _ labels: String, _ value: String) {
        let all = common.isEmpty || labels.isEmpty ? common + labels : "\(common),\(labels)"
        put(all.isEmpty ? "\(name) \(value)\n" : "\(name){\(all)} \(value)\n")
    }

    /// A histogram's samples: cumulative buckets, sum in seconds, count.
    mutating func histogram(_ name: String, _ labels: String, buckets: [Int], sumNanoseconds: Int) {
        var total = 0
        for (bucket, label) in zip(buckets, DurationBuckets.labels) {
            total &+= bucket
            sample("\(name)_bucket", labels.isEmpty ? "le=\"\(label)\"" : "\(labels),le=\"\(label)\"", total)
        }
        sample("\(name)_sum", labels, Self.seconds(sumNanoseconds))
        sample("\(name)_count", labels, total)
    }

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// `a="1",b="2"`. A label without a value is the same as none and is left out.
    static func labels(_ pairs: [(name: String, value: String)]) -> String {
        pairs.filter { !$0.value.isEmpty }
            .map { "\($0.name)=\"\(escape($0.value, quote: true))\"" }
            .joined(separator: ",")
    }

    /// Nanoseconds as a decimal number of seconds, exact.
    static func seconds(_ nanoseconds: Int) -> String {
        let (whole, rest) = max(nanoseconds, 0).quotientAndRemainder(dividingBy: 1_000_000_000)
        let digits = String(rest)
        return "\(whole).\(String(repeating: "0", count: 9 - digits.count))\(digits)"
    }

    /// A number without an exponent or fraction where it has none.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int(exactly: value).map(String.init) ?? String(value)
    }

    private static func escape(_ text: String, quote: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quote: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
