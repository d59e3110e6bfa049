import Foundations

/// ModernBERT (Warner et al. 2024): rotary positions, windows in most blocks, gated feed-forward parts.
enum OtherEncoders {
  static let all = [modernBERT]

  private static let modernBERT = Family(
    name: "modernbert", architecture: "ModernBert",
    describe: { config, dropout in
      try config.refuseQuantization()
      let width = try config.size("hidden_size", 768)
      let heads = try config.size("num_attention_heads", 12)
      let bias = try config.flag("attention_bias", false)
      var description = NetworkDescription(
        family: "modernbert", vocabulary: try config.size("vocab_size", 50_368),
        context: try config.size("max_position_embeddings", 8192), width: width,
        blocks: try config.blockCount("num_hidden_layers", 22),
        pattern: AttentionPattern(
          heads: heads, headWidth: try Attention.headWidth(width, heads), isCausal: false,
          dropout: try dropout ?? config.number("attention_dropout", 0)),
        feedForward: .init(
          inner: try config.size("intermediate_size", 1152),
          activation: try config.activation("hidden_activation", "gelu"), isGated: true,
          hasBias: try config.flag("mlp_bias", false)))
      description.normalization = .layer(hasBias: try config.flag("norm_bias", false))
      description.normEpsilon = try config.number("norm_eps", 1e-5)
      description.attentionBiases = (bias, bias)
      description.hasEmbeddingNorm = true
      description.firstBlockSkipsNorm = true
      description.dropout = try dropout ?? config.number("mlp_dropout", 0)
      let every = try config.size("global_attn_every_n_layers", 3)
      let sliding = try config.slidingBlocks(description.blocks) { $0 % every != 0 }
      let window = try config.size("local_attention", 128) / 2
      let headWidth = description.patterns[0].headWidth
      var far = try config.rotary(
        headWidth: headWidth, theta: 160_000, kind: "full_attention")
      var near = try config.rotary(headWidth: headWidth, kind: "sliding_attention")
      if let theta = try config.optionalNumber("global_rope_theta") { far.theta = theta }
      if let theta = try config.optionalNumber("local_rope_theta") { near.theta = theta }
      for (i, slides) in sliding.enumerated() {
        if slides { description.patterns[i].window = window }
        description.rotaries[i] = slides ? near : far
      }
      return description
    },
    names: { _, head in
      var names = WeightNames(
        prefix: "model.", tokens: "embeddings.tok_embeddings.weight", block: "layers.{}.",
        output: "attn.Wo", contract: "mlp.Wo")
      names.embeddingNorm = "embeddings.norm"
      names.packed = "attn.Wqkv"
      names.packedExpand = "mlp.Wi"
      names.attentionNorm = "attn_norm"
      names.feedForwardNorm = "mlp_norm"
      names.norm = "final_norm"
      names.headDense = "head.dense"
      names.headNorm = "head.norm"
      switch head?.task {
      case .maskedToken:
        names.head = "decoder"
        names.headBias = "decoder.bias"
      default: return names.with(head, spans: "classifier")
      }
      return names
    },
    heads: [masked, classifier, tokens])

  private static func dense(
    _ head: inout HeadDescription, _ config: ModelConfiguration, _ description: NetworkDescription
  ) throws {
    head.dense = .init(
      width: description.width,
      activation: .like(try config.activation("classifier_activation", "gelu")),
      hasBias: try config.flag("classifier_bias", false))
    head.hasNorm = true
    head.dropout = try config.number("classifier_dropout", 0)
  }

  private static let masked = Family.HeadName(ending: "ForMaskedLM") { config, description in
    try config.refuse("tie_word_embeddings", unless: .bool(true))
    var head = HeadDescription(.maskedToken, outputs: description.vocabulary)
    try dense(&head, config, description)
    head.isTied = true
    head.hasBias = try config.flag("decoder_bias", true)
    head.dropout = 0
    return head
  }

  private static let classifier = Family.HeadName(
    ending: "ForSequenceClassification"
  ) { config, description in
    var head = HeadDescription(.sequence, outputs: try config.labels())
    try dense(&head, config, description)
    let pooling = try config.object["classifier_pooling"].map {
      try config.text($0, "classifier_pooling")
    }
    switch pooling ?? "cls" {
    case "cls": head.reading = .first
    case "mean": head.reading = .mean
    default: try config.refuse("classifier_pooling", unless: .string("cls"))
    }
    return head
  }

  private static let tokens = Family.HeadName(
    ending: "ForTokenClassification"
  ) { config, description in
    var head = HeadDescription(.tokens, outputs: try config.labels())
    try dense(&head, config, description)
    return head
  }
}
