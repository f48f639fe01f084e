import CLinux
import Glibc

/// Confines the calling thread, and those that it starts, to some places of the file system, for good (landlock(7)).
package enum Landlock {
    /// Of the kernel's interface; 0 where it has none or it is switched off.
    package static var version: Int { max(0, postern_landlock_version()) }

    package enum Failure: Error, Equatable, CustomStringConvertible {
        case notThere
        case system(String, subject: String, code: Int32)

        package var description: String {
            switch self {
            case .notThere:
                "this kernel has no Landlock, which `sandbox.landlock: required` asks for; enable it (`lsm=landlock,…`), or "
                    + "write `auto`"
            case .system(let call, let subject, let code):
                "\(call) failed for `\(subject)`: \(String(cString: strerror(code)).lowercased())"
            }
        }
    }

    /// Run it before any other thread exists, after no_new_privs is set.
    ///
    /// - Throws: ``Failure/notThere`` where the kernel has no Landlock.
    package static func confine(to places: LandlockPlaces) throws(Failure) {
        let version = version
        guard version > 0 else { throw .notThere }
        let ruleset = try create(version)
        defer { close(ruleset) }
        let known = LandlockRights.known(inVersion: version)
        for path in places.read.sorted() { try allow(.reading.intersection(known), path, ruleset) }
        for path in places.execute.sorted() {
            try allow(LandlockRights.reading.union(.execute).intersection(known), path, ruleset)
        }
        for path in places.write.sorted() { try allow(.writing.intersection(known), path, ruleset) }
        guard postern_landlock_restrict(ruleset) == 0 else {
            throw .system("landlock_restrict_self", subject: "this process", code: errno)
        }
        LandlockStatus.record(
            LandlockStatus(
                abi: version, confined: true, read: real(places.read.union(places.execute)), write: real(places.write)))
    }

    /// A successor that a confined process executed (`postern upgrade`) is confined already and adds nothing: the kernel
    /// stacks at most 16 layers, and none can widen those below it.
    package static func adopt(_ predecessor: LandlockStatus) { LandlockStatus.record(predecessor) }

    /// All rights to files are handled. Not so:
    /// - binding and connecting by port (ABI 4): the next reload may name other ports;
    /// - abstract Unix sockets (ABI 6): listeners, upstreams and the service manager's notifications may be such.
    ///
    /// Signals to processes outside are forbidden where the kernel can (ABI 6): we send none.
    private static func create(_ version: Int) throws(Failure) -> CInt {
        var ruleset = postern_landlock_ruleset()
        ruleset.handled_access_fs = LandlockRights.known(inVersion: version).rawValue
        if version >= 6 { ruleset.scoped = 1 << 1 }
        let descriptor = postern_landlock_create(&ruleset)
        guard descriptor >= 0 else { throw .system("landlock_create_ruleset", subject: "this process", code: errno) }
        return CInt(descriptor)
    }

    /// O_PATH of fcntl.h, which is hidden from Swift: to name a file without the right to read it.
    private static let openPath: CInt = 0o10_000_000

    /// A place that does not exist is left out: nothing there can be asked for either.
    private static func allow(_ rights: LandlockRights, _ path: String, _ ruleset: CInt) throws(Failure) {
        let place = open(path, Self.openPath | O_CLOEXEC)
        guard place >= 0 else {
            if [ENOENT, ENOTDIR, EACCES].contains(errno) { return }
            throw .system("open", subject: path, code: errno)
        }
        defer { close(place) }
        var status = stat()
        guard fstat(place, &status) == 0 else { throw .system("fstat", subject: path, code: errno) }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        var rule = postern_landlock_path()
        rule.allowed_access = (isDirectory ? rights : rights.intersection(.ofFiles)).rawValue
        rule.parent_fd = place
        guard postern_landlock_allow(ruleset, &rule) == 0 else {
            throw .system("landlock_add_rule", subject: path, code: errno)
        }
    }

    /// As the kernel knows them, those that exist.
    private static func real(_ paths: Set<String>) -> [String] {
        let found = paths.compactMap { path -> String? in
            guard let real = realpath(path, nil) else { return nil }
            defer { free(real) }
            return String(cString: real)
        }
        return Set(found).sorted()
    }
}
