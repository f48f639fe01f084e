import Glibc

/// How much memory is in use of how much there may be, in bytes.
package struct MemoryReading: Sendable, Equatable {
    package var usage: Int
    /// Above zero.
    package var limit: Int

    package init(usage: Int, limit: Int) {
        self.usage = usage
        self.limit = limit
    }

    /// Percent; more than 100 where a limit has been lowered.
    package var percent: Double { Double(usage) * 100 / Double(limit) }
}

/// Reads how near this process is to the memory that it may have: by its control group, and by a limit of its own.
///
/// Of the group, usage is what is charged to it without the file pages that nobody has used lately (`inactive_file`),
/// which the kernel takes back first. Its limit is the smallest of `memory.max` and `memory.high` of the group and of
/// those above it: at `memory.high` the kernel slows the process down until nothing works. What neighbours use below a
/// common limit is not counted, for shedding work of ours would not give it back. Version 1 of control groups has
/// `memory.limit_in_bytes` and `total_inactive_file`.
package struct MemoryGauge: Sendable {
    private let root: String
    /// Bytes that may be resident; nil: only the group's limits count.
    private let ownLimit: Int?

    /// - Parameters:
    ///   - ownLimit: bytes, above zero.
    ///   - root: in front of every path that is read, for tests.
    package init(ownLimit: Int? = nil, root: String = "") {
        self.ownLimit = ownLimit
        self.root = root
    }

    /// The reading that leaves least room; nil where there is no limit. A few small files, some 50 µs: not for event loops.
    /// Read anew each time, for the manager may move the process and change its limits.
    package func read() -> MemoryReading? {
        var readings = MountedHierarchy.ofProcess(root: root).compactMap(Self.reading)
        if let ownLimit, let resident { readings.append(MemoryReading(usage: resident, limit: ownLimit)) }
        return readings.max { $0.percent < $1.percent }
    }

    /// Bytes (proc_pid_statm(5)).
    private var resident: Int? {
        guard let text = FileText.read("\(root)/proc/self/statm") else { return nil }
        let pages = text.split(separator: " ")
        return pages.count > 1 ? Int(pages[1]).map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) } : nil
    }

    private static func reading(_ hierarchy: MountedHierarchy) -> MemoryReading? {
        let (limitFiles, usageFile, inactive) =
            switch hierarchy.version {
            case .v2: (["memory.max", "memory.high"], "memory.current", "inactive_file")
            case .v1: (["memory.limit_in_bytes"], "memory.usage_in_bytes", "total_inactive_file")
            }
        var limit = Int.max
        for directory in hierarchy.directories {
            for file in limitFiles {
                guard let number = FileText.number("\(directory)/\(file)"), number < unlimited else { continue }
                // 0 lets nothing be, and is a limit all the same.
                limit = min(limit, max(number, 1))
            }
        }
        guard limit < Int.max, let own = hierarchy.directories.first,
            let charged = FileText.number("\(own)/\(usageFile)")
        else { return nil }
        let reclaimable = FileText.number(inactive, in: "\(own)/memory.stat") ?? 0
        return MemoryReading(usage: max(charged - reclaimable, 0), limit: limit)
    }

    /// Version 1 has no word for "none": it is the largest number of whole pages.
    private static let unlimited = 0x7FFF_FFFF_FFFF_0000
}
