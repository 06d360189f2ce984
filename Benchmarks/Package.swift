// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that users of the library never see what benchmarks depend on. `make bench` runs it.
let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(name: "lightweight-groups", path: ".."),
        // Without its traits: allocation counts would need jemalloc.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.29.0", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Protocols",
            dependencies: [
                .product(name: "_Protocols", package: "lightweight-groups"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Protocols",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ],
    swiftLanguageModes: [.v6]
)
