import Fairness
import Foundations
import Learning
import Runtime
import Text

/// How likely a model of language finds whole sentences: a causal one by what it predicts behind the token that texts
/// begin with, a masked one by each token given all the others.
struct SentenceLikelihood {
  private enum Scorer {
    case causal(ContinuationScorer)
    case masked(MaskedModelScorer, SubwordTokenizer)
  }

  private let scorer: Scorer

  /// Texts between two looks at the interrupt.
  private static let part = 64

  init(_ model: Model) throws {
    guard let masked = model.layer as? any MaskedLanguageModel else {
      scorer = .causal(try ContinuationScorer(model, start: nil))
      return
    }
    let tokenizer = try LanguageReading(model).tokenizer
    guard let mask = tokenizer.specialTokens.mask else {
      throw Fault(.value, "the tokenizer has no token that hides another")
        .atArgument(0)
    }
    scorer = .masked(
      MaskedModelScorer(mask: mask, contextLength: masked.contextLength) { tokens in
        try Cancellation.abandonable { try masked.forward(tokens) }
      }, tokenizer)
  }

  /// The mean log-probability of a token, of each sentence.
  func means(_ sentences: [String], _ vm: VM) throws -> [Double] {
    switch scorer {
    case .causal(let scorer):
      let found = try scorer.predictions(sentences.map { (nil, $0) }, vm)
      return try found.enumerated().map { number, values in
        try mean(values, number, sentences)
      }
    case .masked(let scorer, let tokenizer):
      let items = try sentences.map { sentence in
        let encoding = try tokenizer.encode(sentence, pair: nil, options: EncodingOptions())
        return MaskedModelScorer.Item(
          tokens: encoding.ids, places: encoding.ids.indices.filter { !encoding.isSpecial[$0] })
      }
      let found = try guessed(scorer, items, vm)
      return try found.enumerated().map { number, values in
        try mean(values, number, sentences)
      }
    }
  }

  private func mean(_ values: [Double], _ number: Int, _ sentences: [String]) throws -> Double {
    guard !values.isEmpty else {
      throw Fault(
        .data, "the sentence \"\(sentences[number].prefix(60))\" has no token to be predicted")
    }
    return values.reduce(0, +) / Double(values.count)
  }

  /// What is compared of two sentences: the log-probabilities of the tokens that they share, of a masked model; of all,
  /// of a causal one.
  func pairs(_ pairs: [(String, String)], _ vm: VM) throws -> [(Double, Double)] {
    let flat: [Double]
    switch scorer {
    case .causal(let scorer):
      flat = try scorer.logProbabilities(pairs.flatMap { [(nil, $0.0), (nil, $0.1)] }, vm)
    case .masked(let scorer, let tokenizer):
      let items = try pairs.flatMap { pair in
        let a = try tokenizer.encode(pair.0, pair: nil, options: EncodingOptions())
        let b = try tokenizer.encode(pair.1, pair: nil, options: EncodingOptions())
        let shared = CrowSPairs.shared(a.ids, b.ids)
        return [
          MaskedModelScorer.Item(tokens: a.ids, places: shared.a.filter { !a.isSpecial[$0] }),
          MaskedModelScorer.Item(tokens: b.ids, places: shared.b.filter { !b.isSpecial[$0] }),
        ]
      }
      flat = try guessed(scorer, items, vm).map { $0.reduce(0, +) }
    }
    return pairs.indices.map { (flat[2 * $0], flat[2 * $0 + 1]) }
  }

  private func guessed(
    _ scorer: MaskedModelScorer, _ items: [MaskedModelScorer.Item], _ vm: VM
  ) throws -> [[Double]] {
    var result: [[Double]] = []
    for first in stride(from: 0, to: items.count, by: Self.part) {
      try vm.checkInterrupt()
      result += try scorer.logProbabilities(
        Array(items[first..<min(first + Self.part, items.count)]))
    }
    return result
  }
}
