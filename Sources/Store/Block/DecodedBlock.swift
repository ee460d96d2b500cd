internal import CHdrlog
internal import Records

/// A block's records in time order, in memory of its own.
final class DecodedBlock {
    private let run: RecordRun
    private let order: TimeOrder
    let names: [UInt32: String]

    var count: Int { run.count }

    init(run: RecordRun, names: [UInt32: String]) {
        self.run = run
        self.names = names
        order = TimeOrder(capacity: run.count)
        order.sort(run)
    }

    struct Damaged: Error {}

    init(hot: ByteBuffer, cold: ByteBuffer, count: Int) throws(Damaged) {
        do throws(ByteCursor.Exhausted) {
            var cursor = ByteCursor(hot.bytes)
            var names: [UInt32: String] = [:]
            for _ in 0..<(try cursor.take(UInt32.self)) {
                let index = try cursor.take(UInt32.self)
                names[index] = try cursor.takeName()
            }
            self.names = names
            var packed = ByteCursor(cold.bytes)
            let length = Int(try packed.take(UInt64.self))
            guard length < 1 << 30 else { throw ByteCursor.Exhausted() }
            let raw = ByteBuffer()
            guard ZstdDecompressor().decompress(try packed.take(bytes: packed.left), count: length, to: raw) else {
                throw ByteCursor.Exhausted()
            }
            run = RecordRun(maximumCount: max(count, length / RecordRun.prefix))
            guard run.append(contents: raw.bytes), run.count == count else { throw ByteCursor.Exhausted() }
            order = TimeOrder(capacity: count)
            order.sort(run)
        } catch {
            throw Damaged()
        }
    }

    func time(at index: Int) -> Int64 { run.time(at: Int(order.indexes[index])) }

    func record(at index: Int) -> HeaderRecord { run[Int(order.indexes[index])] }
}
