// A decoder of pre-normalised transformer blocks (GPT-2: Radford et al. 2019) laid out for generation: key-value cache, buffers made
// once, and products that read each weight once for all rows. What bounds it is the memory's bandwidth.

import CKernels
import Tensor

/// Continues sequences with the weights of a GPT-2; a snapshot: later changes of the parameters it was made from do not reach it.
public final class TransformerDecoder: DecodingModel {
  /// A linear layer: weight [outputs, inputs], bias [outputs].
  public struct Linear {
    public let weight: Tensor
    public let bias: Tensor?

    public init(weight: Tensor, bias: Tensor?) {
      self.weight = weight
      self.bias = bias
    }
  }

  /// A layer normalisation: weight and bias [width].
  public struct Normalization {
    public let weight: Tensor
    public let bias: Tensor

    public init(weight: Tensor, bias: Tensor) {
      self.weight = weight
      self.bias = bias
    }
  }

  /// x += output(attention(attend(normalise x))); x += outer(activation(inner(normalise x))).
  public struct Block {
    public var attentionNormalization: Normalization
    /// Queries, keys and values, one below the other: [3 width, width].
    public var queriesKeysValues: Linear
    public var attentionOutput: Linear
    public var feedForwardNormalization: Normalization
    public var inner: Linear
    public var outer: Linear

    public init(
      attentionNormalization: Normalization, queriesKeysValues: Linear, attentionOutput: Linear,
      feedForwardNormalization: Normalization, inner: Linear, outer: Linear
    ) {
      self.attentionNormalization = attentionNormalization
      self.queriesKeysValues = queriesKeysValues
      self.attentionOutput = attentionOutput
      self.feedForwardNormalization = feedForwardNormalization
      self.inner = inner
      self.outer = outer
    }
  }

  /// What stands between the two linear layers of a block.
  public enum Activation: String, Sendable {
    case geluTanh, geluErf, relu, silu, tanh
  }

  public let vocabularySize: Int
  public let contextLength: Int?
  let width: Int
  let heads: Int
  let inner: Int
  let epsilon: Float
  let activation: Activation
  let tokens: UnsafePointer<Float>
  let positions: UnsafePointer<Float>
  let head: UnsafePointer<Float>
  let final: (weight: UnsafePointer<Float>, bias: UnsafePointer<Float>)
  let blocks: [BlockPointers]
  /// Keeps what the pointers point to.
  private let owners: [Tensor]

  struct LinearPointers {
    let weight: UnsafePointer<Float>
    let bias: UnsafePointer<Float>?
  }

  struct BlockPointers {
    let attentionNormalization: (weight: UnsafePointer<Float>, bias: UnsafePointer<Float>)
    let queriesKeysValues: LinearPointers
    let attentionOutput: LinearPointers
    let feedForwardNormalization: (weight: UnsafePointer<Float>, bias: UnsafePointer<Float>)
    let inner: LinearPointers
    let outer: LinearPointers
  }

  /// - Parameters:
  ///   - tokens: the embedding of tokens [vocabulary, width].
  ///   - positions: the embedding of positions [context length, width].
  ///   - final: the normalisation behind the last block.
  ///   - head: [vocabulary, width]; nil where it is tied to `tokens`.
  ///   - epsilon: what layer normalisations add to the variance.
  /// - Throws: a shape error where something does not fit, naming it.
  public init(
    tokens: Tensor, positions: Tensor, blocks: [Block], final: Normalization, head: Tensor? = nil,
    heads: Int, activation: Activation = .geluTanh, epsilon: Double = 1e-5
  ) throws {
    guard tokens.rank == 2, positions.rank == 2, tokens.shape[1] == positions.shape[1],
      tokens.count > 0, positions.count > 0
    else {
      throw DomainError(
        .shape,
        "embeddings must be [vocabulary, width] and [context length, width], got \(tokens.shape) and \(positions.shape)"
      )
    }
    let width = tokens.shape[1]
    guard heads > 0, width % heads == 0 else {
      throw DomainError(.value, "\(heads) heads do not divide a width of \(width)")
    }
    let inner = blocks.first?.inner.weight.shape.first ?? width
    var owners: [Tensor] = []
    func pointer(_ tensor: Tensor, _ shape: Shape, _ name: String) throws -> UnsafePointer<Float> {
      guard tensor.shape == shape, tensor.dtype == .f32 else {
        throw DomainError(
          .shape,
          "\(name) must be f32 \(shape), got \(tensor.dtype.name) \(tensor.shape)")
      }
      let dense = try tensor.detached.contiguous()
      owners.append(dense)
      return UnsafePointer(dense.floats)
    }
    func linear(_ layer: Linear, _ outputs: Int, _ inputs: Int, _ name: String) throws
      -> LinearPointers
    {
      LinearPointers(
        weight: try pointer(layer.weight, [outputs, inputs], "the weight of \(name)"),
        bias: try layer.bias.map { try pointer($0, [outputs], "the bias of \(name)") })
    }
    func normalization(_ layer: Normalization, _ name: String) throws
      -> (weight: UnsafePointer<Float>, bias: UnsafePointer<Float>)
    {
      (
        try pointer(layer.weight, [width], "the weight of \(name)"),
        try pointer(layer.bias, [width], "the bias of \(name)")
      )
    }
    vocabularySize = tokens.shape[0]
    contextLength = positions.shape[0]
    self.width = width
    self.heads = heads
    self.inner = inner
    self.epsilon = Float(epsilon)
    self.activation = activation
    self.tokens = try pointer(tokens, tokens.shape, "the embedding of tokens")
    self.positions = try pointer(positions, positions.shape, "the embedding of positions")
    self.head = try head.map { try pointer($0, tokens.shape, "the output layer") } ?? self.tokens
    self.final = try normalization(final, "the last normalisation")
    self.blocks = try blocks.enumerated().map { i, block in
      BlockPointers(
        attentionNormalization: try normalization(
          block.attentionNormalization, "block \(i)'s first normalisation"),
        queriesKeysValues: try linear(
          block.queriesKeysValues, 3 * width, width, "block \(i)'s queries, keys and values"),
        attentionOutput: try linear(
          block.attentionOutput, width, width, "block \(i)'s attention output"),
        feedForwardNormalization: try normalization(
          block.feedForwardNormalization, "block \(i)'s second normalisation"),
        inner: try linear(block.inner, inner, width, "block \(i)'s inner layer"),
        outer: try linear(block.outer, width, inner, "block \(i)'s outer layer"))
    }
    self.owners = owners
  }

  public func decodingState(rows: Int, capacity: Int) throws -> any DecodingState {
    try TransformerDecodingState(self, rows: rows, capacity: capacity)
  }
}
