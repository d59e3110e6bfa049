import Foundations
import Tensors

/// A model that reads one sequence of tokens and writes another.
public protocol SequenceWriter: Layer {
  var vocabularySize: Int { get }
  /// The longest sequence of either side; nil where there is no limit.
  var longestSequence: Int? { get }
  /// What is kept of sources [examples, source], [examples, source, …]; `lengths` mark padding.
  func encode(_ source: Tensor) throws -> Tensor
  /// Scores of the next token at every position of `target` [examples, time], [examples, time, vocabulary].
  func decode(_ target: Tensor, memory: Tensor) throws -> Tensor
}

extension EncoderDecoder: SequenceWriter {
  public var vocabularySize: Int { tokens.rows }
  public var longestSequence: Int? { sourcePositions.context }
}

/// A model of two sequences as a function of one tensor, so that it is trained as any other: of tokens [examples,
/// sourceWidth + time] the first `sourceWidth` are the source, the others what has been written before each position.
/// Gives scores of the next token, [examples, time, vocabulary].
public final class SequenceToSequence: Layer {
  public let model: any SequenceWriter
  public let sourceWidth: Int
  /// The token that fills both sides up.
  public let padding: Int

  public init(_ model: any SequenceWriter, sourceWidth: Int, padding: Int = 0) throws {
    try Check.size(sourceWidth, "the width of the source")
    if let longest = model.longestSequence, sourceWidth > longest {
      throw DomainError(
        .value,
        "sources of \(sourceWidth) tokens are longer than the \(longest) that the model sees")
    }
    self.model = model
    self.sourceWidth = sourceWidth
    self.padding = padding
    super.init(kind: "seq2seq")
    try adopt("model", model)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    guard let copy = try copies(model as Layer) as? any SequenceWriter else {
      throw DomainError(.type, "the copy of a \(model.kind) writes no sequences")
    }
    return try SequenceToSequence(copy, sourceWidth: sourceWidth, padding: padding)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool {
    model.keepsExamplesApart(padded: padded)
  }

  public override var summary: String { "seq2seq(source \(sourceWidth), \(model.summary))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    let source = try source(of: input)
    guard input.shape[1] > sourceWidth else {
      throw DomainError(
        .shape, "tokens \(input.shape) are sources of \(sourceWidth) only: nothing is written yet")
    }
    let target = try marked(input.sliced(axis: 1, from: sourceWidth, to: nil))
    return try model.decode(target, memory: model.encode(source))
  }

  private func source(of input: Tensor) throws -> Tensor {
    guard input.rank == 2, input.shape[1] >= sourceWidth, !input.dtype.isFloating else {
      throw DomainError(
        .shape,
        "\(kind) needs integer tokens [examples, \(sourceWidth) + time], got \(input.dtype.name) \(input.shape)"
      )
    }
    return try marked(input.sliced(axis: 1, from: 0, to: sourceWidth))
  }

  /// The tokens with their lengths: without the padding behind the last other one. One token is always read.
  private func marked(_ tokens: Tensor) throws -> Tensor {
    let (rows, time) = (tokens.shape[0], tokens.shape[1])
    let values = try tokens.detached.cast(to: .i64).array(Int64.self)
    var lengths: [Int32] = []
    for row in 0..<rows {
      var length = time
      while length > 1, values[row * time + length - 1] == Int64(padding) { length -= 1 }
      lengths.append(Int32(length))
    }
    return tokens.detached.with(lengths: Lengths(lengths))
  }

  /// What the model writes for each source.
  ///
  /// - Parameters:
  ///   - input: tokens [examples, at least sourceWidth], of which the sources are read.
  ///   - begin: the token before what is written.
  ///   - end: the one that ends it, which is no part of the result.
  ///   - limit: the most tokens of one.
  ///   - beams: 1 takes the likeliest token at each place.
  ///   - onStep: called before each token; what it throws ends the run.
  /// - Throws: as `Generation.run`, and `limit` where the model cannot see so many tokens.
  public func write(
    _ input: Tensor, begin: Int32, end: Int32, limit: Int, beams: Int = 1,
    onStep: () throws -> Void = {}
  ) throws -> [[Int32]] {
    let sources = try source(of: input).with(lengths: nil)
    var options = GenerationOptions(maximumNewTokens: limit, stopTokens: [Int(end)])
    options.drafts = false
    var result: [[Int32]] = []
    for row in 0..<sources.shape[0] {
      let one = try marked(sources.sliced(axis: 0, from: row, to: row + 1))
      let memory = try ForwardContext.evaluation { try model.encode(one) }
      let decoder = try UncachedDecoder(
        TargetScores(model, memory), vocabularySize: model.vocabularySize,
        contextLength: model.longestSequence)
      if beams > 1 {
        let found = try BeamSearch.run(
          decoder, prompts: [[begin]], options: options, beams: BeamOptions(beams: beams),
          onStep: onStep)
        result.append(found[0].first?.tokens ?? [])
      } else {
        let found = try Generation.run(
          decoder, prompts: [[begin]], options: options, key: RandomKey(seed: 0), onStep: onStep)
        result.append(found[0].tokens)
      }
    }
    return result
  }
}

/// Scores of what follows a target, for one source that has been read.
private final class TargetScores: Layer {
  private let model: any SequenceWriter
  private let memory: Tensor

  init(_ model: any SequenceWriter, _ memory: Tensor) {
    self.model = model
    self.memory = memory
    super.init(kind: "target_scores")
  }

  override func forward(_ input: Tensor) throws -> Tensor {
    try model.decode(input, memory: memory)
  }
}
