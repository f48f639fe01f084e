import CLibcap
import Glibc

/// The permitted, effective and inheritable set of the calling thread, taken out, changed and put back
/// (cap_get_proc(3)).
struct CapabilityState: ~Copyable {
    /// Made by libcap and freed with this value, which alone has it.
    private let state: cap_t

    /// As they are.
    init() throws(PrivilegeError) {
        guard let state = cap_get_proc() else { throw .system("cap_get_proc", code: errno) }
        self.state = state
    }

    deinit { cap_free(UnsafeMutableRawPointer(state)) }

    /// What the kernel does not know is in no set.
    func has(_ number: Int32, in set: cap_flag_t) -> Bool {
        var value = CAP_CLEAR
        return cap_get_flag(state, number, set, &value) == 0 && value == CAP_SET
    }

    /// Whether all three sets are exactly these.
    func hasAll(_ numbers: Set<Int32>) -> Bool {
        (0..<cap_max_bits()).allSatisfy { number in
            [CAP_PERMITTED, CAP_EFFECTIVE, CAP_INHERITABLE].allSatisfy {
                has(number, in: $0) == numbers.contains(number)
            }
        }
    }

    func change(_ number: Int32, in set: cap_flag_t, to value: cap_flag_value_t) throws(PrivilegeError) {
        guard withUnsafePointer(to: number, { cap_set_flag(state, set, 1, $0, value) }) == 0 else {
            throw .system("cap_set_flag", code: errno)
        }
    }

    /// All three sets become exactly these.
    func setAll(to numbers: Set<Int32>) throws(PrivilegeError) {
        guard cap_clear(state) == 0 else { throw .system("cap_clear", code: errno) }
        for number in numbers {
            for set in [CAP_PERMITTED, CAP_EFFECTIVE, CAP_INHERITABLE] { try change(number, in: set, to: CAP_SET) }
        }
    }

    /// Makes it the thread's.
    func apply() throws(PrivilegeError) {
        guard cap_set_proc(state) == 0 else { throw .system("cap_set_proc", code: errno) }
    }
}
