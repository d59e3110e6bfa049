// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Fairlead",
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2")
  ],
  targets: [
    .target(name: "Syntax"),
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
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Text", dependencies: ["CZlib", "Tensor", .product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "Privacy", dependencies: ["Learning", "Tensor", "Text"]),
    .testTarget(name: "TextTests", dependencies: ["Text"]),
    .testTarget(name: "PrivacyTests", dependencies: ["Privacy"], exclude: ["Oracles"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
