/// Durations as a configuration writes them.
enum DurationText {
    private static let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]

    static func milliseconds(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let factor = units.first(where: { $0.0 == unit })?.1, let number = Int(digits) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    static func text(_ milliseconds: Int) -> String {
        let unit = units.last { milliseconds >= $0.1 && milliseconds % $0.1 == 0 } ?? ("ms", 1)
        return "\(milliseconds / unit.1)\(unit.0)"
    }
}
