extension PolicyView {
    /// Whether a condition holds, whatever its operator: the one place where operators mean something.
    @inline(never)
    func holds<Facts: FactSource>(_ condition: Condition, _ facts: Facts) -> Bool {
        let tables = policy._withUnsafeGuaranteedRef { $0.tables }
        switch facts.values(of: tables.keys[Int(condition.keyIndex)]) {
        case .absent: return condition.outcome.absent
        case .one(let value): return satisfies(value, condition, facts, tables)
        case .texts(let texts):
            guard !texts.isEmpty else { return condition.outcome.absent }
            if case .nothing = condition.operand { return condition.outcome.unmatched }
            switch condition.quantifier {
            case .single: return texts.count == 1 && satisfies(texts[0], condition, facts, tables)
            case .forAll: return texts.allSatisfy { satisfies($0, condition, facts, tables) }
            case .forAny: return texts.contains { satisfies($0, condition, facts, tables) }
            }
        }
    }

    private func satisfies<Facts: FactSource>(
        _ text: String, _ condition: Condition, _ facts: Facts, _ tables: PolicyTables
    ) -> Bool {
        var text = text
        return text.withUTF8 { satisfies(.text(UnsafeRawBufferPointer($0)), condition, facts, tables) }
    }

    private func satisfies<Facts: FactSource>(
        _ value: FactValue, _ condition: Condition, _ facts: Facts, _ tables: PolicyTables
    ) -> Bool {
        condition.result(matched: matches(value, condition.operand, facts, tables))
    }

    /// Whether a value matches one of the listed; a value that is none of the operator's kind matches nothing.
    private func matches<Facts: FactSource>(
        _ value: FactValue, _ operand: Condition.Operand, _ facts: Facts, _ tables: PolicyTables
    ) -> Bool {
        switch operand {
        case .nothing: return false
        case .patterns(let range):
            guard case .text(let text) = value else { return false }
            return patterns.matches(range, text)
        case .addresses(let set):
            switch value {
            case .address(let address): return addressSets[set].contains(address)
            case .text(let text): return IPAddress(bytes: text).map { addressSets[set].contains($0) } ?? false
            default: return false
            }
        case .flag(let matchesTrue, let matchesFalse):
            switch value {
            case .flag(let flag): return flag ? matchesTrue : matchesFalse
            case .text(let text):
                if Glob.equalIgnoringCase("true".utf8.map { UInt16($0) }, text) { return matchesTrue }
                return matchesFalse && Glob.equalIgnoringCase("false".utf8.map { UInt16($0) }, text)
            default: return false
            }
        case .special(let index): return matches(value, tables.operands[index], facts, tables)
        }
    }

    private func matches<Facts: FactSource>(
        _ value: FactValue, _ operand: SpecialOperand, _ facts: Facts, _ tables: PolicyTables
    ) -> Bool {
        switch (operand, value) {
        case (.texts(let templates, let ignoringCase), .text(let text)):
            return templates.contains { template in
                guard let tokens = template.expanded(tables.variables, facts) else { return false }
                return ignoringCase ? Glob.equalIgnoringCase(tokens, text) : Glob.matches(tokens, text)
            }
        case (.arns(let arns), .text(let text)):
            return arns.contains { ArnText.matches($0, text, tables.variables, facts) }
        case (.numbers(let numbers, let comparison), .text(let text)):
            guard let number = DecimalText(text) else { return false }
            return numbers.contains { $0.withUnsafeBytes { comparison.holds(number.order(DecimalText($0)!)) } }
        case (.numbers(let numbers, let comparison), .epoch(let seconds)):
            return numbers.contains {
                $0.withUnsafeBytes { comparison.holds(Decimals.order(seconds, DecimalText($0)!)) }
            }
        case (.timesOfDay(let times, let comparison), .timeOfDay(let time)):
            return times.contains { comparison.holds(time.order($0)) }
        case (.timesOfDay(let times, let comparison), .text(let text)):
            guard let time = TimeOfDay(utf8: text) else { return false }
            return times.contains { comparison.holds(time.order($0)) }
        case (.dates(let dates, let comparison), .text(let text)):
            guard let time = PolicyTime(utf8: text) else { return false }
            return dates.contains { comparison.holds(time.order($0)) }
        case (.dates(let dates, let comparison), .time(let time)):
            return dates.contains { comparison.holds(time.order($0)) }
        case (.dates(let dates, let comparison), .epoch(let seconds)):
            return dates.contains { comparison.holds(PolicyTime(seconds: seconds).order($0)) }
        case (.binaries(let binaries), .text(let text)):
            return binaries.contains { $0.bytes.elementsEqual(text) || $0.text.elementsEqual(text) }
        default: return false
        }
    }
}

enum Decimals {
    /// Compares a whole number with a decimal, its digits on the stack.
    static func order(_ number: Int64, _ decimal: DecimalText) -> Int {
        withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { buffer in
            var start = 24
            var rest = number.magnitude
            repeat {
                start -= 1
                buffer[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 {
                start -= 1
                buffer[start] = UInt8(ascii: "-")
            }
            return DecimalText(UnsafeRawBufferPointer(rebasing: buffer[start...]))!.order(decimal)
        }
    }
}

enum ArnText {
    /// Segment by segment: a wildcard never reaches over one of the first five colons.
    static func matches(
        _ pattern: [Template], _ text: UnsafeRawBufferPointer, _ variables: [PolicyVariable], _ facts: some FactSource
    ) -> Bool {
        guard let segments = segments(text) else { return false }
        for (template, segment) in zip(pattern, segments) {
            guard let tokens = template.expanded(variables, facts), Glob.matches(tokens, segment) else { return false }
        }
        return true
    }

    /// The six segments of an ARN; nil if there are fewer.
    static func segments(_ text: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer]? {
        let parts = text.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 ? parts.map { UnsafeRawBufferPointer(rebasing: $0) } : nil
    }
}

extension IPAddress {
    init?(bytes text: UnsafeRawBufferPointer) {
        self.init(utf8: text.bindMemory(to: UInt8.self).span)
    }
}
