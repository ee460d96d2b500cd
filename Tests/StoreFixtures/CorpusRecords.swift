internal import CHdrlog
internal import Corpus
internal import Foundation
public import Records

/// The corpus as ring records, stamped as a replay at about half a million packets a second would be.
public enum CorpusRecords {
    /// - Parameter skipping: names of captures that are left out.
    public static func fill(_ chunk: RecordChunk, skipping: Set<String> = []) throws {
        var random = Random(seed: 5)
        var time: UInt64 = 1_700_000_000_000_000_000
        for file in try Corpus.files() where !skipping.contains(file.lastPathComponent) {
            try CaptureFile(file).visit { _, _, bytes in
                time += UInt64(random.exponential() * 2000) + 1
                let layout = HeaderLayout(walking: bytes, linkType: 0, frameLength: bytes.count)
                var record = hdrlog_record()
                record.boot_ns = time
                record.ifindex = 2
                record.frame_length = UInt32(bytes.count)
                record.rate = 1
                record.segments = 1
                record.malformed = layout.malformed
                record.captured = UInt16(min(Int(layout.end), Int(HDRLOG_MAX_CAPTURED)))
                let all = withUnsafeBytes(of: record) { Array($0) } + bytes[..<Int(record.captured)]
                all.withUnsafeBytes { precondition(chunk.append($0), "the chunk is large enough") }
            }
        }
    }
}
