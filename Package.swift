// swift-tools-version: 6.1
import PackageDescription

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
    // What both halves stand on.
    .target(name: "Spelling"),

    // The domain half: plain Swift, usable without the language.
    .target(name: "CKernels"),
    .target(name: "CThreads"),
    .target(name: "CUnicode"),
    .target(name: "COneDNN"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Tensor", dependencies: ["CKernels", "COneDNN", "CThreads"]),
    .target(
      name: "Files", dependencies: ["Tensor", .product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "JSON", dependencies: ["Spelling", "Tensor"]),
    .target(
      name: "Learning",
      dependencies: [
        "CKernels", "Files", "JSON", "Spelling", "Tensor",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .target(name: "CStdlib"),
    .target(
      name: "Text",
      dependencies: [
        "CStdlib", "CUnicode", "CZlib", "Files", "JSON", "Spelling", "Tensor",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .target(name: "Tables", dependencies: ["Spelling", "Tensor"]),
    .target(name: "Privacy", dependencies: ["Learning", "Tensor", "Text"]),
    .target(
      name: "Distillation",
      dependencies: [
        "CKernels", "CZlib", "Files", "Learning", "Spelling", "Tensor", "Text",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .target(name: "Fairness", dependencies: ["Spelling", "Tables", "Tensor", "Text"]),

    // The language half; Builtins is the only bridge.
    .target(name: "Syntax", dependencies: ["Spelling"]),
    .target(name: "Runtime", dependencies: ["Spelling", "Syntax"]),
    .target(
      name: "Builtins",
      dependencies: [
        "Distillation", "Fairness", "Files", "Learning", "Privacy", "Runtime", "Spelling", "Syntax",
        "Tables",
        "Tensor", "Text",
      ]),
    .target(name: "CSystem"),
    .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
    .target(
      name: "Session",
      dependencies: [
        "Builtins", "CStdlib", "CSystem", "Files", "Runtime", "Spelling", "Syntax", "Tables",
        "Tensor",
        "Text", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .target(
      name: "Terminal", dependencies: ["Builtins", "CReadline", "CSystem", "Session", "Syntax"]),
    .target(
      name: "FairleadCommands",
      dependencies: [
        "Builtins", "CSystem", "Session", "Syntax", "Tables", "Terminal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // At a fixed address: otherwise the loader corrects a hundred thousand pointers of Swift's and Foundation's metadata at every
    // start, an eighth of it.
    .executableTarget(
      name: "fairlead", dependencies: ["FairleadCommands"], exclude: ["fairlead.docc"],
      linkerSettings: [.unsafeFlags(["-Xclang-linker", "-no-pie"], .when(configuration: .release))]),

    // Our side of Scripts/bench.
    .target(name: "CPeak"),
    .executableTarget(
      name: "fairlead-bench",
      dependencies: ["CPeak", "Distillation", "JSON", "Learning", "Tensor", "Text"]),

    .testTarget(name: "SpellingTests", dependencies: ["Spelling"]),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
    .testTarget(name: "TensorTests", dependencies: ["Tensor"]),
    .testTarget(name: "FilesTests", dependencies: ["Files", "Tensor"]),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "Tensor"]),
    .testTarget(
      name: "LearningTests", dependencies: ["CKernels", "Files", "JSON", "Learning", "Tensor"]),
    .testTarget(
      name: "TextTests",
      dependencies: ["JSON", "Tensor", "Text", .product(name: "Crypto", package: "swift-crypto")]),
    .testTarget(
      name: "DistillationTests",
      dependencies: ["Distillation", "Learning", "Tensor", "Text"]),
    .testTarget(name: "FairnessTests", dependencies: ["Fairness", "Learning", "Tensor", "Text"]),
    .testTarget(name: "PrivacyTests", dependencies: ["Privacy"], exclude: ["Oracles"]),
    .testTarget(name: "TablesTests", dependencies: ["Tables"]),
    .testTarget(name: "SyntaxTests", dependencies: ["Syntax"], exclude: ["Snapshots"]),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime"]),
    .testTarget(name: "BuiltinsTests", dependencies: ["Builtins"], exclude: ["Oracles"]),
    .testTarget(
      name: "SessionTests",
      dependencies: [
        "Files", "Session", "Tensor", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(name: "TerminalTests", dependencies: ["Session", "Terminal"]),
    .testTarget(name: "FairleadCommandsTests", dependencies: ["FairleadCommands", "fairlead"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
