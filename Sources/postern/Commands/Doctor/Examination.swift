import Glibc
import PosternControl
import PosternHost
import PosternPolicy

/// One run of `postern doctor`: asks kernel, service manager, files and the running gateway, and has `Finding` judge the answers.
struct Examination {
    let configurationPath: String
    /// nil: the configured one.
    let adminPath: String?
    /// Whether the gateway is started with `serve --allow-root`.
    let allowsRoot: Bool
    static let unit = "postern.service"

    func report() -> DoctorReport {
        do throws(Diagnostics) {
            let loaded = try ConfigurationLoader.load(path: configurationPath)
            return DoctorReport(
                findings: Host(loaded, adminPath: adminPath, allowsRoot: allowsRoot).findings,
                configurationIsValid: true)
        } catch {
            let findings: [Finding] = [
                .configuration(error), .clock(.now(), builtIn: Version.year, needsTime: false),
                .landlock(version: Landlock.version, mode: .auto, running: nil),
            ]
            return DoctorReport(findings: findings, configurationIsValid: false)
        }
    }
}

extension Examination {
    /// The machine, with a valid configuration on it. What is asked of it stands in files of its own.
    struct Host {
        let loaded: LoadedConfiguration
        /// What answered at the admin socket.
        let answer: Result<StatusReport, any Error>
        /// Of the unit; nil where there is none.
        let unit: [String: String]?
        let starter: Starter
        /// Whom the gateway runs as when it opens its sockets.
        let account: Account

        init(_ loaded: LoadedConfiguration, adminPath: String?, allowsRoot: Bool) {
            self.loaded = loaded
            let socket = adminPath ?? loaded.process.admin.socket.path
            answer = Result { try AdminClient(path: socket, patienceSeconds: 5).status() }
            unit = ServiceUnit.properties(Starter.properties + Self.properties, of: Examination.unit)
            starter = Starter(running: try? answer.get(), unit: unit, allowsRoot: allowsRoot)
            account = starter.account(loaded.process.runAs)
        }

        private static let properties = [
            "LimitNOFILE", "MemoryMax", "RuntimeDirectory", "LogsDirectory", "NFileDescriptorStore",
        ]

        var process: ProcessConfiguration { loaded.process }
        var running: StatusReport? { try? answer.get() }
        var userName: String { AccountDatabase.userName(account.user) ?? "uid \(account.user)" }

        var findings: [Finding] {
            let gateway = [Finding.configuration(loaded), self.gateway] + losses
            let surroundings = [clock] + names + certificates
            return gateway + load + surroundings + accounts + [capabilities] + listeners + directories + space + sandbox
        }

        // MARK: The gateway

        private var gateway: Finding {
            switch answer {
            case .success(let report):
                return .gateway(report, reason: "", isRefused: false, installed: Version.text)
            case .failure(let error):
                return .gateway(
                    nil, reason: "\(error)", isRefused: error is AdminClient.Refused, installed: Version.text)
            }
        }

        private var losses: [Finding] { running.map(Finding.losses) ?? [] }

        private var certificates: [Finding] {
            do throws(Diagnostics) {
                guard let summary = try CertificatesSummary.ofFiles(loaded, environment: .ofProcess()) else {
                    return []
                }
                return Finding.certificates(summary)
            } catch {
                // Credentials are shown to the service alone; the one that runs has them.
                if let summary = running?.certificates { return Finding.certificates(summary) }
                return error.all.map {
                    .failed(
                        "certificates", "\($0)",
                        "correct the file; credentials of the unit can be judged only while the gateway runs")
                }
            }
        }
    }
}
