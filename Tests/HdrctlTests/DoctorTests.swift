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
        device.largeReceive = true
        device.stripsVlan = true
        device.mtu = 9000
        let findings = DeviceChecks.findings(device)
        #expect(findings.map(\.severity) == [.problem, .note, .note])
        #expect(findings[0].remedy == "ethtool -K eth0 lro off")
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
