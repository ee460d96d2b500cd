import Records

/// One question about a record, in a form without references: what a `Primitive` is compiled to.
enum Test: Sendable, Equatable {
    case etherType(UInt16)
    /// IP protocol; `version` 0 stands for either.
    case ipProtocol(UInt8, version: UInt8)
    case address(AddressBlock, Side, AddressScope)
    /// `transport` 0 stands for any that has ports.
    case ports(UInt16, UInt16, Side, transport: UInt8)
    case mac(UInt64, Side)
    case multicast
    case tagged
    case tag(UInt16)
    case direction(Direction)
    case interface(UInt32)
    case present(Field)
    case number(Field, NumberRange)
    case addressField(Field, AddressBlock, outside: Bool)
    case macField(Field, UInt64, outside: Bool)
    case bytes(ByteAccess.Layer, offset: UInt16, size: UInt8, NumberRange)
}

/// A prefix with its mask spelled out, so that a test is two comparisons.
struct AddressBlock: Sendable, Equatable {
    var high: UInt64
    var low: UInt64
    var highMask: UInt64
    var lowMask: UInt64
    var version: IPAddress.Version

    init(_ prefix: IPPrefix) {
        (highMask, lowMask) = IPPrefix.mask(prefix.length, of: prefix.address.version)
        (high, low, version) = (prefix.address.high, prefix.address.low, prefix.address.version)
    }

    @inline(__always)
    func contains(_ address: IPAddress) -> Bool {
        address.low & lowMask == low && address.high & highMask == high && address.version == version
    }

    /// The prefix that this was made of.
    var prefix: IPPrefix {
        let address =
            version == .v4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6High: high, low: low)
        return IPPrefix(address, length: highMask.nonzeroBitCount + lowMask.nonzeroBitCount)!
    }
}

/// A masked value has to lie within (or outside of) these bounds.
struct NumberRange: Sendable, Equatable {
    var mask: UInt64 = .max
    var low: UInt64
    var high: UInt64
    var outside = false

    @inline(__always)
    func contains(_ value: UInt64) -> Bool {
        let masked = value & mask
        return (masked >= low && masked <= high) != outside
    }

    init(low: UInt64, high: UInt64) { (self.low, self.high) = (low, high) }

    /// The bounds of a relation with one value; nil when no value can satisfy it.
    init?(_ relation: Relation, _ value: ClosedRange<UInt64>, mask: UInt64?) {
        switch relation {
        case .equal, .in: (low, high) = (value.lowerBound, value.upperBound)
        case .notEqual: (low, high, outside) = (value.lowerBound, value.upperBound, true)
        case .less:
            guard value.lowerBound > 0 else { return nil }
            (low, high) = (0, value.lowerBound - 1)
        case .lessOrEqual: (low, high) = (0, value.lowerBound)
        case .greater:
            guard value.lowerBound < .max else { return nil }
            (low, high) = (value.lowerBound + 1, .max)
        case .greaterOrEqual: (low, high) = (value.lowerBound, .max)
        }
        self.mask = mask ?? .max
    }
}
