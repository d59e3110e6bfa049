// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Fairlead",
  targets: [
    .target(name: "Syntax"),
    .testTarget(name: "SyntaxTests", dependencies: ["Syntax"], exclude: ["Snapshots"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
