// swift-tools-version: 6.2
import PackageDescription

var strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// Set by the Makefile: a new compiler's new warning must not stop somebody who only runs `swift build`.
if Context.environment["HDRLOG_STRICT"] != nil { strict.append(.treatAllWarnings(as: .error)) }

// Types are asked for by calls and not by their mangled names, for which the runtime looks through all conformances of the
// program: a tenth of a short answer's time, since a command's arguments are many types.
let typesByAccessor: [SwiftSetting] = [
    .unsafeFlags(
        ["-Xfrontend", "-disable-concrete-type-metadata-mangled-name-accessors"], .when(configuration: .release))
]

// Each record passes through the loops of some modules: they check accesses for exclusivity in debug builds only.
let perRecord: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")

let package = Package(
    name: "hdrlog",
    products: [
        .executable(name: "hdrlogd", targets: ["hdrlogd"]),
        .executable(name: "hdrctl", targets: ["hdrctl"]),
        .library(name: "hdrlog", type: .dynamic, targets: ["SQLExtension"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // System libraries and the header that the kernel and Swift share.
        .systemLibrary(name: "CHdrlog", path: "bpf/include"),
        .systemLibrary(name: "CLibBPF", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev", "libelf-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CPrefetch"),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        // The BPF object: compiled by the toolchain's clang and embedded as Swift.
        .executableTarget(name: "EmbedBPF", swiftSettings: strict),
        .plugin(name: "CompileBPF", capability: .buildTool(), dependencies: ["EmbedBPF"]),

        // Modules, in the direction of their imports.
        .target(name: "BPF", dependencies: ["CLibBPF"], swiftSettings: strict),
        .target(name: "SQLite", dependencies: ["CSQLite"], swiftSettings: strict),
        .target(name: "Records", dependencies: ["CHdrlog"], swiftSettings: strict),
        .target(name: "Filter", dependencies: ["Records", "CHdrlog"], swiftSettings: strict),
        .target(
            name: "Capture", dependencies: ["BPF", "Records", "Filter", "CHdrlog", "CLinux"],
            swiftSettings: strict, plugins: ["CompileBPF"]),
        .target(
            name: "Store", dependencies: ["SQLite", "Records", "Filter", "CPrefetch", "CZstd", "CHdrlog"],
            swiftSettings: strict + perRecord),
        .target(
            name: "SQLTables", dependencies: ["SQLite", "Store", "Filter", "Records", "CHdrlog"], swiftSettings: strict),
        .target(
            name: "Wire", dependencies: ["Records", "CHdrlog", nioCore, nioPosix], swiftSettings: strict + perRecord),
        .target(
            name: "Daemon",
            dependencies: ["Capture", "Store", "Wire", "Filter", "Records", "CLinux", "CSystemd", logging, "TOMLKit"],
            swiftSettings: strict),

        // Entry points.
        .executableTarget(
            name: "hdrlogd",
            dependencies: ["Daemon", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),
        .executableTarget(
            name: "hdrctl",
            dependencies: [
                "Wire", "Store", "SQLTables", "SQLite", "Filter", "Records", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict + perRecord + typesByAccessor),

        // A host that loads it has no Swift runtime; SwiftPM's own option links that into executables only.
        .target(
            name: "SQLExtension", dependencies: ["SQLTables", "SQLite"], swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-static-stdlib"])]),

        // Tests: a target a module (unit), and one a tier that needs root or a real system.
        .target(name: "Corpus", dependencies: ["Records"], path: "Tests/Corpus", swiftSettings: strict),
        .target(
            name: "PacketBuilder", dependencies: ["Records", "CHdrlog"], path: "Tests/PacketBuilder",
            swiftSettings: strict),
        .executableTarget(
            name: "hdrgen",
            dependencies: [
                "CLibBPF", "CLinux", "PacketBuilder", "Records",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/hdrgen", swiftSettings: strict),
        .testTarget(
            name: "RecordsTests", dependencies: ["Records", "CHdrlog", "PacketBuilder", "Corpus"],
            swiftSettings: strict),
        .testTarget(
            name: "FilterTests", dependencies: ["Filter", "Records", "CHdrlog", "CLibBPF", "PacketBuilder", "Corpus"],
            swiftSettings: strict),
        .target(
            name: "StoreFixtures", dependencies: ["Records", "CHdrlog", "Corpus"], path: "Tests/StoreFixtures",
            swiftSettings: strict),
        .executableTarget(
            name: "StoreBench",
            dependencies: ["Store", "SQLite", "Records", "Filter", "CHdrlog", "StoreFixtures", "Corpus"],
            path: "Tests/StoreBench", swiftSettings: strict),
        .executableTarget(
            name: "StoreCrashWriter", dependencies: ["Store", "Records", "CHdrlog"], path: "Tests/StoreCrashWriter",
            swiftSettings: strict),
        .target(name: "CStoreMeter", path: "Tests/CStoreMeter"),
        .executableTarget(
            name: "StoreMeter",
            dependencies: ["Store", "Records", "CHdrlog", "CLinux", "StoreFixtures", "CStoreMeter"],
            path: "Tests/StoreMeter", swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Store", "SQLite", "Records", "Filter", "CHdrlog", "CLinux", "StoreFixtures", "PacketBuilder", "Corpus",
            ],
            swiftSettings: strict),
        .target(
            name: "WireFixture", dependencies: ["Wire", "Filter", "Records", "CHdrlog", "PacketBuilder"],
            path: "Tests/WireFixture", swiftSettings: strict),
        .testTarget(
            name: "WireTests", dependencies: ["Wire", "WireFixture", "Records", "CHdrlog", "PacketBuilder"],
            swiftSettings: strict),
        .testTarget(
            name: "HdrctlTests",
            dependencies: [
                "hdrctl", "Wire", "WireFixture", "Store", "SQLite", "Records", "CHdrlog", "PacketBuilder",
                argumentParser,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SQLTests",
            dependencies: ["SQLTables", "SQLite", "Store", "Filter", "Records", "CHdrlog", "StoreFixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "DaemonTests",
            dependencies: ["Daemon", "Capture", "Store", "Records", "Filter", "Wire", "CHdrlog"], swiftSettings: strict),
        .executableTarget(
            name: "KernelBench",
            dependencies: ["Capture", "BPF", "Records", "Filter", "CHdrlog", "CLinux", "PacketBuilder"],
            path: "Tests/KernelBench", swiftSettings: strict),
        .testTarget(
            name: "KernelTests",
            dependencies: ["Capture", "BPF", "Records", "Filter", "CHdrlog", "CLibBPF", "PacketBuilder", "Corpus"],
            swiftSettings: strict),
    ]
)
