import CKernels
import Foundations
import Tensors

/// A model that continues sequences of tokens. `Generation` and `BeamSearch` work with any; read next:
/// `TransformerDecoder`, the fast one.
public protocol DecodingModel: AnyObject {
  /// Tokens are 0 ..< vocabularySize.
  var vocabularySize: Int { get }
  /// The longest sequence, prompt included; nil where there is no limit.
  var contextLength: Int? { get }
  /// What is kept while `rows` sequences grow, none longer than `capacity` tokens.
  func decodingState(rows: Int, capacity: Int) throws -> any DecodingState
}

/// Sequences that are being continued together. A row's numbers are the same bits whatever the other rows are.
public protocol DecodingState: AnyObject {
  /// Begins row i with `prompts[i]`, each of at least one token; afterwards the logits of every row are there, in
  /// order.
  func begin(_ prompts: [ArraySlice<Int32>]) throws

  /// Appends `tokens[i]` to row `rows[i]`, each row at most once; afterwards logits i are those of row `rows[i]`.
  func append(_ tokens: UnsafeBufferPointer<Int32>, to rows: UnsafeBufferPointer<Int>) throws

  /// [rows of the last call, vocabulary]: what the model says about the token that follows. Valid until the next call.
  var logits: UnsafeMutablePointer<Float> { get }

  /// Row i becomes a copy of what row `sources[i]` was.
  func reorder(_ sources: [Int]) throws
}

/// Sequences of which one can be continued by several tokens at a time, and be cut back: what checking a draft needs.
public protocol DraftingState: DecodingState {
  /// Appends tokens to one row.
  /// - Returns: [tokens, vocabulary], for each of them what the model says about the token behind it: the same bits as
  ///   had they been appended one by one. Valid until the next call.
  func extend(_ row: Int, by tokens: [Int32]) throws -> UnsafeMutablePointer<Float>

  /// Forgets the last `count` tokens of a row.
  func shorten(_ row: Int, by count: Int)
}

/// Continues sequences with any model that is a function of tokens [rows, time] (i64) with logits [rows, time,
/// vocabulary], by computing the whole sequence anew for every token: for models without a cache.
public final class UncachedDecoder: DecodingModel {
  public let vocabularySize: Int
  public let contextLength: Int?
  private let model: Layer

  /// - Throws: a value error where `vocabularySize` is not a size.
  public init(_ model: Layer, vocabularySize: Int, contextLength: Int?) throws {
    try Check.size(vocabularySize, "vocabularySize")
    self.model = model
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
  }

  public func decodingState(rows: Int, capacity: Int) throws -> any DecodingState {
    try State(model: model, vocabularySize: vocabularySize, rows: rows)
  }

  private final class State: DecodingState {
    private let model: Layer
    private let vocabularySize: Int
    private let output: Tensor
    private var sequences: [[Int32]] = []

    init(model: Layer, vocabularySize: Int, rows: Int) throws {
      self.model = model
      self.vocabularySize = vocabularySize
      output = try Tensor.uninitialized([rows, vocabularySize])
    }

    var logits: UnsafeMutablePointer<Float> { output.floats }

    func begin(_ prompts: [ArraySlice<Int32>]) throws {
      sequences = prompts.map(Array.init)
      for row in sequences.indices { try compute(row, into: row) }
    }

    func append(_ tokens: UnsafeBufferPointer<Int32>, to rows: UnsafeBufferPointer<Int>) throws {
      for (i, row) in rows.enumerated() {
        sequences[row].append(tokens[i])
        try compute(row, into: i)
      }
    }

    func reorder(_ sources: [Int]) throws { sequences = sources.map { sequences[$0] } }

    private func compute(_ row: Int, into place: Int) throws {
      let sequence = sequences[row]
      let input = try Tensor(sequence.map(Int64.init), shape: [1, sequence.count])
      let result = try ForwardContext.evaluation {
        try Cancellation.abandonable { try model.forward(input) }
      }
      guard result.shape == [1, sequence.count, vocabularySize], result.dtype == .f32 else {
        throw DomainError(
          .shape,
          "a language model turns tokens [1, \(sequence.count)] into f32 logits [1, \(sequence.count), \(vocabularySize)], got \(result.dtype.name) \(result.shape)"
        )
      }
      try result.withUnsafeBuffer(Float.self) { all in
        let last = all[(all.count - vocabularySize)...]
        _ = UnsafeMutableBufferPointer(
          start: output.floats + place * vocabularySize, count: vocabularySize
        ).update(fromContentsOf: last)
      }
    }
  }
}
