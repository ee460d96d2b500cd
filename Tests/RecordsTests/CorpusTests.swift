import CHdrlog
import Corpus
import Foundation
import Records
import Testing

@Suite("Corpus")
struct CorpusTests {
    @Test(
        "every frame of the corpus decodes to its ground truth from the kept bytes alone",
        .enabled(if: Corpus.isPresent, Comment(rawValue: Corpus.absence)))
    func everyFrameDecodesToItsTruth() throws {
        var tally = Tally()
        for file in try Corpus.files() {
            let capture = try CaptureFile(file)
            let truth = try Corpus.truth(of: file)
            try #require(truth.count == capture.frames.count)
            capture.visit { index, frame, bytes in
                tally.compare(bytes, frame, number: index + 1, with: truth[index], of: file)
            }
        }
        print("corpus: \(tally.frames) frames, \(tally.compared) compared, \(tally.kept) header bytes kept")
        print("corpus: malformed by reason \(tally.malformed.sorted { $0.key < $1.key })")
        #expect(tally.differences.count == 0, "\(tally.differences.prefix(20).joined(separator: "\n"))")
        #expect(tally.frames > 0)
    }
}

private struct Tally {
    var frames = 0
    var compared = 0
    var kept = 0
    var malformed: [UInt8: Int] = [:]
    var differences: [String] = []

    mutating func compare(
        _ bytes: UnsafeRawBufferPointer, _ frame: CaptureFile.Frame, number: Int, with truth: ArraySlice<UInt8>,
        of file: URL
    ) {
        frames += 1
        let whole = HeaderLayout(walking: bytes, linkType: 0, frameLength: bytes.count)
        malformed[whole.malformed, default: 0] += 1
        let extent = HeaderLayout.extent(of: bytes, linkType: 0)
        kept += extent
        let captured = UnsafeRawBufferPointer(rebasing: bytes[..<extent])
        let record = HeaderRecord(captured: captured, of: bytes.count, frame.time)
        if extent < Int(HDRLOG_MAX_CAPTURED), record.layout != whole {
            differences.append("\(file.lastPathComponent) \(number): kept bytes: \(record.layout), frame: \(whole)")
        }
        let row = TruthRow(record, number: number, length: frame.length, captured: bytes.count)
        guard let wrong = row.differences(from: truth) else { return }
        compared += 1
        if !wrong.isEmpty {
            differences.append("\(file.lastPathComponent) \(number) (walk says \(whole.malformed)): \(wrong)")
        }
    }
}

extension HeaderRecord {
    /// A record as the kernel would make it of a frame.
    init(captured bytes: UnsafeRawBufferPointer, of frameLength: Int, _ time: Int64 = 0) {
        var metadata = hdrlog_record()
        metadata.frame_length = UInt32(frameLength)
        metadata.captured = UInt16(bytes.count)
        metadata.rate = 1
        metadata.segments = 1
        self.init(time: time, metadata: metadata, bytes: bytes)
    }
}
