internal import Logging

/// What an operator may look for in the journal. The id stands in MESSAGE_ID; `systemd/hdrlog.catalog` has a text on each.
/// Ids are only ever added to.
enum Event: String, CaseIterable {
    case ready = "0a06f4c5f46846ebab58ae5010abcb1b"
    case stopped = "a0c29c69ea4941d49ed2d8625108a8e9"
    case startFailed = "991a2a56009f477fb8176dda43a2523d"
    case attached = "8283b825eb6e43deac2191d8208ae93a"
    case detached = "68d42a21dd2c494bb89df5809707b2ee"
    case refused = "2a0a8db11fb14521b58acc6c6defb01a"
    case renamed = "f2492ecd0c9940ffac61271a90017b89"
    case ringFull = "160a8b8d8c244154a439fc43c67a053b"
    case storeFails = "97260177a3d24608a7852729486666fd"
    case storeWorks = "6840aea7d3d048aa9c44159c06cdae15"
    case segmentDamaged = "5ed08af478aa4f98840ce3bcaa636972"
    case segmentDeleted = "38d4a87da14c47e5867739f72da03ed2"
    case walPinned = "e96113ed431e4039b1f6f156f4858128"
    case recovered = "fe72989618af4f14846ea275f1f085f5"
    case reloaded = "b0da090d901049acb536466b069bcc4d"
    case reloadRefused = "b8a7942952f14823a531bc1c5fc94522"
    case layoutChanged = "ed3d67407eca4d1abf9d0f4ac4264240"
    case tailRefused = "390c233391214ba7a6a78b9a3de0f997"

    /// How grave it is, wherever it comes from.
    var level: Logger.Level {
        switch self {
        case .ready, .stopped, .attached, .detached, .reloaded, .segmentDeleted: .info
        case .renamed, .recovered, .storeWorks, .walPinned: .notice
        case .refused, .ringFull, .layoutChanged: .warning
        case .startFailed, .storeFails, .segmentDamaged, .reloadRefused, .tailRefused: .error
        }
    }
}

/// The journal's fields beside the text, by their names there.
enum LogField: String {
    case interface = "INTERFACE"
    case hook = "HOOK"
    case reason = "REASON"
    case segment = "SEGMENT"
    /// Records or frames.
    case count = "COUNT"
    case bytes = "BYTES"
}

extension Logger {
    /// Tells an event by its id; the text says all of it, since stderr shows nothing else.
    func tell(_ event: Event, _ text: String, _ fields: [LogField: any CustomStringConvertible] = [:]) {
        var metadata: Logger.Metadata = ["MESSAGE_ID": .string(event.rawValue)]
        for (field, value) in fields { metadata[field.rawValue] = .string(value.description) }
        log(level: event.level, "\(text)", metadata: metadata)
    }
}
