import Testing

/// The package on a real systemd. One container at a time: each is a machine of its own.
@Suite("On a real systemd", .serialized, .enabled(if: HostTools.obstacle == nil, "\(HostTools.obstacle ?? "")"))
enum HostTests {}
