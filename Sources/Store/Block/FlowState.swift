/// What is remembered of a flow while a block is encoded or decoded: both sides keep the same and so predict the same.
struct FlowState {
    var nextSequence: UInt32 = 0
    var acknowledgment: UInt32 = 0
    var stampValue: UInt32 = 0
    var stampEcho: UInt32 = 0
    var rest: UInt32 = 0
    var options: Int32 = 0
    /// The flow of the other direction, -1 without one.
    var peer: Int32 = -1
    var window: UInt16 = 0
    var identifier: UInt16 = 0

    /// How a flow's first packet is related to an earlier flow.
    enum Relation: UInt8 {
        case none = 0
        /// Addresses and ports the other way round.
        case reverse = 1
        /// The same addresses and ports, other constant bytes (another TTL, say).
        case variant = 2
    }

    /// Sets the state of a new flow.
    @inline(__always)
    static func begin(
        _ states: UnsafeMutablePointer<FlowState>, _ number: Int, _ relation: Relation, _ other: Int
    ) {
        var state = FlowState()
        switch relation {
        case .none: break
        case .reverse:
            state.peer = Int32(truncatingIfNeeded: other)
            state.nextSequence = states[other].acknowledgment
            state.acknowledgment = states[other].nextSequence
            states[other].peer = Int32(truncatingIfNeeded: number)
        case .variant:
            state = states[other]
            if state.peer >= 0 { states[Int(state.peer)].peer = Int32(truncatingIfNeeded: number) }
        }
        states[number] = state
    }
}

/// The bits of a record's code word: which prediction held.
enum FieldCode {
    static let lengthHeaderOnly: UInt16 = 1
    static let lengthExplicit: UInt16 = 2
    static let identifierSame: UInt16 = 1 << 2
    static let identifierExplicit: UInt16 = 2 << 2
    static let headerChecksumExplicit: UInt16 = 1 << 4
    static let sequenceExplicit: UInt16 = 1 << 5
    static let acknowledgmentSame: UInt16 = 1 << 7
    static let acknowledgmentExplicit: UInt16 = 2 << 7
    static let windowExplicit: UInt16 = 1 << 9
    static let checksumExplicit: UInt16 = 1 << 10
    static let checksumZero: UInt16 = 2 << 10
    static let checksumPartial: UInt16 = 3 << 10
    static let optionsExplicit: UInt16 = 1 << 12
    static let stampExplicit: UInt16 = 1 << 13
    static let echoSame: UInt16 = 1 << 14
    static let echoExplicit: UInt16 = 2 << 14
    static let lengthMask: UInt16 = 3
    static let identifierMask: UInt16 = 3 << 2
    static let acknowledgmentMask: UInt16 = 3 << 7
    static let checksumMask: UInt16 = 3 << 10
    static let echoMask: UInt16 = 3 << 14
}

/// Sums for Internet checksums in the machine's own byte order (RFC 1071, 2.B), not yet folded: a field can be taken
/// out again exactly.
enum RawSum {
    @inline(__always)
    static func of(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
        var sum: UInt64 = 0
        var offset = 0
        while offset &+ 4 <= count {
            sum &+= UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            offset &+= 4
        }
        if offset &+ 2 <= count {
            sum &+= UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            offset &+= 2
        }
        if offset < count { sum &+= UInt64(bytes.load(fromByteOffset: offset, as: UInt8.self)) }
        return sum
    }

    @inline(__always)
    static func folded(_ sum: UInt64) -> UInt16 {
        var sum = (sum & 0xFFFF_FFFF) &+ (sum &>> 32)
        sum = (sum & 0xFFFF) &+ (sum &>> 16)
        sum = (sum & 0xFFFF) &+ (sum &>> 16)
        sum = (sum & 0xFFFF) &+ (sum &>> 16)
        return UInt16(truncatingIfNeeded: sum)
    }

    /// The pseudo-header's part of an L4 checksum (RFC 9293, RFC 8200).
    @inline(__always)
    static func pseudoHeader(_ bytes: UnsafeRawPointer, _ shape: HeaderShape, _ length: Int) -> UInt64 {
        let (offset, width) = shape.addresses
        let addresses = of(bytes + offset, 2 &* width)
        let proto = shape.ipProtocol(bytes)
        return addresses &+ UInt64(UInt16(proto).byteSwapped)
            &+ UInt64(UInt16(truncatingIfNeeded: length).byteSwapped)
    }
}

/// A TCP header's options as a dictionary entry: `dataOffset` byte, position of the time stamps (0 for none), urgent
/// pointer, then the option bytes with the time stamps cleared.
enum OptionsEntry {
    static let prefix = 4

    /// Where the value of a time stamp option (RFC 7323) begins, 0 without one.
    static func stampPosition(_ options: UnsafeRawPointer, _ count: Int) -> Int {
        var at = 0
        while at < count {
            let kind = options.load(fromByteOffset: at, as: UInt8.self)
            if kind == 0 { return 0 }
            if kind == 1 {
                at += 1
                continue
            }
            guard at + 1 < count else { return 0 }
            let length = Int(options.load(fromByteOffset: at + 1, as: UInt8.self))
            if kind == 8, length == 10, at + 10 <= count { return at + 2 }
            guard length >= 2 else { return 0 }
            at += length
        }
        return 0
    }
}
