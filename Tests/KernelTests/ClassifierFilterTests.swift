import Testing

@testable import BPF
@testable import Capture

@Suite("clsact filters, for kernels without tcx", .serialized, .enabled(if: isRoot, "needs root"))
struct ClassifierFilterTests {
    @Test("a filter that outlives its process goes with its handle")
    func removal() throws {
        let network = try TestNetwork()
        let programs = try Object(opening: EmbeddedObject.bytes)
        try programs.load()
        let device = try network.inside { try #require(Device(named: "logged")) }
        try network.inside {
            let filter = try ClassifierFilter(
                try programs.program("hdrlog_egress"), interface: device.index, direction: .egress)
            #expect(try shown(in: network).contains("hdrlog_egress"))
            withExtendedLifetime(filter) {}
        }
        #expect(try shown(in: network).isEmpty)
    }

    private func shown(in network: borrowing TestNetwork) throws -> String {
        try output("tc", "-n", network.local, "filter", "show", "dev", "logged", "egress")
    }
}
