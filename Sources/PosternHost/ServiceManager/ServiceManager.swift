import Glibc

/// Tells systemd how the service is, by the protocol of sd_notify(3); does nothing when nobody asked.
package func notifyServiceManager(_ state: String) {
    guard let variable = getenv("NOTIFY_SOCKET"), let address = UnixSocketAddress(path: String(cString: variable))
    else {
        return
    }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    Array(state.utf8).withUnsafeBytes { text in
        address.withPointer { pointer, length in
            _ = sendto(descriptor, text.baseAddress, text.count, Int32(MSG_NOSIGNAL), pointer, length)
        }
    }
}
