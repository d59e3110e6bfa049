import Foundations

/// What encoders of BERT's kind share: post-normalised blocks that see all of their text, and the heads behind them.
enum EncoderParts {
  /// The description that BERT's settings give.
  static func base(
    _ config: ModelConfiguration, _ dropout: Double?, vocabulary: Int = 30_522,
    context: Int? = nil, epsilon: Double = 1e-12, segments: Int = 2,
    activation: String = "gelu", rate: Double = 0.1
  ) throws -> NetworkDescription {
    try config.refuse("position_embedding_type", unless: .string("absolute"))
    try config.refuse("is_decoder", unless: .bool(false))
    try config.refuse("add_cross_attention", unless: .bool(false))
    try config.refusePruning()
    try config.refuseQuantization()
    let width = try config.size("hidden_size", 768)
    let heads = try config.size("num_attention_heads", 12)
    let rows = try config.size("max_position_embeddings", 512)
    var description = NetworkDescription(
      family: try config.familyName(), vocabulary: try config.size("vocab_size", vocabulary),
      context: context ?? rows, width: width,
      blocks: try config.blockCount("num_hidden_layers", 12),
      pattern: AttentionPattern(
        heads: heads, headWidth: try Attention.headWidth(width, heads), isCausal: false,
        dropout: try dropout ?? config.number("attention_probs_dropout_prob", rate)),
      feedForward: .init(
        inner: try config.size("intermediate_size", 4 * width),
        activation: try config.activation("hidden_act", activation), isGated: false, hasBias: true))
    description.normEpsilon = try config.number("layer_norm_eps", epsilon)
    description.placement = .after
    description.positions = .learned(rows: rows, offset: 0)
    description.hasEmbeddingNorm = true
    description.hasFinalNorm = false
    description.segments = try config.size("type_vocab_size", segments, atLeast: 0)
    description.dropout = try dropout ?? config.number("hidden_dropout_prob", rate)
    return description
  }

  /// Positions that begin behind the padding's number (RoBERTa).
  static func shiftPositions(
    _ description: inout NetworkDescription, _ config: ModelConfiguration
  ) throws {
    let rows = try config.size("max_position_embeddings", 512)
    let padding = try config.optionalSize("pad_token_id") ?? 1
    guard padding + 1 < rows else {
      throw DomainError(
        .value, "\(config.path): no position is left behind `pad_token_id` \(padding)")
    }
    description.positions = .learned(rows: rows, offset: padding + 1)
    description.context = rows - padding - 1
  }

  static func names(prefix: String) -> WeightNames {
    var names = WeightNames(
      prefix: prefix, tokens: "embeddings.word_embeddings.weight", block: "encoder.layer.{}.",
      output: "attention.output.dense", contract: "output.dense")
    names.positions = "embeddings.position_embeddings.weight"
    names.segments = "embeddings.token_type_embeddings.weight"
    names.embeddingNorm = "embeddings.LayerNorm"
    names.query = "attention.self.query"
    names.key = "attention.self.key"
    names.value = "attention.self.value"
    names.attentionNorm = "attention.output.LayerNorm"
    names.expand = "intermediate.dense"
    names.feedForwardNorm = "output.LayerNorm"
    names.buffers = [
      "embeddings.position_ids", "embeddings.token_type_ids", "decoder.bias", "pooler.",
    ]
    return names
  }

  /// The names of a head of RoBERTa's kind, which MPNet has, too.
  static func robertaHead(_ names: WeightNames, _ head: HeadDescription?) -> WeightNames {
    var names = names
    switch head?.task {
    case .maskedToken:
      names.headDense = "lm_head.dense"
      names.headNorm = "lm_head.layer_norm"
      names.head = "lm_head.decoder"
      names.headBias = "lm_head.bias"
    case .sequence:
      names.headDense = "classifier.dense"
      names.head = "classifier.out_proj"
    case .choice: return pooled(names, "@pooler.dense")
    default: return names.with(head)
    }
    return names
  }

  /// The names of a classifier behind the body's pooler, which is no buffer then.
  static func pooled(_ names: WeightNames, _ pooler: String) -> WeightNames {
    var names = names
    names.headDense = pooler
    names.buffers.removeAll { $0 == "pooler." }
    names.head = "classifier"
    return names
  }

  // MARK: Heads

  /// A layer with an activation, a normalisation, and the token table with a bias.
  static func masked(_ activation: TransformerSettings.Activation?) -> Family.HeadName {
    Family.HeadName(ending: "ForMaskedLM") { config, description in
      try config.refuse("tie_word_embeddings", unless: .bool(true))
      var head = HeadDescription(.maskedToken, outputs: description.vocabulary)
      head.dense = .init(
        width: description.embeddingWidth,
        activation: .like(activation ?? description.feedForward.activation))
      head.hasNorm = true
      head.isTied = true
      return head
    }
  }

  /// A layer on the first position with an activation, and that of the classes.
  static func classifier(
    _ activation: HeadDescription.Dense.Activation = .tanh, dropout name: String? = nil
  ) -> Family.HeadName {
    Family.HeadName(ending: "ForSequenceClassification") { config, description in
      var head = HeadDescription(.sequence, outputs: try config.labels())
      head.reading = .first
      head.dense = .init(width: description.width, activation: activation)
      head.dropout = try config.classifierDropout(
        name.map { try config.number($0, 0.2) }, description)
      return head
    }
  }

  /// One score for each choice, from the pooled first position.
  static func choice(
    _ activation: HeadDescription.Dense.Activation = .tanh
  ) -> Family.HeadName {
    Family.HeadName(ending: "ForMultipleChoice") { config, description in
      var head = HeadDescription(.choice, outputs: 1)
      head.reading = .first
      head.dense = .init(width: description.width, activation: activation)
      head.dropout = try config.classifierDropout(nil, description)
      return head
    }
  }

  static let pooling = [
    choice(), ModelConfiguration.tokenClassifier, ModelConfiguration.spanHead,
  ]
}
