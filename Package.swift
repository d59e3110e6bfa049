// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Fairlead",
  targets: [
    .target(name: "Syntax"),
    .testTarget(name: "SyntaxTests", dependencies: ["Syntax"], exclude: ["Snapshots"]),
    .target(name: "Runtime", dependencies: ["Syntax"]),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime"]),
    .target(name: "Builtins", dependencies: ["Runtime", "Syntax"]),
    .testTarget(
      name: "BuiltinsTests", dependencies: ["Builtins", "Runtime", "Syntax"], exclude: ["Oracles"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
