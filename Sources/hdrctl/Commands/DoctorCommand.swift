internal import ArgumentParser
internal import CLinux
internal import Glibc
internal import Wire

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check what keeps this host from being logged well, and name the remedy.",
        discussion: """
            Looks at the kernel, the devices, the clock, the disk and the daemon; changes nothing, but asking the daemon \
            starts it where systemd listens in its place. Exit status 1 if there is a problem; a note alone is no problem.

            EXAMPLES
              hdrctl doctor
              hdrctl doctor -o json
            """)

    @Option(help: ArgumentHelp("Socket of the daemon.", valueName: "path"))
    var socket = Client.defaultPath

    @Option(name: .shortAndLong, help: "text or json.")
    var output = ReportFormat.text

    func run() throws {
        let (daemon, status, group) = daemon()
        let devices = DeviceChecks.devices().flatMap { device in
            var device = device
            device.receivesAtTC = Self.hooks(device, status).contains { $0.hook == "tc" && $0.direction == "in" }
            return DeviceChecks.findings(device) + [Self.foreign(device, status)].compactMap { $0 }
        }
        let findings = host(isRunning: status != nil, group) + devices + daemon
        let out = StandardOutput(prompt: false)
        switch output {
        case .json: try out.line(JSONValue(encoding: ["findings": findings]).text)
        case .text: for finding in findings { try out.line(Self.line(finding)) }
        }
        try out.flush()
        if findings.contains(where: { $0.severity == .problem }) { throw Failure(.badNews, "") }
    }

    /// - Parameter group: that the daemon's configuration names.
    private func host(isRunning: Bool, _ group: String?) -> [Finding] {
        let owner = HostFacts.group(of: socket)
        let pins = HostFacts.names(in: "/sys/fs/bpf").filter { $0.hasPrefix("hdrlog") }
        let findings = [
            HostChecks.kernel(HostFacts.release),
            HostChecks.lockdown(HostFacts.text("/sys/kernel/security/lockdown")),
            CaptureChecks.capabilities(bounding: HostFacts.boundingSet),
            CaptureChecks.ringBuffers(error: hdrlog_probe_ring_buffer()),
            CaptureChecks.compiler(HostFacts.text("/proc/sys/net/core/bpf_jit_enable")),
            CaptureChecks.typeInformation(isThere: access("/sys/kernel/btf/vmlinux", R_OK) == 0),
            CaptureChecks.leftOvers(programs: HostFacts.loadedPrograms, pins: pins, isRunning: isRunning),
            CaptureChecks.tcx(error: hdrlog_probe_tcx(if_nametoindex("lo"))),
            CaptureChecks.group(
                configured: group, owner: owner?.name, isReachable: owner?.isReachable ?? false,
                exists: HostFacts.groupExists),
            HostChecks.clock(isSynchronized: HostFacts.isClockSynchronized),
        ]
        return findings.compactMap { $0 }
    }

    private static func foreign(_ device: DeviceFacts, _ status: StatusReply?) -> Finding? {
        DeviceChecks.foreignProgram(device, isOurs: hooks(device, status).contains { $0.hook == "xdp" })
    }

    private static func hooks(_ device: DeviceFacts, _ status: StatusReply?) -> [InterfaceStatus] {
        status?.interfaces.filter { $0.name == device.name } ?? []
    }

    /// What the daemon says, and the group that its configuration names.
    private func daemon() -> ([Finding], StatusReply?, String?) {
        var group: String?
        let status: StatusReply
        do throws(ClientError) {
            var client = try Client(path: socket)
            status = try client.status()
            let setting = try client.config().settings.first { $0.key == "socket.group" }
            group = setting.map { String($0.value.filter { $0 != "\"" }) }
        } catch {
            // The failure's line names the remedy itself.
            let parts = Failure(error).message.split(separator: ";", maxSplits: 1)
            let remedy = parts.count == 2 ? String(parts[1].dropFirst()) : "see above"
            return ([.problem("daemon", String(parts[0]), remedy: remedy)], nil, nil)
        }
        let store = status.store
        var findings = [Finding.ok("daemon", "\(status.version), \(status.interfaces.count) hooks attached")]
        if !status.consistent {
            findings = [.problem("daemon", "a sum is not right", remedy: "hdrctl status shows which; please report it")]
        }
        if let free = HostFacts.freeBytes(store.directory) {
            findings.append(HostChecks.disk(store.directory, free: free, used: store.bytes, limit: store.limit))
        }
        return (findings, status, group)
    }

    private static func line(_ finding: Finding) -> String {
        let style = Style(isOn: StandardOutput.isTerminal)
        let mark =
            switch finding.severity {
            case .ok: style.good("ok     ")
            case .note: style.bold("note   ")
            case .problem: style.bad("problem")
            }
        let remedy = finding.remedy.map { "\n         → \(Escaped.text($0))" } ?? ""
        return "\(mark)  \(Escaped.text(finding.subject)): \(Escaped.text(finding.text))\(remedy)"
    }
}
