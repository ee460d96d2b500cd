internal import Records
internal import SQLite

/// Rows that wait for SQLite: the values of the columns that are looked at, their bytes in one buffer. Used again.
final class RowBatch {
    private enum Cell {
        case null
        case integer(Int64)
        case text(start: Int, length: Int)
        case blob(start: Int, length: Int)
    }

    private var cells: [Cell] = []
    private var bytes: [UInt8] = []
    private var width = 0
    private(set) var count = 0

    /// So many bytes are enough for one batch.
    static let enough = 4 << 20

    var isFull: Bool { bytes.count + cells.count * MemoryLayout<Cell>.stride >= Self.enough }

    func begin(width: Int) {
        self.width = width
        removeAll()
    }

    func removeAll() {
        cells.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }

    /// Ends a row, for each column of which one value was added.
    func endRow() {
        count += 1
        assert(cells.count == count * width)
    }

    func null() { cells.append(.null) }

    func integer(_ value: some BinaryInteger) { cells.append(.integer(Int64(clamping: value))) }

    func integer(_ value: (some BinaryInteger)?) {
        if let value { integer(value) } else { null() }
    }

    func text(_ text: some StringProtocol) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        cells.append(.text(start: start, length: bytes.count - start))
    }

    func text(_ text: StaticString) {
        let start = bytes.count
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        cells.append(.text(start: start, length: text.utf8CodeUnitCount))
    }

    func blob(_ blob: UnsafeRawBufferPointer) {
        cells.append(.blob(start: bytes.count, length: blob.count))
        bytes.append(contentsOf: blob)
    }

    func address(_ address: IPAddress) { written(IPAddress.maximumTextLength, address.write) }

    func mac(_ address: MACAddress) { written(MACAddress.maximumTextLength, address.write) }

    private func written(_ room: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        let start = bytes.count
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { buffer in
            let length = write(buffer)
            bytes.append(contentsOf: UnsafeMutableBufferPointer(rebasing: buffer[..<length]))
        }
        cells.append(.text(start: start, length: bytes.count - start))
    }

    func deliver(_ row: Int, _ column: Int, to result: SQLResult) {
        switch cells[row * width + column] {
        case .null: break
        case .integer(let value): result.integer(value)
        case .text(let start, let length): withBytes(start, length, result.text)
        case .blob(let start, let length): withBytes(start, length, result.blob)
        }
    }

    private func withBytes(_ start: Int, _ length: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<start + length])) }
    }
}
