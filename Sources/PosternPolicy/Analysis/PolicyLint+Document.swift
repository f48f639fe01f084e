extension PolicyLint {
    /// What the document alone shows.
    static func documentFindings(_ document: DocumentNode) -> [LintFinding] {
        let statements = document.statementNodes
        return duplicates(document, statements)
            + statements.flatMap { statement in
                notPrincipal(statement)
                    + (statement.member("Condition")?.value.members ?? []).flatMap { comparison in
                        asciiLowercased(comparison.key).contains("ipaddress")
                            ? comparison.value.members.flatMap { shadowed($0.value.elements) } : []
                    }
            }
    }

    private static func duplicates(_ document: DocumentNode, _ statements: [DocumentNode]) -> [LintFinding] {
        var first: [String: SourcePosition] = [:]
        return zip(document.statementTexts, statements).compactMap { text, statement in
            guard let place = first[text] else {
                first[text] = statement.position
                return nil
            }
            return LintFinding(
                .duplicateStatement, at: statement.position,
                "the statement says the same as the one at line \(place.line)", hint: "remove one of them")
        }
    }

    private static func notPrincipal(_ statement: DocumentNode) -> [LintFinding] {
        guard let member = statement.member("NotPrincipal"),
            case .string("Allow")? = statement.member("Effect")?.value.value
        else { return [] }
        return [
            LintFinding(
                .notPrincipalAllow, at: member.keyPosition,
                "`NotPrincipal` with `Allow` admits everyone it does not name, anonymous callers too; the gateway refuses it",
                hint: "name whom to allow under `Principal`, or deny with `NotPrincipal`")
        ]
    }

    /// Networks inside others of their list. Two networks never overlap in part: in the order of their first addresses, the
    /// wider first, those around one are on a stack.
    private static func shadowed(_ nodes: [DocumentNode]) -> [LintFinding] {
        let networks = nodes.compactMap { node -> (network: CIDR, node: DocumentNode)? in
            guard case .string(let text) = node.value, let network = try? CIDR(text) else { return nil }
            return (network, node)
        }
        let sorted = networks.enumerated().sorted { left, right in
            let (a, b) = (left.element.network, right.element.network)
            if a.isV4 != b.isV4 { return a.isV4 }
            if a.network != b.network { return a.network.bits < b.network.bits }
            return (a.prefixLength, left.offset) < (b.prefixLength, right.offset)
        }
        var around: (network: CIDR, node: DocumentNode)?
        return sorted.compactMap { _, entry in
            guard let outer = around, outer.network.contains(entry.network.network) else {
                around = entry
                return nil
            }
            let relation = outer.network == entry.network ? "stands twice" : "lies in `\(outer.network)`"
            return LintFinding(
                .shadowedCIDR, at: entry.node.position,
                "`\(entry.network)` \(relation), at line \(outer.node.position.line) of the same list",
                hint: "remove it, or the wider network if that was not meant")
        }
    }
}
