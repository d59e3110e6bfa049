// swift-tools-version: 6.1
import PackageDescription

// What computes is optimised in debug builds too: its tests would take most of their time otherwise.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

// The order is that of the arrows: a target depends only on targets above it.
let package = Package(
  name: "Fairlead",
  products: [.executable(name: "fairlead", targets: ["fairlead"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // The ground floor of both halves.
    .target(name: "CThreads"),
    .target(
      name: "Foundations",
      dependencies: ["CThreads", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: optimised),

    // The domain half: plain Swift, usable without the language.
    .target(name: "CKernels"),
    .target(name: "CUnicode"),
    .target(name: "COneDNN"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "Tensors", dependencies: ["CKernels", "COneDNN", "CThreads", "Foundations"],
      swiftSettings: optimised),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "CStdlib"),
    .target(
      name: "Files", dependencies: ["CStdlib", "CZlib", "CZstd", "Foundations"],
      swiftSettings: optimised),
    .target(name: "JSONValues", dependencies: ["Foundations"], swiftSettings: optimised),
    .target(
      name: "Learning",
      dependencies: ["CKernels", "Files", "Foundations", "JSONValues", "Tensors"],
      swiftSettings: optimised),
    .target(
      name: "Text", dependencies: ["CUnicode", "Files", "Foundations", "JSONValues"],
      swiftSettings: optimised),
    .target(name: "Statistics", dependencies: ["Foundations"], swiftSettings: optimised),
    .target(name: "Tables", dependencies: ["Foundations", "Statistics"], swiftSettings: optimised),
    .target(
      name: "ClassicalModels", dependencies: ["Foundations", "Learning", "Tables", "Tensors"],
      swiftSettings: optimised),
    .target(
      name: "Plots", dependencies: ["Foundations", "Statistics", "Tables"], swiftSettings: optimised
    ),
    .target(
      name: "TableFiles", dependencies: ["Files", "Foundations", "JSONValues", "Tables"],
      swiftSettings: optimised),
    .target(
      name: "Privacy",
      dependencies: [
        "CKernels", "Files", "Foundations", "JSONValues", "Learning", "Statistics", "Tables",
        "Tensors", "Text",
      ], swiftSettings: optimised),
    .target(
      name: "Federated",
      dependencies: [
        "CKernels", "Files", "Foundations", "Learning", "Privacy", "Statistics", "Tensors",
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: optimised),
    .target(
      name: "Distillation",
      dependencies: [
        "CKernels", "CZlib", "Files", "Foundations", "Learning", "Tensors", "Text",
      ], swiftSettings: optimised),
    .target(
      name: "Fairness",
      dependencies: ["Foundations", "JSONValues", "Statistics", "Tensors", "Text"],
      swiftSettings: optimised),

    // The language half; Builtins is the only bridge.
    .target(name: "Syntax", dependencies: ["Foundations"]),
    .target(name: "Runtime", dependencies: ["Foundations", "Syntax"]),
    .target(
      name: "Builtins",
      dependencies: [
        "ClassicalModels", "Distillation", "Fairness", "Federated", "Files", "Foundations",
        "Learning", "Plots",
        "Privacy", "Runtime", "Statistics", "Syntax", "TableFiles", "Tables", "Tensors", "Text",
      ]),
    .target(name: "CSystem"),
    .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
    .target(
      name: "Sessions",
      dependencies: [
        "Builtins", "CSystem", "Files", "Foundations", "Runtime", "Syntax", "Tables",
        "Tensors", "Text", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .target(
      name: "Terminal",
      dependencies: ["Builtins", "CReadline", "CSystem", "Foundations", "Sessions", "Syntax"]),
    .target(
      name: "FairleadCommands",
      dependencies: [
        "Builtins", "CSystem", "Files", "Foundations", "Sessions", "Syntax", "Tables", "Terminal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // At a fixed address: otherwise the loader corrects a hundred thousand pointers of Swift's and Foundation's
    // metadata at every start, an eighth of it.
    .executableTarget(
      name: "fairlead", dependencies: ["FairleadCommands"], exclude: ["fairlead.docc"],
      linkerSettings: [.unsafeFlags(["-Xclang-linker", "-no-pie"], .when(configuration: .release))]),

    // Our side of Scripts/bench.
    .target(name: "CPeak"),
    .executableTarget(
      name: "fairlead-bench",
      dependencies: [
        "CPeak", "Distillation", "Federated", "Files", "Foundations", "JSONValues", "Learning",
        "TableFiles",
        "Tables", "Tensors", "Text",
      ]),

    // What several test targets share.
    .target(
      name: "TestSupport", dependencies: ["Foundations", "Learning", "Tensors"],
      path: "Tests/TestSupport"),
    .testTarget(name: "FoundationsTests", dependencies: ["Foundations"]),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
    .testTarget(name: "TensorTests", dependencies: ["Foundations", "Tensors", "TestSupport"]),
    .testTarget(name: "FilesTests", dependencies: ["Files", "Foundations"]),
    .testTarget(name: "JSONTests", dependencies: ["Foundations", "JSONValues"]),
    .testTarget(
      name: "LearningTests",
      dependencies: ["Files", "Foundations", "Learning", "Tensors", "TestSupport"]),
    .testTarget(
      name: "TextTests",
      dependencies: [
        "Files", "Foundations", "JSONValues", "Tensors", "Text",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .testTarget(
      name: "DistillationTests",
      dependencies: ["Distillation", "Foundations", "Learning", "Tensors", "TestSupport", "Text"]),
    .testTarget(
      name: "FairnessTests",
      dependencies: ["Fairness", "Foundations", "Statistics", "Tensors", "Text"]),
    .testTarget(name: "StatisticsTests", dependencies: ["Foundations", "Statistics"]),
    .testTarget(
      name: "PrivacyTests",
      dependencies: [
        "Foundations", "Learning", "Privacy", "Statistics", "Tables", "Tensors", "Text",
      ],
      exclude: ["Oracles"]),
    .testTarget(
      name: "FederatedTests",
      dependencies: [
        "Federated", "Foundations", "Learning", "Privacy", "Tensors",
      ],
      exclude: ["Oracles"]),
    .testTarget(
      name: "ClassicalModelTests",
      dependencies: ["ClassicalModels", "Foundations", "Tables", "Tensors"], exclude: ["Oracles"]),
    .testTarget(name: "TablesTests", dependencies: ["Foundations", "Tables"]),
    .testTarget(name: "PlotsTests", dependencies: ["Foundations", "Plots", "Tables"]),
    .testTarget(
      name: "TableFilesTests", dependencies: ["Foundations", "TableFiles", "Tables"]),
    .testTarget(
      name: "SyntaxTests", dependencies: ["Foundations", "Syntax"], exclude: ["Snapshots"]),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime", "Syntax"]),
    .testTarget(
      name: "BuiltinsTests",
      dependencies: ["Builtins", "Foundations", "Runtime", "Syntax", "Tables", "Tensors"],
      exclude: ["Oracles"]
    ),
    .testTarget(
      name: "SessionTests",
      dependencies: [
        "Builtins", "Files", "Foundations", "Runtime", "Sessions", "Syntax", "Tables", "Tensors",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(name: "TerminalTests", dependencies: ["Sessions", "Terminal"]),
    .testTarget(name: "TidyTests"),
    .testTarget(
      name: "FairleadCommandsTests",
      dependencies: [
        "FairleadCommands", "fairlead", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
