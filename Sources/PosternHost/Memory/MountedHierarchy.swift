import Glibc

/// Where the control groups of one hierarchy that holds memory controls can be read, and which of them this process is in.
struct MountedHierarchy: Equatable {
    enum Version { case v1, v2 }

    var version: Version
    /// The group's directories, its own first, then those above it up to the mount.
    var directories: [String]

    /// Reads `/proc/self/cgroup` and `/proc/self/mountinfo` (cgroups(7), proc_pid_mountinfo(5)); version 2 where both have
    /// memory controls, which is where systemd puts limits then. Empty where neither is mounted.
    ///
    /// - Parameter root: in front of every path; for tests, else empty.
    static func ofProcess(root: String) -> [MountedHierarchy] {
        guard let groups = FileText.read("\(root)/proc/self/cgroup"),
            let mounts = FileText.read("\(root)/proc/self/mountinfo")
        else { return [] }
        return [Version.v2, .v1].compactMap { version in
            guard let group = path(of: version, in: groups), let mount = mount(of: version, in: mounts) else {
                return nil
            }
            return MountedHierarchy(
                version: version,
                directories: directories(of: group, mount.point, mount.root).map { root + $0 })
        }
    }

    /// The third part of `0::/path`, or of `4:memory:/path`.
    private static func path(of version: Version, in text: String) -> String? {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isIt =
                switch version {
                case .v2: parts[0] == "0" && parts[1].isEmpty
                case .v1: parts[1].split(separator: ",").contains("memory")
                }
            if isIt { return String(parts[2]) }
        }
        return nil
    }

    /// `36 35 98:0 /root /mount/point options … - cgroup source super,options`
    private static func mount(of version: Version, in text: String) -> (point: String, root: String)? {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else { continue }
            let isIt =
                switch version {
                case .v2: fields[dash + 1] == "cgroup2"
                case .v1:
                    fields[dash + 1] == "cgroup" && fields[dash + 3].split(separator: ",").contains("memory")
                }
            if isIt { return (unescaped(fields[4]), unescaped(fields[3])) }
        }
        return nil
    }

    /// A container may see its own group as the mount's root, or as a path outside of what is mounted (`/../..`); then the
    /// mount itself is the best that is known.
    private static func directories(of group: String, _ point: String, _ root: String) -> [String] {
        var below = group
        if root != "/" {
            guard group == root || group.hasPrefix(root + "/") else { return [point] }
            below = String(group.dropFirst(root.count))
        }
        var parts = below.split(separator: "/")
        if parts.contains("..") { return [point] }
        var directories: [String] = []
        while !parts.isEmpty {
            directories.append("\(point)/\(parts.joined(separator: "/"))")
            parts.removeLast()
        }
        return directories + [point]
    }

    /// Blanks and the like are written as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
