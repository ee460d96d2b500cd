import CHdrlog
import Records

extension RuleCompiler {
    typealias Label = BPFAssembler.Label

    /// The code of one test: it goes to `yes` or to `no`, and means just what `Test.holds` means.
    mutating func emit(_ test: Test, yes: Label, no: Label) {
        switch test {
        case .etherType(let type): compare(.half, Facts.etherType, UInt32(type), yes, no)
        case .ipProtocol(let number, let version):
            load(.byte, Facts.ipProtocol)
            assembler.emit(.jump32(.notEqual, 1, UInt32(number)), to: no)
            needIP(version, no)
            assembler.jump(to: yes)
        case .address(let block, let side, let scope): address(block, side, scope, yes, no)
        case .ports(let low, let high, let side, let transport): ports(low...high, side, transport, yes, no)
        case .mac(let value, let side):
            need(HDRLOG_HAS_ETHERNET, no)
            both(
                side, yes, no, source: { $0.mac(value, Facts.sourceMac, $1, $2) },
                destination: { $0.mac(value, Facts.destinationMac, $1, $2) })
        case .multicast:
            need(HDRLOG_HAS_ETHERNET, no)
            load(.byte, Facts.destinationMac)
            assembler.emit(.jump32(.set, 1, 1), to: yes)
            assembler.jump(to: no)
        case .tagged: compare(.byte, Facts.vlanCount, 0, no, yes)
        case .tag(let identifier):
            load(.half, Facts.vlan)
            assembler.emit(.jump32(.equal, 1, UInt32(identifier)), to: yes)
            compare(.half, Facts.innerVlan, UInt32(identifier), yes, no)
        case .direction(let direction): compare(.byte, Facts.direction, UInt32(direction.rawValue), yes, no)
        case .interface(let index): compare(.word, Facts.ifindex, index, yes, no)
        case .present(let field): present(field, yes, no)
        case .number(let field, let range): number(field, range, yes, no)
        case .addressField(let field, let block, let outside):
            address(field, block, outside ? no : yes, outside ? yes : no, no)
        case .macField(let field, let value, let outside):
            need(HDRLOG_HAS_ETHERNET, no)
            let offset = field == .sourceMac ? Facts.sourceMac : Facts.destinationMac
            mac(value, offset, outside ? no : yes, outside ? yes : no)
        case .bytes: preconditionFailure("byte accesses are rewritten by KernelForm")
        }
    }

    // MARK: Pieces

    private mutating func load(_ size: BPFInstruction.Size, _ offset: Int) {
        assembler.emit(.load(size, 1, from: Self.facts, offset))
    }

    private mutating func compare(
        _ size: BPFInstruction.Size, _ offset: Int, _ value: UInt32, _ equal: Label, _ different: Label
    ) {
        load(size, offset)
        assembler.emit(.jump32(.notEqual, 1, value), to: different)
        assembler.jump(to: equal)
    }

    /// Goes to `no` unless the facts have these.
    private mutating func need(_ bits: hdrlog_has, _ no: Label) {
        load(.half, Facts.has)
        assembler.emit(.and32(1, bits.rawValue))
        assembler.emit(.jump32(.equal, 1, 0), to: no)
    }

    /// Goes to `no` unless there is an IP header of the version (0: either).
    private mutating func needIP(_ version: UInt8, _ no: Label) {
        load(.byte, Facts.network)
        switch version {
        case 4: assembler.emit(.jump32(.notEqual, 1, HDRLOG_NETWORK_IPV4.rawValue), to: no)
        case 6: assembler.emit(.jump32(.notEqual, 1, HDRLOG_NETWORK_IPV6.rawValue), to: no)
        default:
            // IPv4 is 1 and IPv6 is 2; 0 wraps round.
            assembler.emit(.subtract32(1, 1))
            assembler.emit(.jump32(.greater, 1, 1), to: no)
        }
    }

    private typealias Piece = (inout RuleCompiler, Label, Label) -> Void

    /// Joins the tests of source and destination.
    private mutating func both(_ side: Side, _ yes: Label, _ no: Label, source: Piece, destination: Piece) {
        switch side {
        case .source: source(&self, yes, no)
        case .destination: destination(&self, yes, no)
        case .either, .both:
            let second = assembler.label()
            source(&self, side == .either ? yes : second, side == .either ? second : no)
            assembler.place(second)
            destination(&self, yes, no)
        }
    }

