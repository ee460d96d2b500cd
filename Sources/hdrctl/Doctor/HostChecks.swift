internal import CLinux
internal import Glibc

/// Kernel, lock-down, clock and disk. The checks take what was read, so that they can be tested; `HostFacts` reads it.
enum HostChecks {
    /// - Parameter release: as uname(2) tells it: `6.1.0-25-amd64`.
    static func kernel(_ release: String) -> Finding {
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard numbers.count == 2, (numbers[0], numbers[1]) >= (6, 1) else {
            return .problem("kernel", "\(release) is too old", remedy: "boot a kernel of 6.1 or later")
        }
        return .ok("kernel", release)
    }

    /// - Parameter text: of /sys/kernel/security/lockdown, `none [integrity] confidentiality`; nil without it.
    static func lockdown(_ text: String?) -> Finding {
        guard let text, text.contains("[confidentiality]") else { return .ok("lockdown", "allows BPF programs") }
        return .problem(
            "lockdown", "the mode \"confidentiality\" forbids BPF programs to read packets",
            remedy: "boot with lockdown=integrity, or without it")
    }

    static func clock(isSynchronized: Bool) -> Finding {
        isSynchronized
            ? .ok("clock", "synchronised")
            : .note(
                "clock", "not synchronised: stamps cannot be compared with those of other hosts",
                remedy: "timedatectl set-ntp true")
    }

    /// - Parameters:
    ///   - free: bytes that the file system has left.
    ///   - used, limit: bytes that the log takes, and may take.
    static func disk(_ directory: String, free: Int, used: Int, limit: Int) -> Finding {
        let wanted = limit - used
        guard free < wanted else {
            return .ok("disk", "\(directory): \(Quantity.bytes(used)) of \(Quantity.bytes(limit)) used")
        }
        return .note(
            "disk",
            "\(directory): the budget allows \(Quantity.bytes(wanted)) more, the file system has \(Quantity.bytes(free))",
            remedy: "set storage.max_use below \(Quantity.bytes(used + free)) in /etc/hdrlog/hdrlogd.toml")
    }
}

/// What the host tells.
enum HostFacts {
    static var release: String {
        var name = utsname()
        uname(&name)
        return withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    static var isClockSynchronized: Bool { hdrlog_clock_synchronized() != 0 }

    /// Free bytes for those who are not root; nil when the directory cannot be asked.
    static func freeBytes(_ directory: String) -> Int? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }

    /// The first 4 KiB of a small file, without white space at its end; nil when it cannot be read.
    static func text(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &bytes, bytes.count)
        guard count >= 0 else { return nil }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        return String(text.reversed().drop { $0.isWhitespace }.reversed())
    }

    static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
