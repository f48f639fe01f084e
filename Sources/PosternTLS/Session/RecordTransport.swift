import COpenSSL

/// Where a session's records come from and go to: memory of whoever moves them over a network.
package protocol RecordTransport: AnyObject {
    /// Moves received bytes into `space`, as many as there are or fit.
    /// - Returns: how many; 0 when none are left.
    func take(into space: UnsafeMutableRawBufferPointer) -> Int
    /// Takes bytes to be sent; valid during the call. There is always room: whoever writes sees to it that little
    /// waits.
    func put(_ bytes: UnsafeRawBufferPointer)
}

/// OpenSSL's view of a transport: reads come straight out of the received buffer, records go straight into the one that
/// is sent.
enum RecordBIO {
    /// Not isolated: a `BIO_METHOD` is immutable once made and lives as long as the process.
    private nonisolated(unsafe) static let method: OpaquePointer = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "postern records") else {
            preconditionFailure("no memory for a BIO method")
        }
        BIO_meth_set_read(method, read)
        BIO_meth_set_write(method, write)
        BIO_meth_set_ctrl(method, control)
        return method
    }()

    /// A BIO for `session`, which must outlive it.
    static func make(for session: TLSSession) -> OpaquePointer {
        guard let bio = BIO_new(method) else { preconditionFailure("no memory for a BIO") }
        BIO_set_data(bio, Unmanaged.passUnretained(session).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    /// The session is alive: it frees its BIO in its own `deinit`.
    private static func session(_ bio: OpaquePointer?) -> TLSSession? {
        BIO_get_data(bio).map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let read: @convention(c) (OpaquePointer?, UnsafeMutablePointer<CChar>?, Int32) -> Int32 = {
        bio, space, count in
        guard let session = session(bio), let space, count > 0 else { return -1 }
        BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        let allowed = min(Int(count), session.helloBudget)
        guard allowed > 0 else {
            session.helloIsTooLarge = true
            return -1
        }
        let taken = session.transport.take(into: UnsafeMutableRawBufferPointer(start: space, count: allowed))
        if taken == 0 {
            BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            return -1
        }
        if session.helloBudget != .max { session.helloBudget &-= taken }
        return Int32(taken)
    }

    private static let write: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 = {
        bio, bytes, count in
        guard let session = session(bio), let bytes, count > 0 else { return 0 }
        session.transport.put(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
        return count
    }

    private static let control: @convention(c) (OpaquePointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int = {
        _, command, _, _ in
        command == BIO_CTRL_FLUSH ? 1 : 0
    }
}
