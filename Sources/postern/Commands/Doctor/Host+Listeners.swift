import NIOCore
import PosternControl
import PosternHTTP
import PosternHost
import PosternModel
import PosternPolicy

/// The ways in.
extension Examination.Host {
    var listeners: [Finding] { process.listeners.flatMap(findings) }

    private func findings(_ listener: ListenerConfiguration) -> [Finding] {
        let isServed = running?.listeners.contains { $0.endpoint == listener.id } == true
        if case .inherited(let name) = listener.binding {
            if isServed { return [.listener(listener.id, place: listener.placeText, taken: .served)] }
            // Without systemd whoever starts the gateway passes it.
            guard let sockets = ServiceUnit.sockets() else { return [] }
            return [.inherited(name, listener: listener.id, sockets: sockets)]
        }
        guard let error = attempt(listener) else { return [.listener(listener.id, place: listener.placeText)] }
        // A port that only the gateway may bind cannot be tried; `capabilities` judges it.
        if case .lowPort = error.problem { return [] }
        return [
            .listener(
                listener.id, place: listener.placeText,
                taken: error.isOccupied ? holder(isServed) : nil, outcome: error)
        ]
    }

    private func attempt(_ listener: ListenerConfiguration) -> ListenerError? {
        let ranges = process.internalRanges
        do throws(ListenerError) {
            _ = try ListenerProbe.addresses(of: listener.specification) { address in
                address.ipAddress.flatMap(IPAddress.init).map(ranges.contains) ?? false
            }
            return nil
        } catch {
            return error
        }
    }

    private func holder(_ isServed: Bool) -> Finding.Holder? {
        if isServed { return .served }
        let stored = unit?["NFileDescriptorStore"].flatMap { Int($0) } ?? 0
        return running == nil && stored > 0 ? .stored(stored) : nil
    }
}

extension ListenerError {
    /// Somebody is there already.
    fileprivate var isOccupied: Bool {
        switch problem {
        case .addressInUse, .servedByAnotherProcess: true
        default: false
        }
    }
}

extension ListenerConfiguration {
    fileprivate var placeText: String {
        switch binding {
        case .address(let address, let port): "\(address) port \(port)"
        case .interface(let name, _, let address, let port):
            "interface \(name)\(address.map { ", \($0)" } ?? "") port \(port)"
        case .unix(let socket): socket.path
        case .inherited(let name): "inherited `\(name)`"
        }
    }
}
