/// What `postern doctor` found of one thing, and what to do about it.
package struct Finding: Codable, Sendable, Equatable {
    package enum Verdict: String, Codable, Sendable, Comparable, CaseIterable {
        case ok, warning, failed

        package static func < (left: Verdict, right: Verdict) -> Bool {
            allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
        }
    }

    /// A word that stays: `descriptors`, `clock` …
    package var check: String
    package var verdict: Verdict
    package var found: String
    /// nil: nothing is to be done.
    package var advice: String?

    package static func ok(_ check: String, _ found: String) -> Finding {
        Finding(check: check, verdict: .ok, found: found, advice: nil)
    }

    package static func warning(_ check: String, _ found: String, _ advice: String) -> Finding {
        Finding(check: check, verdict: .warning, found: found, advice: advice)
    }

    package static func failed(_ check: String, _ found: String, _ advice: String) -> Finding {
        Finding(check: check, verdict: .failed, found: found, advice: advice)
    }
}

/// The whole of `postern doctor`, in the order of the checks.
package struct DoctorReport: Codable, Sendable, Equatable {
    package var findings: [Finding]
    /// False: the configuration has errors, so that what depends on it was not looked at.
    package var configurationIsValid: Bool

    package init(findings: [Finding], configurationIsValid: Bool) {
        self.findings = findings
        self.configurationIsValid = configurationIsValid
    }

    /// The worst of them.
    package var verdict: Finding.Verdict { findings.map(\.verdict).max() ?? .ok }
}
