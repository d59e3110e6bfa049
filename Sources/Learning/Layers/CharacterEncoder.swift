import Foundations
import Tensors

/// Words from their characters (Kim et al. 2016, arXiv 1508.06615): characters [examples, words, characters] →
/// embedding → convolutions of several widths → activation → maximum over the word → the widths' outputs beside each
/// other: [examples, words, Σ filters].
///
/// Index 0 is padding. A word counts as far as its last other character; a width-k convolution sees it with k - 1 zero
/// vectors on either side (a wide convolution, Kalchbrenner et al. 2014: the paper leaves words shorter than the kernel
/// open), so that what a word becomes does not depend on the longest word of its batch. A word without characters gives
/// zeros.
public final class CharacterEncoder: Layer {
  public let embedding: Embedding
  public let convolutions: [Convolution1D]
  public let activation: Activation.Kind
  private let fused: FusedActivation

  /// The numbers that a word becomes.
  public let outputs: Int

  /// `filters` counts the outputs of each width. The activation is relu, tanh, sigmoid, gelu or silu. Throws a value
  /// error for anything else.
  public convenience init(
    characters: Int, width: Int, filters: [(width: Int, count: Int)],
    activation: Activation.Kind = .relu, random: inout RandomStream
  ) throws {
    guard !filters.isEmpty else {
      throw DomainError(.value, "a character encoder needs at least one convolution")
    }
    let embedding = try Embedding(characters, width, paddingIndex: 0, random: &random)
    var convolutions: [Convolution1D] = []
    var outputs = 0
    for filter in filters {
      try Check.size(filter.width, "the width of a convolution")
      convolutions.append(
        try Convolution1D(
          width, filter.count, kernel: filter.width, padding: filter.width - 1, random: &random))
      let (sum, overflow) = outputs.addingReportingOverflow(filter.count)
      outputs = overflow ? .max : sum
    }
    try Check.size(outputs, "the number of filters")
    try self.init(embedding, convolutions, activation)
  }

  private init(
    _ embedding: Embedding, _ convolutions: [Convolution1D], _ activation: Activation.Kind
  ) throws {
    guard let fused = Activation(activation).fused else {
      throw DomainError(
        .value,
        "a character encoder's activation is relu, tanh, sigmoid, gelu or silu, got \(activation.rawValue)"
      )
    }
    self.activation = activation
    self.fused = fused
    self.embedding = embedding
    self.convolutions = convolutions
    outputs = convolutions.reduce(0) { $0 + $1.outputs }
    super.init(kind: "character_encoder")
    try adopt("embedding", embedding)
    for (index, convolution) in convolutions.enumerated() {
      try adopt("convolutions.\(index)", convolution)
    }
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try CharacterEncoder(copies(embedding), convolutions.map { try copies($0) }, activation)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    let widths = convolutions.map { "\($0.window.kernel.width)×\($0.outputs)" }
    return "character_encoder(\(embedding.rows) × \(embedding.width); "
      + widths.joined(separator: ", ") + ")"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    guard input.rank == 3 else {
      throw DomainError(
        .shape,
        "\(kind) needs characters [examples, words, characters], got a tensor of shape \(input.shape)"
      )
    }
    let (examples, words, characters) = (input.shape[0], input.shape[1], input.shape[2])
    let embedded = try embedding.forward(input).with(lengths: nil)
    let lengths = try wordLengths(input)
    var parts: [Tensor] = []
    for convolution in convolutions {
      let width = convolution.window.kernel.width
      let columns = try convolution.forwardSequences(embedded, then: fused)
      let windows = lengths.map { $0 == 0 ? 0 : $0 + Int32(width) - 1 }
      let folded = try columns.reshaped([
        examples * words, characters + width - 1, convolution.outputs,
      ]).with(lengths: Lengths(windows))
      parts.append(try Pooling(.max).forward(folded))
    }
    return try Tensor.concatenated(parts, axis: 1).reshaped([examples, words, outputs])
      .with(lengths: input.lengths)
  }

  /// How far each word's characters reach.
  private func wordLengths(_ input: Tensor) throws -> [Int32] {
    let characters = input.shape[2]
    let dense = try input.detached.cast(to: .i64).contiguous()
    let values = dense.pointer(Int64.self)
    let words = characters == 0 ? 0 : dense.count / characters
    return withExtendedLifetime(dense) {
      (0..<words).map { word in
        var length = characters
        while length > 0, values[word * characters + length - 1] == 0 { length -= 1 }
        return Int32(length)
      }
    }
  }
}
