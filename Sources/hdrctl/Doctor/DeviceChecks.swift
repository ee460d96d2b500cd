internal import Glibc

/// What of a network device bears on the log.
struct DeviceFacts: Equatable {
    var name: String
    var mtu = 1500
    /// It has a device behind it: a NIC, not software.
    var isHardware = false
    var driver = ""
    /// Offloads; nil where the driver does not tell.
    var largeReceive: Bool?
    var genericReceive: Bool?
    var stripsVlan: Bool?
}

enum DeviceChecks {
    static func findings(_ device: DeviceFacts) -> [Finding] {
        var findings: [Finding] = []
        if device.largeReceive == true {
            findings.append(
                .problem(
                    device.name, "LRO is on: native XDP cannot be attached, and frames are merged before they are seen",
                    remedy: "ethtool -K \(device.name) lro off"))
        }
        if device.stripsVlan == true, device.isHardware {
            findings.append(
                .note(
                    device.name, "the hardware takes VLAN tags off: native XDP may not see them",
                    remedy: "ethtool -K \(device.name) rxvlan off"))
        }
        if device.isHardware, device.mtu > 3000 {
            findings.append(
                .note(
                    device.name,
                    "MTU \(device.mtu): native XDP needs a driver with multi-buffer support, else generic is used",
                    remedy: "ip link set \(device.name) mtu 3000, or leave it so"))
        }
        guard findings.isEmpty else { return findings }
        let kind = device.isHardware ? "driver \(device.driver)" : "software device"
        return [.ok(device.name, "\(kind), MTU \(device.mtu)")]
    }

    /// Devices that are up and not loopback.
    static func devices() -> [DeviceFacts] {
        let socket = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(socket) }
        return HostFacts.names(in: "/sys/class/net").compactMap { read($0, socket) }
    }

    private static func read(_ name: String, _ socket: Int32) -> DeviceFacts? {
        let root = "/sys/class/net/\(name)"
        guard let text = HostFacts.text("\(root)/flags"), let flags = UInt32(text.dropFirst(2), radix: 16),
            flags & 1 != 0, flags & 8 == 0
        else { return nil }
        var device = DeviceFacts(name: name)
        device.mtu = HostFacts.text("\(root)/mtu").flatMap { Int($0) } ?? 0
        device.isHardware = access("\(root)/device", F_OK) == 0
        if let target = realpath("\(root)/device/driver", nil) {
            device.driver = String(String(cString: target).split(separator: "/").last ?? "")
            free(target)
        }
        let features = ethtool(0x25, name, socket)  // ETHTOOL_GFLAGS
        device.largeReceive = features.map { $0 & 1 << 15 != 0 }  // ETH_FLAG_LRO
        device.stripsVlan = features.map { $0 & 1 << 8 != 0 }  // ETH_FLAG_RXVLAN
        device.genericReceive = ethtool(0x2B, name, socket).map { $0 != 0 }  // ETHTOOL_GGRO
        return device
    }

    /// ioctl(SIOCETHTOOL) with a `struct ethtool_value`; nil when the driver has no answer.
    private static func ethtool(_ command: UInt32, _ name: String, _ socket: Int32) -> UInt32? {
        var value: (command: UInt32, data: UInt32) = (command, 0)
        let result = withUnsafeMutablePointer(to: &value) { pointer in
            // struct ifreq: 16 bytes of name, then the pointer.
            var request = [UInt8](repeating: 0, count: 40)
            request.replaceSubrange(0..<min(15, name.utf8.count), with: name.utf8.prefix(15))
            withUnsafeBytes(of: UInt(bitPattern: pointer)) { request.replaceSubrange(16..<24, with: $0) }
            return request.withUnsafeMutableBytes { ioctl(socket, 0x8946, $0.baseAddress!) }
        }
        return result == 0 ? value.data : nil
    }
}
