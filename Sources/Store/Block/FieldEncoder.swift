internal import CHdrlog
internal import Records

/// Writes what a record's flow did not foresee. The counterpart is `FieldDecoder`.
struct FieldEncoder {
    /// One for each `FieldStream`.
    let streams: UnsafeMutablePointer<StreamWriter>
    let states: UnsafeMutablePointer<FlowState>
    let options: BytesDictionary
    /// Room for an options entry.
    let scratch: UnsafeMutableRawPointer

    @inline(__always)
    func encode(_ record: HeaderRecord, _ shape: HeaderShape, _ flow: Int) {
        var code: UInt16 = 0
        if let bytes = record.bytes.baseAddress, shape.network != .other {
            let captured = record.bytes.count
            let payload = encodeNetwork(bytes, record, shape, captured, flow, &code)
            switch shape.transport {
            case .tcp: encodeTCP(bytes, shape, captured, payload, flow, &code)
            case .udp: encodeDatagram(bytes, shape, payload, &code)
            case .icmp: encodeRest(bytes + shape.transportOffset, flow)
            case .esp: encodeCounter(bytes + shape.transportOffset, flow, &code)
            case .other: break
            }
            if shape.transport != .other, shape.transport != .esp {
                encodeChecksum(bytes, shape, captured, payload, &code)
            }
        }
        streams[FieldStream.codesLow.rawValue].byte(UInt8(truncatingIfNeeded: code))
        streams[FieldStream.codesHigh.rawValue].byte(UInt8(truncatingIfNeeded: code >> 8))
    }

    /// - Returns: bytes behind the kept headers by IP's own length; may be negative.
    @inline(__always)
    private func encodeNetwork(
        _ bytes: UnsafeRawPointer, _ record: HeaderRecord, _ shape: HeaderShape, _ captured: Int, _ flow: Int,
        _ code: inout UInt16
    ) -> Int {
        let at = shape.networkOffset
        let base = shape.network == .ipv4 ? 0 : 40
        let length = Int(big16(bytes, at + (shape.network == .ipv4 ? 2 : 4)))
        if length != Int(record.metadata.frame_length) &- at &- base {
            if length == captured &- at &- base {
                code |= FieldCode.lengthHeaderOnly
            } else {
                code |= FieldCode.lengthExplicit
                streams[FieldStream.lengths.rawValue].word(UInt16(truncatingIfNeeded: length))
            }
        }
        if shape.network == .ipv4 { encodeIPv4(bytes + at, captured &- at, flow, &code) }
        return length &+ base &- (captured &- at)
    }

    @inline(__always)
    private func encodeIPv4(_ at: UnsafeRawPointer, _ left: Int, _ flow: Int, _ code: inout UInt16) {
        let identifier = big16(at, 4)
        let last = states[flow].identifier
        if identifier == last {
            code |= FieldCode.identifierSame
        } else if identifier != last &+ 1 {
            code |= FieldCode.identifierExplicit
            streams[FieldStream.identifiers.rawValue].difference(Int32(Int16(bitPattern: identifier &- last)))
        }
        states[flow].identifier = identifier
        let length = min(Int(at.load(as: UInt8.self) & 15) &* 4, left)
        let stored = at.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
        let sum = RawSum.of(at, max(length, 12)) &- UInt64(stored) << 16
        if ~RawSum.folded(sum) != stored {
            code |= FieldCode.headerChecksumExplicit
            streams[FieldStream.headerChecksums.rawValue].word(stored)
        }
    }

    @inline(__always)
    private func encodeTCP(
        _ bytes: UnsafeRawPointer, _ shape: HeaderShape, _ captured: Int, _ payload: Int, _ flow: Int,
        _ code: inout UInt16
    ) {
        let at = bytes + shape.transportOffset
        let (sequence, acknowledgment) = (big32(at, 4), big32(at, 8))
        let peer = Int(states[flow].peer)
        if sequence != states[flow].nextSequence {
            code |= FieldCode.sequenceExplicit
            streams[FieldStream.sequences.rawValue].difference(
                Int32(bitPattern: sequence &- states[flow].nextSequence))
        }
        if peer < 0 || acknowledgment != states[peer].nextSequence {
            if acknowledgment == states[flow].acknowledgment {
                code |= FieldCode.acknowledgmentSame
            } else {
                code |= FieldCode.acknowledgmentExplicit
                streams[FieldStream.acknowledgments.rawValue].difference(
                    Int32(bitPattern: acknowledgment &- states[flow].acknowledgment))
            }
        }
        let flags = at.load(fromByteOffset: 13, as: UInt8.self)
        let phantom = UInt32(flags & 1) &+ UInt32(flags >> 1 & 1)
        states[flow].nextSequence = sequence &+ UInt32(truncatingIfNeeded: payload) &+ phantom
        states[flow].acknowledgment = acknowledgment
        let window = big16(at, 14)
        if window != states[flow].window {
            code |= FieldCode.windowExplicit
            streams[FieldStream.windows.rawValue].difference(Int32(window) &- Int32(states[flow].window))
            states[flow].window = window
        }
        encodeOptions(at, captured &- shape.fixedLength, flow, peer, &code)
    }

