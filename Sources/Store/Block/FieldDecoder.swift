internal import CHdrlog

/// Rebuilds header bytes from a flow's template and what its packets wrote (see `FieldEncoder`, step for step the same).
struct FieldDecoder {
    let streams: UnsafeMutablePointer<StreamReader>
    let states: UnsafeMutablePointer<FlowState>
    /// Each options entry.
    let options: UnsafeBufferPointer<UnsafeRawBufferPointer>

    /// What a record's header is made from.
    struct Source {
        var template: UnsafeRawBufferPointer
        var shape: HeaderShape
        var flow: Int
        var frameLength: Int
        var flags: UInt8
    }

    /// Writes a record's header bytes.
    /// - Parameter target: room for `HDRLOG_MAX_CAPTURED` bytes.
    /// - Returns: how many there are, nil when the block contradicts itself.
    @inline(__always)
    func decode(_ source: Source, to target: UnsafeMutableRawPointer) -> Int? {
        let shape = source.shape
        let low = streams[FieldStream.codesLow.rawValue].byte()
        let code = UInt16(low) | UInt16(streams[FieldStream.codesHigh.rawValue].byte()) << 8
        guard let from = source.template.baseAddress else { return 0 }
        target.copyMemory(from: from, byteCount: shape.fixedLength)
        guard shape.network != .other else { return shape.fixedLength }
        var captured = shape.fixedLength
        let at = target + shape.transportOffset
        if shape.transport == .tcp {
            guard let count = decodeOptions(at, source.flow, code, room: Int(HDRLOG_MAX_CAPTURED) - captured) else {
                return nil
            }
            captured += count
        }
        let payload = decodeNetwork(target, source, captured, code)
        switch shape.transport {
        case .tcp: decodeTCP(at, source, payload, code)
        case .udp: decodeDatagram(at, payload, code)
        case .icmp: decodeRest(at, source.flow)
        case .esp: decodeCounter(at, source.flow, code)
        case .other: break
        }
        if shape.transport != .other, shape.transport != .esp {
            decodeChecksum(target, shape, captured, payload, code)
        }
        return captured
    }

    /// Passes over a record in the streams: what `decode` would read is all that is looked at.
    @inline(__always)
    func pass(_ shape: HeaderShape) {
        let low = streams[FieldStream.codesLow.rawValue].byte()
        let code = UInt16(low) | UInt16(streams[FieldStream.codesHigh.rawValue].byte()) << 8
        guard shape.network != .other else { return }
        if code & FieldCode.lengthMask >= FieldCode.lengthExplicit { streams[FieldStream.lengths.rawValue].pass(2) }
        if shape.network == .ipv4 {
            if code & FieldCode.identifierMask >= FieldCode.identifierExplicit { passVariable(.identifiers) }
            if code & FieldCode.headerChecksumExplicit != 0 { streams[FieldStream.headerChecksums.rawValue].pass(2) }
        }
        let isExplicit = code & FieldCode.sequenceExplicit != 0
        switch shape.transport {
        case .tcp:
            if isExplicit { passVariable(.sequences) }
            passConnection(code)
        case .udp: if isExplicit { streams[FieldStream.datagramLengths.rawValue].pass(2) }
        case .icmp: passVariable(.rest)
        case .esp, .other:
            if isExplicit, shape.transport == .esp { passVariable(.sequences) }
            return
        }
        if code & FieldCode.checksumMask == FieldCode.checksumExplicit {
            streams[FieldStream.checksums.rawValue].pass(2)
        }
    }

    @inline(__always)
    private func passConnection(_ code: UInt16) {
        if code & FieldCode.optionsExplicit != 0 { passVariable(.options) }
        // The encoder sets these two where there are time stamps only.
        if code & FieldCode.stampExplicit != 0 { passVariable(.stampValues) }
        if code & FieldCode.echoMask >= FieldCode.echoExplicit { passVariable(.stampEchoes) }
        if code & FieldCode.acknowledgmentMask >= FieldCode.acknowledgmentExplicit { passVariable(.acknowledgments) }
        if code & FieldCode.windowExplicit != 0 { passVariable(.windows) }
    }

