import Foundations
import Tensors

/// An encoder and a decoder that looks at what the encoder made of another sequence (Vaswani et al. 2017), with learned
/// positions and one token table for both sides and the output.
public final class EncoderDecoder: Layer {
  public let tokens: Embedding
  public let sourcePositions: PositionEmbedding
  public let targetPositions: PositionEmbedding
  public let encoder: TransformerStack
  public let encoderNorm: LayerNormalization
  public let decoder: TransformerStack
  public let decoderNorm: LayerNormalization
  private let dropout: Dropout

  /// - Parameter settings: of both sides' blocks; the decoder's are causal.
  public init(
    vocabulary: Int, context: Int, encoderBlocks: Int, decoderBlocks: Int,
    _ settings: TransformerSettings, random: inout RandomStream
  ) throws {
    var (encoding, decoding) = (settings, settings)
    encoding.isCausal = false
    decoding.isCausal = true
    tokens = try Embedding(vocabulary, settings.width, deviation: 0.02, random: &random)
    sourcePositions = try PositionEmbedding(context, settings.width, random: &random)
    targetPositions = try PositionEmbedding(context, settings.width, random: &random)
    encoder = try TransformerStack(encoderBlocks, encoding, random: &random)
    encoderNorm = try LayerNormalization(settings.width, epsilon: settings.normEpsilon)
    decoder = try TransformerStack(decoderBlocks, decoding, hasMemory: true, random: &random)
    decoderNorm = try LayerNormalization(settings.width, epsilon: settings.normEpsilon)
    dropout = try Dropout(settings.dropout)
    super.init(kind: "encoder_decoder")
    try adoptParts()
  }

  private init(copying other: EncoderDecoder, _ copies: LayerCopies) throws {
    tokens = try copies(other.tokens)
    sourcePositions = try copies(other.sourcePositions)
    targetPositions = try copies(other.targetPositions)
    encoder = try copies(other.encoder)
    encoderNorm = try copies(other.encoderNorm)
    decoder = try copies(other.decoder)
    decoderNorm = try copies(other.decoderNorm)
    dropout = try copies(other.dropout)
    super.init(kind: other.kind)
    try adoptParts()
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try EncoderDecoder(copying: self, copies)
  }

  private func adoptParts() throws {
    try adopt("tokens", tokens)
    try adopt("source_positions", sourcePositions)
    try adopt("target_positions", targetPositions)
    try adopt("encoder", encoder)
    try adopt("encoder_norm", encoderNorm)
    try adopt("decoder", decoder)
    try adopt("decoder_norm", decoderNorm)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    "encoder_decoder(\(tokens.rows) tokens, width \(tokens.width), \(encoder.blocks.count) + \(decoder.blocks.count) blocks)"
  }

  /// What the encoder makes of tokens [examples, source] (`lengths` mark padding): [examples, source, width].
  public func encode(_ source: Tensor) throws -> Tensor {
    try GPT2.checkTokens(source)
    let x = try dropout.forward(sourcePositions.forward(tokens.forward(source)))
    return try encoderNorm.forward(encoder.forward(x))
  }

  /// Scores of the next token at every position of `target` [examples, time], given what the encoder made of the
  /// source.
  public func decode(_ target: Tensor, memory: Tensor) throws -> Tensor {
    try GPT2.checkTokens(target)
    let x = try dropout.forward(targetPositions.forward(tokens.forward(target)))
    return try tokens.scores(decoderNorm.forward(decoder.forward(x, memory: memory)))
  }

  public func forward(source: Tensor, target: Tensor) throws -> Tensor {
    try decode(target, memory: encode(source))
  }

  /// A sequence to itself: an autoencoder's scores.
  public override func forward(_ input: Tensor) throws -> Tensor {
    try forward(source: input, target: input)
  }
}
