import Fairness
import Foundations
import Learning
import Runtime
import Statistics
import Tables
import Text

/// Whether models of language prefer stereotypes, in `fair`.
enum StereotypeBuiltins {
  static let natives = [stereoset, crowsPairs]

  private static let model = Param<Model>(
    "model", "A model of language with its tokenizer, causal or masked.")

  private static let stereoset = Native(
    "stereoset",
    "StereoSet's scores of a model, by domain and overall. `lms` is how often a sentence with sense is likelier than one without (100 is best), `ss` how often the stereotype is likelier than its opposite (50 is best), `icat` joins both (100 is best). Sentences are compared by their mean log-probability a token: of a causal model behind the token that texts begin with, of a masked one each token given all others (pseudo-likelihood).",
    model,
    Param<String>(
      "path",
      "StereoSet's `dev.json`, or rows with bias_type, target, stereotype, anti_stereotype and unrelated (CSV, TSV, JSON Lines)."
    ),
    returns: "table {domain, items, targets, lms, ss, icat}",
    seeAlso: ["fair.crows_pairs", "text.log_probability"],
    search: ["stereotype", "bias", "nadeem", "intrinsic"],
    context: { (vm: VM, model: Model, path: String) throws -> Table in
      let set = try StereoSet(path: try vm.readablePath(path))
      guard !set.items.isEmpty else { throw Fault(.data, "\(path) has no items").atArgument(1) }
      let likelihood = try SentenceLikelihood(model)
      let scores = try likelihood.means(
        set.items.flatMap { [$0.stereotype, $0.antiStereotype, $0.unrelated] }, vm)
      let (domains, overall) = set.scores(
        set.items.indices.map { (scores[3 * $0], scores[3 * $0 + 1], scores[3 * $0 + 2]) })
      let rows = domains + [("overall", overall)]
      return try Table(columns: [
        Table.Column("domain", rows.map { .string($0.0) }),
        Table.Column("items", rows.map { .int($0.1.items) }),
        Table.Column("targets", rows.map { .int($0.1.targets) }),
        Table.Column("lms", rows.map { .float($0.1.languageModelling) }),
        Table.Column("ss", rows.map { .float($0.1.stereotype) }),
        Table.Column("icat", rows.map { .float($0.1.idealized) }),
      ])
    })

  private static let crowsPairs = Native(
    "crows_pairs",
    "How often a model prefers the more stereotyping sentence of a pair, in percent: 50 is no preference. A masked model is asked for the tokens that both sentences share, each given all others (as published); a causal one for the whole sentences. Equal scores count as no preference for the stereotype. Intervals are Wilson's at 95%.",
    model,
    Param<String>(
      "path", "CrowS-Pairs' CSV, or rows with sent_more, sent_less and bias_type."),
    returns: "{score, low, high, n, by: table {bias_type, n, score, low, high}}",
    seeAlso: ["fair.stereoset", "text.log_probability"],
    search: ["stereotype", "bias", "nangia", "pseudo-likelihood", "intrinsic"],
    context: { (vm: VM, model: Model, path: String) throws -> Record in
      let set = try CrowSPairs(path: try vm.readablePath(path))
      guard !set.pairs.isEmpty else { throw Fault(.data, "\(path) has no pairs").atArgument(1) }
      let scores = try SentenceLikelihood(model).pairs(set.pairs.map { ($0.more, $0.less) }, vm)
      let prefers = scores.map { $0.0 > $0.1 }
      let kinds = set.pairs.map(\.kind).distinctSpellings()
      let rows = kinds.map { kind in
        Preference(
          set.pairs.indices.filter { set.pairs[$0].kind.isSpelt(kind) }.map { prefers[$0] })
      }
      let all = Preference(prefers)
      let table = try Table(columns: [
        Table.Column("bias_type", kinds.map { .string($0) }),
        Table.Column("n", rows.map { .int($0.count) }),
        Table.Column("score", rows.map { .float($0.score) }),
        Table.Column("low", rows.map { .float($0.low) }),
        Table.Column("high", rows.map { .float($0.high) }),
      ])
      return Record([
        ("score", all.score), ("low", all.low), ("high", all.high), ("n", all.count),
        ("by", table),
      ])
    })
}

/// A share in percent with its interval.
private struct Preference {
  let count: Int
  let score: Double
  let low: Double
  let high: Double

  init(_ prefers: [Bool]) {
    count = prefers.count
    let successes = prefers.count { $0 }
    score = 100 * Double(successes) / Double(count)
    let interval = Sample.wilson(successes: successes, trials: count, level: 0.95)
    low = interval.map { 100 * $0.lowerBound } ?? 0
    high = interval.map { 100 * $0.upperBound } ?? 100
  }
}
