import Glibc

/// One message between processes of this machine: bytes, and open descriptors beside them (unix(7), `SCM_RIGHTS`).
package struct DescriptorMessage {
    package var bytes: [UInt8]
    /// Of the receiver: its own numbers for the sender's open files, closed on exec. Whoever takes the message closes them.
    package var descriptors: [CInt]

    /// More than the kernel takes in one message (`SCM_MAX_FD`).
    package static let mostDescriptors = 253

    package init(_ bytes: [UInt8], descriptors: [CInt] = []) {
        self.bytes = bytes
        self.descriptors = descriptors
    }

    /// A control message's header (cmsg(3)): its length, `SOL_SOCKET`, `SCM_RIGHTS`; 16 bytes, and data behind them padded
    /// to a multiple of 8.
    private static let headerSize = MemoryLayout<cmsghdr>.size

    private static func controlSize(_ count: Int) -> Int {
        headerSize + (count * MemoryLayout<CInt>.size + 7) / 8 * 8
    }

    /// Sends it whole; the sender's descriptors stay open.
    ///
    /// - Parameter address: where to, for a socket that is not connected.
    /// - Returns: 0, or the error number of sendmsg(2).
    package func send(on socket: CInt, to address: UnixSocketAddress? = nil) -> CInt {
        precondition(descriptors.count <= Self.mostDescriptors, "too many descriptors for one message")
        var control = [UInt8](repeating: 0, count: descriptors.isEmpty ? 0 : Self.controlSize(descriptors.count))
        if !descriptors.isEmpty {
            var header = cmsghdr()
            header.cmsg_len = Self.headerSize + descriptors.count * MemoryLayout<CInt>.size
            header.cmsg_level = SOL_SOCKET
            header.cmsg_type = CInt(SCM_RIGHTS)
            control.withUnsafeMutableBytes { buffer in
                buffer.storeBytes(of: header, as: cmsghdr.self)
                descriptors.withUnsafeBytes { buffer[Self.headerSize...].copyBytes(from: $0) }
            }
        }
        func call(_ name: UnsafePointer<sockaddr>?, _ nameLength: socklen_t) -> CInt {
            let count = Self.withMessage(bytes: bytes, control: control, name: name, nameLength) { message in
                var count: Int
                repeat { count = sendmsg(socket, message, CInt(MSG_NOSIGNAL)) } while count < 0
                    && errno == EINTR
                return count
            }
            return count < 0 ? errno : 0
        }
        return address?.withPointer(call) ?? call(nil, 0)
    }

    private static func withMessage(
        bytes: [UInt8], control: [UInt8], name: UnsafePointer<sockaddr>?, _ nameLength: socklen_t,
        _ body: (UnsafePointer<msghdr>) -> Int
    ) -> Int {
        bytes.withUnsafeBytes { bytes in
            control.withUnsafeBytes { control in
                // sendmsg(2) writes to none of these.
                var part = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_name = UnsafeMutableRawPointer(mutating: name)
                    message.msg_namelen = nameLength
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = UnsafeMutableRawPointer(mutating: control.baseAddress)
                    message.msg_controllen = control.count
                    return body(&message)
                }
            }
        }
    }

    package enum Received {
        case message(DescriptorMessage)
        /// The other side has closed.
        case end
        /// The error number of recvmsg(2): `EAGAIN` where nothing has come yet; `EMSGSIZE` for a message that is longer
        /// than 64 KiB, which is dropped.
        case failed(CInt)
    }

    private static let mostBytes = 65_536

    /// Takes the next message of a socket that keeps messages apart (`SOCK_SEQPACKET`, `SOCK_DGRAM`). An empty one counts as the
    /// end.
    package static func receive(on socket: CInt, waits: Bool) -> Received {
        var bytes = [UInt8](repeating: 0, count: mostBytes)
        var control = [UInt8](repeating: 0, count: controlSize(mostDescriptors))
        var header = msghdr()
        var flags = CInt(MSG_CMSG_CLOEXEC)
        if !waits { flags |= CInt(MSG_DONTWAIT) }
        let count = bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    header.msg_iov = part
                    header.msg_iovlen = 1
                    header.msg_control = control.baseAddress
                    header.msg_controllen = control.count
                    var count: Int
                    repeat { count = recvmsg(socket, &header, flags) } while count < 0 && errno == EINTR
                    return count
                }
            }
        }
        if count < 0 { return .failed(errno) }
        let descriptors = descriptors(in: control[..<Int(header.msg_controllen)])
        if count == 0 || header.msg_flags & CInt(MSG_TRUNC) != 0 {
            for descriptor in descriptors { close(descriptor) }
            return count == 0 ? .end : .failed(EMSGSIZE)
        }
        return .message(DescriptorMessage(Array(bytes[..<count]), descriptors: descriptors))
    }

    private static func descriptors(in control: ArraySlice<UInt8>) -> [CInt] {
        var found: [CInt] = []
        control.withUnsafeBytes { buffer in
            var offset = 0
            while offset + headerSize <= buffer.count {
                let header = buffer.loadUnaligned(fromByteOffset: offset, as: cmsghdr.self)
                let end = offset + Int(header.cmsg_len)
                guard header.cmsg_len >= headerSize, end <= buffer.count else { return }
                if header.cmsg_level == SOL_SOCKET, header.cmsg_type == CInt(SCM_RIGHTS) {
                    for place in stride(from: offset + headerSize, to: end, by: MemoryLayout<CInt>.size) {
                        found.append(buffer.loadUnaligned(fromByteOffset: place, as: CInt.self))
                    }
                }
                offset += (Int(header.cmsg_len) + 7) / 8 * 8
            }
        }
        return found
    }
}
