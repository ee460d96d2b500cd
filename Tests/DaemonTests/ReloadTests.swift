import Testing

@testable import Daemon

@Suite("A reload") struct ReloadTests {
    private func load(_ text: String, file: String = "hdrlogd.toml") throws -> LoadedConfiguration {
        var loaded = LoadedConfiguration()
        try loaded.merge(text, file: file)
        return loaded
    }

    @Test("takes new values and their origins over") func takes() throws {
        let old = try load("[capture]\nsampling_rate = 2\n")
        let new = try load("[query]\nconcurrent = 9\n", file: "other.toml")
        let (inForce, waiting) = old.reloaded(with: new)
        #expect(inForce == new && waiting == [])
    }

    @Test("keeps what only a start can change, with the place it came from") func keeps() throws {
        let old = try load("[socket]\npath = \"/run/a\"\n[capture]\nring_memory = \"1M\"\n")
        let new = try load("[capture]\nring_memory = \"2M\"\nsampling_rate = 5\n")
        let (inForce, waiting) = old.reloaded(with: new)
        #expect(waiting == ["capture.ring_memory", "socket.path"])
        #expect(inForce.configuration.capture.ringMemory.bytes == 1 << 20)
        #expect(inForce.configuration.capture.samplingRate == 5)
        #expect(inForce.configuration.socket.path == "/run/a")
        #expect(inForce.origins["capture.ring_memory"] == "hdrlogd.toml:4")
        #expect(inForce.origins["capture.sampling_rate"] == "hdrlogd.toml:3")
    }

    @Test("does not wait for a restart when the same value stands elsewhere") func moved() throws {
        let old = try load("[socket]\ngroup = \"x\"\n")
        let (inForce, waiting) = old.reloaded(with: try load("\n\n[socket]\ngroup = \"x\"\n"))
        #expect(waiting == [] && inForce.origins["socket.group"] == "hdrlogd.toml:4")
    }
}
