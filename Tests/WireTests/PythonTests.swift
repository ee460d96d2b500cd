import Foundation
import Testing
import WireFixture

/// A client that is not ours: PyPI's `varlink`.
@Suite(
    "Python's varlink", .enabled(if: Python.interpreter != nil, "needs PyPI's varlink (scripts/install-dependencies)"))
struct PythonTests {
    @Test("introspects the service and queries it, unchanged")
    func introspection() async throws {
        let server = try TestServer()
        let script = """
            import varlink, json
            client = varlink.Client.new_with_address("unix:\(server.path)")
            print(sorted(client.get_interfaces()))
            interface = client.get_interface("io.hdrlog")
            print(sorted(interface.members) if hasattr(interface, "members") else "")
            with client.open("io.hdrlog") as log:
                print(log.Status()["version"])
                records = []
                for reply in log.Query(filter="tcp", _more=True):
                    records += reply["records"]
                print([r["sourcePort"] for r in records], reply["completeness"]["records"])
                print(len(log.Query(filter="udp", limit=1)["records"]))
                try:
                    log.Query(filter="tcp prot 80")
                except varlink.VarlinkError as error:
                    print(error.error(), error.parameters()["position"])
                try:
                    log.Query(nonsense=1)
                except Exception as error:
                    print(type(error).__name__)
            """
        let result = try await onThread { try execute(Python.interpreter!, ["-c", script]) }
        #expect(result.status == 0, "\(result.output)")
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "['io.hdrlog', 'org.varlink.service']")
        #expect(lines.contains("1.2.3"))
        #expect(lines.contains("[40000, 443, 40001] 3"))
        #expect(lines.contains("1"))
        #expect(lines.contains("io.hdrlog.InvalidFilter 5"), "\(result.output)")
    }

    @Test("its command line tool shows the interface and calls it")
    func commandLine() async throws {
        let server = try TestServer()
        let result = try await onThread {
            try execute(
                Python.interpreter!,
                ["-m", "varlink.cli", "call", "unix:\(server.path)/io.hdrlog.Query", "{\"limit\": 1}"])
        }
        #expect(result.status == 0 && result.output.contains("192.0.2.7"), "\(result.output)")
    }
}

/// Runs a program to its end; standard error is part of the output.
private func execute(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
}

private enum Python {
    /// One that has the package.
    static let interpreter: String? = [".build/python/bin/python3", "/usr/bin/python3"].first { path in
        FileManager.default.isExecutableFile(atPath: path)
            && (try? execute(path, ["-c", "import varlink"]))?.status == 0
    }
}
