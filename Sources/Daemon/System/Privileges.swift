internal import CLinux
internal import Glibc

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

    /// Makes this process a member of a group, so that it may give the socket to it without CAP_CHOWN. Does nothing without
    /// CAP_SETGID: under systemd the unit's Group= is to be that of the socket.
    static func join(group name: String) {
        guard let group = getgrnam(name)?.pointee.gr_gid else { return }
        var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
        _ = getgroups(Int32(groups.count), &groups)
        if !groups.contains(group) { _ = setgroups(groups.count + 1, groups + [group]) }
    }

    /// The calling thread gives up all capabilities, for good; the others of the process keep theirs.
    static func dropAllOfThread() { _ = hdrlog_capset(0) }

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
