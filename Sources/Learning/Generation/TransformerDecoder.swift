// A decoder of pre-normalised transformer blocks (GPT-2: Radford et al. 2019) laid out for generation: key-value cache,
// buffers made once, and products that read each weight once for all rows. What bounds it is the memory's bandwidth.

import CKernels
import Tensors

/// Continues sequences with the weights of a GPT-2; a snapshot: later changes of the parameters it was made from do not
/// reach it.
public final class TransformerDecoder: DecodingModel {
  public let vocabularySize: Int
  public let contextLength: Int?
  let width: Int
  let heads: Int
  let inner: Int
  let epsilon: Float
  let activation: TransformerSettings.Activation
  let tokens: UnsafePointer<Float>
  let positions: UnsafePointer<Float>
  let head: LinearPointers
  let final: LinearPointers
  let blocks: [BlockPointers]
  /// Keeps what the pointers point to.
  private let owners: [Tensor]

  /// Of a linear layer [outputs, inputs], or of a normalisation.
  struct LinearPointers {
    let weight: UnsafePointer<Float>
    let bias: UnsafePointer<Float>?
  }

  struct BlockPointers {
    let attentionNorm: LinearPointers
    /// Queries, keys and values, one below the other: [3 width, width].
    let attentionInput: LinearPointers
    let attentionOutput: LinearPointers
    let feedForwardNorm: LinearPointers
    let expand: LinearPointers
    let contract: LinearPointers
  }

  /// Copies nothing: the parameters' present values are shared.
  public init(_ model: GPT2) {
    var owners: [Tensor] = []
    func pointer(_ parameter: Parameter) -> UnsafePointer<Float> {
      owners.append(parameter.data)
      return UnsafePointer(parameter.data.floats)
    }
    func linear(_ layer: Linear) -> LinearPointers {
      LinearPointers(weight: pointer(layer.weight), bias: layer.bias.map(pointer))
    }
    func norm(_ layer: LayerNormalization) -> LinearPointers {
      LinearPointers(weight: pointer(layer.weight), bias: pointer(layer.bias))
    }
    vocabularySize = model.settings.vocabulary
    contextLength = model.settings.context
    width = model.settings.width
    heads = model.settings.heads
    epsilon = Float(model.settings.normEpsilon)
    activation = model.settings.activation
    inner = model.transformer.blocks.first?.settings.inner ?? width
    tokens = pointer(model.tokens.weight)
    positions = pointer(model.positions.weight)
    head = model.output.map(linear) ?? LinearPointers(weight: tokens, bias: nil)
    final = norm(model.norm)
    blocks = model.transformer.blocks.map { block in
      BlockPointers(
        attentionNorm: norm(block.attentionNorm), attentionInput: linear(block.attention.input),
        attentionOutput: linear(block.attention.output),
        feedForwardNorm: norm(block.feedForwardNorm), expand: linear(block.feedForward.expand),
        contract: linear(block.feedForward.contract))
    }
    self.owners = owners
  }

  public func decodingState(rows: Int, capacity: Int) throws -> any DecodingState {
    try TransformerDecodingState(self, rows: rows, capacity: capacity)
  }
}

extension LanguageModel {
  /// What `Generation` and `BeamSearch` continue texts with: the fast decoder for a GPT-2, and for any other model one
  /// that computes the whole text anew for each token.
  public func decoder() throws -> any DecodingModel {
    if let model = self as? GPT2 { return TransformerDecoder(model) }
    return try UncachedDecoder(
      self, vocabularySize: vocabularySize, contextLength: contextLength)
  }
}
