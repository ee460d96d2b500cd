internal import CLinux
internal import Glibc

/// What loading and attaching programs takes of the host, and what a crashed daemon may have left.
enum CaptureChecks {
    /// - Parameter bounding: CapBnd of /proc/self/status: what the service could have at the most. A container withholds.
    static func capabilities(bounding: UInt64) -> Finding {
        let needed = [("CAP_NET_ADMIN", UInt64(12)), ("CAP_PERFMON", 38), ("CAP_BPF", 39)]
        let missing = needed.filter { bounding & 1 << $0.1 == 0 }.map(\.0)
        guard !missing.isEmpty else { return .ok("capabilities", "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON can be had") }
        return .problem(
            "capabilities", "this container or service withholds \(missing.joined(separator: ", "))",
            remedy: "grant them: systemd-nspawn --capability=\(missing.joined(separator: ",")), or docker --cap-add")
    }

    /// - Parameter error: errno of making a ring buffer; 0 if it could be made, EPERM without privileges.
    static func ringBuffers(error: Int32) -> Finding? {
        switch error {
        case 0: .ok("bpf", "ring buffers can be made")
        case EPERM: nil
        default:
            .problem(
                "bpf", "a ring buffer cannot be made: \(String(cString: strerror(error)))",
                remedy: "boot a kernel with CONFIG_BPF_SYSCALL, and look for memory limits of this service")
        }
    }

    /// - Parameter text: of /proc/sys/net/core/bpf_jit_enable; nil where it cannot be read.
    static func compiler(_ text: String?) -> Finding? {
        guard let text else { return nil }
        if text != "0" { return .ok("bpf", "programs are compiled") }
        return .note(
            "bpf", "programs are interpreted: each packet costs several times as much",
            remedy: "sysctl -w net.core.bpf_jit_enable=1")
    }

    /// The programs read no kernel structures, so that a kernel without BTF does.
    static func typeInformation(isThere: Bool) -> Finding {
        .ok("btf", isThere ? "there, and not needed" : "not there, and not needed")
    }

    /// - Parameters:
    ///   - programs: how many of hdrlog's are loaded; nil without the privilege to look.
    ///   - pins: hdrlog's names in /sys/fs/bpf.
    static func leftOvers(programs: Int?, pins: [String], isRunning: Bool) -> Finding? {
        guard !isRunning else { return nil }
        if !pins.isEmpty {
            return .problem(
                "left-overs", "no daemon runs, but /sys/fs/bpf has \(pins.joined(separator: ", "))",
                remedy: "rm -r \(pins.map { "/sys/fs/bpf/\($0)" }.joined(separator: " "))")
        }
        guard let programs, programs > 0 else { return nil }
        return .problem(
            "left-overs", "no daemon runs, but \(programs) of its programs are loaded",
            remedy: "hdrlogd --remove-filters; or systemctl start hdrlogd, which takes them over, and stop it")
    }

    /// - Parameter error: errno of asking for tcx programs; 0 with tcx, EPERM without privileges.
    static func tcx(error: Int32) -> Finding? {
        switch error {
        case 0: .ok("tcx", "programs at tc are links, which go with hdrlogd")
        case EINVAL:
            .note(
                "tcx", "not before Linux 6.6: programs at tc are filters, which outlive hdrlogd",
                remedy: "none is needed under systemd; elsewhere hdrlogd --remove-filters after a crash")
        default: nil
        }
    }

    /// - Parameters:
    ///   - configured: socket.group of the daemon; nil if it did not say.
    ///   - owner: the socket's group, by name or number; nil without a socket.
    ///   - isReachable: the group may read and write.
    static func group(configured: String?, owner: String?, isReachable: Bool, exists: (String) -> Bool) -> Finding {
        let group = configured ?? owner ?? "hdrlog"
        if !exists(group) {
            return .problem(
                "group", "there is no group \"\(group)\": only root may query", remedy: "groupadd --system \(group)")
        }
        if let owner, owner != group {
            return .problem(
                "group", "socket.group is \"\(group)\", but the socket is \"\(owner)\"'s: members of neither may query",
                remedy: "systemctl edit hdrlogd.socket: SocketGroup=\(group) in [Socket]; then restart it")
        }
        if owner != nil, !isReachable {
            return .problem(
                "group", "members of \"\(group)\" may not use the socket",
                remedy: "SocketMode=0660 in hdrlogd.socket; then systemctl restart hdrlogd.socket")
        }
        return .ok("group", "\(group): members may query")
    }
}

/// What the kernel tells of programs and privileges.
extension HostFacts {
    static var boundingSet: UInt64 {
        let lines = (text("/proc/self/status") ?? "").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("CapBnd:") }
        return line.flatMap { UInt64($0.dropFirst(7).drop { $0.isWhitespace }, radix: 16) } ?? .max
    }

    /// How many loaded programs bear hdrlog's names; nil without the privilege to look.
    static var loadedPrograms: Int? {
        var name = [CChar](repeating: 0, count: 16)
        var (id, count): (UInt32, Int) = (0, 0)
        while true {
            let next = hdrlog_next_program(id, &name)
            guard next >= 0 else { return nil }
            guard next > 0 else { return count }
            id = UInt32(next)
            let text = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            if text.starts(with: "hdrlog_".utf8) { count += 1 }
        }
    }

    static func groupExists(_ name: String) -> Bool { getgrnam(name) != nil }

    /// A file's group, by name or else by number, and whether it may read and write; nil without the file.
    static func group(of path: String) -> (name: String, isReachable: Bool)? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let name = getgrgid(status.st_gid).map { String(cString: $0.pointee.gr_name) } ?? "\(status.st_gid)"
        return (name, status.st_mode & 0o060 == 0o060)
    }
}
