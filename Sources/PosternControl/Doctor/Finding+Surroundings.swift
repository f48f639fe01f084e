package import PosternHost

/// What the gateway takes for granted of the machine around it: time, names, users, directories, confinement.
extension Finding {
    /// - Parameter needsTime: certificates are judged by it.
    package static func clock(_ clock: ClockState, builtIn year: Int, needsTime: Bool) -> Finding {
        if clock.year < year {
            return .failed(
                "clock", "the date is in \(clock.year), before this program was built",
                "set the clock; `timedatectl` shows who keeps it")
        }
        switch clock.isSynchronized {
        case true?: return .ok("clock", "synchronized")
        case false? where needsTime:
            return .warning(
                "clock", "not synchronized, and certificates are judged by it",
                "run a time service, such as systemd-timesyncd or chrony")
        case false?: return .ok("clock", "not synchronized; only the log's times depend on it")
        case nil: return .ok("clock", "the kernel does not tell whether it is synchronized")
        }
    }

    private static let slowLookupMilliseconds = 1_000

    /// - Parameter lookups: of upstreams' names, none where all are addresses.
    package static func names(_ lookups: [NameLookup], hasResolverFile: Bool) -> [Finding] {
        guard !lookups.isEmpty else { return [.ok("names", "no upstream is named by a host name")] }
        var findings: [Finding] = []
        if !hasResolverFile {
            findings.append(
                .warning(
                    "names",
                    "there is no `/etc/resolv.conf`, so that only `/etc/hosts` and a server on this machine answer",
                    "name a server in it, or enable systemd-resolved"))
        }
        for lookup in lookups {
            if let failure = lookup.failure {
                findings.append(
                    .failed(
                        "names", "`\(lookup.name)` has no address: \(failure)",
                        "`getent ahosts \(lookup.name)` asks the same; correct the upstream's name or the name server"))
            } else if lookup.milliseconds > slowLookupMilliseconds {
                findings.append(
                    .warning(
                        "names", "`\(lookup.name)` took \(lookup.milliseconds) ms to look up",
                        "a name server in `/etc/resolv.conf` does not answer; remove it"))
            }
        }
        let slowest = lookups.map(\.milliseconds).max() ?? 0
        return findings.isEmpty
            ? [.ok("names", "\(ReportText.count(lookups.count, "name")) of upstreams, slowest \(slowest) ms")]
            : findings
    }

    /// - Parameters:
    ///   - purpose: what lies there, in words.
    ///   - makesItself: the service manager makes the directory when it starts the service.
    package static func directory(_ state: DirectoryState, purpose: String, user: String, makesItself: Bool) -> Finding
    {
        let place = "`\(state.path)` of \(purpose)"
        switch state.access {
        case .writable: return .ok("directories", "\(place) is writable for \(user)")
        case .missing where makesItself:
            return .ok("directories", "\(place) is not there; the unit makes it at the start")
        case .missing:
            return .failed(
                "directories", "\(place) does not exist",
                "make it for \(user): `install -d -o \(user) \(state.path)`, or name it in the unit "
                    + "(`RuntimeDirectory=`, `LogsDirectory=`)")
        case .notADirectory: return .failed("directories", "\(place) is no directory", "choose another path")
        case .refused(let obstacle):
            return .failed(
                "directories", "\(user) may not write in \(place): `\(obstacle)` does not let it",
                "give it to the user or one of its groups: `ls -ld \(obstacle)`")
        case .readOnly:
            return .failed(
                "directories", "\(place) is on a file system mounted for reading only",
                "choose another path, or list it in `ReadWritePaths=`")
        }
    }

    package static func space(_ space: DirectoryState.Space, path: String) -> Finding {
        let found = "\(space.freeBytes >> 20) MiB free for the log in `\(path)`"
        if space.freeFiles == 0 {
            return .failed("space", "no file can be made in `\(path)`", "remove some; `df -i` shows how many there are")
        }
        if space.freeBytes < 16 << 20 {
            return .failed("space", found, "make room; a full disk costs log records, never requests")
        }
        let isLittle = space.freeBytes < 256 << 20 || space.freeBytes < space.bytes / 50
        return isLittle ? .warning("space", found, "make room, or rotate more often") : .ok("space", found)
    }

    /// Above this a unit is not confined as ours is.
    private static let mostExposure = 2.5

    /// - Parameters:
    ///   - exposure: of the unit; nil where there is none.
    ///   - unit: its name.
    package static func confinement(exposure: Double?, unit: String) -> Finding? {
        guard let exposure else { return nil }
        let found = "`\(unit)` has an exposure of \(exposure), 10 being the worst"
        return exposure <= mostExposure
            ? .ok("sandbox", found)
            : .warning(
                "sandbox", found,
                "`systemd-analyze security \(unit)` lists what is open; remove drop-ins that loosen it")
    }
}
