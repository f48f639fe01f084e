import CLibcap

/// Gives the calling thread its name in `top -H`, of which the kernel keeps 15 bytes (PR_SET_NAME of prctl(2)). Needs no
/// file of `/proc`, which a sandbox may keep from being written.
package func nameThread(_ name: String) {
    _ = name.withCString { cap_prctlw(Int(PR_SET_NAME), Int(bitPattern: $0), 0, 0, 0, 0) }
}
