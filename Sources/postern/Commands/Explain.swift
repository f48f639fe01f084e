import ArgumentParser
import PosternControl

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell why the running gateway answered a request as it did.",
        discussion: """
            The id is that of the response's `x-amzn-RequestId`, or of its `x-amz-apigw-id`. A gateway remembers its last \
            requests only (`explain.requests` in postern.yaml).

            Exits 0 when the request was found, 1 when it is not remembered, 69 when no gateway answers.
            """)

    @Argument(help: ArgumentHelp("A request id or extended request id.", valueName: "request id")) var id: String
    @OptionGroup var admin: AdminOption
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        let isID = id.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || "-+/=".utf8.contains(byte)
        }
        guard isID, (1...64).contains(id.utf8.count) else {
            throw ValidationError("`\(id.prefix(64))` is not a request id")
        }
    }

    func run() throws {
        let (answer, text) = try asking { try AdminClient(path: admin.path).explain(id) }
        if json { print(text) }
        switch answer {
        case .request(let report):
            if !json { report.lines.forEach { print($0) } }
        case .unknown(let failure):
            if !json { printError("postern: \(failure.message)") }
            throw ExitCode.failure
        }
    }
}

extension ExplainReport.UnixPeer {
    /// `uid 33 www-data, gid 33 www-data, unit nginx.service`
    fileprivate var text: String {
        func part(_ name: String, _ values: String?...) -> String? {
            let known = values.compactMap(\.self)
            return known.isEmpty ? nil : "\(name) \(known.joined(separator: " "))"
        }
        return [part("uid", uid?.description, user), part("gid", gid?.description, group), part("unit", unit)]
            .compactMap(\.self).joined(separator: ", ")
    }
}

extension ExplainReport.Certificate {
    fileprivate var text: String {
        [
            subject.flatMap { $0.isEmpty ? nil : $0 }, spiffeID, issuer.map { "issued by \($0)" },
            serial.map { "serial \($0)" },
        ].compactMap(\.self).joined(separator: ", ")
    }
}

extension ExplainReport {
    fileprivate var lines: [String] {
        func line(_ name: String, _ value: String?) -> String? { value.map { name.padded(to: 12) + $0 } }
        let network = vpc.map { " in \($0)" } ?? ""
        let place = domain == nil && host.isEmpty ? "" : ", host \(host)"
        let route = [api, stage].compactMap(\.self).joined(separator: "/") + (self.route.map { " \($0)" } ?? "")
        let heading = [
            line("request", "\(requestID), extended \(extendedRequestID)"),
            line("time", "\(time), generation \(generation)"),
            line(
                "from",
                "\(sourceIP ?? "a Unix socket") by \(endpoint ?? listener)\(network), connection \(connectionID)"),
            line("peer", unix?.text),
            line("certificate", certificate?.text),
            line("interface", interface),
            line("asked", "\(method) \(path)\(place)"),
            line("domain", domain),
            line("route", route.isEmpty ? nil : route),
            line("resource", resource),
            line("user agent", userAgent),
            line("referer", referer),
            line("answer", "\(status)" + (refusal.map { " \($0)" } ?? "")),
            line("decision", outcome),
        ]
        let policies = policies.map { "\n\($0.text)" }
        return heading.compactMap(\.self) + notes.map { "note: \($0)" } + policies
    }
}
