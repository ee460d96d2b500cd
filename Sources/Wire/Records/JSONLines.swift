/// Records as JSON objects, each with a line feed behind it: as they are written, a single run of bytes.
///
/// A sequence of the objects, without their line feeds. Valid as long as the memory that they lie in is not used again.
public struct JSONLines: Sequence, IteratorProtocol {
    /// All of them, the last line feed included.
    public let bytes: UnsafeRawBufferPointer
    /// Where each one's line feed stands.
    private let ends: UnsafeBufferPointer<Int>
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer, ends: UnsafeBufferPointer<Int>) { (self.bytes, self.ends) = (bytes, ends) }

    public var count: Int { ends.count }

    public mutating func next() -> UnsafeRawBufferPointer? {
        guard position < ends.count else { return nil }
        let start = position == 0 ? 0 : ends[position - 1] + 1
        defer { position += 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<ends[position]])
    }
}
