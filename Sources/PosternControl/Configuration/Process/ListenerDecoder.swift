import PosternModel
import PosternPolicy

/// Reads `listeners:` and refuses what must never be listened on: a wildcard, or an address that is not internal.
struct ListenerDecoder {
    private(set) var listeners: [ListenerConfiguration] = []
    private(set) var positions: [String: SourcePosition] = [:]
    private(set) var defaultAPIs: [Positioned<String>] = []
    private(set) var endpoints: [EndpointDeclaration] = []

    private let internalRanges: InternalRanges
    private let scope: PolicyScope
    private let report: ProblemReport
    private var bindings: [ListenerConfiguration.Binding: SourcePosition] = [:]

    /// - parameter scope: of the listeners' policies.
    init(internalRanges: InternalRanges, scope: PolicyScope, report: ProblemReport) {
        self.internalRanges = internalRanges
        self.scope = scope
        self.report = report
    }

    mutating func decode(_ file: MappingReader) {
        let example = "listeners: [{id: vpce-mesh, address: 127.0.0.1, port: 8080}]"
        guard let node = file.required("listeners", example: example), let list = file.list("listeners") else { return }
        // As a fresh installation has it: the service runs, the admin socket answers, and nobody is served.
        if list.isEmpty { report.warn(at: node.position, "`listeners` is empty, so nothing is served") }
        for node in list { listener(node) }
    }

    private mutating func listener(_ node: DocumentNode) {
        guard let mapping = MappingReader(node, "a listener", report) else { return }
        let id = id(mapping)
        let vpc = vpc(mapping)
        let binding = binding(mapping)
        let defaultAPI = mapping.text("defaultApi")
        let maxConnections = mapping.integer("maxConnections", in: 1...10_000_000)
        let maxRequests = mapping.integer("maxRequestsPerConnection", in: 0...Int.max)
        let underscores = mapping.flag("underscoreHeaders")
        let policy = mapping.policy(scope)
        let proxyProtocol = mapping.mapping("proxyProtocol", "`proxyProtocol`")
            .flatMap { self.proxyProtocol($0, isUnix: mapping.has("unix")) }
        let tls = mapping.mapping("tls", "`tls`").flatMap(ListenerTLSDecoder.decode)
        mapping.finish()
        if let defaultAPI { defaultAPIs.append(defaultAPI) }

        guard let id, let binding else { return }
        if let first = bindings[binding], !binding.mayRepeat {
            report.error(
                at: mapping.position, "two listeners bind to the same place", hint: "the first is at \(first.place)")
        }
        bindings[binding] = mapping.position
        positions[id] = mapping.position
        var listener = ListenerConfiguration(id: id, binding: binding)
        listener.vpc = vpc
        listener.defaultAPI = defaultAPI?.value
        listener.maxConnections = maxConnections ?? listener.maxConnections
        listener.maxRequestsPerConnection = maxRequests ?? 0
        listener.underscoreHeaders = underscores ?? false
        listener.proxyProtocol = proxyProtocol
        listener.tls = tls
        listeners.append(listener)
        endpoints.append(EndpointDeclaration(id: id, policy: policy))
    }

    private func id(_ mapping: MappingReader) -> String? {
        guard mapping.required("id", example: "id: vpce-mesh") != nil, let id = mapping.text("id") else { return nil }
        guard isEndpointName(id.value, prefix: "vpce-") else {
            report.error(
                at: id.position, "`\(id.value.abbreviated)` is not an endpoint id",
                hint: "`vpce-` and lower-case letters, digits, `-`")
            return nil
        }
        if let first = positions[id.value] {
            report.error(at: id.position, "listener id `\(id.value)` is used twice", hint: "first at \(first.place)")
            return nil
        }
        return id.value
    }

    private func vpc(_ mapping: MappingReader) -> String? {
        guard let vpc = mapping.text("vpc") else { return nil }
        if isEndpointName(vpc.value, prefix: "vpc-") { return vpc.value }
        report.error(
            at: vpc.position, "`\(vpc.value.abbreviated)` is not a VPC id",
            hint: "`vpc-` and lower-case letters, digits, `-`")
        return nil
    }

    private func isEndpointName(_ text: String, prefix: String) -> Bool {
        text.hasPrefix(prefix) && (prefix.utf8.count + 1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isLowerCaseLetter || $0.isDigit || $0.isAny(of: "-") }
    }

