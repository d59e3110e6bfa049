import Foundations
import Learning
import Tensors

/// How a student goes on with beginnings of texts.
public struct TextSampler {
  /// The beginnings with what was written behind them, for each of them at most `limit` further tokens. The key names
  /// the random numbers.
  public let sample:
    (_ model: Layer, _ prompts: [[Int32]], _ limit: Int, _ key: RandomKey) throws
      -> [[Int32]]

  public init(
    _ sample:
      @escaping (
        _ model: Layer, _ prompts: [[Int32]], _ limit: Int, _ key: RandomKey
      ) throws -> [[Int32]]
  ) {
    self.sample = sample
  }
}

extension TextSampler {
  /// Draws with `Generation`.
  ///
  /// - Parameters:
  ///   - choice: how tokens are drawn; GKD draws at temperature 1.
  ///   - stopTokens: tokens that end a text; the one that did is learnt, too.
  ///   - decoder: makes the model ready for generating; it is asked anew for each batch, since the student changes.
  public static func generation(
    choice: TokenChoice = .sampling(), stopTokens: [Int] = [],
    decoder: @escaping (Layer) throws -> any DecodingModel
  ) -> TextSampler {
    TextSampler { model, prompts, limit, key in
      let options = GenerationOptions(
        choice: choice, maximumNewTokens: limit, stopTokens: stopTokens,
        batch: max(1, prompts.count))
      let found = try Generation.run(decoder(model), prompts: prompts, options: options, key: key)
      return zip(prompts, found).map { $0 + $1.tokens + ($1.stopToken.map { [$0] } ?? []) }
    }
  }
}

/// Sequence-level distillation (Kim and Rush 2016): the student learns, by cross-entropy, what the teacher writes.
public enum SequenceLevel {
  /// The teacher's continuations of prompts, as a corpus in which the prompts themselves are not learnt.
  ///
  /// - Parameters:
  ///   - beams: a beam search, as in the paper; nil draws or chooses greedily as `options` says.
  ///   - tokenizer: names the tokenizer, for the keys of caches.
  /// - Throws: as generation does; `data` where the teacher wrote nothing behind a prompt.
  public static func corpus(
    teacher: any DecodingModel, prompts: [[Int32]], options: GenerationOptions,
    beams: BeamOptions? = nil, key: RandomKey, tokenizer: String,
    reading: DistillationCorpus.Options = .init()
  ) throws -> DistillationCorpus {
    var written: [[Int32]]
    if let beams {
      var single = beams
      single.returned = 1
      written = try BeamSearch.run(teacher, prompts: prompts, options: options, beams: single)
        .map { found in found.first.map { $0.tokens + ($0.stopToken.map { [$0] } ?? []) } ?? [] }
    } else {
      written = try Generation.run(teacher, prompts: prompts, options: options, key: key)
        .map { $0.tokens + ($0.stopToken.map { [$0] } ?? []) }
    }
    written = zip(prompts, written).map { $0 + $1 }
    return try DistillationCorpus(
      sequences: written, given: prompts.map(\.count), tokenizer: tokenizer, options: reading)
  }
}

/// On-policy distillation (Agarwal et al. 2024, GKD, algorithm 1): with probability λ a step trains on what the student
/// itself writes behind the beginnings of its texts, judged by the teacher; else on the texts. Positions of the
/// beginning cost nothing then. The teacher must be in memory and unperturbed: nobody knows its logits, or a role
/// reversal, of a text that did not exist before.
///
/// λ = 0 is distillation on the corpus, λ = 1 is on-policy throughout. The paper draws once for each step, and so does
/// this; the length of beginnings is a setting of the data there, and a parameter here.
public final class OnPolicySource: BatchSource {
  private let corpus: DistillationCorpus
  private let student: Layer
  private let fraction: Double
  private let promptLength: Int
  private let newTokens: Int
  private let sampler: TextSampler
  private let key: RandomKey
  private var step = 0
  /// How many of the batches so far the student wrote itself.
  public private(set) var sampledBatches = 0
  public private(set) var batches = 0

  /// - Parameters:
  ///   - fraction: λ.
  ///   - promptLength: how many tokens of a text are given.
  ///   - newTokens: at most how many the student writes.
  ///   - key: names the random numbers.
  /// - Throws: `value` where λ is not within 0 and 1 or a length is not positive.
  public init(
    _ corpus: DistillationCorpus, student: Layer, fraction: Double, promptLength: Int = 8,
    newTokens: Int = 32, sampler: TextSampler, key: RandomKey
  ) throws(DomainError) {
    guard fraction >= 0, fraction <= 1 else {
      throw DomainError(
        .value, "the on-policy fraction lambda must be within 0 and 1, got \(fraction)")
    }
    guard promptLength > 0, newTokens > 0 else {
      throw DomainError(
        .value,
        "on-policy texts need at least one token to begin with and one to write, got \(promptLength) and \(newTokens)"
      )
    }
    self.corpus = corpus
    self.student = student
    self.fraction = fraction
    self.promptLength = promptLength
    self.newTokens = newTokens
    self.sampler = sampler
    self.key = key.derived("on policy")
  }

  public var count: Int { corpus.count }
  public func length(_ index: Int) -> Int? { corpus.length(index) }

  public func batch(_ indices: [Int]) throws -> Batch {
    defer {
      step += 1
      batches += 1
    }
    let key = key.derived(step)
    var random = key.stream
    guard random.uniform() < fraction, !indices.isEmpty else { return try corpus.batch(indices) }
    sampledBatches += 1
    let prompts = indices.map { Array(corpus.texts[$0].ids.prefix(promptLength)) }
    let written = try sampler.sample(student, prompts, newTokens, key.derived("sample"))
    guard written.count == prompts.count, zip(written, prompts).allSatisfy({ $0.starts(with: $1) })
    else {
      throw DomainError(.value, "the sampler did not go on with the beginnings that it was given")
    }
    return try DistillationCorpus.batch(
      written, given: prompts.map(\.count), padding: corpus.options.padding, examples: indices)
  }
}
