extension Explanation: Encodable {
    private enum CodingKeys: String, CodingKey {
        case decision, decidingStatement, position, statements, shadow, changes
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(decision.answer.rawValue, forKey: .decision)
        try container.encodeIfPresent(decidingStatement, forKey: .decidingStatement)
        try container.encodeIfPresent(position, forKey: .position)
        try container.encode(statements, forKey: .statements)
        try container.encodeIfPresent(shadow?.answer.rawValue, forKey: .shadow)
        try container.encode(changes, forKey: .changes)
    }
}

extension ShadowDecision {
    /// What the answer would be.
    package var answer: PolicyAnswer {
        switch self {
        case .wouldAllow: .allow
        case .wouldDenyExplicitly: .explicitDeny
        case .wouldDenyImplicitly: .implicitDeny
        }
    }
}

extension StatementTrace: Encodable {
    private enum CodingKeys: String, CodingKey {
        case statement, effect, position, applied, shadow, elements, conditions
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(label, forKey: .statement)
        try container.encode(effect.rawValue, forKey: .effect)
        try container.encode(position, forKey: .position)
        try container.encode(applied, forKey: .applied)
        try container.encode(isShadow, forKey: .shadow)
        try container.encode(elements, forKey: .elements)
        try container.encode(conditions, forKey: .conditions)
    }
}

extension ConditionTrace: Encodable {
    private enum CodingKeys: String, CodingKey {
        case comparison = "operator"
        case key, seen, wanted, matched, hit, position
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(operatorName, forKey: .comparison)
        try container.encode(key.rawValue, forKey: .key)
        try container.encodeIfPresent(seen, forKey: .seen)
        try container.encodeIfPresent(wanted, forKey: .wanted)
        try container.encode(matched, forKey: .matched)
        try container.encodeIfPresent(hit, forKey: .hit)
        try container.encode(position, forKey: .position)
    }
}
