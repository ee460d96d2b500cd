public import BPF
public import Filter
internal import Glibc

/// Why capturing cannot start, or not on this interface.
public enum CaptureError: Error, Equatable, CustomStringConvertible {
    case kernel(BPFError)
    case attach(interface: String, BPFError)
    /// Neither Ethernet nor IP.
    case unsupportedLinkLayer(String)
    case tooManyInterfaces
    /// The kernel cannot evaluate a rule.
    case rules(RuleError)

    init(_ error: BPFError) { self = .kernel(error) }
    init(_ error: BPFError, interface: String) { self = .attach(interface: interface, error) }

    /// The interface has gone meanwhile.
    public var isGone: Bool {
        if case .attach(_, let error) = self { error.number == ENODEV } else { false }
    }

    public var description: String {
        switch self {
        case .kernel(let error): "\(error)"
        case .attach(let interface, let error): "\(interface): \(error)"
        case .unsupportedLinkLayer(let interface): "\(interface): its link layer is neither Ethernet nor IP"
        case .rules(let error): "\(error)"
        case .tooManyInterfaces: "more than \(Capture.maximumInterfaces) interfaces"
        }
    }
}