    private mutating func mac(_ value: UInt64, _ offset: Int, _ yes: Label, _ no: Label) {
        // Six bytes as on the wire, in loads that are aligned whichever of the two addresses it is.
        let wire = (value << 16).bigEndian
        var at = 0
        while at < 6 {
            let size: BPFInstruction.Size = (offset + at) % 4 == 0 && at <= 2 ? .word : .half
            let part = wire >> UInt64(8 * at)
            load(size, offset + at)
            let expected = UInt32(truncatingIfNeeded: size == .word ? part : part & 0xFFFF)
            assembler.emit(.jump32(.notEqual, 1, expected), to: no)
            at += size == .word ? 4 : 2
        }
        assembler.jump(to: yes)
    }

    private mutating func ports(
        _ range: ClosedRange<UInt16>, _ side: Side, _ transport: UInt8, _ yes: Label, _ no: Label
    ) {
        if transport != 0 {
            load(.byte, Facts.ipProtocol)
            assembler.emit(.jump32(.notEqual, 1, UInt32(transport)), to: no)
        }
        need(HDRLOG_HAS_PORTS, no)
        let bounds = NumberRange(low: UInt64(range.lowerBound), high: UInt64(range.upperBound))
        both(
            side, yes, no,
            source: { $0.within(bounds, .half, Facts.sourcePort, yes: $1, no: $2) },
            destination: { $0.within(bounds, .half, Facts.destinationPort, yes: $1, no: $2) })
    }

    private mutating func within(
        _ range: NumberRange, _ size: BPFInstruction.Size, _ offset: Int, yes: Label, no: Label
    ) {
        load(size, offset)
        within(range, yes: yes, no: no)
    }

    /// Compares r1 with the range's bounds; its mask has been applied.
    private mutating func within(_ range: NumberRange, yes: Label, no: Label) {
        let (inside, outside) = range.outside ? (no, yes) : (yes, no)
        guard let low = UInt32(exactly: range.low) else { return assembler.jump(to: outside) }
        let high = UInt32(clamping: range.high)
        if low == high {
            assembler.emit(.jump32(.notEqual, 1, low), to: outside)
        } else {
            if low > 0 { assembler.emit(.jump32(.less, 1, low), to: outside) }
            if high < .max { assembler.emit(.jump32(.greater, 1, high), to: outside) }
        }
        assembler.jump(to: inside)
    }

    // MARK: Fields

    private mutating func present(_ field: Field, _ yes: Label, _ no: Label) {
        switch field {
        case .sourceMac, .destinationMac: need(HDRLOG_HAS_ETHERNET, no)
        case .etherType: return number(field, NumberRange(low: 0, high: .max), yes, no)
        case .source, .destination, .ipVersion: needIP(0, no)
        case .interface, .direction: break
        default: need(FactsField(field)!.need, FactsField(field)!, no)
        }
        assembler.jump(to: yes)
    }

    private mutating func need(_ need: FactsField.Need, _ place: FactsField, _ no: Label) {
        switch need {
        case .nothing: break
        case .has(let bits): self.need(bits, no)
        case .ip: needIP(0, no)
        case .ipv4: needIP(4, no)
        case .not(let absent):
            load(place.size, place.offset)
            assembler.emit(.jump32(.equal, 1, absent), to: no)
        }
    }

    private mutating func number(_ field: Field, _ range: NumberRange, _ yes: Label, _ no: Label) {
        switch field {
        case .ipVersion:
            // Network 1 is version 4, network 2 version 6.
            needIP(0, no)
            load(.byte, Facts.network)
            assembler.emit(.jump32(.equal, 1, HDRLOG_NETWORK_IPV4.rawValue), to: range.contains(4) ? yes : no)
            assembler.jump(to: range.contains(6) ? yes : no)
            return
        case .etherType:
            need(HDRLOG_HAS_ETHERNET, no)
            load(.half, Facts.etherType)
            assembler.emit(.jump32(.less, 1, UInt32(EtherType.smallest)), to: no)
        default:
            let place = FactsField(field)!
            need(place.need, place, no)
            load(place.size, place.offset)
            if place.shift != 0 { assembler.emit(.shiftRight32(1, by: place.shift)) }
            if place.mask != .max { assembler.emit(.and32(1, place.mask)) }
        }
        if range.mask != .max { assembler.emit(.and32(1, UInt32(truncatingIfNeeded: range.mask))) }
        within(range, yes: yes, no: no)
    }
}
