extension HeaderRecord {
    /// SPI and sequence number of AH or ESP; of the first if there are several.
    func securityValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        let behind: Int? =
            switch layout.transport {
            case .ah: Int(layout.transportOffset) + 4
            case .esp: Int(layout.transportOffset)
            default: nil
            }
        guard let start = extensionOffset(of: IPProtocol.ah, layout).map({ $0 + 4 }) ?? behind else { return nil }
        return headers(layout).longWord(at: field == .spi ? start : start + 4).map { .integer(UInt64($0)) }
    }

    /// The raw TCP options, nil without any.
    public func tcpOptionBytes(_ layout: HeaderLayout) -> UnsafeRawBufferPointer? {
        guard holdsTCP(layout) else { return nil }
        let (bytes, start) = (headers(layout), Int(layout.transportOffset))
        guard let offset = bytes.byte(at: start + 12) else { return nil }
        return bytes.slice(at: start + 20, length: Int(offset >> 4) * 4 - 20)
    }

    /// The fields of GRE that its flags tell the place of, or whether they are there.
    func greValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        let (bytes, start) = (headers(layout), Int(layout.transportOffset))
        guard let flags = bytes.word(at: start) else { return nil }
        if field == .checksum {
            return flags & 0x8007 == 0x8000 ? bytes.word(at: start + 4).map { .integer(UInt64($0)) } : nil
        }
        return GREHeader.keyOffset(flags: flags).flatMap { offset in
            bytes.longWord(at: start + offset).map { .integer(UInt64($0)) }
        }
    }
}
