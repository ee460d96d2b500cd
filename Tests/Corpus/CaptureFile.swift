public import Foundation

/// A classic libpcap file (Ethernet), read whole.
public struct CaptureFile {
    public struct Frame {
        /// UTC, nanoseconds since 1970.
        public var time: Int64
        /// Bytes of the frame on the wire.
        public var length: Int
        /// The bytes that the capture holds.
        public var bytes: Range<Int>
    }

    public let frames: [Frame]
    /// The file's bytes; `Frame.bytes` are positions in them.
    public let contents: [UInt8]

    public init(_ file: URL) throws {
        contents = [UInt8](try Data(contentsOf: file))
        frames = try contents.withUnsafeBytes { try Self.frames($0) }
    }

    struct NotACapture: Error {}

    private static func frames(_ file: UnsafeRawBufferPointer) throws -> [Frame] {
        guard file.count >= 24 else { throw NotACapture() }
        let magic = file.loadUnaligned(as: UInt32.self)
        let swapped = magic == 0xD4C3_B2A1 || magic == 0x4D3C_B2A1
        let nanoseconds = magic == 0xA1B2_3C4D || magic == 0x4D3C_B2A1
        guard swapped || nanoseconds || magic == 0xA1B2_C3D4 else { throw NotACapture() }
        func word(_ offset: Int) -> Int {
            let raw = file.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            return Int(swapped ? raw.byteSwapped : raw)
        }
        var frames: [Frame] = []
        var offset = 24
        while offset + 16 <= file.count {
            let captured = word(offset + 8)
            guard offset + 16 + captured <= file.count else { break }
            let fraction = Int64(word(offset + 4)) * (nanoseconds ? 1 : 1000)
            frames.append(
                Frame(
                    time: Int64(word(offset)) * 1_000_000_000 + fraction, length: word(offset + 12),
                    bytes: (offset + 16)..<(offset + 16 + captured)))
            offset += 16 + captured
        }
        return frames
    }

    /// Calls `body` with each frame's index, the frame and its bytes.
    public func visit(_ body: (Int, Frame, UnsafeRawBufferPointer) throws -> Void) rethrows {
        try contents.withUnsafeBytes { all in
            for (index, frame) in frames.enumerated() {
                try body(index, frame, UnsafeRawBufferPointer(rebasing: all[frame.bytes]))
            }
        }
    }
}
