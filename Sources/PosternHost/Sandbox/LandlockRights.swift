/// What Landlock may forbid in the file system, as the kernel's bits (landlock(7), LANDLOCK_ACCESS_FS_*).
struct LandlockRights: OptionSet {
    let rawValue: UInt64

    static let execute = LandlockRights(rawValue: 1 << 0)
    static let writeFile = LandlockRights(rawValue: 1 << 1)
    static let readFile = LandlockRights(rawValue: 1 << 2)
    static let readDirectory = LandlockRights(rawValue: 1 << 3)
    static let removeFile = LandlockRights(rawValue: 1 << 5)
    static let makeFile = LandlockRights(rawValue: 1 << 8)
    static let makeSocket = LandlockRights(rawValue: 1 << 9)
    static let truncate = LandlockRights(rawValue: 1 << 14)
    static let controlDevice = LandlockRights(rawValue: 1 << 15)

    /// Every right that the version of the interface knows: what is in no rule is forbidden. REFER came with 2, TRUNCATE
    /// with 3, IOCTL_DEV with 5.
    static func known(inVersion version: Int) -> LandlockRights {
        let bits =
            switch version {
            case ...0: 0
            case 1: 13
            case 2: 14
            case 3, 4: 15
            default: 16
            }
        return LandlockRights(rawValue: (1 << UInt64(bits)) - 1)
    }

    /// Those that mean something for a file that is no directory; the kernel refuses others there.
    static let ofFiles: LandlockRights = [.execute, .writeFile, .readFile, .truncate, .controlDevice]

    static let reading: LandlockRights = [.readFile, .readDirectory]
    /// Files and sockets are made, renamed within their directory, removed and written; no directory, device or link.
    static let writing: LandlockRights = [
        .readFile, .readDirectory, .writeFile, .truncate, .removeFile, .makeFile, .makeSocket, .controlDevice,
    ]
}
