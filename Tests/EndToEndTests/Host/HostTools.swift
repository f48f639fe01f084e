import Foundation

/// What the tests on a real systemd need: a machine that can boot containers, a Debian to boot, and our package.
enum HostTools {
    private static let build = URL(filePath: #filePath).appending(path: "../../../../.build").standardized.path

    /// Made by `Tests/host-root`, never written to.
    static let root = ProcessInfo.processInfo.environment["POSTERN_HOST_ROOT"] ?? "\(build)/host-root"

    /// `POSTERN_DEB` in the environment, or what `systemd/build-deb` has made.
    static let package: String? = {
        if let named = ProcessInfo.processInfo.environment["POSTERN_DEB"] { return named }
        let folder = "\(build)/deb"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix("postern_") && $0.hasSuffix(".deb") }.sorted().last.map { "\(folder)/\($0)" }
    }()

    /// Why there can be no tests on a real systemd here; nil when there can.
    static let obstacle: String? = {
        if !Machine.isRoot { return "the tests on a real systemd need root" }
        for tool in ["systemd-nspawn", "nsenter", "dpkg-deb"] where !Machine.has(tool) {
            return "the tests on a real systemd need `\(tool)`"
        }
        guard access("\(root)/usr/lib/systemd/systemd", X_OK) == 0 else {
            return "the tests on a real systemd need a Debian to boot; `Tests/host-root` makes it"
        }
        guard let package, access(package, R_OK) == 0 else {
            return "the tests on a real systemd need the package; `systemd/build-deb` makes it"
        }
        do {
            _ = try Container()
            return nil
        } catch {
            return "this machine boots no container: \(error)"
        }
    }()

    /// Our package once more, as another version, in a file of the folder.
    static func package(as version: String, in folder: TemporaryDirectory) throws -> String {
        let (tree, file) = (folder.file("tree-\(version)"), folder.file("postern_\(version).deb"))
        for command in [
            ["dpkg-deb", "--raw-extract", package!, tree],
            ["sed", "-i", "s/^Version: .*/Version: \(version)/", "\(tree)/DEBIAN/control"],
            ["dpkg-deb", "-Znone", "--root-owner-group", "--build", tree, file],
        ] {
            let result = try Child.run(command)
            guard result.status == 0 else { throw Container.Failure("\(command): \(result)") }
        }
        return file
    }
}
