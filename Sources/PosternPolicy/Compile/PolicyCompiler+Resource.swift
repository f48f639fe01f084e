extension PolicyCompiler {
    /// Reads the resources of a statement.
    ///
    /// The first five segments of an ARN are settled here, where the API's region, account and partition are known; a
    /// wildcard in one of them never reaches into the next. What is left is a pattern for the sixth.
    ///
    /// - Returns: patterns for `{api-id}/{stage}/{METHOD}/{path}`; a resource of elsewhere leaves none.
    mutating func readResources(_ node: DocumentNode) -> [PatternText] {
        var patterns: [PatternText] = []
        for node in list(node, of: "Resource") {
            guard let written = text(node, of: "Resource"), checkVariables(in: written, node) else { continue }
            if let pattern = readResource(written, node) { patterns.append(pattern) }
        }
        return patterns
    }

    private mutating func readResource(_ written: String, _ node: DocumentNode) -> PatternText? {
        let bytes = Array(written.utf8)
        let shorthand = Array("execute-api:/".utf8)
        if bytes.starts(with: shorthand) {
            var pattern = PatternText(exactly: "\(scope.apiID)/".utf8)
            pattern.append(wildcards: bytes[shorthand.count...])
            warnIfUnreachable(pattern, written, node)
            return pattern
        }
        var segments = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false)
        guard segments[0].elementsEqual("arn".utf8) || segments[0].elementsEqual("*".utf8) else {
            error(
                at: node, "\(quoted(written)) is not a resource",
                hint: "expected `*`, `execute-api:/…` or `arn:aws:execute-api:…`")
            return nil
        }
        let isComplete = segments.count == 6
        if !isComplete {
            // AWS completes a short ARN that holds a wildcard, and lets one without match nothing.
            guard bytes.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }) else {
                warnNeverMatches(written, node)
                return nil
            }
            while segments.count < 6 { segments.append(Array("*".utf8)[...]) }
        }
        guard namesThisAccount(segments) else {
            warnNeverMatches(written, node)
            return nil
        }
        let pattern = PatternText(wildcards: segments[5])
        warnIfUnreachable(pattern, written, node)
        return pattern
    }

    private func namesThisAccount(_ segments: [ArraySlice<UInt8>]) -> Bool {
        let own = ["arn", scope.partition, "execute-api", scope.region, scope.account]
        return zip(segments, own).allSatisfy { segment, own in
            segment.elementsEqual(own.utf8) || PatternText(wildcards: segment).matches(own)
        }
    }

    private mutating func warnNeverMatches(_ written: String, _ node: DocumentNode) {
        warning(
            at: node, "the resource \(quoted(written)) can never match this API",
            hint: "its resources begin with `\(scope.arnPrefix)\(scope.apiID)/`")
    }

    private mutating func warnIfUnreachable(_ pattern: PatternText, _ written: String, _ node: DocumentNode) {
        switch ResourceReach(apiID: scope.apiID).verdict(on: pattern) {
        case .some(.otherAPI): warnNeverMatches(written, node)
        case .some(.noRequest):
            warning(
                at: node, "the resource \(quoted(written)) can never match a request",
                hint: "resources are `{api-id}/{stage}/{METHOD}/{path}`; `execute-api:/prod/*` covers a stage")
        case nil: break
        }
    }
}
