public import Records

/// What a group can tell of a field beside packets and bytes.
public struct Computation: Hashable, Sendable {
    public enum Function: String, CaseIterable, Sendable {
        /// Of all packets, those that sampling left out estimated.
        case sum
        /// Of the logged packets.
        case min, max
        /// How many different values the logged packets have.
        case distinct
    }

    public let function: Function
    public let field: Field

    /// - Returns: nil when the function cannot be told of such values.
    public init?(_ function: Function, of field: Field) {
        switch (function, field.type) {
        case (.distinct, _), (_, .integer), (.min, .time), (.max, .time), (.sum, .boolean): break
        default: return nil
        }
        self.function = function
        self.field = field
    }
}

public struct ComputedValue: Equatable, Sendable {
    /// nil where no packet of the group has the field.
    public var value: UInt64?
    /// Of a sum, half the width of its 95 % confidence interval; nil where nothing was sampled.
    public var margin: UInt64?
    /// It is an estimate: different values, beyond those that are counted one by one (`DistinctCounter`).
    public var isApproximate = false
}

extension AggregateSums {
    /// Half the width of the 95 % confidence interval of both estimates.
    ///
    /// Each packet was logged with a probability of 1 / rate and counts as rate packets, so the variance of Σ rate × x is
    /// estimated by Σ rate × (rate - 1) × x² (Horvitz and Thompson). With R the greatest rate and L the greatest length
    /// that is at most R × (Σ rate - Σ 1) for packets and L × R × (Σ rate × x - Σ x) for bytes: for packets it is just
    /// that if each was logged at R or whatever the rate is.
    func margins(rate: UInt32, length: UInt32) -> (packets: UInt64, bytes: UInt64) {
        let packets = Double(rate) * Double(estimatedPackets - min(records, estimatedPackets))
        let bytes = Double(length) * Double(rate) * Double(estimatedBytes - min(self.bytes, estimatedBytes))
        return (Self.margin(variance: packets), Self.margin(variance: bytes))
    }

    static func margin(variance: Double) -> UInt64 { UInt64((1.96 * variance.squareRoot()).rounded(.up)) }
}
