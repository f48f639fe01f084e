extension StatementEditor {
    /// Changes an `Allow` until it applies, one part at a time.
    ///
    /// - Returns: nil if no small change was found.
    mutating func makeApply() -> [DocumentEdit]? {
        while !trace.applied {
            let before = trace.distance
            func isCloser(_ trace: StatementTrace) -> Bool { trace.distance < before }
            guard take(proposals(), if: isCloser) else { return nil }
        }
        if trace.isShadow {
            let mode = statement.member(PolicyCompiler.modeElement)!
            let enforce = DocumentEdit(
                path: [.member(mode.key)], operation: .remove, position: mode.keyPosition,
                text: "remove `\(mode.key)` from \(quoted(label))")
            guard take([[enforce]], if: { !$0.isShadow }) else { return nil }
        }
        return edits
    }

    /// For the first part that keeps the statement from applying.
    private func proposals() -> [[DocumentEdit]] {
        if !trace.actionMatched { return actionProposals() }
        if !trace.resourceMatched { return resourceProposals() }
        if !trace.principalMatched { return principalProposals() }
        let failed = trace.conditions.first { !$0.matched }
        let site = failed.flatMap { failed in ConditionSite.all(of: statement).first { $0.isTraced(by: failed) } }
        return site.map(proposals) ?? []
    }

    private func actionProposals() -> [[DocumentEdit]] {
        listProposals("Action", PolicyAction.invoke.rawValue)
    }

    private func resourceProposals() -> [[DocumentEdit]] { listProposals("Resource", resource) }

    /// One more value, or those that are excluded no longer.
    private func listProposals(_ name: String, _ value: String) -> [[DocumentEdit]] {
        if let element = statement.member(name) {
            return [append([value], to: element.value, [.member(name)], name)]
        }
        guard let element = statement.member("Not\(name)") else { return [] }
        let hits = probe.hits(in: element.value.elements) { values in
            probe.matches(element.key, DocumentNode(.array(values), at: element.value.position)) == false
        }
        return [remove(hits, from: element.value, [.member(element.key)], element.key)]
    }

    /// The caller by one of its names; an anonymous one by `*`.
    private func principalProposals() -> [[DocumentEdit]] {
        guard let element = statement.member("Principal") else { return [] }
        let named = probe.facts.identities.map { caller in
            let (kind, name) = caller.written
            let path: [DocumentEdit.Step] = [.member("Principal"), .member(kind)]
            if let names = element.value.member(kind) { return append([name], to: names.value, path, "Principal") }
            return [
                DocumentEdit(
                    path: path, operation: .add(.text(name, at: element.value.position)),
                    position: element.value.position,
                    text: "add `\(kind)` \(quoted(name)) to `Principal` of \(quoted(label))")
            ]
        }
        let everyone = DocumentEdit(
            path: [.member("Principal")], operation: .replace(.text("*", at: element.value.position)),
            position: element.value.position, text: "write `\"*\"`, everyone, as `Principal` of \(quoted(label))")
        return named + [[everyone]]
    }

    /// From the narrowest to the condition's end.
    private func proposals(_ site: ConditionSite) -> [[DocumentEdit]] {
        var proposals: [[DocumentEdit]] = []
        let seen = probe.seen(site.key)
        if seen.isEmpty, site.comparison.family != .presence {
            if !site.comparison.ifExists { proposals.append(renameOperator(site, to: site.operatorName + "IfExists")) }
        } else if site.comparison.isNegated {
            if let hits = probe.hits(site) { proposals.append(remove(hits, from: site.values, site.path, site.name)) }
        } else {
            let values =
                site.comparison.family == .presence
                ? [seen.isEmpty ? "true" : "false"] : seen.compactMap { wanted($0, site) }
            proposals.append(listed(values, site))
        }
        return proposals + [remove(site)]
    }

    private func renameOperator(_ site: ConditionSite, to name: String) -> [DocumentEdit] {
        [
            DocumentEdit(
                path: site.operatorPath, operation: .rename(name), position: site.position,
                text: "write `\(name)` for `\(site.operatorName)` in \(quoted(label)), which holds where "
                    + "`\(site.key.rawValue)` is absent")
        ]
    }

    /// A lone bound gives way to the new one; other values stay beside it.
    private func listed(_ values: [String], _ site: ConditionSite) -> [DocumentEdit] {
        if site.comparison.order != .equal, values.count == 1, site.values.elements.count == 1 {
            let path = if case .array = site.values.value { site.path + [.element(0)] } else { site.path }
            return replace(site.values.elements[0], by: values[0], path, site.name)
        }
        var known = Set(site.values.elements.map(\.scalarText))
        return append(values.filter { known.insert($0).inserted }, to: site.values, site.path, site.name)
    }

    /// A value that the condition holds with for what was seen.
    private func wanted(_ seen: String, _ site: ConditionSite) -> String? {
        switch site.comparison.family {
        case .number, .date: site.bound(seen)
        case .flag, .binary: seen
        default: literal(seen, for: site.comparison)
        }
    }
}

extension CallerIdentity {
    /// The kind and the name that `Principal` has for it.
    var written: (kind: String, name: String) {
        switch self {
        case .aws(let arn): ("AWS", arn)
        case .service(let name): ("Service", name)
        case .federated(let name): ("Federated", name)
        case .canonicalUser(let name): ("CanonicalUser", name)
        case .spiffe(let id): ("SPIFFE", id)
        case .unixUser(let name): ("UnixUser", name)
        }
    }
}

extension ConditionSite {
    /// The nearest value to which what was seen stands as the operator wants; nil where that is no whole number or date.
    ///
    /// - Parameter isBroken: to which it does not.
    func bound(_ seen: String, isBroken: Bool = false) -> String? {
        let step: Int64 =
            switch (comparison.order, isBroken) {
            case (.equal, false), (.lessOrEqual, false), (.greaterOrEqual, false), (.less, true), (.greater, true): 0
            case (.less, false), (.greaterOrEqual, true): 1
            case (.greater, false), (.lessOrEqual, true): -1
            case (.equal, true): 1
            }
        if step == 0 { return seen }
        switch comparison.family {
        case .number:
            return key.known == .timeOfDay ? TimeOfDay(seen)?.moved(by: step)?.description : moved(seen, by: step)
        case .date: return PolicyTime(seen).map { PolicyTime(seconds: $0.seconds + step).description }
        default: return nil
        }
    }

    private func moved(_ number: String, by step: Int64) -> String? {
        guard let (moved, overflow) = Int64(number)?.addingReportingOverflow(step), !overflow else { return nil }
        return String(moved)
    }
}
