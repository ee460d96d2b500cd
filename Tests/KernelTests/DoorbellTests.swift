import Glibc
import Testing

@testable import Capture

@Suite("The doorbell")
struct DoorbellTests {
    @Test("is rung by the first record that comes while the rings are asleep, and by no other")
    func once() throws {
        let programs = try LoadedPrograms()
        let capture = programs.capture
        try programs.use {
            try Self.log(.xdp, programs)
            #expect(!Self.isReadable(capture.recordsBell), "the rings were awake")

            capture.setAsleep(true)
            #expect(!Self.isReadable(capture.recordsBell), "nothing came yet")
            try Self.log(.egress, programs)
            #expect(Self.isReadable(capture.recordsBell))
            capture.answerBell()
            #expect(!Self.isReadable(capture.recordsBell), "it was answered")

            // One ring for each processor: the kernel may run two tests on two of them.
            for _ in 0..<50 { try Self.log(.ingress, programs) }
            capture.setAsleep(false)
            capture.answerBell()
            for _ in 0..<50 { try Self.log(.ingress, programs) }
            #expect(!Self.isReadable(capture.recordsBell), "the rings are awake")
        }
    }

    @Test("can be rung any number of times")
    func often() throws {
        let programs = try LoadedPrograms()
        try programs.use {
            for number in 0..<2_000 {
                programs.capture.setAsleep(true)
                try Self.log(.xdp, programs)
                try #require(Self.isReadable(programs.capture.recordsBell), "the \(number)th time")
                programs.capture.answerBell()
            }
        }
    }

    @Test("wakes a thread that waits")
    func wakes() throws {
        let programs = try LoadedPrograms()
        let bell = programs.capture.recordsBell
        programs.capture.setAsleep(true)
        var waiter = pthread_t()
        // The descriptor's number is the argument, and whether it became readable within ten seconds the result.
        let started = pthread_create(
            &waiter, nil,
            { number in
                UnsafeMutableRawPointer(
                    bitPattern: DoorbellTests.isReadable(Int32(Int(bitPattern: number)), 10_000) ? 1 : 0)
            }, UnsafeMutableRawPointer(bitPattern: Int(bell)))
        try #require(started == 0)
        usleep(50_000)
        try programs.use { try Self.log(.xdp, programs) }
        var result: UnsafeMutableRawPointer?
        pthread_join(waiter, &result)
        #expect(result != nil)
    }

    private static let frame: [UInt8] =
        [UInt8](repeating: 2, count: 12) + [0x08, 0x06] + [UInt8](repeating: 0, count: 46)

    private static func log(_ program: LoadedPrograms.Program, _ programs: LoadedPrograms) throws {
        let kept = try programs.run(program, frame)
        #expect(kept.count == 1)
    }

    private static func isReadable(_ descriptor: Int32, _ timeout: Int32 = 0) -> Bool {
        var source = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&source, 1, timeout) == 1
    }
}
