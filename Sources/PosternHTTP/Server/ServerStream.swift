package import NIOCore
package import PosternTLS

/// One request's way back to the caller, whatever the wire version: the exchange's only sight of the connection.
///
/// All of it belongs to the connection's event loop. A response is: any number of informational heads, one head, body, end.
package protocol ServerStream: AnyObject {
    /// What is known of the connection; fixed by the time the first request arrives.
    var connection: ConnectionInfo { get }
    /// False while the caller takes bytes more slowly than they come.
    var isWritable: Bool { get }

    /// Sends 100 (Continue) where the request waits for it, so that its body may come.
    func sendContinue()
    func beginHead(status: Int)
    func addField(prefix: StaticString, _ name: Span<UInt8>, _ value: Span<UInt8>)
    func addField(_ name: StaticString, _ value: Span<UInt8>)
    func addField(_ name: StaticString, _ value: StaticString)
    func endInformationalHead()
    func endHead(_ body: ResponseBody)
    func sendBody(_ bytes: ByteBuffer)
    /// The response is whole. The receiver hears nothing more of this request.
    func sendEnd(trailers: TrailerSection?)
    func flush()

    /// Stops taking the request's body until `resumeReading`.
    func pauseReading()
    func resumeReading()
    /// The response cannot be finished: the caller must see that it is cut, so the connection (or stream) is reset.
    func abort()
}

/// How the response's body will come.
package enum ResponseBody: Equatable {
    /// None is sent; a response to HEAD may still declare the length that GET would have.
    case none(declaredLength: Int?)
    case length(Int)
    case streamed
}

/// The consumer of one connection's requests. Calls come on the event loop, one request at a time for HTTP/1.1.
package protocol RequestReceiver: AnyObject {
    /// `head` stays valid until the response has ended.
    func receiveHead(_ head: RequestHead)
    func receiveBody(_ bytes: ByteBuffer)
    func receiveEnd(trailers: TrailerSection?)
    /// All bytes of one read have been delivered: a good moment to flush toward the upstream.
    func receiveReadComplete()
    func streamWritabilityChanged(isWritable: Bool)
    /// The request cannot be read to its end, or the caller is gone, before the response had ended.
    func streamFailed(_ failure: StreamFailure)
    /// A request that breaks the rules of HTTP or a limit; the receiver answers it, and the stream closes behind the answer.
    /// `head` tells as much as could be read.
    func receiveRefused(_ refusal: WireRefusal, head: RequestHead)
    /// The connection is gone and holds no request.
    func streamClosed()
}

package enum StreamFailure: Equatable, Sendable {
    case clientClosed
    case malformedBody(WireRefusal)
    case bodyTimeout
    case streamIdle
}

/// A request head as it was received: its bytes and where everything is in them.
///
/// One object for all requests of a connection, so that a head costs no allocation and passing it on one reference:
/// whoever holds it lets go when the response has ended.
package final class RequestHead {
    /// Positions in `index` count from its first readable byte.
    package internal(set) var bytes = ByteBuffer()
    package internal(set) var index = RequestHeadIndex()
}

/// What is known of a connection before its first request.
package struct ConnectionInfo: Sendable {
    /// Counts up within the process; ties an exchange's record to its connection.
    package var id: UInt64
    /// The endpoint: the listener's id, or what a PROXY header of the listener's balancer says.
    package var endpointID: String
    package var vpcID: String?
    package var local: SocketAddress?
    package var remote: SocketAddress?
    /// What the handshake established; nil without TLS.
    package var tls: TLSHandshakeResult?

    package var isTLS: Bool { tls != nil }
    /// The network interface of the listening socket when it was opened; nil on Unix sockets and where none is known. The
    /// kernel may have taken the connection in by another one, unless the listener is confined to its interface.
    package var localInterface: String?
    /// Who connected; nil but on a Unix socket, and nil there where a PROXY header speaks for somebody else.
    package var unix: UnixPeer?
}
