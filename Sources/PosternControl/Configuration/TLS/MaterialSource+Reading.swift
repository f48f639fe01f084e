import PosternModel
import PosternPolicy

/// What a setting may name.
enum MaterialKind {
    /// PEM in a file or a credential.
    case certificates
    /// The same, or a directory of such files.
    case collection
    /// The same as certificates, or the URI of a store.
    case key
    /// A file or a credential.
    case secret
}

extension DocumentNode {
    /// A path relative to the file, `credential:name`, or for keys a URI of a store.
    func material(_ name: String, _ kind: MaterialKind, _ report: ProblemReport) -> MaterialSource? {
        guard let text = text(name, report) else { return nil }
        do throws(DeclarationProblem) {
            return MaterialSource(try DocumentNode.place(text.value, kind, besides: position.file), at: position)
        } catch {
            report.add([error.diagnostic(at: position)])
            return nil
        }
    }

    private static func place(
        _ text: String, _ kind: MaterialKind, besides file: String
    ) throws(DeclarationProblem) -> MaterialSource.Place {
        guard !text.isEmpty, text.utf8.count <= 4_096, !text.utf8.contains(0) else {
            throw DeclarationProblem("`\(text.abbreviated)` names no file", hint: "a path, or `credential:name`")
        }
        if text.hasPrefix("credential:") {
            let name = String(text.dropFirst("credential:".count))
            guard (1...255).contains(name.utf8.count), !name.contains("/"), name != ".", name != ".." else {
                throw DeclarationProblem(
                    "`\(name.abbreviated)` is not a credential's name", hint: "as in `LoadCredential=`, without `/`")
            }
            return .credential(name)
        }
        guard let scheme = scheme(of: text) else { return .path(ConfigurationFile.path(text, besides: file)) }
        guard kind == .key else {
            throw DeclarationProblem(
                "`\(text.abbreviated)` is a URI of `\(scheme)`, which only a key may have",
                hint: "a path, or `credential:name`")
        }
        return .store(text)
    }

    /// RFC 3986, section 3.1. A path has no colon before its first slash; who has such a file writes `./a:b`.
    private static func scheme(of text: String) -> Substring? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = text[..<colon]
        guard let first = scheme.utf8.first, first.isLetterOrDigit, !first.isDigit,
            scheme.utf8.allSatisfy({ $0.isLetterOrDigit || $0.isAny(of: "+-.") })
        else { return nil }
        return scheme
    }
}

extension MappingReader {
    func material(_ key: String, _ kind: MaterialKind) -> MaterialSource? { node(key)?.material(key, kind, report) }

    /// A list of at least one; nil when the key is missing. What cannot be used is left out and reported.
    func materials(_ key: String, example: String) -> [MaterialSource]? {
        guard let node = node(key), let list = list(key) else { return nil }
        if list.isEmpty { report.error(at: node.position, "`\(key)` is empty", hint: "write `\(example)`") }
        return list.compactMap { $0.material(key, .collection, report) }
    }

    /// `certificate` and `key`, which stand together or not at all.
    func keyPair() -> KeyPairSource? {
        let certificate = material("certificate", .certificates)
        let key = material("key", .key)
        for (present, missing) in [("certificate", "key"), ("key", "certificate")] where has(present) && !has(missing) {
            report.error(
                at: node(present)?.position ?? position, "`\(present)` stands without `\(missing)`",
                hint: "add `\(missing): tls/name.pem`")
        }
        guard let certificate, let key else { return nil }
        return KeyPairSource(certificate: certificate, key: key)
    }

    func versionFloor() -> TLSVersionFloor? { choice("minimumVersion", of: TLSVersionFloor.self) }

    func responder() -> ResponderURL? {
        guard let text = text("responder") else { return nil }
        do throws(DeclarationProblem) {
            return try ResponderURL(text.value)
        } catch {
            report.add([error.diagnostic(at: text.position)])
            return nil
        }
    }
}
