import Glibc

/// What the kernel says about this process, read at each scrape. Reads /proc: not for event loops that serve requests.
package struct ProcessMetrics: Sendable {
    package var cpuSeconds: Double
    package var residentBytes: Int
    package var virtualBytes: Int
    package var openDescriptors: Int
    package var mostDescriptors: Int
    /// Seconds since 1970.
    package var startTime: Double

    /// Nil where /proc is not mounted or hides this process.
    package static func read() -> ProcessMetrics? {
        guard let stat = text(of: "/proc/self/stat"), let nameEnd = stat.lastIndex(of: ")") else { return nil }
        // proc_pid_stat(5): after the name in parentheses come fields 3, 4 …
        let fields = stat[stat.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 21, let startTicks = Double(fields[19]), let virtual = Int(fields[20]),
            let pages = Int(fields[21])
        else { return nil }
        return ProcessMetrics(
            cpuSeconds: cpuSeconds(), residentBytes: pages * sysconf(Int32(_SC_PAGESIZE)), virtualBytes: virtual,
            openDescriptors: openDescriptorCount(), mostDescriptors: descriptorLimit(),
            startTime: bootTime() + startTicks / Double(sysconf(Int32(_SC_CLK_TCK))))
    }

    var samples: [MetricSample] {
        [
            MetricSample(MetricNames.processCPU, cpuSeconds),
            MetricSample(MetricNames.processResidentMemory, Double(residentBytes)),
            MetricSample(MetricNames.processVirtualMemory, Double(virtualBytes)),
            MetricSample(MetricNames.processOpenDescriptors, Double(openDescriptors)),
            MetricSample(MetricNames.processMostDescriptors, Double(mostDescriptors)),
            MetricSample(MetricNames.processStartTime, startTime),
        ]
    }

    /// User and system time of all threads; finer than the ticks of /proc/self/stat.
    private static func cpuSeconds() -> Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }

    /// In seconds since 1970. The clocks tell it where /proc/stat is out of sight, as with `ProcSubset=pid`.
    private static func bootTime() -> Double { seconds(of: CLOCK_REALTIME) - seconds(of: CLOCK_BOOTTIME) }

    private static func seconds(of clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func openDescriptorCount() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // `.`, `..` and the directory itself.
        return max(count - 3, 0)
    }

    private static func descriptorLimit() -> Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    private static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: buffer.prefix(count))
        }
    }
}
