import ArgumentParser
import Glibc
import PosternControl

struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch the running gateway: its busiest routes and its upstreams, again each second.",
        discussion: """
            Keys: q quits, s sorts by rate, p99, errors or name, p pauses. Where standard output is no terminal, or with \
            --once or --count, it is printed instead.

            Exits 69 when no gateway answers at the admin socket, 77 when it refuses to tell you. A gateway that goes away \
            while it is watched is waited for.
            """)

    @OptionGroup var admin: AdminOption
    @Option(help: ArgumentHelp("Seconds between two looks, 0.2 to 3600.", valueName: "seconds"))
    var interval = 1.0
    @Flag(help: "Print it once.") var once = false
    @Option(help: ArgumentHelp("Print it this many times.", valueName: "number")) var count: Int?

    func validate() throws {
        if !(0.2...3600).contains(interval) { throw ValidationError("--interval is 0.2 to 3600 seconds") }
        if let count, count < 1 { throw ValidationError("--count is 1 or more") }
        if once, count != nil { throw ValidationError("--once is --count 1; leave one of them out") }
    }

    func run() throws {
        let screen = try asking { try look() }
        if !once, count == nil, let terminal = Terminal() {
            watch(screen, on: terminal)
        } else {
            try printAgain(screen)
        }
    }

    private func look() throws -> TopScreen {
        let client = AdminClient(path: admin.path, patienceSeconds: 5)
        let top = try client.top()
        return TopScreen(status: try client.status(), top: top)
    }

    private func printAgain(_ first: TopScreen) throws {
        var screen = first
        for turn in 1...(count ?? 1) {
            for line in screen.lines(width: 160, height: nil) { print(line.text) }
            fflush(nil)
            guard turn < count ?? 1 else { return }
            print("")
            usleep(UInt32(interval * 1e6))
            screen = try asking { try look() }
        }
    }

    // MARK: Live

    private func watch(_ first: TopScreen, on terminal: Terminal) {
        var screen = first
        let events = TerminalEvents()
        terminal.enter()
        defer { terminal.leave() }
        var due = now() + interval
        while true {
            draw(screen, on: terminal)
            switch events.next(within: max(Int((due - now()) * 1000), 0)) {
            case .key(let key):
                switch key {
                case UInt8(ascii: "q"), UInt8(ascii: "Q"), Self.controlC, Self.controlD: return
                case UInt8(ascii: "s"): screen.sortNext()
                case UInt8(ascii: "p"), UInt8(ascii: " "): screen.isPaused.toggle()
                case Self.controlZ: suspend(terminal)
                default: break
                }
            case .resized: break
            case .suspended: suspend(terminal)
            case .continued: terminal.enterAgain()
            case .ended: return
            case .timeout:
                due = now() + interval
                if !screen.isPaused { update(&screen) }
            }
        }
    }

    /// What is shown stays when the gateway is gone, and says so.
    private func update(_ screen: inout TopScreen) {
        do {
            let next = try look()
            (screen.status, screen.top, screen.trouble) = (next.status, next.top, nil)
        } catch {
            screen.trouble = "\(error); what is shown is old"
        }
    }

    private func draw(_ screen: TopScreen, on terminal: Terminal) {
        let (width, height) = terminal.size
        terminal.draw(
            screen.lines(width: width, height: height).map { line in
                switch line.style {
                case .plain: line.text
                case .heading: "\u{1B}[7m\(line.text.padded(toColumns: width))\u{1B}[0m"
                case .alarm: "\u{1B}[1;31m\(line.text)\u{1B}[0m"
                }
            })
    }

    private func suspend(_ terminal: Terminal) {
        terminal.leave()
        raise(SIGSTOP)
        terminal.enter()
    }

    private static let controlC: UInt8 = 3
    private static let controlD: UInt8 = 4
    private static let controlZ: UInt8 = 26

    private func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

extension String {
    fileprivate func padded(toColumns width: Int) -> String {
        self + String(repeating: " ", count: max(width - count, 0))
    }
}