    @inline(__always)
    private func passVariable(_ stream: FieldStream) { streams[stream.rawValue].passVariable() }

    @inline(__always)
    private func decodeNetwork(
        _ target: UnsafeMutableRawPointer, _ source: Source, _ captured: Int, _ code: UInt16
    ) -> Int {
        let at = source.shape.networkOffset
        let isIPv4 = source.shape.network == .ipv4
        let base = isIPv4 ? 0 : 40
        let length: UInt16 =
            switch code & FieldCode.lengthMask {
            case 0: UInt16(truncatingIfNeeded: source.frameLength &- at &- base)
            case FieldCode.lengthHeaderOnly: UInt16(truncatingIfNeeded: captured &- at &- base)
            default: streams[FieldStream.lengths.rawValue].word()
            }
        store16(length, target, at + (isIPv4 ? 2 : 4))
        if isIPv4 { decodeIPv4(target + at, captured &- at, source.flow, code) }
        return Int(length) &+ base &- (captured &- at)
    }

    @inline(__always)
    private func decodeIPv4(_ at: UnsafeMutableRawPointer, _ left: Int, _ flow: Int, _ code: UInt16) {
        switch code & FieldCode.identifierMask {
        case 0: states[flow].identifier &+= 1
        case FieldCode.identifierSame: break
        default:
            let difference = streams[FieldStream.identifiers.rawValue].difference()
            states[flow].identifier &+= UInt16(truncatingIfNeeded: difference)
        }
        store16(states[flow].identifier, at, 4)
        let length = min(Int(at.load(as: UInt8.self) & 15) &* 4, left)
        let checksum =
            code & FieldCode.headerChecksumExplicit != 0
            ? streams[FieldStream.headerChecksums.rawValue].word() : ~RawSum.folded(RawSum.of(at, max(length, 12)))
        (at + 10).storeBytes(of: checksum, as: UInt16.self)
    }

    @inline(__always)
    private func decodeTCP(_ at: UnsafeMutableRawPointer, _ source: Source, _ payload: Int, _ code: UInt16) {
        let flow = source.flow
        let peer = Int(states[flow].peer)
        var sequence = states[flow].nextSequence
        if code & FieldCode.sequenceExplicit != 0 {
            sequence &+= UInt32(bitPattern: streams[FieldStream.sequences.rawValue].difference())
        }
        var acknowledgment = states[flow].acknowledgment
        switch code & FieldCode.acknowledgmentMask {
        case 0: acknowledgment = peer < 0 ? 0 : states[peer].nextSequence
        case FieldCode.acknowledgmentSame: break
        default: acknowledgment &+= UInt32(bitPattern: streams[FieldStream.acknowledgments.rawValue].difference())
        }
        store32(sequence, at, 4)
        store32(acknowledgment, at, 8)
        at.storeBytes(of: source.flags, toByteOffset: 13, as: UInt8.self)
        let phantom = UInt32(source.flags & 1) &+ UInt32(source.flags >> 1 & 1)
        states[flow].nextSequence = sequence &+ UInt32(truncatingIfNeeded: payload) &+ phantom
        states[flow].acknowledgment = acknowledgment
        if code & FieldCode.windowExplicit != 0 {
            states[flow].window &+= UInt16(truncatingIfNeeded: streams[FieldStream.windows.rawValue].difference())
        }
        store16(states[flow].window, at, 14)
    }

