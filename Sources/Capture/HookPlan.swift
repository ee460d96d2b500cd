/// Where an operator wants the programs.
public enum HookChoice: String, Sendable, CaseIterable {
    case auto, native, generic, tc
}

/// Where a program sits.
public enum HookPlace: String, Sendable, CaseIterable {
    case nativeXDP = "native XDP"
    case genericXDP = "generic XDP"
    case tc

    /// `xdp` or `tc`.
    public var hook: String { self == .tc ? "tc" : "xdp" }
}

/// The order in which places are tried for received frames, and why.
struct HookPlan: Equatable {
    var places: [HookPlace]
    var reason: String

    /// Native XDP is the cheapest place on a network card and the dearest on a software device, where it switches
    /// segmentation offload off (bulk TCP over veth falls from 13 to 4 Gbit/s). The slot of another program is left
    /// alone, so tc stands at the end of each list.
    init(_ choice: HookChoice, for device: Device) {
        switch choice {
        case .auto where device.isNetworkCard:
            self.init([.nativeXDP, .tc], "auto: native XDP is cheapest on a network card")
        case .auto: self.init([.tc], "auto: XDP would switch segmentation offload off on a software device")
        case .native: self.init([.nativeXDP, .genericXDP, .tc], "configured")
        case .generic: self.init([.genericXDP, .tc], "configured")
        case .tc: self.init([.tc], "configured")
        }
    }

    private init(_ places: [HookPlace], _ reason: String) {
        self.places = places
        self.reason = reason
    }
}
