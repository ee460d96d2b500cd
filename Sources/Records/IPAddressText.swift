extension IPAddress {
    /// Bytes that the longest text needs.
    public static let maximumTextLength = 45

    /// Writes the canonical text (dotted decimal; RFC 5952) without a terminator.
    ///
    /// Addresses that embed IPv4 (`::ffff:192.0.2.1`, `::192.0.2.1`) are written as inet_ntop(3) writes them, so that
    /// they read as in every other tool.
    /// - Parameter buffer: at least `maximumTextLength` bytes.
    /// - Returns: how many bytes were written.
    public func write(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var writer = TextWriter(buffer)
        if version == .v4 {
            writer.dotted(UInt32(truncatingIfNeeded: low))
        } else if high == 0, low >> 32 == 0xFFFF {
            writer.text("::ffff:")
            writer.dotted(UInt32(truncatingIfNeeded: low))
        } else if high == 0, low >> 32 == 0, low > 0xFFFF {
            writer.text("::")
            writer.dotted(UInt32(truncatingIfNeeded: low))
        } else {
            writeGroups(&writer)
        }
        return writer.count
    }

    private func group(_ index: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - 16 * (index & 3)))
    }

    private func writeGroups(_ writer: inout TextWriter) {
        let gap = longestZeroRun()
        var index = 0
        while index < 8 {
            if index == gap.start {
                writer.text("::")
                index += gap.length
                continue
            }
            if index != 0, index != gap.start + gap.length { writer.byte(UInt8(ascii: ":")) }
            writer.hexadecimal(group(index))
            index += 1
        }
    }

    /// The first longest run of two or more zero groups; a start of -1 stands for none.
    private func longestZeroRun() -> (start: Int, length: Int) {
        // Most addresses of hosts have none.
        guard Self.mayHoldZeroGroup(high) || Self.mayHoldZeroGroup(low) else { return (-1, 0) }
        var best = (start: -1, length: 1)
        var start = 0
        for index in 0...8 where index == 8 || group(index) != 0 {
            if index - start > best.length { best = (start, index - start) }
            start = index + 1
        }
        return best.start < 0 ? (-1, 0) : best
    }

    /// False: none of the four groups is zero.
    private static func mayHoldZeroGroup(_ groups: UInt64) -> Bool {
        (groups &- 0x0001_0001_0001_0001) & ~groups & 0x8000_8000_8000_8000 != 0
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        String(unsafeUninitializedCapacity: Self.maximumTextLength) { write(into: $0) }
    }
}

extension IPAddress: LosslessStringConvertible {
    /// Reads dotted decimal or any RFC 4291 text form; nil for anything else (no zone, no leading zeros in IPv4).
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maximumTextLength else { return nil }
        let bytes = Array(text.utf8)
        if bytes.contains(UInt8(ascii: ":")) {
            guard let groups = Self.groups(bytes) else { return nil }
            let halves = (0..<2).map { half in groups[(half * 4)..<(half * 4 + 4)].reduce(0) { $0 << 16 | UInt64($1) } }
            self.init(v6High: halves[0], low: halves[1])
        } else {
            guard let value = Self.dotted(bytes[...]) else { return nil }
            self.init(v4: value)
        }
    }

    private static func dotted(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var octet: UInt32 = 0
            for digit in part {
                guard (0x30...0x39).contains(digit) else { return nil }
                octet = octet * 10 + UInt32(digit - 0x30)
            }
            guard octet <= 255 else { return nil }
            value = value << 8 | octet
        }
        return value
    }

    /// The eight groups of an IPv6 text form.
    private static func groups(_ text: [UInt8]) -> [UInt16]? {
        var before: [UInt16] = []
        var after: [UInt16]?
        var rest = text[...]
        if rest.starts(with: "::".utf8) {
            after = []
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let part = rest.prefix { $0 != UInt8(ascii: ":") }
            rest = rest.dropFirst(part.count)
            guard let values = groupValues(part, isLast: rest.isEmpty) else { return nil }
            if after == nil { before += values } else { after! += values }
            if rest.isEmpty { break }
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: ":") {
                guard after == nil else { return nil }
                after = []
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        let missing = 8 - before.count - (after?.count ?? 0)
        guard after == nil ? missing == 0 : missing >= 1 else { return nil }
        return before + [UInt16](repeating: 0, count: missing) + (after ?? [])
    }

    /// One group, or the two that a dotted tail stands for.
    private static func groupValues(_ part: ArraySlice<UInt8>, isLast: Bool) -> [UInt16]? {
        if isLast, part.contains(UInt8(ascii: ".")) {
            return dotted(part).map { [UInt16($0 >> 16), UInt16(truncatingIfNeeded: $0)] }
        }
        guard (1...4).contains(part.count) else { return nil }
        var value: UInt16 = 0
        for digit in part {
            guard let nibble = TextWriter.nibble(digit) else { return nil }
            value = value << 4 | UInt16(nibble)
        }
        return [value]
    }
}
