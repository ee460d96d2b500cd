internal import BPF

/// A map of another version's programs, whose values are read as this version has them.
struct TranslatedMap: Sendable {
    let map: Map
    private let translation: Translation

    /// Values that are looked at together.
    private static let window = 1 << 14

    init(_ map: Map, _ translation: Translation) { (self.map, self.translation) = (map, translation) }

    /// Calls `body` with each value of the entry at an index: of each CPU, or of an array of variables.
    /// - Parameter processors: in a per-CPU map.
    func read<Value>(
        _ index: UInt32, processors: Int = 1, as type: Value.Type, _ body: (UnsafePointer<Value>) -> Void
    ) throws(BPFError) {
        // What one CPU has begins at a multiple of 8.
        let entry = (map.valueSize + 7) & ~7
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: entry * processors, alignment: 8)
        defer { bytes.deallocate() }
        try map.read(index, into: bytes)
        for processor in 0..<processors {
            translate(bytes.baseAddress! + processor * entry, count: map.valueSize / translation.sizes.from, body)
        }
    }

    /// Calls `body` with the values of consecutive entries of an array map that was made with BPF_F_MMAPABLE.
    func forEach<Value>(from first: Int, count: Int, as type: Value.Type, _ body: (UnsafePointer<Value>) -> Void)
        throws(BPFError)
    {
        for start in stride(from: 0, to: count, by: Self.window) {
            let here = min(Self.window, count - start)
            try map.withShared(offset: (first + start) * map.valueSize, count: here * map.valueSize) { bytes in
                translate(UnsafeRawPointer(bytes.baseAddress!), count: here, body)
            }
        }
    }

    private func translate<Value>(_ from: UnsafeRawPointer, count: Int, _ body: (UnsafePointer<Value>) -> Void) {
        precondition(MemoryLayout<Value>.size == translation.sizes.to, "the header that Swift imports is the programs'")
        withUnsafeTemporaryAllocation(byteCount: translation.sizes.to, alignment: 16) { value in
            for place in 0..<count {
                _ = value.initializeMemory(as: UInt8.self, repeating: 0)
                translation.apply(from + place * translation.sizes.from, to: value.baseAddress!)
                body(value.baseAddress!.assumingMemoryBound(to: Value.self))
            }
        }
    }
}
