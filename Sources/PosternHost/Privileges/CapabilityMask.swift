import CLibcap

/// A set of capabilities as the kernel shows it: bit n stands for capability n (capabilities(7), proc_pid_status(5)).
struct CapabilityMask: Equatable {
    var bits: UInt64 = 0

    /// As `cap_net_bind_service`, by number; one that libcap does not know yet is its number.
    var names: [String] { (0..<64).filter { bits & 1 << $0 != 0 }.map { Self.name(of: $0) } }

    private static func name(of number: Int32) -> String {
        guard let name = cap_to_name(number) else { return "\(number)" }
        defer { cap_free(name) }
        return String(cString: name)
    }
}
