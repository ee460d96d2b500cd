public import CHdrlog
internal import CLinux
internal import Glibc

/// What the kernel says about an interface, as far as the choice of the hook depends on it.
public struct Device: Equatable, Sendable {
    public var name: String
    public var index: UInt32
    /// Hardware, or hardware to the guest: there is a device behind the interface.
    public var isNetworkCard: Bool
    /// How frames begin; nil for a link layer that is not walked.
    public var linkType: hdrlog_link_type?

    /// It takes VLAN tags off received frames and hands them on beside the bytes (ethtool's rx-vlan-offload).
    public var stripsTags: Bool
    /// VLAN interfaces stand on it, so tagged frames are to be expected.
    public var carriesVLANs: Bool

    public init(
        name: String, index: UInt32, isNetworkCard: Bool, linkType: hdrlog_link_type?, stripsTags: Bool = false,
        carriesVLANs: Bool = false
    ) {
        self.name = name
        self.index = index
        self.isNetworkCard = isNetworkCard
        self.linkType = linkType
        self.stripsTags = stripsTags
        self.carriesVLANs = carriesVLANs
    }

    /// Looks an interface up in this network namespace; nil when there is none of the name.
    public init?(named name: String) {
        let index = if_nametoindex(name)
        guard index != 0 else { return nil }
        self.init(
            name: name, index: index, isNetworkCard: access("/sys/class/net/\(name)/device", F_OK) == 0,
            linkType: Self.linkType(hardware: hdrlog_hardware_type(name)),
            stripsTags: hdrlog_strips_tags(name) == 1, carriesVLANs: Self.carriesVLANs(name))
    }

    /// sysfs links an interface to those that stand on it as `upper_NAME`.
    private static func carriesVLANs(_ name: String) -> Bool {
        guard let folder = opendir("/sys/class/net/\(name)") else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let found = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            guard found.hasPrefix("upper_") else { continue }
            if access("/proc/net/vlan/\(found.dropFirst("upper_".count))", F_OK) == 0 { return true }
        }
        return false
    }

    /// - Parameter hardware: ARPHRD_* of linux/if_arp.h.
    static func linkType(hardware: Int32) -> hdrlog_link_type? {
        switch hardware {
        case 1, 772: HDRLOG_LINK_ETHERNET  // Ethernet; loopback, whose frames have an Ethernet header too
        case 512, 768, 769, 776, 778, 823, 65534: HDRLOG_LINK_RAW_IP  // PPP, IP tunnels, GRE, tun, WireGuard
        default: nil
        }
    }
}
