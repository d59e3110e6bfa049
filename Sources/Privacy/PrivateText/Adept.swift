import Foundations
import Learning
import Tensors
import Text

/// ADePT (Krishna, Gupta, Dupuy 2021): an auto-encoder of utterances, trained without noise, and a mechanism on its
/// codes. See `LatentMechanism` for what holds of it.
///
/// Trained without privacy: a rewritten utterance protects the one that it was made from, not those that the
/// auto-encoder was trained on, whose words and sentences it knows. Trained on public texts it protects all.
public final class Adept: @unchecked Sendable {
  // Unchecked: parameters no longer change once `init` has trained them.

  /// How the auto-encoder is built and trained.
  public struct Options: Sendable {
    /// Words of a text at most.
    public var length = 20
    public var embedding = 64
    /// States of the LSTMs.
    public var hidden = 128
    public var epochs = 20
    public var batch = 64
    /// Of Adam.
    public var learningRate = 5e-3
    /// Rarer words are unknown, and never come out.
    public var minimumCount = 1

    public init() {}
  }

  public let mechanism: LatentMechanism
  public let options: Options
  public let vocabulary: Vocabulary
  /// What the training did.
  public let history: TrainingHistory
  private let model: UtteranceAutoencoder

  /// - Parameters:
  ///   - texts: cut as `WordSplitter.words` does.
  ///   - key: of initial weights and the order of texts.
  /// - Throws: `value` where there are no texts, or an option is out of range; `interrupt`.
  public init(
    _ texts: [String], _ mechanism: LatentMechanism, _ options: Options = Options(),
    key: RandomKey, _ callbacks: (SamplingPlan) -> TrainingCallbacks = { _ in TrainingCallbacks() }
  ) throws {
    guard !texts.isEmpty else { throw DomainError(.value, "there are no texts to learn from") }
    guard (1...4096).contains(options.length) else {
      throw DomainError(.value, "a text's words must be within 1 and 4096, got \(options.length)")
    }
    self.mechanism = mechanism
    self.options = options
    let vocabulary = try Vocabulary(counting: texts, minimumFrequency: options.minimumCount)
    self.vocabulary = vocabulary
    var random = key.derived("autoencoder").stream
    model = try UtteranceAutoencoder(
      vocabulary: vocabulary.count, embedding: options.embedding, hidden: options.hidden,
      mechanism: mechanism, length: options.length, random: &random)
    let source = UtteranceSource(
      sequences: try Self.encode(texts, vocabulary, options.length), length: options.length)
    let plan = try SamplingPlan(
      examples: source.count, batch: options.batch, epochs: options.epochs, sampling: .shuffled)
    let trainer = try Trainer(
      model: model, loss: .crossEntropy(), optimizer: Adam(rate: options.learningRate),
      options: TrainingOptions(plan: plan, key: key.derived("train"), gradientBound: 1))
    history = try trainer.run(source, callbacks(plan))
    if history.isStopped { throw DomainError(.interrupt, "interrupted") }
  }

  private init(_ other: Adept, _ mechanism: LatentMechanism) {
    self.mechanism = mechanism
    options = other.options
    vocabulary = other.vocabulary
    history = other.history
    model = other.model
  }

  /// The same auto-encoder with another mechanism on its codes.
  ///
  /// - Throws: `value` where the codes would be of another width, or clipped otherwise than they were in training.
  public func with(_ mechanism: LatentMechanism) throws(DomainError) -> Adept {
    guard mechanism.width == self.mechanism.width, mechanism.clip == self.mechanism.clip,
      mechanism.clipsInL1 == self.mechanism.clipsInL1
    else {
      throw DomainError(
        .value,
        "an auto-encoder that was trained for \"\(self.mechanism.noise.rawValue)\" does not serve \"\(mechanism.noise.rawValue)\": codes are clipped otherwise",
        hint: "train one with `noise: \"\(mechanism.noise.rawValue)\"`")
    }
    return Adept(self, mechanism)
  }

  private static func encode(_ texts: [String], _ vocabulary: Vocabulary, _ length: Int) throws
    -> [[Int32]]
  {
    try texts.enumerated().map { number, text in
      try Cancellation.check(turn: number)
      return Array(vocabulary.encode(text, tokenizer: .words).prefix(length))
    }
  }

  /// Texts of a step.
  private static let part = 256

  /// Texts decoded from the noisy codes of `texts`, one for each.
  ///
  /// - Throws: `value` where the auto-encoder gives no finite code, `interrupt`.
  public func rewrite(_ texts: [String], _ source: NoiseSource) throws -> [String] {
    var draws = NoiseDraws(source)
    return try decoded(texts) { number, code in
      draws.begin(number)
      return try mechanism.released(code, source, &draws)
    }
  }

  /// Texts decoded from clipped codes without noise: what the auto-encoder makes of them. Not private.
  public func reconstruct(_ texts: [String]) throws -> [String] {
    try decoded(texts) { _, code in try mechanism.clipped(code) }
  }

  private func decoded(
    _ texts: [String], _ change: (_ number: Int, _ code: [Double]) throws -> [Double]
  ) throws -> [String] {
    let sequences = try Self.encode(texts, vocabulary, options.length)
    let source = UtteranceSource(sequences: sequences, length: options.length)
    var result: [String] = []
    result.reserveCapacity(texts.count)
    for first in stride(from: 0, to: texts.count, by: Self.part) {
      try Cancellation.check()
      let indices = Array(first..<min(first + Self.part, texts.count))
      result += try Tape.withoutRecording {
        let codes = try model.encode(source.batch(indices).inputs).array(Float.self)
        var noisy: [Float] = []
        for row in indices.indices {
          let code = codes[row * mechanism.width..<(row + 1) * mechanism.width].map(Double.init)
          noisy += try change(indices[row], code).map(Float.init)
        }
        let scores = try model.decode(
          try Tensor(noisy, shape: [indices.count, mechanism.width]))
        return try words(scores.argmax(axis: 2).array(Int64.self))
      }
    }
    return result
  }

  /// Rows of `length` word numbers as texts, each up to the first padding.
  private func words(_ numbers: [Int64]) throws -> [String] {
    stride(from: 0, to: numbers.count, by: options.length).map { start in
      numbers[start..<start + options.length].prefix { $0 != Int64(Vocabulary.padding) }
        .filter { $0 != Int64(Vocabulary.unknown) }.map { vocabulary.words[Int($0)] }
        .joined(separator: " ")
    }
  }
}
