internal import BPF

/// How a value as another version of the programs has it becomes this version's, field by field, by their names.
///
/// Numbers may be wider or narrower there: what does not fit becomes the greatest that does. Fields and elements of arrays
/// that only the other version has are passed over; those that only this one has stay as they were.
struct Translation: Sendable {
    /// Numbers that lie one behind the other, there and here.
    private struct Move {
        var from: (offset: Int, size: Int)
        var to: (offset: Int, size: Int)
        var count: Int

        /// Bytes are copied as they are.
        var isPlain: Bool { from.size == to.size }
        var length: Int { to.size * count }

        /// Nothing lies between this and what another one moves, neither there nor here.
        func isFollowed(by next: Move) -> Bool {
            isPlain && next.isPlain && from.offset + length == next.from.offset && to.offset + length == next.to.offset
        }
    }

    private let moves: [Move]
    /// Bytes of a value there, and here.
    let sizes: (from: Int, to: Int)

    init(from: Structure, to: Structure) {
        sizes = (from.size, to.size)
        var moves: [Move] = []
        for (name, field) in to.fields.sorted(by: { $0.value.offset < $1.value.offset }) {
            guard let source = from.fields[name], Self.widths.contains(source.size), Self.widths.contains(field.size)
            else { continue }
            let next = Move(
                from: (source.offset, source.size), to: (field.offset, field.size),
                count: min(source.count, field.count))
            if let last = moves.last, last.isFollowed(by: next) {
                // As bytes, since neighbours may be of different widths.
                moves[moves.count - 1] = Move(
                    from: (last.from.offset, 1), to: (last.to.offset, 1), count: last.length + next.length)
            } else {
                moves.append(next)
            }
        }
        self.moves = moves
    }

    private static let widths: Set = [1, 2, 4, 8]

    /// Neither reads beyond `sizes.from` bytes nor writes beyond `sizes.to`.
    func apply(_ from: UnsafeRawPointer, to: UnsafeMutableRawPointer) {
        for move in moves {
            if move.isPlain {
                (to + move.to.offset).copyMemory(from: from + move.from.offset, byteCount: move.length)
            } else {
                for place in 0..<move.count {
                    let number = Self.load(from + move.from.offset + place * move.from.size, move.from.size)
                    Self.store(number, to + move.to.offset + place * move.to.size, move.to.size)
                }
            }
        }
    }

    private static func load(_ from: UnsafeRawPointer, _ size: Int) -> UInt64 {
        switch size {
        case 1: UInt64(from.load(as: UInt8.self))
        case 2: UInt64(from.loadUnaligned(as: UInt16.self))
        case 4: UInt64(from.loadUnaligned(as: UInt32.self))
        default: from.loadUnaligned(as: UInt64.self)
        }
    }

    private static func store(_ number: UInt64, _ to: UnsafeMutableRawPointer, _ size: Int) {
        switch size {
        case 1: to.storeBytes(of: UInt8(clamping: number), as: UInt8.self)
        case 2: to.storeBytes(of: UInt16(clamping: number), as: UInt16.self)
        case 4: to.storeBytes(of: UInt32(clamping: number), as: UInt32.self)
        default: to.storeBytes(of: number, as: UInt64.self)
        }
    }
}
