import Glibc
import PosternControl
import PosternPolicy

/// A configuration on disk for the length of a test.
final class ConfigurationTree {
    let directory: String
    private var created: [String] = []

    /// - parameter files: text by path relative to the directory.
    convenience init(_ files: [String: String]) {
        self.init(bytes: files.mapValues { Array($0.utf8) })
    }

    init(bytes files: [String: [UInt8]]) {
        var template = Array("/tmp/postern-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil)
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        makeDirectory("apis.d")
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
            let path = "\(directory)/\(name)"
            let descriptor = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
            precondition(
                descriptor >= 0 && write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(path)")
            close(descriptor)
            created.append(path)
        }
    }

    func makeDirectory(_ name: String) {
        precondition(mkdir("\(directory)/\(name)", 0o700) == 0)
        created.append("\(directory)/\(name)")
    }

    func makeFIFO(_ name: String) {
        precondition(mkfifo("\(directory)/\(name)", 0o600) == 0)
        created.append("\(directory)/\(name)")
    }

    func remove(_ name: String) {
        Glibc.remove("\(directory)/\(name)")
    }

    deinit {
        for path in created.reversed() { Glibc.remove(path) }
        rmdir(directory)
    }

    func load() throws(Diagnostics) -> LoadedConfiguration {
        try ConfigurationLoader.load(path: directory)
    }

    /// Every error or, when there is none, every warning, with paths relative to the directory.
    func report() -> [String] {
        do throws(Diagnostics) {
            return try load().warnings.map(relative)
        } catch {
            return error.all.map(relative)
        }
    }

    private func relative(_ diagnostic: Diagnostic) -> String {
        var text = diagnostic.description[...]
        var result = ""
        while let next = text.first {
            if text.hasPrefix(directory + "/") {
                text = text.dropFirst(directory.count + 1)
            } else {
                result.append(next)
                text = text.dropFirst()
            }
        }
        return result
    }
}

let plainProcess = """
    listeners:
      - {id: vpce-mesh, address: 127.0.0.1, port: 8080}
    """

let allowAll = """
    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}]}
    """

let plainAPI = """
    id: shop
    policy: allow.json
    stages: {dev: {}}
    routes: {GET /health: {type: MOCK}}
    """
