internal import Glibc

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed makes the same sequence everywhere.
public struct Random: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// From 0 up to, not including, 1.
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Mean 1.
    public mutating func exponential() -> Double { -log(1 - unit()) }
}

extension Double {
    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
