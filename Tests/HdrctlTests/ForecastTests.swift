import Testing
import Wire

@testable import hdrctl

@Suite("status") struct ForecastTests {
    private static let hour: Int64 = 3_600_000_000_000

    private func store(bytes: Int) -> StoreStatus {
        StoreStatus(
            directory: "/x", stored: 0, waiting: 0, lost: [:], segments: 1, bytes: bytes, limit: 4 << 30, oldest: nil,
            newest: nil)
    }

    @Test("forecasts how far back the log will reach") func forecast() {
        #expect(StatusReport.forecast(store(bytes: 1 << 30), Self.hour) == 4 * Self.hour)
    }

    @Test("says nothing while it knows too little") func early() {
        #expect(StatusReport.forecast(store(bytes: 4096), Self.hour) == nil)
        #expect(StatusReport.forecast(store(bytes: 1 << 30), 1_000_000_000) == nil)
        #expect(StatusReport.forecast(store(bytes: 2 << 20), .max) == nil)
    }
}
