/// What the flow blob and the hot blob have in common: parts of which each can be read without the others.
///
///     version u8, where each part begins (u32 from the blob's start), parts, 8 bytes of zero
enum BlockFormat {
    static let version: UInt8 = 4

    static func write<Part: CaseIterable & RawRepresentable<Int>>(
        _ parts: Part.Type, to blob: ByteBuffer, _ writePart: (Part) -> Void
    ) {
        blob.count = 0
        blob.append(version)
        let directory = blob.count
        for _ in Part.allCases { blob.append(UInt32(0)) }
        for part in Part.allCases {
            blob.base.storeBytes(
                of: UInt32(blob.count).littleEndian, toByteOffset: directory + 4 * part.rawValue, as: UInt32.self)
            writePart(part)
        }
        // Unpacking may load a few bytes beyond the last value's.
        blob.append(UInt64(0))
    }

    /// Writes the blob of classes.
    static func writeClasses(
        records: Int, flows: Int, _ names: [UInt32: String], _ classes: BytesDictionary, _ sums: ClassSums,
        to blob: ByteBuffer, _ compressor: ZstdCompressor
    ) {
        blob.count = 0
        blob.append(version)
        blob.append(UInt32(records))
        blob.append(UInt32(flows))
        blob.append(UInt16(names.count))
        for (index, name) in names.sorted(by: { $0.key < $1.key }) {
            blob.append(index)
            blob.append(name: name)
        }
        write(classes, to: blob, compressor)
        sums.write(to: blob, compressor)
    }

    static func write(_ dictionary: BytesDictionary, to blob: ByteBuffer, _ compressor: ZstdCompressor) {
        blob.append(UInt32(dictionary.count))
        CompressedStream.append(dictionary.arena.bytes, to: blob, compressor)
    }

    /// At the beginning of a part.
    static func cursor<Part: RawRepresentable<Int>>(
        _ part: Part, of blob: ByteBuffer
    ) throws(ByteCursor.Exhausted) -> ByteCursor {
        var directory = ByteCursor(blob.bytes)
        guard try directory.take(UInt8.self) == version else { throw ByteCursor.Exhausted() }
        _ = try directory.take(bytes: 4 * part.rawValue)
        let start = Int(try directory.take(UInt32.self))
        guard start <= blob.count else { throw ByteCursor.Exhausted() }
        return ByteCursor(UnsafeRawBufferPointer(rebasing: blob.bytes[start...]))
    }
}

enum FlowBlobPart: Int, CaseIterable {
    case sums, table
}

enum HotPart: Int, CaseIterable {
    case times, flowNumbers, lengths, flags
}
