import Corpus
import Foundation
import Records
import Testing

@Suite("The corpus in the running kernel", .serialized, .enabled(if: isRoot, "needs root"))
struct CorpusWalkTests {
    typealias Program = LoadedPrograms.Program

    @Test(
        "every frame of the corpus is counted, kept as Swift walks it, and tells its ground truth",
        .enabled(if: Corpus.isPresent, Comment(rawValue: Corpus.absence)))
    func everyFrame() throws {
        let programs = try LoadedPrograms()
        let walks = try Differential(programs)
        var tally = Tally()
        try programs.use {
            for file in try Corpus.files() {
                let capture = try CaptureFile(file)
                let truth = try Corpus.truth(of: file)
                try capture.visit { index, frame, bytes in
                    let place = "\(file.lastPathComponent) \(index + 1)"
                    for program in Program.allCases {
                        guard let record = try walks.check(program, bytes, place) else { continue }
                        guard program == .xdp else { continue }
                        tally.compare(record, frame, number: index + 1, with: truth[index], place)
                    }
                }
            }
            try walks.checkCounters()
        }
        print("corpus: \(walks.frames) test runs, \(tally.compared) records compared with the ground truth")
        #expect(walks.differences.isEmpty, "\(walks.report)")
        #expect(tally.differences.isEmpty, "\(tally.differences.prefix(20).joined(separator: "\n"))")
    }

    private struct Tally {
        var compared = 0
        var differences: [String] = []

        mutating func compare(
            _ kept: LoadedPrograms.Kept, _ frame: CaptureFile.Frame, number: Int, with truth: ArraySlice<UInt8>,
            _ place: String
        ) {
            let wrong = kept.withRecord { record in
                TruthRow(record, number: number, length: frame.length, captured: frame.bytes.count)
                    .differences(from: truth)
            }
            guard let wrong else { return }
            compared += 1
            if !wrong.isEmpty { differences.append("\(place): \(wrong)") }
        }
    }
}
