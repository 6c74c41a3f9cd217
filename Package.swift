// swift-tools-version: 6.1
import PackageDescription

// CTorch is the only target that compiles against LibTorch. `Torch` opens it at run time, so that
// `segdistill --help` costs nothing and the commands that need no tensors work without LibTorch.
let package = Package(
    name: "segdistill",
    platforms: [.macOS(.v14)],
    products: [
        .executable(name: "segdistill", targets: ["segdistill"]),
        .library(name: "CTorch", type: .dynamic, targets: ["CTorch"]),
        .library(name: "Torch", targets: ["Torch", "TorchNN", "TorchOptim"]),
        .library(name: "SegDistill", targets: ["Distill", "SegModels", "SegLoss", "SegData", "SegEval", "Train", "ZeroShot", "Report"]),
        .library(name: "SegTesting", targets: ["SegTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // LibTorch and its bridge
        .systemLibrary(name: "CLibTorch", pkgConfig: "libtorch"),
        .systemLibrary(name: "CTorchABI"),
        .target(name: "CTorch", dependencies: ["CLibTorch"], cxxSettings: [.headerSearchPath("../CTorchABI")]),

        // Tensors
        .target(name: "Support"),
        .target(name: "TensorFiles", dependencies: ["Support"]),
        .target(name: "Torch", dependencies: ["CTorchABI", "TensorFiles", "Support"]),
        .target(name: "TorchNN", dependencies: ["Torch", "TensorFiles", "Support"]),
        .target(name: "TorchOptim", dependencies: ["TorchNN", "Torch", "Support"]),

        // Images and data
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
        // libjpeg's jumps, caught in C
        .target(name: "CJPEG", dependencies: ["CTurboJPEG"]),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"]), .brew(["libdeflate"])]),
        .systemLibrary(name: "CSpng", pkgConfig: "spng", providers: [.apt(["libspng-dev"]), .brew(["libspng"])]),
        .target(name: "Vision", dependencies: ["Support", "CJPEG", "CSpng", "CDeflate"]),
        .target(name: "SegData", dependencies: ["Vision", "Support"]),

        // Words for networks that read, without tensors
        .target(name: "Tokenizers", dependencies: ["Support"]),

        // Distillation
        .target(name: "SegModels", dependencies: ["TorchNN", "Torch", "TensorFiles", "Tokenizers", "Support"]),
        .target(name: "SegLoss", dependencies: ["Torch"]),
        .target(name: "Distill", dependencies: ["TorchNN", "Torch", "SegLoss", "Recipes", "Support"]),
        .target(name: "SegEval", dependencies: ["SegData", "Vision", "Support"]),
        .target(
            name: "Runs", dependencies: ["SegEval", "Support", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["Event.proto"]),
        .target(name: "Recipes", dependencies: ["Support", "Yams"]),
        .target(
            name: "Train",
            dependencies: [
                "Distill", "Hub", "Recipes", "Runs", "SegData", "SegEval", "SegLoss", "SegModels", "Support", "TensorFiles", "Torch",
                "TorchNN", "TorchOptim", "Vision",
            ]),
        .target(name: "ZeroShot", dependencies: ["SegData", "SegModels", "Tokenizers", "Torch", "Vision", "Support"]),
        .target(name: "Report", dependencies: ["Recipes", "Runs", "SegEval", "Vision", "Support"]),
        .target(name: "SegTesting", dependencies: ["TorchNN", "Torch", "TensorFiles", "Support"]),

        // Published weights: libcurl is opened at run time, CCurl is its header
        .systemLibrary(name: "CCurl"),
        .target(name: "Hub", dependencies: ["Support", "CCurl"]),
        .executableTarget(
            name: "segdistill",
            dependencies: [
                "Distill", "Hub", "Recipes", "Report", "Runs", "SegData", "SegEval", "SegModels", "Support", "Torch", "TorchNN", "Train",
                "Vision", "ZeroShot", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            // A link to Recipes/street-scenes: the demo works wherever the program is.
            resources: [
                .embedInCode("Demo/Recipes/teacher.yaml"), .embedInCode("Demo/Recipes/plain.yaml"),
                .embedInCode("Demo/Recipes/distilled.yaml"),
            ]),

        // Tests
        .testTarget(name: "SupportTests", dependencies: ["Support"]),
        .testTarget(name: "TensorFilesTests", dependencies: ["Support", "TensorFiles"], resources: [.copy("Fixtures")]),
        .testTarget(name: "TokenizersTests", dependencies: ["Support", "Tokenizers"], resources: [.copy("Fixtures")]),
        .testTarget(name: "TorchTests", dependencies: ["SegTesting", "Support", "TensorFiles", "Torch"], resources: [.copy("Fixtures")]),
        .testTarget(name: "TorchNNTests", dependencies: ["SegTesting", "Support", "Torch", "TorchNN"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "TorchOptimTests",
            dependencies: ["SegTesting", "Support", "Torch", "TorchNN", "TorchOptim"], resources: [.copy("Fixtures")]),
        .testTarget(name: "VisionTests", dependencies: ["Support", "Vision"], resources: [.copy("Fixtures")]),
        .testTarget(name: "SegDataTests", dependencies: ["SegData", "Support", "Vision"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "SegModelsTests",
            dependencies: ["SegModels", "SegTesting", "Support", "Tokenizers", "Torch", "TorchNN"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "SegLossTests",
            dependencies: ["Distill", "Recipes", "SegLoss", "SegTesting", "Support", "Torch"], resources: [.copy("Fixtures")]),
        .testTarget(name: "HubTests", dependencies: ["Hub", "Support"]),
        .testTarget(
            name: "DistillTests",
            dependencies: ["Distill", "Recipes", "SegTesting", "Support", "Torch", "TorchNN"], resources: [.copy("Fixtures")]),
        .testTarget(name: "SegEvalTests", dependencies: ["SegData", "SegEval", "Support", "Vision"], resources: [.copy("Fixtures")]),
        .testTarget(name: "RunsTests", dependencies: ["Runs", "SegEval", "Support"]),
        .testTarget(name: "RecipesTests", dependencies: ["Recipes", "Support"]),
        .testTarget(
            name: "TrainTests",
            dependencies: [
                "Recipes", "Runs", "SegData", "SegEval", "SegModels", "Support", "TensorFiles", "Torch", "TorchNN",
                "Train", "Vision",
            ]),
        .testTarget(
            name: "ZeroShotTests",
            dependencies: ["SegData", "SegTesting", "Support", "Torch", "Vision", "ZeroShot"], resources: [.copy("Fixtures")]),
        .testTarget(name: "ReportTests", dependencies: ["Report", "Runs", "SegData", "SegEval", "Support", "Vision"]),
        .testTarget(name: "CommandLineTests", dependencies: ["Vision", "segdistill"]),
    ],
    cxxLanguageStandard: .cxx20
)
