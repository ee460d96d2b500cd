/// A field's value, without allocation: `bytes` points into the record.
public enum FieldValue {
    /// Nanoseconds since 1970, UTC.
    case time(Int64)
    case integer(UInt64)
    /// An interface index; who holds the names turns it into one.
    case interface(UInt32)
    case direction(Direction)
    case address(IPAddress)
    case mac(MACAddress)
    case boolean(Bool)
    /// Valid as long as the record.
    case bytes(UnsafeRawBufferPointer)
    case list(ProtocolList)
}

/// Which way a frame went, seen from the host.
public enum Direction: UInt8, Sendable, CaseIterable {
    case ingress = 0
    case egress = 1

    /// `in` or `out`.
    public var name: StaticString { self == .ingress ? "in" : "out" }

    /// The direction of `in`/`inbound` or `out`/`outbound`; nil for another word.
    public init?(named name: some StringProtocol) {
        switch name {
        case "in", "inbound": self = .ingress
        case "out", "outbound": self = .egress
        default: return nil
        }
    }
}

/// Up to eight protocol numbers in order, packed.
public struct ProtocolList: Hashable, Sendable, RandomAccessCollection {
    private var packed: UInt64 = 0
    public private(set) var endIndex = 0

    public var startIndex: Int { 0 }

    public init() {}

    public subscript(index: Int) -> UInt8 {
        precondition(indices.contains(index), "index \(index) outside the list")
        return UInt8(truncatingIfNeeded: packed >> UInt64(8 * index))
    }

    /// Adds a number; the ninth and later ones are dropped.
    public mutating func append(_ number: UInt8) {
        guard endIndex < 8 else { return }
        packed |= UInt64(number) << UInt64(8 * endIndex)
        endIndex += 1
    }
}
