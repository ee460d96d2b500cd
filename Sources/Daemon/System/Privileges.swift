internal import CLinux

/// capabilities(7) of the daemon: what loading and attaching programs takes, and nothing else.
enum Privileges {
    /// CAP_NET_ADMIN attaches, CAP_BPF loads, CAP_PERFMON lets the verifier accept pointer arithmetic.
    private static let needed = [CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON]

    /// Names of the needed capabilities that this process lacks.
    static var missing: [String] {
        let held = hdrlog_capabilities()
        return zip(needed, ["CAP_NET_ADMIN", "CAP_BPF", "CAP_PERFMON"])
            .filter { held & (1 << UInt64($0.0)) == 0 }.map(\.1)
    }

    /// Gives up every other capability, for good. Call before other threads exist: the sets belong to a thread.
    static func dropOthers() {
        let kept = needed.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
        for capability in 0...CAP_LAST_CAP where kept & (1 << UInt64(capability)) == 0 {
            _ = hdrlog_drop_bounding(capability)  // EPERM without CAP_SETPCAP: under systemd the unit has done it
        }
        _ = hdrlog_capset(hdrlog_capabilities() & kept)
        _ = hdrlog_no_new_privileges()
    }
}
