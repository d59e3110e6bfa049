import Foundations
import Learning
import Runtime
import Text

/// Log-probabilities of texts behind others.
struct ContinuationScorer {
  private let reading: LanguageReading
  private let scorer: LanguageModelScorer
  /// The token before every text; nil without one.
  private let start: Int32?

  /// Texts that go through the model between two looks at the interrupt.
  private static let part = 256

  /// - Parameter start: whether the model first reads the token that texts begin with; nil where it has one.
  init(_ model: Model, start: Bool?) throws {
    reading = try LanguageReading(predicting: model)
    scorer = try LanguageModelScorer(model.layer, contextLength: reading.context)
    guard start != true || reading.start != nil else {
      throw Fault(
        .value, "the tokenizer knows no token that texts begin with", hint: "leave `start` out")
    }
    self.start = start == false ? nil : reading.start
  }

  /// Whether there is something before the first token of every text.
  var begins: Bool { start != nil }

  /// ln p(text | what comes before it) of each.
  func logProbabilities(_ items: [(given: String?, text: String)], _ vm: VM) throws -> [Double] {
    try predictions(items, vm).map { $0.reduce(0, +) }
  }

  /// The same by the text's tokens, of which the first one is left out where nothing comes before it.
  func predictions(_ items: [(given: String?, text: String)], _ vm: VM) throws -> [[Double]] {
    var result: [[Double]] = []
    for first in stride(from: 0, to: items.count, by: Self.part) {
      try vm.checkInterrupt()
      let some = try items[first..<min(first + Self.part, items.count)].map {
        try tokens($0.text, behind: $0.given)
      }
      let found = try ForwardContext.evaluation {
        try scorer.logProbabilities(some.map(\.tokens), batch: 16)
      }
      result += zip(some, found).map { Array($1.suffix($0.counted)) }
    }
    return result
  }

  /// All tokens that the model reads, of which the last `counted` are the text's.
  private func tokens(_ text: String, behind given: String?) throws -> (
    tokens: [Int32], counted: Int
  ) {
    let before = start.map { [$0] } ?? []
    guard let given, !given.isEmpty else {
      let own = try reading.tokenizer.encode(text, addSpecialTokens: false)
      return (before + own, own.count)
    }
    let context = try reading.tokenizer.encode(given, addSpecialTokens: false)
    let whole = try reading.tokenizer.encode(given + text, addSpecialTokens: false)
    if whole.starts(with: context) { return (before + whole, whole.count - context.count) }
    let own = try reading.tokenizer.encode(text, addSpecialTokens: false)
    return (before + context + own, own.count)
  }
}
