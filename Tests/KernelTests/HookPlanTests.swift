import CHdrlog
import Testing

@testable import Capture

@Suite("Which hook an interface gets")
struct HookPlanTests {
    private func device(card: Bool = true, strips: Bool = false, vlans: Bool = false) -> Device {
        Device(
            name: "eth9", index: 9, isNetworkCard: card, linkType: HDRLOG_LINK_ETHERNET, stripsTags: strips,
            carriesVLANs: vlans)
    }

    private func places(_ choice: HookChoice, _ device: Device) -> [HookPlace] {
        HookPlan(choice, for: device).steps.map(\.place)
    }

    @Test("a network card gets native XDP, a software device tc")
    func auto() {
        #expect(places(.auto, device()) == [.nativeXDP, .tc])
        #expect(places(.auto, device(card: false, strips: true)) == [.tc])
    }

    @Test("the driver of a card that takes tags off is asked for them first")
    func asking() {
        let steps = HookPlan(.auto, for: device(strips: true)).steps
        #expect(steps.map(\.place) == [.nativeXDP, .nativeXDP, .tc])
        #expect(steps.map(\.asksForTags) == [true, false, false])
    }

    @Test("a card that carries VLANs and takes their tags off gets tc if its driver does not tell them")
    func carrier() {
        let steps = HookPlan(.auto, for: device(strips: true, vlans: true)).steps
        #expect(steps.map(\.place) == [.nativeXDP, .tc])
        #expect(steps[0].asksForTags)
        #expect(
            places(.auto, device(vlans: true)) == [.nativeXDP, .tc], "tags that stay in the frame are seen anywhere")
    }

    @Test("who wants native XDP gets it, tags or not")
    func configured() {
        let steps = HookPlan(.native, for: device(strips: true, vlans: true)).steps
        #expect(steps.map(\.place) == [.nativeXDP, .nativeXDP, .genericXDP, .tc])
    }

    @Test("the reason says which tags are not seen")
    func reasons() {
        #expect(HookPlan(.generic, for: device(strips: true)).reason.contains("does not see the VLAN tags"))
        #expect(HookPlan(.generic, for: device()).reason == "configured")
        let asked = HookPlan.Step(place: .nativeXDP, asksForTags: true)
        #expect(HookPlan.remark(on: asked, isTaken: false, number: 95).contains("does not see the VLAN tags"))
        #expect(
            HookPlan.remark(on: asked, isTaken: true, number: 16) == "; native XDP is taken by another program")
    }
}
