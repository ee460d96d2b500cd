internal import CHdrlog
internal import Capture
internal import Records

extension InterfaceSnapshot {
    /// What was counted since an earlier snapshot, kind by kind; nil stands for zero everywhere.
    func samples(since earlier: InterfaceCounters?) -> [CounterSample] {
        // Counters begin anew when an interface is attached again.
        let isLater = earlier.map { $0.frames <= counters.frames } ?? false
        let before = isLater ? earlier! : InterfaceCounters()
        var samples: [CounterSample] = []
        func add(_ kind: CounterKind, _ value: Int = 0, _ frames: UInt64, _ old: UInt64, bytes: UInt64 = 0) {
            guard frames > old else { return }
            samples.append(
                CounterSample(
                    interface: device.index, direction: direction, kind: kind, value: UInt32(value),
                    frames: frames - old, bytes: bytes))
        }
        add(.seen, 0, counters.frames, before.frames, bytes: counters.bytes &- before.bytes)
        add(.wirePackets, 0, counters.wirePackets, before.wirePackets)
        add(.filtered, 0, counters.filtered, before.filtered)
        add(.counted, 0, counters.counted, before.counted)
        add(.sampled, 0, counters.sampled, before.sampled)
        add(.ringLost, 0, counters.ringLost, before.ringLost)
        add(.keyed, 0, counters.keyed, before.keyed)
        add(.untracked, 0, counters.untracked, before.untracked)
        for (reason, frames) in counters.malformed.enumerated() {
            add(.malformed, reason, frames, before.malformed[reason])
        }
        for (place, type) in Self.etherTypes.enumerated() {
            let (new, old) = (counters.etherTypes[place], before.etherTypes[place])
            add(.etherType, Int(type), new.frames, old.frames, bytes: new.bytes &- old.bytes)
        }
        for number in 0..<256 {
            let (new, old) = (counters.protocols[number], before.protocols[number])
            add(.ipProtocol, number, new.frames, old.frames, bytes: new.bytes &- old.bytes)
        }
        for kind in HistogramKind.allCases {
            for (bucket, frames) in counters.histograms[kind].enumerated() {
                add(CounterKind(kind), kind.range(of: bucket).lowerBound, frames, before.histograms[kind][bucket])
            }
        }
        return samples
    }

    /// In the order of `hdrlog_ethertype`; 0 stands for all others.
    private static let etherTypes = [EtherType.ipv4, EtherType.ipv6, EtherType.arp, 0]
}
