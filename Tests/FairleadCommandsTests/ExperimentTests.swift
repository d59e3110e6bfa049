import Foundation
import Testing

/// Experiments of the standard library, at a size that says nothing of what they show but runs all of their lines.
@Suite struct ExperimentTests {
  static let small: [(name: String, parameters: [String], plots: [String])] = [
    (
      "canary_extraction",
      [
        "train=60", "width=8", "epochs=1", "batch=32", "repetitions=[2,20]", "seeds=2", "starts=2",
        "iterations=20", "length=2",
      ], ["canary_digits.svg", "canary_extraction.svg"]
    ),
    (
      "audit", ["canaries=40", "examples=40", "epsilons=[2.0,4.0]", "seeds=1", "epochs=2"],
      ["audit.svg"]
    ),
    (
      "fl_selection",
      ["devices=20", "clients=3", "rounds=2", "periods=2", "seeds=1"],
      ["fl_selection_rounds.svg", "fl_selection_light.svg"]
    ),
    (
      "fl_private",
      ["devices=20", "clients=5", "rounds=2", "epsilons=[8.0]", "seeds=1"], ["fl_private.svg"]
    ),
    ("fl_secure", ["clients=[6,8]", "numbers=50"], ["fl_secure.svg"]),
    (
      "fl_robust", ["devices=8", "clients=6", "rounds=1", "seeds=1"], ["fl_robust.svg"]
    ),
  ]

  @Test(arguments: small)
  func runs(name: String, parameters: [String], plots: [String]) throws {
    let binary = try Binary()
    let outcome = try binary.run(
      ["run", "std.experiments.\(name)", "--seed", "1"] + parameters.flatMap { ["-p", $0] },
      endsAfter: 300)
    #expect(outcome.status == 0, "\(outcome.errors.suffix(2000))")
    #expect(!outcome.errors.contains("failed"), "\(outcome.errors.suffix(2000))")
    #expect(outcome.output.split(separator: "\n").count > 3, "\(outcome.output)")
    for plot in plots { #expect(try binary.text(plot).contains("</svg>"), "\(plot)") }
  }

  @Test func thePageOfAttacksRuns() throws {
    let scripts = try DocumentedScriptTests.blocks(
      "Sources/fairlead/fairlead.docc/AttacksAndAudits.md"
    ).filter { $0.kind == "fairlead" }.map(\.text)
    #expect(scripts.count == 3)
    let binary = try Binary()
    try binary.write(scripts.joined(separator: "\n"), to: "attacks.fl")
    let outcome = try binary.run(["run", "attacks.fl", "--seed", "1"], endsAfter: 300)
    #expect(outcome.status == 0, "\(outcome.errors.suffix(2000))")
    #expect(outcome.output.hasSuffix("false true\n"), "\(outcome.output)")
    #expect(try binary.text("roc.svg").contains("</svg>"))
  }
}
