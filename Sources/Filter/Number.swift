/// Numbers as people write them in filters.
enum Number {
    /// Reads `1500`, `0x1f`, `64k` (thousand), `1M`, `2G`, `64Ki`, `1Mi`; nil for anything else or too much.
    static func parse(_ text: some StringProtocol) -> UInt64? {
        if text.hasPrefix("0x") || text.hasPrefix("0X") {
            let digits = text.dropFirst(2)
            return digits.first == "+" || digits.first == "-" ? nil : UInt64(digits, radix: 16)
        }
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard !digits.isEmpty, let value = UInt64(digits) else { return nil }
        guard let factor = factor(String(text.dropFirst(digits.count))) else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    private static func factor(_ suffix: String) -> UInt64? {
        switch suffix {
        case "": 1
        case "k", "K": 1000
        case "M", "m": 1_000_000
        case "G", "g": 1_000_000_000
        case "Ki", "ki": 1 << 10
        case "Mi", "mi": 1 << 20
        case "Gi", "gi": 1 << 30
        default: nil
        }
    }
}
