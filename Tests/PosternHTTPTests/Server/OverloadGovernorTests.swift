import Testing

@testable import PosternHTTP

@Suite struct OverloadGovernorTests {
    private final class Governor {
        private var governor = OverloadGovernor(shrinkTimers: 85, stopKeepAlive: 92, refuse: 97)
        var level: OverloadLevel { governor.level }
        func observe(_ percent: Double?) -> Bool { governor.observe(percent) }
    }

    @Test(arguments: [
        (84.9, OverloadLevel.normal), (85, .shrinkTimers), (91.9, .shrinkTimers), (92, .stopKeepAlive), (97, .refuse),
        (140, .refuse),
    ])
    func `the level rises at once to where the reading is`(percent: Double, level: OverloadLevel) {
        let governor = Governor()
        #expect(governor.observe(percent) == (level != .normal))
        #expect(governor.level == level)
        #expect(!governor.observe(percent))
    }

    @Test func `it falls one level at a time, after calm readings below the threshold`() {
        let governor = Governor()
        _ = governor.observe(98)
        // Just below the threshold is no reason to go back.
        for _ in 0..<100 { #expect(!governor.observe(94.1)) }
        for level in [OverloadLevel.stopKeepAlive, .shrinkTimers, .normal] {
            for _ in 1..<OverloadGovernor.calmReadings { #expect(!governor.observe(10)) }
            #expect(governor.observe(10))
            #expect(governor.level == level)
        }
        #expect(!governor.observe(10))
    }

    @Test func `one reading that is not calm begins the count anew`() {
        let governor = Governor()
        _ = governor.observe(86)
        for _ in 0..<50 {
            for _ in 1..<OverloadGovernor.calmReadings { #expect(!governor.observe(10)) }
            #expect(!governor.observe(83))
        }
        #expect(governor.level == .shrinkTimers)
    }

    @Test func `a limit that is taken away leads back to normal`() {
        let governor = Governor()
        _ = governor.observe(99)
        for _ in 0..<3 * OverloadGovernor.calmReadings { _ = governor.observe(nil) }
        #expect(governor.level == .normal)
    }
}
