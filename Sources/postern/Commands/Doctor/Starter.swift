import Glibc
import PosternControl
import PosternHost

extension Examination {
    /// Who starts the gateway: the one that runs tells it, else its unit, else whoever examines starts it here.
    struct Starter {
        /// What this is, in words: it is told of with what it may do.
        let name: String
        let account: Account
        /// The user as the unit names it, who may not exist before the start (`DynamicUser=`).
        let userName: String
        /// What it has for the gateway to keep.
        let capabilities: Set<Capability>
        let allowsRoot: Bool
        let isRunning: Bool

        static let properties = [
            "User", "Group", "SupplementaryGroups", "DynamicUser", "AmbientCapabilities", "CapabilityBoundingSet",
            "ExecStart",
        ]

        init(running: StatusReport?, unit: [String: String]?, allowsRoot: Bool) {
            isRunning = running != nil
            self.allowsRoot = allowsRoot || unit?["ExecStart"]?.contains("--allow-root") == true
            if let running {
                name = "the running gateway"
                account = Self.account(running)
                userName = running.user.name ?? "uid \(running.user.uid)"
                capabilities = Capability.named(running.privileges?.permitted ?? [])
            } else if let unit {
                name = "`\(Examination.unit)`"
                account = Self.account(unit)
                userName = unit["User"].flatMap { $0.isEmpty ? nil : $0 } ?? "root"
                let grants = account.user == 0 ? unit["CapabilityBoundingSet"] : unit["AmbientCapabilities"]
                capabilities = Capability.named((grants ?? "").split(separator: " ").map(String.init))
            } else {
                name = "a program started here"
                account = .ofProcess()
                userName = AccountDatabase.userName(account.user) ?? "uid \(account.user)"
                capabilities = (try? Capability.held()) ?? []
            }
        }

        /// As the kernel knows it: the database knows no groups that a unit gives.
        private static func account(_ running: StatusReport) -> Account {
            let user = running.user
            if let account = Account.of(process: Int32(running.processID)), account.user == user.uid { return account }
            return .ofUser(user.uid, group: user.gid) ?? Account(user: user.uid, group: user.gid)
        }

        /// A dynamic user is nobody yet: it owns nothing, and is in the unit's groups.
        private static func account(_ unit: [String: String]) -> Account {
            let name = unit["User"] ?? ""
            let group = unit["Group"].flatMap { $0.isEmpty ? nil : AccountDatabase.group($0) }
            let further = (unit["SupplementaryGroups"] ?? "").split(separator: " ")
                .compactMap { AccountDatabase.group(String($0)) }
            let isDynamic = unit["DynamicUser"] == "yes"
            let user = name.isEmpty ? (isDynamic ? nil : 0) : AccountDatabase.user(name)
            var account =
                user.flatMap { Account.ofUser($0, group: group) }
                ?? Account(user: user ?? nobody, group: group ?? nobody)
            account.supplementaryGroups += further
            return account
        }

        /// The first user that systemd would make (`DynamicUser=`, systemd.exec(5)).
        private static let nobody: UInt32 = 61_184

        /// - Returns: whom the gateway runs as; the starter where it changes nothing, or where it would be refused.
        func account(_ runAs: RunAsConfiguration?) -> Account {
            guard !isRunning, let runAs, runAs.user != userName, let user = AccountDatabase.user(runAs.user) else {
                return account
            }
            return Account.ofUser(user, group: runAs.group.flatMap(AccountDatabase.group)) ?? account
        }

        func finding(_ runAs: RunAsConfiguration?) -> Finding {
            if isRunning { return .account(running: userName, isRoot: account.user == 0, allowsRoot: allowsRoot) }
            let user = runAs.flatMap { AccountDatabase.user($0.user) }
            return .account(
                startedBy: .init(name: userName, isRoot: account.user == 0), runAs: runAs,
                isKnown: (
                    user: user != nil || runAs?.user == userName,
                    group: runAs?.group.map { AccountDatabase.group($0) != nil } ?? true
                ),
                isSame: runAs?.user == userName || user == account.user, isRoot: user == 0, allowsRoot: allowsRoot)
        }
    }
}

extension Capability {
    /// - Parameter names: in small or capital letters; others than ours are left out.
    fileprivate static func named(_ names: [String]) -> Set<Capability> {
        let names = Set(names.map { $0.uppercased() })
        return Set(allCases.filter { names.contains($0.name) })
    }
}
