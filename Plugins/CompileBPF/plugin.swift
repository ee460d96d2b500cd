import Foundation
import PackagePlugin

/// Compiles bpf/hdrlog.bpf.c with the toolchain's clang and adds the object to the target as Swift source.
@main
struct CompileBPF: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let sources = context.package.directoryURL.appending(path: "bpf")
        let output = context.pluginWorkDirectoryURL.appending(path: "BPFObject.swift")
        let headers = try ["", "include"].flatMap { folder in
            try FileManager.default.contentsOfDirectory(
                at: sources.appending(path: folder), includingPropertiesForKeys: nil)
        }
        return [
            .buildCommand(
                displayName: "Compiling bpf/hdrlog.bpf.c",
                executable: try context.tool(named: "EmbedBPF").url,
                arguments: [
                    try context.tool(named: "clang").url.path,
                    sources.appending(path: "hdrlog.bpf.c").path,
                    output.path,
                ],
                inputFiles: headers.filter { ["c", "h"].contains($0.pathExtension) },
                outputFiles: [output])
        ]
    }
}
