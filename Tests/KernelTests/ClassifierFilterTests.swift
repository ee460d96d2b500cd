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

    @Test("one that is left is replaced by the next process's and removed by name, with the queueing discipline")
    func succession() throws {
        let network = try TestNetwork()
        let device = try network.inside { try #require(Device(named: "logged")) }
        func attach() throws -> ClassifierFilter {
            let programs = try Object(opening: EmbeddedObject.bytes)
            try programs.load()
            return try ClassifierFilter(
                try programs.program("hdrlog_egress"), interface: device.index, direction: .egress)
        }
        try network.inside {
            try attach().leave()
            let first = try shown(in: network)
            try attach().leave()
            let second = try shown(in: network)
            #expect(first.contains("hdrlog_egress") && second.contains("hdrlog_egress") && first != second)
            #expect(second.split(separator: "\n").count == first.split(separator: "\n").count)
            #expect(!ClassifierFilter.remove(interface: device.index, direction: .ingress))
            #expect(ClassifierFilter.remove(interface: device.index, direction: .egress))
            #expect(!ClassifierFilter.remove(interface: device.index, direction: .egress))
        }
        #expect(try shown(in: network).isEmpty)
        #expect(try !output("tc", "-n", network.local, "qdisc", "show", "dev", "logged").contains("clsact"))
    }

    private func shown(in network: borrowing TestNetwork) throws -> String {
        try output("tc", "-n", network.local, "filter", "show", "dev", "logged", "egress")
    }
}
