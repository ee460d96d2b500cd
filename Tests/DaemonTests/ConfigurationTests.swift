import Filter
import Foundation
import Store
import Testing

@testable import Daemon

@Suite struct ConfigurationTests {
    private func load(_ text: String) throws -> Configuration {
        var loaded = LoadedConfiguration()
        try loaded.merge(text, file: "hdrlogd.toml")
        return loaded.configuration
    }

    private func problem(_ text: String) -> String? {
        do {
            _ = try load(text)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("an empty file gives the defaults") func emptyFile() throws {
        #expect(try load("") == Configuration())
    }

    @Test("the sample file, with every key uncommented, gives the defaults") func sampleFile() throws {
        let text = Configuration().sampleFile.split(separator: "\n").map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
        }.joined(separator: "\n")
        var loaded = LoadedConfiguration()
        try loaded.merge(text, file: "sample")
        #expect(loaded.configuration == Configuration())
        #expect(loaded.origins.count == Setting.all.count)
    }

    @Test("each kind of value is read") func values() throws {
        let configuration = try load(
            """
            [capture]
            interfaces = ["eth0", "wl*"]
            hook = "generic"
            sampling_rate = 100
            [storage]
            max_use = "64M"
            flush_interval = "250ms"
            """)
        #expect(configuration.capture.interfaces == ["eth0", "wl*"])
        #expect(configuration.capture.hook == .generic)
        #expect(configuration.capture.samplingRate == 100)
        #expect(configuration.storage.maxUse.bytes == 64 << 20)
        #expect(configuration.storage.flushInterval.nanoseconds == 250_000_000)
    }

    @Test("interfaces can have a hook and directions of their own") func interfaces() throws {
        let configuration = try load(
            "[[interface]]\nmatch = \"wg*\"\nhook = \"tc\"\n[[interface]]\nmatch = \"eth0\"\ndirection = \"in\"")
        #expect(
            configuration.capture.perInterface == [
                InterfaceSetting(match: "wg*", hook: .tc), InterfaceSetting(match: "eth0", direction: .in),
            ])
        #expect(
            problem("[[interface]]\nmatch = \"a\"\n[[interface]]\nmatch = \"b\"\nhook = \"xdp\"")
                == "hdrlogd.toml:5: interface[1].hook: expected \"auto\", \"native\", \"generic\", \"tc\", \"clsact\", found the string \"xdp\""
        )
        #expect(problem("[[interface]]\nhook = \"tc\"")?.hasPrefix("hdrlogd.toml:1: interface[0].match") == true)
        #expect(problem("[interface]\nhook = \"tc\"")?.contains("[[interface]]") == true)
    }

    @Test("a later file wins and its origin is told") func dropIn() throws {
        var loaded = LoadedConfiguration()
        try loaded.merge("[capture]\nsampling_rate = 10", file: "a.toml")
        try loaded.merge("[capture]\n\nsampling_rate = 20", file: "b.toml")
        #expect(loaded.configuration.capture.samplingRate == 20)
        #expect(loaded.origins == ["capture.sampling_rate": "b.toml:3"])
    }

    @Test(
        "what is wrong is told with file, line, key and what was expected",
        arguments: [
            (
                "[capture]\nsampling_rate = \"ten\"",
                "hdrlogd.toml:2: capture.sampling_rate: expected an integer from 1 to 1000000, found the string \"ten\""
            ),
            (
                "[capture]\nsampling_rate = 0",
                "hdrlogd.toml:2: capture.sampling_rate: expected an integer from 1 to 1000000, found the integer 0"
            ),
            (
                "[capture]\nsample_rate = 1",
                "hdrlogd.toml:2: capture.sample_rate: unknown key; did you mean capture.sampling_rate?"
            ),
            (
                "[storage]\nflow_segment_max_size = \"1M\"",
                "hdrlogd.toml:2: storage.flow_segment_max_size: expected a size such as \"64M\", from 4M to 64G, or 0, found the string \"1M\""
            ),
            ("[captur]\n", "hdrlogd.toml:1: captur: unknown key; did you mean capture?"),
            (
                "[storage]\n# x\nmax_use = \"many\"",
                "hdrlogd.toml:3: storage.max_use: expected a size such as \"64M\", from 32M to 1024T, found the string \"many\""
            ),
        ])
    func errors(text: String, message: String) {
        #expect(problem(text) == message)
    }

    @Test("flows and counters have each limit of their own; one that is not set is as for headers") func flowLimits()
        throws
    {
        var limits = StoreLimits(
            flows: try load(
                """
                [storage]
                max_use = "1G"
                keep_free = "2G"
                max_age = "3d"
                segment_max_size = "40M"
                segment_max_age = "5d"
                """
            ).storage)
        #expect(limits.maxUse == 256 << 20 && limits.keepFree == 2 << 30 && limits.segmentMaxSize == 40 << 20)
        #expect(limits.maxAge == 3 * 86_400_000_000_000 && limits.segmentMaxAge == 5 * 86_400_000_000_000)
        let own = try load(
            """
            [storage]
            flow_max_use = "100M"
            flow_keep_free = "1M"
            flow_max_age = "3w"
            flow_segment_max_size = "8M"
            flow_segment_max_age = "2h"
            """
        ).storage
        limits = StoreLimits(flows: own)
        #expect(limits.maxUse == 100 << 20 && limits.keepFree == 1 << 20 && limits.segmentMaxSize == 8 << 20)
        #expect(limits.maxAge == 21 * 86_400_000_000_000 && limits.segmentMaxAge == 7_200_000_000_000)
        let headers = StoreLimits(own)
        #expect(headers == StoreLimits(Configuration().storage))
    }

    @Test("a text that is no TOML is refused with its line") func syntax() throws {
        #expect(try #require(problem("[capture]\nhook = ")).hasPrefix("hdrlogd.toml:2: "))
    }

    @Test("nothing of a wrong file is taken") func atomic() {
        var loaded = LoadedConfiguration()
        #expect(throws: ConfigurationError.self) {
            try loaded.merge("[capture]\nsampling_rate = 10\nhook = 1", file: "a.toml")
        }
        #expect(loaded == LoadedConfiguration())
    }
}

