// swift-tools-version: 6.2
import PackageDescription

// Built from a copy of the sources whose shared headers lay everything out in another way: see Tests/harness/other_layout.py.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "hdrlog",
    targets: [
        .systemLibrary(name: "CHdrlog", path: "bpf/include"),
        .systemLibrary(name: "CLibBPF", pkgConfig: "libbpf"),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd"),
        .executableTarget(name: "EmbedBPF", swiftSettings: settings),
        .plugin(name: "CompileBPF", capability: .buildTool(), dependencies: ["EmbedBPF"]),
        .target(name: "BPF", dependencies: ["CLibBPF"], swiftSettings: settings),
        .target(name: "Records", dependencies: ["CHdrlog"], swiftSettings: settings),
        .target(name: "Filter", dependencies: ["Records", "CHdrlog"], swiftSettings: settings),
        .target(
            name: "Capture", dependencies: ["BPF", "Records", "Filter", "CHdrlog", "CLinux"], swiftSettings: settings,
            plugins: ["CompileBPF"]),
        .executableTarget(
            name: "Relay", dependencies: ["Capture", "Records", "CHdrlog", "CLinux", "CSystemd"],
            swiftSettings: settings),
    ]
)
