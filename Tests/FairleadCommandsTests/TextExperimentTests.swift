import Testing

/// The experiments on private text, at a size that shows no trend but runs all of their code.
@Suite struct TextExperimentTests {
  @Test func wordsThatHideEachOther() throws {
    let binary = try Binary()
    let outcome = try binary.run(
      [
        "run", "std.experiments.text_dp", "-p", "limit=400", "-p", "levels=[4, 16]", "-p",
        "seeds=2", "-p", "epochs=2", "-p", "words=5", "-p", "trials=20", "-p", "width=8", "--seed",
        "1",
      ], endsAfter: 300)
    #expect(outcome.status == 0, "\(outcome.errors.suffix(2000))")
    for part in ["without noise: accuracy", "truncated_gumbel", "truncated_exponential"] {
      #expect(outcome.output.contains(part), "\(outcome.output)")
    }
    #expect(try binary.text("text_dp.svg").contains("</svg>"))
  }

  @Test func utterancesThatAreRewritten() throws {
    let binary = try Binary()
    let outcome = try binary.run(
      [
        "run", "std.experiments.adept", "-p", "limit=200", "-p", "width=9", "-p", "hidden=16",
        "-p", "rewriter_epochs=2", "-p", "epochs=2", "-p", "seeds=2", "-p", "epsilons=[10, 100]",
        "--seed", "1",
      ], endsAfter: 300)
    #expect(outcome.status == 0, "\(outcome.errors.suffix(2000))")
    #expect(outcome.output.contains("without rewriting: accuracy"), "\(outcome.output)")
    // The published noise holds √9 times what it claims.
    #expect(outcome.output.contains("30 ± 0"), "\(outcome.output)")
    #expect(try binary.text("adept.svg").contains("</svg>"))
  }
}
