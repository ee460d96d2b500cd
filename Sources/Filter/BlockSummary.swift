public import Records

/// What a stored block tells about its records without being decoded.
///
/// Every answer is conservative: `true` (or nil) whenever the summary does not know. A false positive costs a
/// decoded block; a false negative would lose records from the answer.
public protocol BlockSummary {
    /// Whether a frame of this interface index may be in the block.
    func mayHold(interface: UInt32) -> Bool
    func mayHold(direction: Direction) -> Bool
    /// Whether a frame with this IP protocol (behind extension headers) may be in the block.
    func mayHold(ipProtocol: UInt8) -> Bool
    /// Whether a frame with this EtherType behind its tags may be in the block.
    func mayHold(etherType: UInt16) -> Bool
    /// Whether an address of this prefix may be source or destination of a frame (IP or ARP).
    func mayHold(prefix: IPPrefix) -> Bool
    /// Whether a port in this range may be source or destination of a frame.
    func mayHold(ports: ClosedRange<UInt16>) -> Bool
    /// Least and greatest value of an integer field in the block; nil when that is not known.
    func range(of field: Field) -> ClosedRange<UInt64>?
}

extension BlockSummary {
    public func mayHold(interface: UInt32) -> Bool { true }
    public func mayHold(direction: Direction) -> Bool { true }
    public func mayHold(ipProtocol: UInt8) -> Bool { true }
    public func mayHold(etherType: UInt16) -> Bool { true }
    public func mayHold(prefix: IPPrefix) -> Bool { true }
    public func mayHold(ports: ClosedRange<UInt16>) -> Bool { true }
    public func range(of field: Field) -> ClosedRange<UInt64>? { nil }
}
