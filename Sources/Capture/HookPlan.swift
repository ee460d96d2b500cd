/// Where an operator wants the programs.
public enum HookChoice: String, Sendable, CaseIterable {
    case auto, native, generic, tc, clsact
}

/// Where a program sits.
public enum HookPlace: String, Sendable, CaseIterable {
    case nativeXDP = "native XDP"
    case genericXDP = "generic XDP"
    case tc
    /// A filter on the clsact queueing discipline: what tc is before Linux 6.6.
    case clsact = "tc filter"

    var isXDP: Bool { self == .nativeXDP || self == .genericXDP }

    /// `xdp` or `tc`.
    public var hook: String { isXDP ? "xdp" : "tc" }
}

/// The order in which places are tried for received frames, and why.
struct HookPlan: Equatable {
    struct Step: Equatable {
        var place: HookPlace
        /// The driver is asked for the VLAN tags that the hardware took off, or the step fails.
        var asksForTags = false
    }

    var steps: [Step]
    var reason: String

    /// Native XDP is the cheapest place on a network card and the dearest on a software device, where it switches
    /// segmentation offload off (bulk TCP over veth falls from 13 to 4 Gbit/s). The slot of another program is left
    /// alone, so tc stands at the end of each list.
    ///
    /// VLAN tags that the hardware took off are seen at tc, and by native XDP where kernel and driver tell them. Where
    /// they do not, tc is the better place for a card that carries VLANs, whatever it costs.
    init(_ choice: HookChoice, for device: Device) {
        let asking = device.stripsTags ? [Step(place: .nativeXDP, asksForTags: true)] : []
        let native = Step(place: .nativeXDP)
        let blind = device.stripsTags ? ", which does not see the VLAN tags that the hardware takes off" : ""
        switch choice {
        case .auto where device.isNetworkCard:
            let last = device.stripsTags && device.carriesVLANs ? [] : [native]
            self.init(asking + last + [Step(place: .tc)], "auto: native XDP is cheapest on a network card")
        case .auto:
            self.init([Step(place: .tc)], "auto: XDP would switch segmentation offload off on a software device")
        case .native:
            self.init(asking + [native, Step(place: .genericXDP), Step(place: .tc)], "configured")
        case .generic: self.init([Step(place: .genericXDP), Step(place: .tc)], "configured\(blind)")
        case .tc: self.init([Step(place: .tc)], "configured")
        case .clsact: self.init([Step(place: .clsact)], "configured")
        }
    }

    private init(_ steps: [Step], _ reason: String) {
        self.steps = steps
        self.reason = reason
    }

    /// What is said of a step that failed before the next one is tried.
    /// - Parameters:
    ///   - isTaken: another program holds the XDP slot.
    ///   - number: errno.
    static func remark(on step: Step, isTaken: Bool, number: Int32) -> String {
        if isTaken { return "; \(step.place.rawValue) is taken by another program" }
        if step.asksForTags {
            return "; here native XDP does not see the VLAN tags that the hardware takes off (\(number))"
        }
        return "; \(step.place.rawValue) is refused (\(number))"
    }
}