    @inline(__always)
    private func encodeOptions(
        _ at: UnsafeRawPointer, _ count: Int, _ flow: Int, _ peer: Int, _ code: inout UInt16
    ) {
        let entry = scratch
        let stamps = OptionsEntry.stampPosition(at + 20, count)
        entry.storeBytes(of: at.load(fromByteOffset: 12, as: UInt8.self), as: UInt8.self)
        entry.storeBytes(of: UInt8(truncatingIfNeeded: stamps), toByteOffset: 1, as: UInt8.self)
        (entry + 2).copyMemory(from: at + 18, byteCount: 2)
        (entry + OptionsEntry.prefix).copyMemory(from: at + 20, byteCount: count)
        if stamps > 0 {
            (entry + OptionsEntry.prefix + stamps).storeBytes(of: 0, as: UInt64.self)
            encodeStamps(at + 20 + stamps, flow, peer, &code)
        }
        let number = options.number(of: UnsafeRawBufferPointer(start: entry, count: OptionsEntry.prefix + count)).number
        // 0 stands for "none yet", so that a flow's first record states its options.
        if Int32(truncatingIfNeeded: number) &+ 1 != states[flow].options {
            code |= FieldCode.optionsExplicit
            streams[FieldStream.options.rawValue].difference(Int32(truncatingIfNeeded: number))
            states[flow].options = Int32(truncatingIfNeeded: number) &+ 1
        }
    }

    @inline(__always)
    private func encodeStamps(_ at: UnsafeRawPointer, _ flow: Int, _ peer: Int, _ code: inout UInt16) {
        let (value, echo) = (big32(at, 0), big32(at, 4))
        if value != states[flow].stampValue {
            code |= FieldCode.stampExplicit
            streams[FieldStream.stampValues.rawValue].difference(
                Int32(bitPattern: value &- states[flow].stampValue))
            states[flow].stampValue = value
        }
        if peer < 0 || echo != states[peer].stampValue {
            if echo == states[flow].stampEcho {
                code |= FieldCode.echoSame
            } else {
                code |= FieldCode.echoExplicit
                streams[FieldStream.stampEchoes.rawValue].difference(
                    Int32(bitPattern: echo &- states[flow].stampEcho))
            }
        }
        states[flow].stampEcho = echo
    }

    @inline(__always)
    private func encodeDatagram(
        _ bytes: UnsafeRawPointer, _ shape: HeaderShape, _ payload: Int, _ code: inout UInt16
    ) {
        let length = big16(bytes, shape.transportOffset + 4)
        guard Int(length) != payload &+ 8 else { return }
        code |= FieldCode.sequenceExplicit
        streams[FieldStream.datagramLengths.rawValue].word(length)
    }

    @inline(__always)
    private func encodeRest(_ at: UnsafeRawPointer, _ flow: Int) {
        let rest = big32(at, 4)
        streams[FieldStream.rest.rawValue].difference(Int32(bitPattern: rest &- states[flow].rest))
        states[flow].rest = rest
    }

    @inline(__always)
    private func encodeCounter(_ at: UnsafeRawPointer, _ flow: Int, _ code: inout UInt16) {
        let sequence = big32(at, 4)
        if sequence != states[flow].nextSequence {
            code |= FieldCode.sequenceExplicit
            streams[FieldStream.sequences.rawValue].difference(
                Int32(bitPattern: sequence &- states[flow].nextSequence))
        }
        states[flow].nextSequence = sequence &+ 1
    }

    /// A packet without payload has a checksum that its headers give; one that is yet to be completed by hardware has
    /// the pseudo-header's.
    @inline(__always)
    private func encodeChecksum(
        _ bytes: UnsafeRawPointer, _ shape: HeaderShape, _ captured: Int, _ payload: Int,
        _ code: inout UInt16
    ) {
        let at = shape.transportOffset
        let field = shape.transport == .tcp ? 16 : shape.transport == .udp ? 6 : 2
        let stored = bytes.loadUnaligned(fromByteOffset: at + field, as: UInt16.self)
        if stored == 0 {
            code |= FieldCode.checksumZero
            return
        }
        let pseudo = ChecksumPrediction.pseudo(bytes, shape, captured &- at &+ payload)
        if payload == 0 {
            let sum = RawSum.of(bytes + at, captured &- at) &+ pseudo &- UInt64(stored) << (field == 16 ? 0 : 16)
            if ChecksumPrediction.complete(sum, shape) == stored { return }
        }
        if RawSum.folded(pseudo) == stored {
            code |= FieldCode.checksumPartial
            return
        }
        code |= FieldCode.checksumExplicit
        streams[FieldStream.checksums.rawValue].word(stored)
    }

    @inline(__always)
    private func big16(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt16 {
        UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inline(__always)
    private func big32(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

/// What encoder and decoder both take an L4 checksum to be.
enum ChecksumPrediction {
    /// The pseudo-header's sum, 0 for ICMP over IPv4.
    @inline(__always)
    static func pseudo(_ bytes: UnsafeRawPointer, _ shape: HeaderShape, _ length: Int) -> UInt64 {
        if shape.transport == .icmp, shape.network == .ipv4 { return 0 }
        return RawSum.pseudoHeader(bytes, shape, length)
    }

    /// UDP writes 0xFFFF for a sum of 0 (RFC 768).
    @inline(__always)
    static func complete(_ sum: UInt64, _ shape: HeaderShape) -> UInt16 {
        let checksum = ~RawSum.folded(sum)
        return checksum == 0 && shape.transport == .udp ? 0xFFFF : checksum
    }
}
