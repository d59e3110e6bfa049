// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Fairlead",
  targets: [
    .target(name: "Syntax"),
    .target(name: "CKernels"),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
