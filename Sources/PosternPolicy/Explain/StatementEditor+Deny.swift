extension StatementEditor {
    /// Changes a `Deny` until it no longer applies: first by what narrows it least.
    ///
    /// - Returns: nil if only taking the statement away would do.
    mutating func makeSpare() -> [DocumentEdit]? {
        take(exemptions(), if: { !$0.applied }) ? edits : nil
    }

    private func exemptions() -> [[DocumentEdit]] {
        let sites = ConditionSite.all(of: statement)
        return sites.map(listException) + exclusions() + sites.map(removal) + [resourceRemoval(), principalRemoval()]
            + sites.map(exception) + sites.map(presence) + sites.map(movedBound)
    }

    /// A negated condition spares what it lists.
    private func listException(_ site: ConditionSite) -> [DocumentEdit] {
        guard site.comparison.isNegated else { return [] }
        let values = probe.seen(site.key).compactMap { literal($0, for: site.comparison) }
        return append(values, to: site.values, site.path, site.name)
    }

    /// So do `NotResource` and `NotPrincipal`.
    private func exclusions() -> [[DocumentEdit]] {
        var proposals: [[DocumentEdit]] = []
        if let element = statement.member("NotResource") {
            proposals.append(append([resource], to: element.value, [.member("NotResource")], "NotResource"))
        }
        for caller in probe.facts.identities {
            let (kind, name) = caller.written
            guard let names = statement.member("NotPrincipal")?.value.member(kind) else { continue }
            let path: [DocumentEdit.Step] = [.member("NotPrincipal"), .member(kind)]
            proposals.append(append([name], to: names.value, path, "NotPrincipal"))
        }
        return proposals
    }

    /// The values that are met go; others stay.
    private func removal(_ site: ConditionSite) -> [DocumentEdit] {
        guard !site.comparison.isNegated, let hits = probe.hits(site) else { return [] }
        return remove(hits, from: site.values, site.path, site.name)
    }

    private func resourceRemoval() -> [DocumentEdit] {
        guard let element = statement.member("Resource") else { return [] }
        let hits = probe.hits(in: element.value.elements) { values in
            probe.matches("Resource", DocumentNode(.array(values), at: element.value.position)) == true
        }
        return remove(hits, from: element.value, [.member("Resource")], "Resource")
    }

    private func principalRemoval() -> [DocumentEdit] {
        for kind in statement.member("Principal")?.value.members ?? [] {
            let hits = probe.hits(in: kind.value.elements) { values in
                let names = DocumentNode(.array(values), at: kind.value.position)
                return probe.matches("Principal", .mapping([(kind.key, names)], at: kind.keyPosition)) == true
            }
            if !hits.isEmpty {
                return remove(hits, from: kind.value, [.member("Principal"), .member(kind.key)], "Principal")
            }
        }
        return []
    }

    /// One value of a network or a pattern that stays: a condition that spares it.
    private func exception(_ site: ConditionSite) -> [DocumentEdit] {
        let seen = probe.seen(site.key)
        guard !site.comparison.isNegated, seen.count == 1,
            let negated = site.comparison.family.exception,
            let plain = ConditionOperator(negated), let value = literal(seen[0], for: plain)
        else { return [] }
        return add(negated, site.keyName, value, at: site.position)
    }

    /// A negated condition holds where its key is absent, unless the key has to be there.
    private func presence(_ site: ConditionSite) -> [DocumentEdit] {
        guard probe.seen(site.key).isEmpty, site.comparison.family != .presence else { return [] }
        return add("Null", site.keyName, "false", at: site.position)
    }

    private func movedBound(_ site: ConditionSite) -> [DocumentEdit] {
        let seen = probe.seen(site.key)
        guard site.comparison.order != .equal, seen.count == 1, site.values.elements.count == 1,
            let bound = site.bound(seen[0], isBroken: true)
        else { return [] }
        let path = if case .array = site.values.value { site.path + [.element(0)] } else { site.path }
        return replace(site.values.elements[0], by: bound, path, site.name)
    }
}

extension ConditionOperator.Family {
    /// The operator that spares one value of such a condition.
    fileprivate var exception: String? {
        switch self {
        case .text: "StringNotEquals"
        case .arn: "ArnNotEquals"
        case .number: "NumericNotEquals"
        case .address: "NotIpAddress"
        default: nil
        }
    }
}
