import Glibc
import Synchronization

/// How Landlock confines this process's access to files.
package struct LandlockStatus: Codable, Sendable, Equatable {
    /// The kernel's version of the interface; 0: it has none.
    package var abi: Int
    /// Whether access is confined to the places below.
    package var confined: Bool
    /// What may be read, and what may also be written: files, and directories with everything beneath them.
    package var read: [String]
    package var write: [String]

    package init(abi: Int, confined: Bool, read: [String] = [], write: [String] = []) {
        self.abi = abi
        self.confined = confined
        self.read = read
        self.write = write
    }

    private static let current = Mutex<LandlockStatus?>(nil)

    /// As the program has been told to confine itself, or as its predecessor was.
    package static func ofProcess() -> LandlockStatus {
        current.withLock { $0 } ?? LandlockStatus(abi: Landlock.version, confined: false)
    }

    static func record(_ status: LandlockStatus) { current.withLock { $0 = status } }
}

// MARK: - Over an upgrade

/// The kernel has no way to ask it, and whoever starts a program may put anything into its environment. So a process is told by
/// the one that executed it, in their handover.
extension LandlockStatus {
    /// A line for each fact; none where the process is not confined.
    var told: [String] {
        confined ? ["abi \(abi)"] + read.map { "read \($0)" } + write.map { "write \($0)" } : []
    }

    /// - Returns: nil where nothing is told, or what no predecessor says.
    init?(told lines: [String]) {
        self.init(abi: 0, confined: true)
        for line in lines {
            guard let space = line.firstIndex(of: " ") else { return nil }
            let value = String(line[line.index(after: space)...])
            switch line[..<space] {
            case "abi":
                guard let version = Int(value), version > 0 else { return nil }
                abi = version
            case "read": read.append(value)
            case "write": write.append(value)
            default: return nil
            }
        }
        guard abi > 0 else { return nil }
    }
}
