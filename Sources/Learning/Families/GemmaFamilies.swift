import Foundations

/// Gemma 1 to 3 (Gemma Team 2024, 2025): normalisations that multiply by 1 + weight, scaled embeddings; from the second
/// on around each part, with windows in every other block.
enum GemmaFamilies {
  static let all = [gemma, gemma2, gemma3]

  private static let heads = [
    ModelConfiguration.tiedHead, ModelConfiguration.lastTokenClassifier,
    ModelConfiguration.tokenClassifier,
  ]

  private static let gemma = Family(
    name: "gemma", architecture: "Gemma",
    describe: { config, dropout in try base(config, dropout) },
    names: { _, head in LlamaFamilies.names(head) }, heads: heads)

  private static let gemma2 = Family(
    name: "gemma2", architecture: "Gemma2",
    describe: { config, dropout in
      var description = try base(config, dropout)
      try placeAround(&description, config)
      description.scoreCap = try config.optionalNumber("final_logit_softcapping")
      let sliding = try config.slidingBlocks(description.blocks) { $0 % 2 == 0 }
      let window = try config.size("sliding_window", 4096) - 1
      for (i, slides) in sliding.enumerated() where slides {
        description.patterns[i].window = window
      }
      return description
    }, names: { _, head in around(head) }, heads: heads)

  private static let gemma3 = Family(
    name: "gemma3_text", architecture: "Gemma3",
    describe: { config, dropout in
      try config.refuse("use_bidirectional_attention", unless: .bool(false))
      var description = try base(config, dropout)
      try placeAround(&description, config)
      description.queryKeyNorm = .heads
      description.scoreCap = try config.optionalNumber("final_logit_softcapping")
      let pattern =
        try config.optionalSize("sliding_window_pattern")
        ?? config.optionalSize("_sliding_window_pattern") ?? 6
      let sliding = try config.slidingBlocks(description.blocks) { ($0 + 1) % max(1, pattern) != 0 }
      let window = try config.size("sliding_window", 4096) - 1
      let width = description.patterns[0].headWidth
      let far = try config.rotary(headWidth: width, theta: 1_000_000, kind: "full_attention")
      var near = try config.rotary(headWidth: width, kind: "sliding_attention")
      if let theta = try config.optionalNumber("rope_local_base_freq") {
        near = Rotary(theta: theta, width: width)
      } else if config.object["rope_parameters"] == nil {
        near = Rotary(theta: 10_000, width: width)
      }
      for (i, slides) in sliding.enumerated() {
        if slides { description.patterns[i].window = window }
        description.rotaries[i] = slides ? near : far
      }
      return description
    }, names: { _, head in around(head) },
    heads: [ModelConfiguration.tiedHead] + [lastTokenClassifier])

  private static let lastTokenClassifier = Family.HeadName(
    ending: "TextForSequenceClassification",
    describe: ModelConfiguration.lastTokenClassifier.describe)

  private static func base(
    _ config: ModelConfiguration, _ dropout: Double?
  ) throws -> NetworkDescription {
    let biases = try config.flag("attention_bias", false)
    var description = try LlamaFamilies.base(
      config, dropout, (biases, biases), false, headWidth: try config.size("head_dim", 256))
    description.normalization = .rms(unitOffset: true)
    description.embeddingScale = Double(description.width).squareRoot()
    // Gemma 1 computes tanh's GELU whatever older folders call it.
    let name = config.object["hidden_activation"].map(\.isNull) ?? true
    description.feedForward.activation =
      name ? .geluTanh : try config.activation("hidden_activation", "gelu_pytorch_tanh")
    return description
  }

  private static func placeAround(
    _ description: inout NetworkDescription, _ config: ModelConfiguration
  ) throws {
    description.placement = .around
    let scale = 1 / (try config.number("query_pre_attn_scalar", 256)).squareRoot()
    let cap = try config.optionalNumber("attn_logit_softcapping")
    for i in 0..<description.blocks {
      description.patterns[i].scale = scale
      description.patterns[i].cap = cap
    }
  }

  private static func around(_ head: HeadDescription?) -> WeightNames {
    var names = LlamaFamilies.names(head)
    names.attentionPostNorm = "post_attention_layernorm"
    names.feedForwardNorm = "pre_feedforward_layernorm"
    names.feedForwardPostNorm = "post_feedforward_layernorm"
    return names
  }
}