    private func binding(_ mapping: MappingReader) -> ListenerConfiguration.Binding? {
        let kinds = ["interface", "unix", "inherit"].filter(mapping.has)
        let hasAddress = mapping.has("address")
        let isInterfaceAddress = kinds == ["interface"] && hasAddress
        guard kinds.count + (hasAddress ? 1 : 0) == 1 || isInterfaceAddress else {
            let written = (kinds + (hasAddress ? ["address"] : [])).map { "`\($0)`" }
            report.error(
                at: mapping.position,
                written.isEmpty
                    ? "a listener has no place to bind to" : "a listener has \(written.joined(separator: " and "))",
                hint: "exactly one of `address`, `interface`, `unix`, `inherit`")
            forgive(mapping)
            return nil
        }
        switch kinds.first {
        case "interface": return interface(mapping)
        case "unix":
            refusePort(mapping, because: "has no meaning for a Unix socket")
            return mapping.unixSocket("unix").map { .unix($0) }
        case "inherit":
            refusePort(mapping, because: "has no meaning for an inherited socket")
            guard let name = mapping.text("inherit") else { return nil }
            guard (1...255).contains(name.value.utf8.count), !name.value.utf8.contains(UInt8(ascii: ":")) else {
                report.error(
                    at: name.position, "`\(name.value.abbreviated)` is not a socket's name",
                    hint: "as in `FileDescriptorName=`, without `:`")
                return nil
            }
            return .inherited(name: name.value)
        default:
            mapping.refuse("family", because: "has a meaning only beside `interface`")
            let port = port(mapping)
            guard let address = address(mapping), let port else { return nil }
            guard !InternalRanges.isLinkLocal(address) else {
                report.error(
                    at: mapping.node("address")?.position ?? mapping.position,
                    "`\(address)` is a link-local address, which means nothing without its interface",
                    hint: "write `interface: eth1` beside `address`")
                return nil
            }
            return .address(address, port: port)
        }
    }

    private func interface(_ mapping: MappingReader) -> ListenerConfiguration.Binding? {
        let name = mapping.text("interface")
        let family = mapping.choice("family", of: ListenerConfiguration.AddressFamily.self)
        let port = port(mapping)
        let address = mapping.has("address") ? self.address(mapping) : nil
        if let address, let family, family != .any, address.isV4 != (family == .ipv4),
            let node = mapping.node("address")
        {
            report.error(at: node.position, "`\(address)` is not an address of the family `\(family.rawValue)`")
            return nil
        }
        guard let name, let port else { return nil }
        // IFNAMSIZ counts the closing NUL.
        guard (1...15).contains(name.value.utf8.count),
            !name.value.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "/") })
        else {
            report.error(
                at: name.position, "`\(name.value.abbreviated)` is not an interface",
                hint: "a name as in `ip link`, such as `eth1`")
            return nil
        }
        return .interface(name: name.value, family: family ?? .any, address: address, port: port)
    }

    private func address(_ mapping: MappingReader) -> IPAddress? {
        guard let text = mapping.text("address") else { return nil }
        guard let address = IPAddress(text.value) else {
            report.error(
                at: text.position, "`\(text.value.abbreviated)` is not an IP address",
                hint: "such as `127.0.0.1` or `fd00::1`, without a port")
            return nil
        }
        if InternalRanges.isWildcard(address) {
            report.error(
                at: text.position, "`\(text.value)` is a wildcard: it would listen on every address of the machine",
                hint: "name one internal address, or an interface")
            return nil
        }
        guard internalRanges.contains(address) else {
            report.error(
                at: text.position, "`\(text.value)` is not an internal address",
                hint: "`internalRanges` lists what is internal")
            return nil
        }
        return address
    }

    private func port(_ mapping: MappingReader) -> Int? {
        guard mapping.required("port", example: "port: 8080") != nil else { return nil }
        return mapping.integer("port", in: 0...65_535)
    }

    private func refusePort(_ mapping: MappingReader, because reason: String) {
        mapping.refuse("port", because: reason)
        mapping.refuse("family", because: reason)
        if mapping.has("inherit") {
            for key in ["mode", "owner", "group"] { mapping.refuse(key, because: reason, hint: "its unit sets it") }
        }
    }

    /// Marks the keys of a listener whose kind is not clear as known, so that they are not reported a second time.
    private func forgive(_ mapping: MappingReader) {
        for key in ["address", "interface", "unix", "inherit", "port", "family", "mode", "owner", "group"] {
            _ = mapping.member(key)
        }
    }

    private func proxyProtocol(_ mapping: MappingReader, isUnix: Bool) -> ProxyProtocolConfiguration? {
        defer { mapping.finish() }
        let example = isUnix ? "from: [unix]" : "from: [10.1.0.0/24]"
        guard let node = mapping.required("from", example: example), let list = mapping.list("from") else { return nil }
        if list.isEmpty {
            report.error(at: node.position, "`from` is empty, so nobody could connect", hint: "write `\(example)`")
            return nil
        }
        guard !isUnix else {
            for element in list {
                guard let text = element.text("from", report), text.value != "unix" else { continue }
                report.error(
                    at: text.position, "the peers of a Unix socket have no address", hint: "write `from: [unix]`")
            }
            return ProxyProtocolConfiguration(networks: [])
        }
        return ProxyProtocolConfiguration(networks: list.compactMap { $0.network("from", report) })
    }
}

extension ListenerConfiguration.Binding {
    /// Port 0 is another port each time.
    fileprivate var mayRepeat: Bool {
        switch self {
        case .address(_, let port), .interface(_, _, _, let port): port == 0
        case .unix, .inherited: false
        }
    }
}
