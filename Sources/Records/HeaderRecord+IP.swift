extension HeaderRecord {
    /// What IPv4's header as a whole tells.
    func ipv4Value(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        let (bytes, start, length) = (headers(layout), Int(layout.networkOffset), Int(layout.networkLength))
        switch field {
        case .headerChecksumValid:
            return bytes.slice(at: start, length: length).map { .boolean(InternetChecksum.sum($0) == 0xFFFF) }
        case .ipOptions: return bytes.slice(at: start + 20, length: length - 20).map { .bytes($0) }
        default: return nil
        }
    }

    /// The chain of extension headers that the walk stepped over.
    public func extensionHeaders(_ layout: HeaderLayout) -> ProtocolList {
        var list = ProtocolList()
        visitExtensions(layout) { type, _ in
            list.append(type)
            return true
        }
        return list
    }

    /// Where the first extension header of a type begins, nil without one.
    func extensionOffset(of wanted: UInt8, _ layout: HeaderLayout) -> Int? {
        var found: Int?
        visitExtensions(layout) { type, offset in
            if type == wanted { found = offset }
            return found == nil
        }
        return found
    }

    /// Calls `body` with the type and the offset of each extension header, until it returns false.
    private func visitExtensions(_ layout: HeaderLayout, _ body: (UInt8, Int) -> Bool) {
        let bytes = headers(layout)
        var offset = Int(layout.networkOffset) + 40
        guard layout.extensionCount > 0, var type = bytes.byte(at: offset - 34) else { return }
        for _ in 0..<layout.extensionCount {
            guard let next = bytes.byte(at: offset), let field = bytes.byte(at: offset + 1) else { return }
            guard body(type, offset) else { return }
            offset += IPProtocol.extensionLength(of: type, lengthField: field)
            type = next
        }
    }
}
