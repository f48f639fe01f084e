import Glibc

/// Tells systemd how the service is, by the protocol of sd_notify(3); does nothing when nobody asked.
///
/// - Parameter descriptors: passed along, as `FDSTORE=1` wants.
package func notifyServiceManager(_ state: String, descriptors: [CInt] = []) {
    guard let variable = getenv("NOTIFY_SOCKET"), let address = UnixSocketAddress(path: String(cString: variable))
    else {
        return
    }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    _ = DescriptorMessage(Array(state.utf8), descriptors: descriptors).send(on: descriptor, to: address)
}

/// Whether a service manager wants to hear of us (`NOTIFY_SOCKET`).
package var hasServiceManager: Bool { getenv("NOTIFY_SOCKET") != nil }
