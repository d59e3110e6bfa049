import Foundations
import Learning
import Tensors

/// A sequence auto-encoder as ADePT (Krishna, Gupta, Dupuy 2021) has it: an LSTM reads the words, a linear map makes
/// its last states a code of `width` numbers, whose length is clipped; from this code alone another LSTM, told the
/// positions, gives all words at once. (The published one gives them one after the other.)
final class UtteranceAutoencoder: Layer {
  /// Words of a text; longer ones are cut.
  let length: Int
  let width: Int
  private let clip: Double
  /// Whether codes are clipped in L1 rather than in L2.
  private let isL1: Bool
  private let words: Embedding
  private let encoder: LSTM
  private let code: Linear
  private let positions: Embedding
  private let decoder: LSTM
  private let output: Linear

  /// Numbers that say where a word stands.
  private static let positionWidth = 16

  init(
    vocabulary: Int, embedding: Int, hidden: Int, mechanism: LatentMechanism, length: Int,
    random: inout RandomStream
  ) throws {
    self.length = length
    width = mechanism.width
    clip = mechanism.clip
    isL1 = mechanism.clipsInL1
    words = try Embedding(vocabulary, embedding, paddingIndex: 0, random: &random)
    encoder = try LSTM(embedding, hidden, random: &random)
    code = try Linear(2 * hidden, width, random: &random)
    positions = try Embedding(length, Self.positionWidth, random: &random)
    decoder = try LSTM(width + Self.positionWidth, hidden, random: &random)
    output = try Linear(hidden, vocabulary, random: &random)
    super.init(kind: "utterance autoencoder")
    for (name, layer) in [
      ("words", words as Layer), ("encoder", encoder), ("code", code), ("positions", positions),
      ("decoder", decoder), ("output", output),
    ] { try adopt(name, layer) }
  }

  /// Tokens [examples, time] with lengths to codes [examples, width], not clipped.
  func encode(_ tokens: Tensor) throws -> Tensor {
    let (_, hidden, cell) = try encoder.forwardWithStates(try words.forward(tokens))
    let count = tokens.shape[0]
    let states = try Tensor.concatenated(
      [hidden, cell].map { try $0.reshaped([count, encoder.hidden]) }, axis: 1)
    return try code.forward(states)
  }

  /// Codes [examples, width] to scores [examples, length, vocabulary].
  func decode(_ codes: Tensor) throws -> Tensor {
    let count = codes.shape[0]
    let places = try positions.forward(
      try Tensor(ints: (0..<count).flatMap { _ in 0..<length }, shape: [count, length]))
    let repeated = try codes.unsqueezed(1).expanded(to: [count, length, width])
    return try output.forward(
      try decoder.forward(try Tensor.concatenated([repeated, places], axis: 2)))
  }

  /// Tokens to the scores of the same tokens, through the clipped code and without noise.
  override func forward(_ input: Tensor) throws -> Tensor {
    let codes = try encode(input)
    let lengths =
      isL1
      ? try codes.abs().sum(axes: [1], keepAxes: true)
      : try (codes.square().sum(axes: [1], keepAxes: true) + 1e-12).sqrt()
    return try decode(codes * (clip / lengths.clamped(clip, .infinity)))
  }

  override func keepsExamplesApart(padded: Bool) -> Bool { true }
}

/// Utterances as inputs and as what is to come out: the label of the place behind the last word is padding, the end;
/// places behind it do not count.
struct UtteranceSource: BatchSource {
  let sequences: [[Int32]]
  let length: Int

  var count: Int { sequences.count }

  func length(_ index: Int) -> Int? { sequences[index].count }

  func batch(_ indices: [Int]) throws -> Batch {
    let longest = max(1, indices.reduce(0) { max($0, sequences[$1].count) })
    var inputs = [Int](repeating: 0, count: indices.count * longest)
    var labels = [Int](repeating: -100, count: indices.count * length)
    for (row, index) in indices.enumerated() {
      let sequence = sequences[index]
      for (place, token) in sequence.enumerated() {
        inputs[row * longest + place] = Int(token)
        labels[row * length + place] = Int(token)
      }
      if sequence.count < length { labels[row * length + sequence.count] = 0 }
    }
    let lengths = Lengths(indices.map { Int32(sequences[$0].count) })
    return try Batch(
      inputs: Tensor(ints: inputs, shape: [indices.count, longest]).with(lengths: lengths),
      labels: Tensor(ints: labels, shape: [indices.count, length]), isPadded: true)
  }
}
