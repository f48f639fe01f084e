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

extension LandlockStatus {
    /// What a predecessor says in the environment; the kernel has no way to ask it.
    private static let variable = "POSTERN_SANDBOX"

    /// For the programs that this one executes. The environment of a C program has no lock: before other threads run.
    func tellSuccessors() { setenv(Self.variable, told, 1) }

    var told: String {
        (["abi \(abi)"] + read.map { "read \($0)" } + write.map { "write \($0)" }).joined(separator: "\n")
    }

    /// - Returns: nil where nothing is said, or where it is not so: the root directory could be listed although it is not
    ///   among the places.
    static func ofPredecessor() -> LandlockStatus? {
        guard let text = getenv(variable).map({ String(cString: $0) }), let status = LandlockStatus(told: text)
        else { return nil }
        if status.read.contains("/") || status.write.contains("/") { return status }
        let root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard root >= 0 else { return status }
        close(root)
        return nil
    }

    init?(told text: String) {
        self.init(abi: 0, confined: true)
        for line in text.split(separator: "\n") {
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