    @inline(__always)
    private func decodeOptions(_ at: UnsafeMutableRawPointer, _ flow: Int, _ code: UInt16, room: Int) -> Int? {
        if code & FieldCode.optionsExplicit != 0 {
            states[flow].options = streams[FieldStream.options.rawValue].difference() &+ 1
        }
        let number = Int(states[flow].options) - 1
        guard number >= 0, number < options.count else { return nil }
        let entry = options[number]
        let count = entry.count - OptionsEntry.prefix
        guard count >= 0, count <= room else { return nil }
        at.storeBytes(of: entry[0], toByteOffset: 12, as: UInt8.self)
        at.storeBytes(of: entry[2], toByteOffset: 18, as: UInt8.self)
        at.storeBytes(of: entry[3], toByteOffset: 19, as: UInt8.self)
        (at + 20).copyMemory(from: entry.baseAddress! + OptionsEntry.prefix, byteCount: count)
        let stamps = Int(entry[1])
        if stamps > 0 {
            guard stamps + 8 <= count else { return nil }
            decodeStamps(at + 20 + stamps, flow, code)
        }
        return count
    }

    @inline(__always)
    private func decodeStamps(_ at: UnsafeMutableRawPointer, _ flow: Int, _ code: UInt16) {
        if code & FieldCode.stampExplicit != 0 {
            states[flow].stampValue &+= UInt32(bitPattern: streams[FieldStream.stampValues.rawValue].difference())
        }
        let peer = Int(states[flow].peer)
        switch code & FieldCode.echoMask {
        case 0: states[flow].stampEcho = peer < 0 ? 0 : states[peer].stampValue
        case FieldCode.echoSame: break
        default:
            states[flow].stampEcho &+= UInt32(bitPattern: streams[FieldStream.stampEchoes.rawValue].difference())
        }
        store32(states[flow].stampValue, at, 0)
        store32(states[flow].stampEcho, at, 4)
    }

    @inline(__always)
    private func decodeDatagram(_ at: UnsafeMutableRawPointer, _ payload: Int, _ code: UInt16) {
        let explicit = code & FieldCode.sequenceExplicit != 0
        let length =
            explicit ? streams[FieldStream.datagramLengths.rawValue].word() : UInt16(truncatingIfNeeded: payload &+ 8)
        store16(length, at, 4)
    }

    @inline(__always)
    private func decodeRest(_ at: UnsafeMutableRawPointer, _ flow: Int) {
        states[flow].rest &+= UInt32(bitPattern: streams[FieldStream.rest.rawValue].difference())
        store32(states[flow].rest, at, 4)
    }

    @inline(__always)
    private func decodeCounter(_ at: UnsafeMutableRawPointer, _ flow: Int, _ code: UInt16) {
        var sequence = states[flow].nextSequence
        if code & FieldCode.sequenceExplicit != 0 {
            sequence &+= UInt32(bitPattern: streams[FieldStream.sequences.rawValue].difference())
        }
        store32(sequence, at, 4)
        states[flow].nextSequence = sequence &+ 1
    }

    @inline(__always)
    private func decodeChecksum(
        _ bytes: UnsafeMutableRawPointer, _ shape: HeaderShape, _ captured: Int, _ payload: Int, _ code: UInt16
    ) {
        let at = shape.transportOffset
        let field = shape.transport == .tcp ? 16 : shape.transport == .udp ? 6 : 2
        let checksum: UInt16
        switch code & FieldCode.checksumMask {
        case FieldCode.checksumExplicit: checksum = streams[FieldStream.checksums.rawValue].word()
        case FieldCode.checksumZero: checksum = 0
        case FieldCode.checksumPartial:
            checksum = RawSum.folded(ChecksumPrediction.pseudo(bytes, shape, captured &- at &+ payload))
        default:
            let pseudo = ChecksumPrediction.pseudo(bytes, shape, captured &- at &+ payload)
            checksum = ChecksumPrediction.complete(RawSum.of(bytes + at, captured &- at) &+ pseudo, shape)
        }
        (bytes + at + field).storeBytes(of: checksum, as: UInt16.self)
    }

    @inline(__always)
    private func store16(_ value: UInt16, _ bytes: UnsafeMutableRawPointer, _ offset: Int) {
        (bytes + offset).storeBytes(of: value.bigEndian, as: UInt16.self)
    }

    @inline(__always)
    private func store32(_ value: UInt32, _ bytes: UnsafeMutableRawPointer, _ offset: Int) {
        (bytes + offset).storeBytes(of: value.bigEndian, as: UInt32.self)
    }
}