@Suite struct ShippedConfigurationTests {
    @Test("config/hdrlogd.toml is the sample file of the code's defaults") func shippedFile() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "config/hdrlogd.toml"), encoding: .utf8)
        #expect(text == Configuration().sampleFile, "write it anew with: hdrlogd --print-config > config/hdrlogd.toml")
    }

    @Test("rules keep their order, those of a later file follow") func rules() throws {
        var loaded = LoadedConfiguration()
        try loaded.merge(
            """
            [[rule]]
            match = "udp port 53"
            action = "sample"
            rate = 100
            [[rule]]
            match = "net 10.0.0.0/8"
            action = "ignore"
            """, file: "a.toml")
        try loaded.merge("[[rule]]\nmatch = \"tcp\"\naction = \"count\"", file: "b.toml")
        #expect(loaded.configuration.rules.map(\.action) == [.sample(rate: 100), .ignore, .count])
    }

    @Test(
        "a wrong rule is told with its line and what was expected",
        arguments: [
            ("match = \"udp port 53\"", "a.toml:3: rule[0].action: expected \"ignore\", \"count\", \"sample\""),
            ("action = \"count\"", "a.toml:3: rule[0].match: expected an expression"),
            ("match = \"udp port\"\naction = \"count\"", "a.toml:4: rule[0].match: "),
            ("match = \"tsVal > 3\"\naction = \"count\"", "a.toml:4: rule[0].match: "),
            ("match = \"tcp\"\naction = \"count\"\nrate = 3", "a.toml:6: rule[0].rate: only action = \"sample\""),
            ("match = \"tcp\"\naction = \"sample\"\nrate = 0", "a.toml:6: rule[0].rate: expected an integer"),
            ("match = \"tcp\"\nacton = \"count\"", "a.toml:5: rule[0].acton: unknown key; did you mean action?"),
        ])
    func wrongRule(_ text: String, _ complaint: String) throws {
        var loaded = LoadedConfiguration()
        do {
            try loaded.merge("[capture]\nsampling_rate = 2\n[[rule]]\n\(text)", file: "a.toml")
            Issue.record("nothing was wrong")
        } catch {
            #expect("\(error)".hasPrefix(complaint))
        }
    }
}
