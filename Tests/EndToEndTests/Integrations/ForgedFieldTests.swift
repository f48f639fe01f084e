import Testing

@Suite("Fields that only the gateway may say")
struct ForgedFieldTests {
    /// What the upstream sees of a request with these fields.
    private func seen(_ fields: [String], options: String = "") throws -> Message {
        let back = try BackEnd(answering: { _ in reply("ok") })
        let gateway = try Gateway(
            Configuration(["GET /x": "\(back.uri)/x"], options: "defaultApi: shop\(options)"))
        #expect(try gateway.get("/dev/x", fields).status == 200)
        return try #require(back.requests.first)
    }

    @Test(
        "Whatever begins with X-Forwarded- stays behind, whoever made it up",
        arguments: [
            "X-Forwarded-User", "X-Forwarded-Prefix", "X-Forwarded-Ssl", "x-fORWARDED-anything", "X-Forwarded-A",
        ])
    func forwarded(name: String) throws {
        let request = try seen(["\(name): forged", "X-Forwardedish: mine", "X-Forwarded: mine"])
        #expect(!request.head.contains("forged"))
        #expect(request["X-Forwardedish"] == "mine")
        #expect(request["X-Forwarded-For"] == "127.0.0.1")
    }

    @Test(
        "Where underscores are allowed a name that reads as one of ours stays behind as well",
        arguments: [
            "X_Forwarded_For", "X_Forwarded-For", "x-forwarded_user", "X_FORWARDED_SSL", "X_Real_IP", "Client_Cert",
            "client_cert_chain", "X_Amzn_RequestId", "Content_Length", "Transfer_Encoding",
        ])
    func underscores(name: String) throws {
        let request = try seen(
            ["\(name): 4711", "my_header: 1", "_: 2", "X_Forwardedish: 3"], options: ", underscoreHeaders: true")
        #expect(!request.head.contains("4711"))
        #expect(request["my_header"] == "1")
        #expect(request["_"] == "2")
        #expect(request["X_Forwardedish"] == "3")
        #expect(request["X-Forwarded-For"] == "127.0.0.1")
    }
}
