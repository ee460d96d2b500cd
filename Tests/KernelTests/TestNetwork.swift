import CLinux
import Foundation
import Glibc
import Testing

/// Two network namespaces with a veth pair: `logged` here, `peer` there. Nothing else is on the wire (no IPv6).
final class TestNetwork: Sendable {
    let local: String
    let remote: String

    init() throws {
        let id = "\(getpid())-\(UInt32.random(in: 0...9999))"
        local = "hdrlog-\(id)-local"
        remote = "hdrlog-\(id)-remote"
        for name in [local, remote] {
            try run("ip", "netns", "add", name)
            try run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        }
        try run(
            "ip", "link", "add", "logged", "netns", local, "type", "veth", "peer", "name", "peer", "netns", remote)
        try run("ip", "-n", local, "link", "set", "logged", "up")
        try run("ip", "-n", remote, "link", "set", "peer", "up")
    }

    deinit {
        for name in [local, remote] { try? run("ip", "netns", "delete", name) }
    }

    /// Runs `body` on this thread in the local namespace.
    @discardableResult
    func inside<Result>(_ body: () throws -> Result) throws -> Result { try inside(local, body) }

    /// Likewise, in the peer's.
    @discardableResult
    func insidePeer<Result>(_ body: () throws -> Result) throws -> Result { try inside(remote, body) }

    private func inside<Result>(_ namespace: String, _ body: () throws -> Result) throws -> Result {
        let home = open("/proc/self/task/\(gettid())/ns/net", O_RDONLY | O_CLOEXEC)
        let there = open("/run/netns/\(namespace)", O_RDONLY | O_CLOEXEC)
        defer {
            _ = hdrlog_enter_network(home)
            close(home)
            close(there)
        }
        try #require(hdrlog_enter_network(there) == 0)
        return try body()
    }

    /// Sends exactly `count` frames from the peer.
    func generate(_ count: Int, _ options: String...) throws {
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let generator = folder.appending(path: "hdrgen").path
        try run(["ip", "netns", "exec", remote, generator, "--interface", "peer", "--count", "\(count)"] + options)
    }

    /// Sends UDP packets from the peer through its stack, where programs at its tc hooks see them.
    func send(_ count: Int) throws {
        try run("ip", "-n", remote, "address", "replace", "192.0.2.2/24", "dev", "peer")
        try run("ip", "-n", remote, "neighbour", "replace", "192.0.2.1", "lladdr", "02:00:00:00:00:01", "dev", "peer")
        let loop = "for _ in $(seq \(count)); do echo > /dev/udp/192.0.2.1/9; done"
        try run("ip", "netns", "exec", remote, "bash", "-c", loop)
    }

    private func gettid() -> pid_t { pid_t(hdrlog_thread()) }
}

func run(_ command: String...) throws { try run(command) }

func run(_ command: [String]) throws { _ = try output(command) }

func output(_ command: String...) throws -> String { try output(command) }

/// What a command says on standard output and error.
func output(_ command: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    let output = Pipe()
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(command.joined(separator: " ")): \(text)")
    return text
}

let isRoot = geteuid() == 0

func kernelIsAtLeast(_ major: Int, _ minor: Int) -> Bool {
    let version = ProcessInfo.processInfo.operatingSystemVersion
    return (version.majorVersion, version.minorVersion) >= (major, minor)
}
