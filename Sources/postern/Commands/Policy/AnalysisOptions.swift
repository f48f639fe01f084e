import ArgumentParser
import PosternControl
import PosternPolicy

/// Which API a policy is looked at for.
struct AnalysisOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The API: its own file, postern.yaml, or the directory that holds it. Without it any route may be.",
            valueName: "path"))
    var api: String?
    @Option(name: .customLong("api-id"), help: "The API's id, where there are several or no --api.") var apiID: String?
    @Option(help: "The account in ARNs; with a configuration, its own.") var account: String?
    @Option(help: "The region in ARNs; with a configuration, its own.") var region: String?

    /// - Parameter file: what the last of the documents was read from; if it is an API's it tells what `--api` would.
    func place(of documents: [DocumentNode], in file: String) throws(Diagnostics) -> PolicyPlace {
        if let api = api ?? (PolicyFile.isAPI(file) ? file : nil) {
            return try PolicyPlace.load(path: api, id: apiID, account: account, region: region)
        }
        let named = PolicyScope(namedIn: documents)
        return PolicyPlace(
            scope: PolicyScope(
                partition: named?.partition ?? "aws", region: region ?? named?.region ?? "local",
                account: account ?? named?.account ?? "000000000000", apiID: apiID ?? named?.apiID ?? "api"))
    }
}
