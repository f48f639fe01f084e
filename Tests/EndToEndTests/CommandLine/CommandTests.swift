import Foundation
import Testing

@Suite("The other commands")
struct CommandTests {
    @Test("version and --version agree, help is worth reading, and a mistake is 64")
    func basics() throws {
        let version = try Postern.run("version")
        #expect(version.status == 0)
        #expect(version.output.wholeMatch(of: /postern \d+\.\d+\.\d+.*\n/) != nil)
        let flag = try Postern.run("--version").output.trimmingCharacters(in: .newlines)
        #expect(version.output.contains(flag))
        let help = try Postern.run("--help")
        #expect(help.status == 0)
        for command in ["serve", "check", "routes", "status", "reload", "quickstart", "version"] {
            #expect(help.output.contains(command))
            let own = try Postern.run("help", command)
            #expect(own.status == 0)
            #expect(own.output.contains("OVERVIEW:"))
        }
        #expect(try Postern.run("server").status == 64)
        #expect(try Postern.run("check", "--confg", "x").status == 64)
    }

    @Test("routes --match tells which route a request takes, and why one takes none")
    func routes() throws {
        let directory = try TemporaryDirectory()
        let configuration = try Configuration([
            "GET /orders/{id}": "http://127.0.0.1:9001/o/{id}", "ANY /cart/{rest+}": "{type: MOCK}",
        ])
        try configuration.write(to: directory)
        func match(_ request: String, _ more: String...) throws -> Child.Result {
            try Child.run([Postern.path, "routes", "--config", directory.path, "--match", request] + more)
        }
        let found = try match("GET /dev/orders/7")
        #expect(found.status == 0)
        for text in ["GET /orders/{id}", "dev", "7", "127.0.0.1:9001"] {
            #expect(found.output.contains(text), "\(found)")
        }
        #expect(try match("POST /dev/orders/7").status == 77)
        #expect(try match("GET /test/orders/7").status == 77)
        #expect(try match("GET /dev/nothing").status == 77)
        let json = try match("PUT /dev/cart/a/b", "--json", "--api", "shop")
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(rows.first?["resourcePath"] as? String == "/cart/{rest+}")
        #expect((rows.first?["parameters"] as? [String: String])?["rest"] == "a/b")
        let list = try Postern.run("routes", "--config", directory.path)
        #expect(list.status == 0)
        #expect(list.output.contains("/orders/{id}"))
        #expect(try match("GET /dev/x", "--api", "nobody").status == 64)
        #expect(
            try match("GET /dev/orders/7", "--host", "shop-vpce-a.internal:8080").output.hasPrefix("shop: served by"))
        let nobody = try match("GET /dev/orders/7", "--host", "nobody")
        #expect(nobody.status == 77 && nobody.errors.contains("names neither a domain nor an API"), "\(nobody)")
    }
}
