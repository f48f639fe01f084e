import ArgumentParser
import PosternPolicy

/// A request as the options of a command describe it.
struct RequestOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The caller's address.", valueName: "address")) var sourceIP: String?
    @Option(help: ArgumentHelp("The listener's id, or that of a PROXY header.", valueName: "id")) var endpoint: String?
    @Option(help: ArgumentHelp("The listener's network.", valueName: "id")) var vpc: String?
    @Option(help: ArgumentHelp("The network interface that the connection came in by.", valueName: "name"))
    var interface: String?
    @Option(help: ArgumentHelp("The method.", valueName: "METHOD")) var method = "GET"
    @Option(help: ArgumentHelp("The path; without --stage it begins with the stage.", valueName: "path")) var path = "/"
    @Option(help: ArgumentHelp("The stage.", valueName: "name")) var stage: String?
    @Option(name: .customLong("api-id"), help: ArgumentHelp("The API's id (default: api).", valueName: "id"))
    var apiID: String?
    @Option(help: ArgumentHelp("The region of the API's ARN (default: local).", valueName: "name")) var region: String?
    @Option(help: ArgumentHelp("The account of the API's ARN (default: 000000000000).", valueName: "digits"))
    var account: String?
    @Option(help: ArgumentHelp("`User-Agent: …` or `Referer: …`.", valueName: "'name: value'")) var header: [String] =
        []
    @Option(help: ArgumentHelp("The number of a Unix socket's peer.", valueName: "number")) var uid: String?
    @Option(help: ArgumentHelp("The number of its group.", valueName: "number")) var gid: String?
    @Option(help: ArgumentHelp("Its name.", valueName: "name")) var user: String?
    @Option(help: ArgumentHelp("Its group's name.", valueName: "name")) var group: String?
    @Option(help: ArgumentHelp("Its systemd unit.", valueName: "name")) var unit: String?
    @Option(help: ArgumentHelp("The SPIFFE ID of a client certificate.", valueName: "id")) var spiffe: String?
    @Flag(inversion: .prefixedNo, help: "Whether the connection is TLS (default: if there is a certificate).")
    var tls: Bool?
    @Option(help: ArgumentHelp("When (default: now).", valueName: "time")) var at: String?

    var scope: PolicyScope {
        PolicyScope(region: region ?? "local", account: account ?? "000000000000", apiID: apiID ?? "api")
    }

    func description() throws -> RequestDescription {
        let texts: [(RequestDescription.Field, String?)] = [
            (.sourceIp, sourceIP), (.endpoint, endpoint), (.vpc, vpc), (.interface, interface), (.method, method),
            (.path, path), (.stage, stage), (.uid, uid), (.gid, gid), (.user, user), (.group, group), (.unit, unit),
            (.spiffe, spiffe), (.tls, (tls ?? (spiffe != nil)) ? "true" : "false"), (.at, at),
        ]
        var request = RequestDescription()
        for (field, text) in texts {
            guard let text else { continue }
            let option = field == .sourceIp ? "--source-ip" : "--\(field.rawValue)"
            try reporting(option) { () throws(RequestDescription.Problem) in try request.set(field, text) }
        }
        for line in header {
            try reporting("--header") { () throws(RequestDescription.Problem) in try set(line, &request) }
        }
        request.takeStageFromPath()
        if let problem = request.problem { throw ValidationError(problem.text) }
        return request
    }

    private func reporting(
        _ option: String, _ body: () throws(RequestDescription.Problem) -> Void
    ) throws(ValidationError) {
        do {
            try body()
        } catch {
            throw ValidationError("\(option): \(error.text)")
        }
    }

    private func set(_ header: String, _ request: inout RequestDescription) throws(RequestDescription.Problem) {
        guard let colon = header.firstIndex(of: ":") else {
            throw RequestDescription.Problem(message: "`\(header)` is not a header", hint: "expected 'Name: value'")
        }
        let value = header[header.index(after: colon)...].drop { $0 == " " }
        try request.setHeader(String(header[..<colon]), String(value))
    }
}

extension RequestDescription.Problem {
    fileprivate var text: String { message + (hint.map { " (\($0))" } ?? "") }
}
