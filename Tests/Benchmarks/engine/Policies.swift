import PosternPolicy

/// Documents of the kinds that are measured, about an API `shop`.
enum Policies {
    static let scope = PolicyScope(region: "local", account: "000000000000", apiID: "shop")

    static func read(_ statements: [String]) -> DocumentNode {
        let text = "{\"Version\":\"2012-10-17\",\"Statement\":[\(statements.joined(separator: ","))]}"
        return try! JSONReader.read(text.utf8, file: "policy.json")
    }

    static func compile(_ document: DocumentNode) -> Policy { try! Policy.compile(document, for: scope) }

    static func statement(_ effect: String, _ resource: String, _ condition: String = "{}") -> String {
        #"{"Effect":"\#(effect)","Principal":"*","Action":"execute-api:Invoke","Resource":"\#(resource)","Condition":\#(condition)}"#
    }

    /// A path each; the request's is the last or none.
    static func paths(_ count: Int, last: String) -> [String] {
        (0..<count - 1).map { statement("Allow", "execute-api:/dev/GET/order/\($0)x") }
            + [statement("Allow", "execute-api:/dev/GET/order/\(last)")]
    }

    /// What a gateway's policy may well be: denies on methods, paths, agents and networks before allows of paths.
    static var mixed: [String] {
        let agents = ["*bot*", "curl/7*", "python-requests/*", ""].map { #"{"StringLike":{"aws:UserAgent":"\#($0)"}}"# }
        let denies =
            agents.map { statement("Deny", "execute-api:/*", $0) }
            + ["DELETE/*", "PUT/admin/*", "*/internal/*", "GET/order/*/secret"].map {
                statement("Deny", "execute-api:/dev/\($0)")
            }
            + [
                statement("Deny", "execute-api:/*", #"{"NotIpAddress":{"aws:VpcSourceIp":["10.0.0.0/8","fd00::/8"]}}"#),
                statement("Deny", "execute-api:/*", #"{"DateLessThan":{"aws:CurrentTime":"2020-01-01"}}"#),
            ]
        let allows = (0..<9).map { statement("Allow", "execute-api:/dev/GET/service-\($0)/*") }
        return denies + allows + [statement("Allow", "execute-api:/dev/GET/order/*")]
    }

    /// Networks that do not touch each other, so that none can be joined.
    static func networks(_ count: Int) -> [String] {
        let listed = (0..<count).map { number in
            let first = 0x0B00_0000 + 512 * number
            return "\"\(first >> 24).\(first >> 16 & 255).\(first >> 8 & 255).0/24\""
        }
        let condition = "{\"IpAddress\":{\"aws:VpcSourceIp\":[\(listed.joined(separator: ","))]}}"
        return [statement("Allow", "execute-api:/*", condition)]
    }
}
