// EmbedBPF CLANG SOURCE.bpf.c OUTPUT.swift: compiles SOURCE for the BPF target and writes the object as Swift.
//
// The bytes go out as one hexadecimal StaticString: an array literal of this size takes the compiler
// minutes, and a resource file would make SwiftPM generate a Bundle accessor, which links Foundation.
import Foundation

guard CommandLine.arguments.count == 4 else {
    FileHandle.standardError.write(Data("usage: EmbedBPF CLANG SOURCE OUTPUT\n".utf8))
    exit(2)
}
let (clang, source, output) = (CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3])
let object = output + ".o"

#if arch(arm64)
    let machine = "aarch64"
    let memory: [String] = []
#else
    let machine = "x86_64"
    let memory = ["-DHDRLOG_STORES_IN_ORDER"]
#endif

let compile = Process()
compile.executableURL = URL(fileURLWithPath: clang)
compile.arguments =
    [
        "-target", "bpf", "-O2", "-g", "-mcpu=v3", "-std=gnu11", "-Wall", "-Wextra", "-Werror",
        "-Wno-missing-field-initializers",
        "-idirafter", "/usr/include/\(machine)-linux-gnu",
        "-I", URL(fileURLWithPath: source).deletingLastPathComponent().appending(path: "include").path,
        "-c", source, "-o", object,
    ] + memory
try compile.run()
compile.waitUntilExit()
guard compile.terminationStatus == 0 else { exit(compile.terminationStatus) }

let hexDigits = Array("0123456789abcdef".utf8)
var text = Array("/// The compiled BPF object, in hexadecimal.\nlet bpfObjectHex: StaticString = \"".utf8)
for byte in try Data(contentsOf: URL(fileURLWithPath: object)) {
    text.append(hexDigits[Int(byte >> 4)])
    text.append(hexDigits[Int(byte & 15)])
}
text += Array("\"\n".utf8)
try Data(text).write(to: URL(fileURLWithPath: output))
