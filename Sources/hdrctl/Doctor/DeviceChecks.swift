internal import CLinux
internal import Glibc

/// What of a network device bears on the log.
struct DeviceFacts {
    var name: String
    var mtu = 1500
    /// It has a device behind it: a NIC, not software.
    var isHardware = false
    var driver = ""
    /// As the kernel tells them; nil before Linux 6.3.
    var features: XDPFeatures?
    /// hdrlogd sits at tc for what it receives.
    var receivesAtTC = false
    /// Id of the XDP program on it; 0 without one, nil where the kernel does not tell.
    var program: UInt32?
    /// Pairs of queues in use and at the most; nil where the driver does not tell.
    var queues: (used: Int, limit: Int)?
    /// Offloads; nil where the driver does not tell.
    var largeReceive: Bool?
    var genericReceive: Bool?
    var stripsVlan: Bool?

    var hasNativeXDP: Bool { features?.contains(.native) ?? Drivers.native.contains(driver) }
    var takesFrags: Bool { features?.contains(.frags) ?? Drivers.frags.contains(driver) }
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
                    device.name,
                    "the hardware takes VLAN tags off: native XDP sees them from Linux 6.15 on, if the driver tells them",
                    remedy: "ethtool -K \(device.name) rxvlan off"))
        }
        if device.genericReceive == true, device.receivesAtTC {
            findings.append(
                .note(
                    device.name,
                    "GRO is on: received frames are merged before tc sees them, and one header stands for several packets",
                    remedy: "ethtool -K \(device.name) gro off, or hook = \"native\" for it"))
        }
        findings += native(device)
        guard findings.isEmpty else { return findings }
        let kind = device.isHardware ? "driver \(device.driver)" : "software device"
        let xdp = device.hasNativeXDP ? device.takesFrags ? ", native XDP with frags" : ", native XDP" : ""
        let merged = device.genericReceive.map { ", GRO \($0 ? "on" : "off")" } ?? ""
        return [.ok(device.name, "\(kind), MTU \(device.mtu)\(xdp)\(merged)")]
    }

    /// Whether native XDP, the cheapest hook of a NIC, can be had.
    private static func native(_ device: DeviceFacts) -> [Finding] {
        guard device.isHardware else { return [] }
        guard device.hasNativeXDP else {
            return [
                .note(
                    device.name, "driver \(device.driver) has no native XDP: the tc hook is used, which costs more",
                    remedy: "none is needed; a card with native XDP makes logging cheaper")
            ]
        }
        if device.mtu > 3000, !device.takesFrags {
            return [
                .note(
                    device.name, "MTU \(device.mtu): driver \(device.driver) takes native XDP for small frames only",
                    remedy: "ip link set \(device.name) mtu 3000, or leave it so: another hook is used")
            ]
        }
        let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        if device.driver == "virtio_net", let queues = device.queues, queues.used + processors > queues.limit {
            let room = queues.limit - processors
            return [
                .note(
                    device.name,
                    "\(queues.used) of \(queues.limit) queue pairs are in use; native XDP wants one more a processor",
                    remedy: room > 0
                        ? "ethtool -L \(device.name) combined \(room)"
                        : "give the machine \(queues.used + processors) queue pairs (queues= of its network device)")
            ]
        }
        return []
    }

    /// An XDP program that is not hdrlog's keeps its place; hdrlog then uses tc.
    static func foreignProgram(_ device: DeviceFacts, isOurs: Bool) -> Finding? {
        guard let program = device.program, program != 0, !isOurs else { return nil }
        return .note(
            device.name, "XDP program \(program), not hdrlog's, is attached: only tc hooks are left, which cost more",
            remedy: "bpftool prog show id \(program) tells whose it is; ip link set \(device.name) xdp off takes it off"
        )
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
        device.features = xdpFeatures(name)
        let program = hdrlog_xdp_program(Int32(if_nametoindex(name)))
        device.program = program < 0 ? nil : UInt32(program)
        device.queues = queues(name, socket)
        device.genericReceive = ethtool(0x2B, name, socket).map { $0 != 0 }  // ETHTOOL_GGRO
        return device
    }

    private static func xdpFeatures(_ name: String) -> XDPFeatures? {
        var features: UInt64 = 0
        return hdrlog_xdp_features(if_nametoindex(name), &features) == 0 ? XDPFeatures(rawValue: features) : nil
    }

    /// ETHTOOL_GCHANNELS: combined channels of a `struct ethtool_channels`.
    private static func queues(_ name: String, _ socket: Int32) -> (used: Int, limit: Int)? {
        var channels = [UInt32](repeating: 0, count: 9)
        channels[0] = 0x3C
        let result = channels.withUnsafeMutableBytes { request(name, $0.baseAddress!, socket) }
        return result == 0 && channels[4] > 0 ? (Int(channels[8]), Int(channels[4])) : nil
    }

    /// ioctl(SIOCETHTOOL) with a `struct ethtool_value`; nil when the driver has no answer.
    private static func ethtool(_ command: UInt32, _ name: String, _ socket: Int32) -> UInt32? {
        var value: (command: UInt32, data: UInt32) = (command, 0)
        let result = withUnsafeMutablePointer(to: &value) { request(name, $0, socket) }
        return result == 0 ? value.data : nil
    }

    private static func request(_ name: String, _ data: UnsafeMutableRawPointer, _ socket: Int32) -> Int32 {
        // struct ifreq: 16 bytes of name, then the pointer.
        var request = [UInt8](repeating: 0, count: 40)
        request.replaceSubrange(0..<min(15, name.utf8.count), with: name.utf8.prefix(15))
        withUnsafeBytes(of: UInt(bitPattern: data)) { request.replaceSubrange(16..<24, with: $0) }
        return request.withUnsafeMutableBytes { ioctl(socket, 0x8946, $0.baseAddress!) }
    }
}
