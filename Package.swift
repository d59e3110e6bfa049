// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Fairlead",
  targets: [
    .target(name: "Syntax"),
    .target(name: "Tables"),
    .testTarget(name: "TablesTests", dependencies: ["Tables"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
