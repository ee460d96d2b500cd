/// The constant bytes of a random flow, both ways.
enum FlowMaker {
    static func flow(_ random: inout Random, ipv6Share: Double) -> SyntheticTraffic.Flow {
        let isIPv6 = random.unit() < ipv6Share
        let draw = random.unit()
        let kind: UInt8 = draw < 0.8 ? 6 : draw < 0.98 ? 17 : isIPv6 ? 58 : 1
        let macs = (mac(&random, 0), mac(&random, 1))
        let ends = (address(&random, isIPv6, 0), address(&random, isIPv6, 1))
        let ports = (UInt16(32_768 + random.next() % 28_000), serverPort(&random, kind))
        let labels = (random.next(), random.next())
        let timeToLive: (UInt8, UInt8) = (64, [49, 52, 55, 57, 113, 118, 240][Int(random.next() % 7)])
        let there = header(macs.0, macs.1, ends.0, ends.1, ports.0, ports.1, kind, timeToLive.0, labels.0)
        let back = header(macs.1, macs.0, ends.1, ends.0, ports.1, ports.0, kind, timeToLive.1, labels.1)
        return SyntheticTraffic.Flow(
            header: there, reverse: back, network: 14, transport: isIPv6 ? 54 : 34, isIPv6: isIPv6, kind: kind,
            sequences: (UInt32(truncatingIfNeeded: random.next()), UInt32(truncatingIfNeeded: random.next())),
            identifiers: (UInt16(truncatingIfNeeded: random.next()), UInt16(truncatingIfNeeded: random.next())))
    }

    private static func mac(_ random: inout Random, _ side: UInt8) -> [UInt8] {
        [2, side] + bytes(random.next()).prefix(4)
    }

    private static func address(_ random: inout Random, _ isIPv6: Bool, _ side: UInt8) -> [UInt8] {
        if isIPv6 { return [0x20, 0x01, 0x0D, 0xB8, side] + bytes(random.next()).prefix(3) + bytes(random.next()) }
        return [side == 0 ? 10 : 198] + bytes(random.next()).prefix(3)
    }

    private static func bytes(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    private static func serverPort(_ random: inout Random, _ kind: UInt8) -> UInt16 {
        let known: [UInt16] =
            kind == 6
            ? [443, 443, 443, 443, 443, 80, 80, 22, 25, 53, 143, 993, 5432, 8080] : [53, 53, 443, 443, 443, 123, 5353]
        return known[Int(random.next() % UInt64(known.count))]
    }

    private static func header(
        _ source: [UInt8], _ destination: [UInt8], _ from: [UInt8], _ to: [UInt8], _ sourcePort: UInt16,
        _ destinationPort: UInt16, _ kind: UInt8, _ timeToLive: UInt8, _ label: UInt64
    ) -> [UInt8] {
        var all = destination + source
        if from.count == 16 {
            all += [0x86, 0xDD, 0x60, UInt8(label & 0xF), UInt8(label >> 8 & 0xFF), UInt8(label >> 16 & 0xFF), 0, 0]
            all += [kind, timeToLive]
        } else {
            all += [8, 0, 0x45, 0, 0, 0, 0, 0, kind == 6 ? 0x40 : 0, 0, timeToLive, kind, 0, 0]
        }
        all += from + to
        let ports = [UInt8(sourcePort >> 8), UInt8(sourcePort & 0xFF)]
        switch kind {
        case 6:
            all += ports + [UInt8(destinationPort >> 8), UInt8(destinationPort & 0xFF)]
            all += [0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10, 0xFA, 0xF0, 0, 0, 0, 0]
        case 17: all += ports + [UInt8(destinationPort >> 8), UInt8(destinationPort & 0xFF), 0, 0, 0, 0]
        default: all += [kind == 1 ? 8 : 128, 0, 0, 0] + ports + [0, 0]
        }
        return all
    }
}
