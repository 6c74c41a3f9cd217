// swift-tools-version: 6.1
import PackageDescription

// Speed, as ratios taken in one run:
//   eval "$(scripts/setup --env)" && swift build -c release --package-path Benchmarks
//   Benchmarks/.build/release/OperatorBenchmark PYTHON
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v14)],
    products: [
        // Opened at run time, after LibTorch: it needs LibTorch's symbols, as the bridge does.
        .library(name: "CDirect", type: .dynamic, targets: ["CDirect"])
    ],
    dependencies: [.package(name: "segdistill", path: "..")],
    targets: [
        .systemLibrary(name: "LibTorchHeaders", pkgConfig: "libtorch"),
        // The product CTorch is not called, only built, so that the programs find it beside them.
        .target(name: "CDirect", dependencies: ["LibTorchHeaders", .product(name: "CTorch", package: "segdistill")]),
        .target(name: "Measuring", dependencies: [.product(name: "SegDistill", package: "segdistill")]),
        .executableTarget(name: "OperatorBenchmark", dependencies: [.product(name: "Torch", package: "segdistill")]),
        .executableTarget(name: "AugmentationBenchmark", dependencies: ["Measuring", .product(name: "SegDistill", package: "segdistill")]),
        .executableTarget(name: "LoaderBenchmark", dependencies: ["Measuring", .product(name: "SegDistill", package: "segdistill")]),
        .executableTarget(name: "StreetScenesBenchmark", dependencies: ["Measuring", .product(name: "SegDistill", package: "segdistill")]),
        .executableTarget(name: "RelationBenchmark", dependencies: ["Measuring", .product(name: "SegDistill", package: "segdistill")]),
        .executableTarget(name: "CriterionBenchmark", dependencies: ["Measuring", .product(name: "SegDistill", package: "segdistill")]),
        .executableTarget(name: "MetricsBenchmark", dependencies: ["Measuring", .product(name: "SegDistill", package: "segdistill")]),
    ],
    cxxLanguageStandard: .cxx20
)
