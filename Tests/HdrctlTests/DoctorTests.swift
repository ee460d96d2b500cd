import Foundation
import Testing

@testable import hdrctl

@Suite("doctor")
struct DoctorTests {
    @Test("a kernel before 6.1 is a problem")
    func kernel() {
        #expect(HostChecks.kernel("6.1.0-25-amd64").severity == .ok)
        #expect(HostChecks.kernel("6.18.44").severity == .ok)
        #expect(HostChecks.kernel("7.0").severity == .ok)
        #expect(HostChecks.kernel("5.10.0-30-amd64").severity == .problem)
        #expect(HostChecks.kernel("6.0.9").severity == .problem)
        #expect(HostChecks.kernel("?").severity == .problem)
    }

    @Test("lock-down matters in its confidentiality mode only")
    func lockdown() {
        #expect(HostChecks.lockdown(nil).severity == .ok)
        #expect(HostChecks.lockdown("none [integrity] confidentiality").severity == .ok)
        #expect(HostChecks.lockdown("none integrity [confidentiality]").severity == .problem)
    }

    @Test("a budget that the disk cannot hold is noted with the budget that it can")
    func disk() {
        #expect(HostChecks.disk("/x", free: 5 << 30, used: 0, limit: 4 << 30).severity == .ok)
        let finding = HostChecks.disk("/x", free: 1 << 30, used: 1 << 30, limit: 4 << 30)
        #expect(finding.severity == .note)
        #expect(finding.remedy?.contains("below 2G") == true)
    }

    @Test("a device's offloads are told with the command that turns them off")
    func devices() {
        var device = DeviceFacts(name: "eth0")
        #expect(DeviceChecks.findings(device).map(\.severity) == [.ok])
        device.isHardware = true
        device.driver = "ixgbe"
        device.largeReceive = true
        device.stripsVlan = true
        device.mtu = 9000
        let findings = DeviceChecks.findings(device)
        #expect(findings.map(\.severity) == [.problem, .note, .note])
        #expect(findings[0].remedy == "ethtool -K eth0 lro off")
    }

    @Test("a card without native XDP, or without queues for it, is noted")
    func native() {
        var device = DeviceFacts(name: "eth0", isHardware: true, driver: "r8169")
        #expect(DeviceChecks.findings(device).first?.text.contains("no native XDP") == true)
        device.driver = "virtio_net"
        device.mtu = 9000
        device.queues = (used: 2, limit: 1024)
        #expect(DeviceChecks.findings(device).map(\.severity) == [.ok])
        device.queues = (used: 1, limit: 1)
        #expect(DeviceChecks.findings(device).first?.remedy?.contains("queues=") == true)
    }

    @Test("an XDP program of others is noted, hdrlog's own is not")
    func foreign() {
        var device = DeviceFacts(name: "eth0")
        device.program = 0
        #expect(DeviceChecks.foreignProgram(device, isOurs: false) == nil)
        device.program = 7
        #expect(DeviceChecks.foreignProgram(device, isOurs: true) == nil)
        let finding = DeviceChecks.foreignProgram(device, isOurs: false)
        #expect(finding?.severity == .note && finding?.remedy?.contains("ip link set eth0 xdp off") == true)
    }

    @Test("a capability that a container withholds is a problem")
    func capabilities() {
        #expect(CaptureChecks.capabilities(bounding: .max).severity == .ok)
        let finding = CaptureChecks.capabilities(bounding: ~(1 << 39))
        #expect(finding.severity == .problem && finding.text.contains("CAP_BPF"))
        #expect(finding.remedy?.contains("CAP_NET_ADMIN") == false)
    }

    @Test("what a crashed daemon left is a problem while none runs")
    func leftOvers() {
        #expect(CaptureChecks.leftOvers(programs: 3, pins: [], isRunning: true) == nil)
        #expect(CaptureChecks.leftOvers(programs: 0, pins: [], isRunning: false) == nil)
        #expect(CaptureChecks.leftOvers(programs: nil, pins: [], isRunning: false) == nil)
        #expect(CaptureChecks.leftOvers(programs: 3, pins: [], isRunning: false)?.severity == .problem)
        let pins = CaptureChecks.leftOvers(programs: nil, pins: ["hdrlog"], isRunning: false)
        #expect(pins?.remedy == "rm -r /sys/fs/bpf/hdrlog")
    }

    @Test("the kernel's means are probed, and what cannot be probed is left out")
    func kernelMeans() {
        #expect(CaptureChecks.ringBuffers(error: 0)?.severity == .ok)
        #expect(CaptureChecks.ringBuffers(error: 1) == nil)
        #expect(CaptureChecks.ringBuffers(error: 22)?.severity == .problem)
        #expect(CaptureChecks.compiler("0")?.remedy == "sysctl -w net.core.bpf_jit_enable=1")
        #expect(CaptureChecks.compiler("1")?.severity == .ok)
        #expect(CaptureChecks.tcx(error: 0)?.severity == .ok)
        #expect(CaptureChecks.tcx(error: 1) == nil)
        #expect(CaptureChecks.tcx(error: 22)?.severity == .note)
    }

    @Test("the group is the configured one, and has to be the socket's, too")
    func group() {
        func finding(_ configured: String?, _ owner: String?, isReachable: Bool = true) -> Finding {
            CaptureChecks.group(configured: configured, owner: owner, isReachable: isReachable) { $0 != "nobodys" }
        }
        #expect(finding("nobodys", nil).remedy == "groupadd --system nobodys")
        #expect(finding("staff", "staff").severity == .ok)
        #expect(finding(nil, "staff").text.hasPrefix("staff"))
        #expect(finding(nil, nil).text.hasPrefix("hdrlog"))
        #expect(finding("staff", "hdrlog").remedy?.contains("SocketGroup=staff") == true)
        #expect(finding("staff", "staff", isReachable: false).severity == .problem)
    }

    @Test("what the kernel tells of a driver counts more than what is known of it")
    func features() {
        var device = DeviceFacts(name: "eth0", isHardware: true, driver: "r8169", features: .native)
        #expect(DeviceChecks.findings(device).map(\.severity) == [.ok])
        device.mtu = 9000
        #expect(DeviceChecks.findings(device).first?.remedy?.contains("mtu 3000") == true)
        device.features = [.native, .frags]
        #expect(DeviceChecks.findings(device).map(\.severity) == [.ok])
        device = DeviceFacts(name: "eth0", isHardware: true, driver: "ixgbe", features: [])
        #expect(DeviceChecks.findings(device).first?.text.contains("no native XDP") == true)
    }

    @Test("GRO is noted where frames are taken behind it")
    func merging() {
        var device = DeviceFacts(name: "eth0", genericReceive: true)
        #expect(DeviceChecks.findings(device).first?.text.contains("GRO on") == true)
        device.receivesAtTC = true
        #expect(DeviceChecks.findings(device).first?.remedy?.contains("ethtool -K eth0 gro off") == true)
        device.genericReceive = false
        #expect(DeviceChecks.findings(device).map(\.severity) == [.ok])
    }

    @Test("as JSON it can be read, and no daemon is a problem with its remedy")
    func json() async throws {
        let result = try await hdrctl("doctor", "-o", "json", "--socket", "/nonexistent")
        #expect(result.status == 1)
        let report = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: [[String: String]]]
        let daemon = report?["findings"]?.first { $0["subject"] == "daemon" }
        #expect(daemon?["severity"] == "problem")
        #expect(daemon?["remedy"]?.contains("systemctl start hdrlogd") == true)
    }
}
