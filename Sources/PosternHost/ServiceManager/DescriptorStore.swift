/// The service manager's store of descriptors: what is put there stays open while the service restarts, and comes back to its
/// next process as `LISTEN_FDS` (sd_notify(3), `FDSTORE=1`; the unit's `FileDescriptorStoreMax=` says how many).
package enum DescriptorStore {
    /// Puts descriptors there under a name. One that is there already stays as it is: systemd compares the open files.
    ///
    /// They are not watched (`FDPOLL=0`): only we say when one is no longer wanted.
    package static func put(_ descriptors: [CInt], name: String) {
        var rest = descriptors[...]
        while !rest.isEmpty {
            let part = rest.prefix(DescriptorMessage.mostDescriptors)
            rest = rest.dropFirst(part.count)
            notifyServiceManager("FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0", descriptors: Array(part))
        }
    }

    /// Closes every descriptor of this name there.
    package static func remove(name: String) { notifyServiceManager("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    /// Whether systemd takes it for a name: up to 255 bytes of ASCII, without control characters and `:`, which separates
    /// names in `LISTEN_FDNAMES`.
    package static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 255
            && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
    }
}
