// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Fairlead",
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
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
