/// Values that conditions set an order on: cut wherever a comparison may turn.
extension DimensionBuilder {
    private var operands: [SpecialOperand] {
        predicates.compactMap { predicate in
            guard case .condition(let policy, let index) = predicate.test,
                case .special(let operand) = policy.tables.conditions[index].operand
            else { return nil }
            return policy.tables.operands[operand]
        }
    }

    private var dates: [PolicyTime] {
        operands.flatMap { operand -> [PolicyTime] in
            if case .dates(let dates, _) = operand { dates } else { [] }
        }
    }

    private var decimals: [String] {
        operands.flatMap { operand -> [String] in
            if case .numbers(let numbers, _) = operand {
                numbers.map { String(decoding: $0, as: UTF8.self) }
            } else {
                []
            }
        }
    }

    private var timesOfDay: [TimeOfDay] {
        operands.flatMap { operand -> [TimeOfDay] in
            if case .timesOfDay(let times, _) = operand { times } else { [] }
        }
    }

    /// Before the first cut, and from each to the next. A date turns at itself, just behind itself, and, compared with
    /// whole seconds, at the seconds around it.
    func times() -> [Atom.Value] {
        var cuts: Set<PolicyTime> = []
        for date in dates {
            cuts.insert(date)
            cuts.insert(date.next)
            for second in 0...1 { cuts.insert(PolicyTime(seconds: date.seconds + Int64(second))) }
        }
        for decimal in decimals {
            let second = DimensionBuilder.floor(decimal, limit: 1e15)
            for second in [second, second + 1] { cuts.insert(PolicyTime(seconds: second)) }
        }
        let sorted = cuts.sorted()
        var starts: [PolicyTime?] = [nil]
        starts += sorted.map { $0 }
        return starts.indices.map { .time(starts[$0], $0 + 1 < starts.count ? starts[$0 + 1] : nil) }
    }

    /// Of the day.
    func minutes() -> [Atom] {
        var cuts: Set<Int64> = [0]
        for time in timesOfDay {
            for cut in [time.minutes, time.minutes + 1] where cut < 1440 { cuts.insert(cut) }
        }
        let sorted = cuts.sorted()
        return sorted.indices.map { index in
            Atom(value: .minutes(sorted[index]...(index + 1 < sorted.count ? sorted[index + 1] - 1 : 1439)))
        }
    }

    /// User and group ids, 32 bits.
    func numbers() -> [Atom] {
        var cuts: Set<Int64> = [0]
        for decimal in decimals + literals {
            let number = DimensionBuilder.floor(decimal, limit: 1e15)
            for cut in [number, number + 1] where cut > 0 && cut <= Int64(UInt32.max) { cuts.insert(cut) }
        }
        let sorted = cuts.sorted()
        return sorted.indices.map { index in
            let end = index + 1 < sorted.count ? sorted[index + 1] - 1 : Int64(UInt32.max)
            let range = UInt32(sorted[index])...UInt32(end)
            return Atom(value: .number(range), label: range.count == 1 ? "\(sorted[index])" : "\(sorted[index])–\(end)")
        }
    }

    /// The texts that ids are compared with as texts; one that is no number equals none.
    private var literals: [String] {
        predicates.flatMap { predicate -> [String] in
            guard case .condition(let policy, let index) = predicate.test else { return [] }
            switch policy.tables.conditions[index].operand {
            case .patterns(let range): return policy.patterns(range).compactMap(\.literal).filter { UInt32($0) != nil }
            case .special(let special):
                guard case .texts(let templates, _) = policy.tables.operands[special] else { return [] }
                return templates.compactMap { TextPattern(template: $0.tokens).literal }.filter { UInt32($0) != nil }
            default: return []
            }
        }
    }

    /// Each date, a time between each two, one before all and one behind all, and what is no date.
    func dateTexts() -> [String] {
        let sorted = Set(dates).sorted()
        var texts = ["x"]
        if let first = sorted.first { texts.append(PolicyTime(seconds: first.seconds - 1).text) }
        for (index, date) in sorted.enumerated() {
            texts.append(date.text)
            let next = date.next
            if index + 1 == sorted.count || next < sorted[index + 1] { texts.append(next.text) }
        }
        return texts
    }

    /// Likewise for decimals.
    func decimalTexts() -> [String] {
        let sorted = Set(decimals).sorted { DimensionBuilder.order($0, $1) < 0 }
        var texts = ["x"]
        if let first = sorted.first { texts.append("\(DimensionBuilder.floor(first, limit: 1e15) - 1)") }
        for (index, number) in sorted.enumerated() {
            texts.append(number)
            guard index + 1 < sorted.count else {
                texts.append("\(DimensionBuilder.floor(number, limit: 1e15) + 2)")
                continue
            }
            guard let left = Double(number), let right = Double(sorted[index + 1]) else { continue }
            let middle = "\((left + right) / 2)"
            if DimensionBuilder.order(number, middle) < 0, DimensionBuilder.order(middle, sorted[index + 1]) < 0 {
                texts.append(middle)
            }
        }
        return texts
    }

    private static func order(_ left: String, _ right: String) -> Int {
        Array(left.utf8).withUnsafeBytes { left in
            Array(right.utf8).withUnsafeBytes { right in
                guard let left = DecimalText(left), let right = DecimalText(right) else { return 0 }
                return left.order(right)
            }
        }
    }

    /// The whole number below, or the one above where a double cannot tell: both are cut at.
    private static func floor(_ decimal: String, limit: Double) -> Int64 {
        guard let number = Double(decimal) else { return 0 }
        return Int64(min(max(number, -limit), limit).rounded(.down))
    }
}

extension PolicyTime {
    fileprivate var next: PolicyTime {
        nanoseconds < 999_999_999
            ? PolicyTime(seconds: seconds, nanoseconds: nanoseconds + 1) : PolicyTime(seconds: seconds + 1)
    }

    /// The date, or the seconds of years that a date cannot write.
    fileprivate var text: String { PolicyTime(description) == self ? description : "\(seconds)" }
}
