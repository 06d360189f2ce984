// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

// Planted protocol bugs, which the simulator must find; in no build but that of `make mutants`.
let mutants: [SwiftSetting] = [.define("MUTANTS", .when(traits: ["Mutants"]))]

let package = Package(
    name: "lightweight-groups",
    products: [
        .library(name: "LightweightGroups", targets: ["LightweightGroups"]),
        .executable(name: "lwg", targets: ["lwg"]),
        // For the nested package `Benchmarks` alone: without promises.
        .library(name: "_Protocols", targets: ["GroupModel", "GroupCore", "GroupSimulator"]),
    ],
    traits: [
        .trait(name: "Mutants", description: "Planted protocol bugs, for the proof that the simulator finds them.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.0.0"),
        // Instead of swift-configuration's trait of that name, which tells neither a file's keys nor their lines.
        .package(url: "https://github.com/jpsim/Yams", "5.4.0"..<"7.0.0"),
    ],
    targets: [
        // The protocol cores: values without I/O and without dependencies. The arrows are design.md, section 3.
        .target(name: "GroupModel", swiftSettings: strict + mutants),
        .target(name: "GroupWire", dependencies: ["GroupModel"], swiftSettings: strict),
        .target(name: "HWGProtocol", dependencies: ["GroupModel", "GroupWire"], swiftSettings: strict),
        .target(name: "LWGProtocol", dependencies: ["GroupModel", "GroupWire"], swiftSettings: strict),
        .target(
            name: "GroupCore", dependencies: ["GroupModel", "GroupWire", "HWGProtocol", "LWGProtocol"],
            swiftSettings: strict),
        .target(
            name: "GroupSimulator",
            dependencies: ["GroupCore", "HWGProtocol", "LWGProtocol", "GroupModel", "GroupWire"],
            swiftSettings: strict),

        // The operating system: libevent's loop, and what Swift cannot see of the socket interface.
        .systemLibrary(name: "CLibevent", pkgConfig: "libevent", providers: [.apt(["libevent-dev"])]),
        .target(name: "CNet", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "EventLoop", dependencies: ["CLibevent", "CNet"], swiftSettings: strict),

        // What users see.
        .target(
            name: "LightweightGroups",
            dependencies: [
                "GroupCore", "HWGProtocol", "LWGProtocol", "GroupWire", "GroupModel", "EventLoop",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "lwg",
            dependencies: [
                "LightweightGroups", "GroupSimulator", "GroupModel", "EventLoop", "CNet",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict + mutants),

        // Programs to read and to run (`swift run ExampleHello`); the tests run them, and users of the library do not build them.
        .executableTarget(
            name: "ExampleHello", dependencies: ["LightweightGroups"], path: "Examples/Hello", swiftSettings: strict),
        .executableTarget(
            name: "ExampleCounter", dependencies: ["LightweightGroups"], path: "Examples/Counter", swiftSettings: strict
        ),
        .executableTarget(
            name: "ExampleTicker", dependencies: ["LightweightGroups"], path: "Examples/Ticker", swiftSettings: strict),
        .executableTarget(
            name: "ExampleChat", dependencies: ["LightweightGroups"], path: "Examples/Chat", swiftSettings: strict),

        .testTarget(name: "GroupModelTests", dependencies: ["GroupModel"], swiftSettings: strict),
        .testTarget(name: "GroupWireTests", dependencies: ["GroupWire", "GroupModel"], swiftSettings: strict),
        .testTarget(
            name: "HWGProtocolTests", dependencies: ["HWGProtocol", "GroupWire", "GroupModel"], swiftSettings: strict),
        .testTarget(
            name: "LWGProtocolTests", dependencies: ["LWGProtocol", "GroupSimulator", "GroupWire", "GroupModel"],
            swiftSettings: strict),
        .testTarget(
            name: "GroupSimulatorTests", dependencies: ["GroupSimulator", "GroupCore", "GroupModel"],
            swiftSettings: strict),
        .testTarget(
            name: "ScenarioTests", dependencies: ["GroupSimulator"], exclude: ["Scenarios"], swiftSettings: strict),
        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop", "CNet"], swiftSettings: strict),
        .testTarget(
            name: "LightweightGroupsTests",
            dependencies: [
                "LightweightGroups", "EventLoop", "GroupModel",
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: ["lwg", "LightweightGroups", "EventLoop", "GroupSimulator", "GroupModel"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// The fuzzers are built by `make fuzz` alone: they have libFuzzer's `main`, and look into the modules.
if Context.environment["LWG_FUZZ"] != nil {
    package.products.append(.executable(name: "lwg-fuzz", targets: ["lwg-fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "lwg-fuzz",
            dependencies: [
                "GroupCore", "HWGProtocol", "LWGProtocol", "GroupWire", "GroupModel", "GroupSimulator", "EventLoop",
                "LightweightGroups",
            ],
            path: "Fuzz", swiftSettings: [.unsafeFlags(["-enable-testing", "-parse-as-library"])]))
}

// The pages of the protocols (`make docs`).
if Context.environment["LWG_DOCS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"))
}
