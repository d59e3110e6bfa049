import Foundations

/// BERT (Devlin et al. 2019), DistilBERT (Sanh et al. 2019), ELECTRA (Clark et al. 2020) and ALBERT (Lan et al. 2020)
/// with their heads.
enum BertFamilies {
  static let all = [bert, distilBERT, electra, albert]

  private static let bert = Family(
    name: "bert", architecture: "Bert",
    describe: { config, dropout in try EncoderParts.base(config, dropout) },
    names: { _, head in
      var names = EncoderParts.names(prefix: "bert.")
      names.otherHeads = ["cls.seq_relationship."]
      switch head?.task {
      case .maskedToken:
        names.headDense = "cls.predictions.transform.dense"
        names.headNorm = "cls.predictions.transform.LayerNorm"
        names.head = "cls.predictions.decoder"
        names.headBias = "cls.predictions.bias"
      case .sequence, .choice: return EncoderParts.pooled(names, "@pooler.dense")
      default: return names.with(head)
      }
      return names
    },
    heads: [EncoderParts.masked(nil), EncoderParts.classifier()] + EncoderParts.pooling)

  private static let distilBERT = Family(
    name: "distilbert", architecture: "DistilBert",
    describe: { config, dropout in
      try config.refusePruning()
      try config.refuseQuantization()
      let width = try config.size("dim", 768)
      let heads = try config.size("n_heads", 12)
      let context = try config.size("max_position_embeddings", 512)
      var description = NetworkDescription(
        family: "distilbert", vocabulary: try config.size("vocab_size", 30_522), context: context,
        width: width, blocks: try config.blockCount("n_layers", 6),
        pattern: AttentionPattern(
          heads: heads, headWidth: try Attention.headWidth(width, heads), isCausal: false,
          dropout: try dropout ?? config.number("attention_dropout", 0.1)),
        feedForward: .init(
          inner: try config.size("hidden_dim", 3072),
          activation: try config.activation("activation", "gelu"), isGated: false, hasBias: true))
      description.normEpsilon = 1e-12
      description.placement = .after
      description.positions = .learned(rows: context, offset: 0)
      description.hasEmbeddingNorm = true
      description.hasFinalNorm = false
      description.dropout = try dropout ?? config.number("dropout", 0.1)
      return description
    },
    names: { _, head in
      var names = EncoderParts.names(prefix: "distilbert.")
      names.block = "transformer.layer.{}."
      names.query = "attention.q_lin"
      names.key = "attention.k_lin"
      names.value = "attention.v_lin"
      names.output = "attention.out_lin"
      names.attentionNorm = "sa_layer_norm"
      names.expand = "ffn.lin1"
      names.contract = "ffn.lin2"
      names.feedForwardNorm = "output_layer_norm"
      switch head?.task {
      case .maskedToken:
        names.headDense = "vocab_transform"
        names.headNorm = "vocab_layer_norm"
        names.head = "vocab_projector"
        names.headBias = "vocab_projector.bias"
      case .sequence, .choice:
        names.headDense = "pre_classifier"
        names.head = "classifier"
      default: return names.with(head)
      }
      return names
    },
    heads: [
      EncoderParts.masked(nil),
      EncoderParts.classifier(.like(.relu), dropout: "seq_classif_dropout"),
      EncoderParts.choice(.like(.relu)), ModelConfiguration.tokenClassifier,
      ModelConfiguration.spanHead,
    ])

  private static let electra = Family(
    name: "electra", architecture: "Electra",
    describe: { config, dropout in
      var description = try EncoderParts.base(config, dropout)
      description.embeddingWidth = try config.size("embedding_size", 128)
      return description
    },
    names: { _, head in
      var names = EncoderParts.names(prefix: "electra.")
      names.projection = "embeddings_project"
      names.otherHeads = ["discriminator_predictions."]
      switch head?.task {
      case .maskedToken:
        names.headDense = "generator_predictions.dense"
        names.headNorm = "generator_predictions.LayerNorm"
        names.head = "generator_lm_head"
        names.headBias = "generator_lm_head.bias"
      case .sequence:
        names.headDense = "classifier.dense"
        names.head = "classifier.out_proj"
      case .choice:
        names.headDense = "sequence_summary.summary"
        names.head = "classifier"
      default: return names.with(head)
      }
      return names
    },
    heads: [
      EncoderParts.masked(.geluErf), EncoderParts.classifier(.like(.geluErf)),
      EncoderParts.choice(.like(.geluErf)), ModelConfiguration.tokenClassifier,
      ModelConfiguration.spanHead,
    ])

  private static let albert = Family(
    name: "albert", architecture: "Albert",
    describe: { config, dropout in
      guard try config.size("num_hidden_groups", 1) == 1,
        try config.size("inner_group_num", 1) == 1
      else {
        throw DomainError(
          .value, "\(config.path): ALBERT with several groups of layers is not supported")
      }
      var description = try EncoderParts.base(
        config, dropout, vocabulary: 30_000, activation: "gelu_new", rate: 0)
      description.embeddingWidth = try config.size("embedding_size", 128)
      description.sharesBlocks = true
      return description
    },
    names: { _, head in
      var names = EncoderParts.names(prefix: "albert.")
      names.projection = "encoder.embedding_hidden_mapping_in"
      names.block = "encoder.albert_layer_groups.0.albert_layers.{}."
      names.query = "attention.query"
      names.key = "attention.key"
      names.value = "attention.value"
      names.output = "attention.dense"
      names.attentionNorm = "attention.LayerNorm"
      names.expand = "ffn"
      names.contract = "ffn_output"
      names.feedForwardNorm = "full_layer_layer_norm"
      names.otherHeads = ["sop_classifier."]
      switch head?.task {
      case .maskedToken:
        names.headDense = "predictions.dense"
        names.headNorm = "predictions.LayerNorm"
        names.head = "predictions.decoder"
        names.headBias = "predictions.bias"
      case .sequence, .choice: return EncoderParts.pooled(names, "@pooler")
      default: return names.with(head)
      }
      return names
    },
    heads: [
      EncoderParts.masked(nil), EncoderParts.classifier(), EncoderParts.choice(),
      ModelConfiguration.tokenClassifier, ModelConfiguration.spanHead,
    ])
}
