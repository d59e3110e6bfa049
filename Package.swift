// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Fairlead",
  products: [.executable(name: "fairlead", targets: ["fairlead"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    .target(name: "Syntax"),
    .target(name: "Tables"),
    .testTarget(name: "TablesTests", dependencies: ["Tables"]),
    .target(name: "CSystem"),
    .target(name: "CStdlib"),
    .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
    .target(
      name: "Session",
      dependencies: [
        "Builtins", "Runtime", "Syntax", "Tables", "Tensor", "CSystem", "CStdlib",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(name: "SessionTests", dependencies: ["Session"]),
    .target(name: "Terminal", dependencies: ["Session", "Builtins", "Syntax", "CReadline", "CSystem"]),
    .target(
      name: "FairleadCommands",
      dependencies: [
        "Builtins", "CSystem", "Session", "Syntax", "Tables", "Terminal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(name: "fairlead", dependencies: ["FairleadCommands"]),
    .testTarget(name: "SyntaxTests", dependencies: ["Syntax"]),
    .target(name: "Runtime", dependencies: ["Syntax"]),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime"]),
    .target(name: "Builtins", dependencies: ["Runtime", "Syntax", "Tables", "Tensor"]),
    .target(name: "CKernels"),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
    .target(name: "CThreads"),
    .target(name: "COneDNN"),
    .target(name: "Tensor", dependencies: ["CKernels", "COneDNN", "CThreads"]),
    .testTarget(name: "TensorTests", dependencies: ["Tensor"]),
    .target(name: "Learning", dependencies: ["CKernels", "Tensor"]),
    .testTarget(name: "LearningTests", dependencies: ["CKernels", "Learning", "Tensor"]),
    .target(name: "CPeak"),
    .executableTarget(name: "fairlead-bench", dependencies: ["CPeak", "Learning", "Tensor"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
