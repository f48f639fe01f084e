import Glibc
package import PosternHost
import PosternModel
import PosternPolicy

/// The places in the file system that a configuration and its service need: what Landlock leaves within reach.
package struct SandboxPlaces {
    let configuration: LoadedConfiguration
    let environment: MaterialEnvironment

    /// - Parameter environment: what the service manager has said, read before other threads run.
    package static func places(
        of configuration: LoadedConfiguration, environment: MaterialEnvironment = .ofProcess()
    ) -> LandlockPlaces {
        let sandbox = configuration.process.sandbox
        let own = SandboxPlaces(configuration: configuration, environment: environment)
        var places = LandlockPlaces.ofSystem()
        places.read.formUnion(own.named.flatMap(LandlockPlaces.around))
        places.read.formUnion(variables(["CREDENTIALS_DIRECTORY", "CONFIGURATION_DIRECTORY"]))
        places.read.formUnion(sandbox.read)
        places.write.formUnion(own.written)
        places.write.formUnion(variables(["STATE_DIRECTORY", "LOGS_DIRECTORY", "RUNTIME_DIRECTORY"]))
        // Where to ask the kernel to tell of memory pressure (systemd's memory pressure protocol).
        places.write.formUnion(variables(["MEMORY_PRESSURE_WATCH"]))
        places.write.formUnion(sandbox.write)
        return places
    }

    /// Files, whose directories are read, for a file is often replaced by another one there; and directories.
    private var named: [String] {
        let process = configuration.process
        let plan = configuration.plan
        let policies = plan.policies.compactMap { $0.policy.statements.first?.position.file }
        let listeners = process.listeners.compactMap(\.tls).flatMap(environment.paths(of:))
        let upstreams = plan.targets.compactMap(\.tls).flatMap(environment.paths(of:))
        return [configuration.file, configuration.apisDirectory] + policies + listeners + upstreams
            + environment.systemTrust
            + Self.variables(["OPENSSL_CONF"])
    }

    /// Directories in which files and sockets come and go.
    private var written: [String] {
        let process = configuration.process
        let sockets = process.listeners.compactMap { listener -> UnixSocketConfiguration? in
            guard case .unix(let socket) = listener.binding else { return nil }
            return socket
        }
        var files = (sockets + [process.admin.socket]).filter { !$0.isAbstract }.map(\.path)
        if case .file(let log) = process.accessLog { files.append(log) }
        if case .file(let log) = process.systemLog.place { files.append(log) }
        return files.map(LandlockPlaces.directory)
    }

    /// Of paths, as systemd lists the directories of a service: with `:` between them (systemd.exec(5)).
    private static func variables(_ names: [String]) -> [String] {
        names.flatMap { name in
            getenv(name).map { String(cString: $0).split(separator: ":").map(String.init) } ?? []
        }
    }
}
