import Learning
import Runtime
import Tensors

/// What reads or writes sequences in `nn` beside transformers' own models: the CRF over tags, and the encoder-decoder.
enum SequenceBuiltins {
  private static let crf = Param<Model>("crf", "A layer that `nn.crf` made.")
  private static let emissions = Param<Tensor>("emissions", "[examples, time, tags].")

  static let natives = tagging + translating

  private static let tagging = [
    Native(
      "crf",
      "A linear-chain conditional random field over emissions [examples, time, tags] (Lafferty 2001). As a layer it passes them on; train it with `nn.crf_loss`, predict with `nn.crf_decode`.",
      Param<Int>("tags", "How many tags there are.", .positive),
      returns: "model {start_transitions, end_transitions, transitions}",
      seeAlso: ["nn.crf_loss", "nn.crf_decode", "nn.crf_marginals"],
      search: ["sequence labelling", "ner", "viterbi", "tagging"],
      examples: [("nn.crf(3)", "crf(3) with 15 parameters")],
      context: { (vm: VM, tags: Int) in
        var random = vm.randomStream("crf")
        return Model(layer: try CRF(tags, random: &random))
      }),
    Native(
      "crf_loss",
      "The negative log-likelihood log Z - s(tags) of each example's tags, [examples]. With `nn.train` and `dp.train`: `loss: (outputs, tags) => nn.crf_loss(m.crf, outputs, tags)`.",
      crf, emissions, Param<Tensor>("tags", "Integers [examples, time]."),
      Param<Int>(
        "ignore", "The tag of padding, which stands at the end only.", default: -100, named: true),
      returns: "tensor [examples]", seeAlso: ["nn.crf"], search: ["likelihood"]
    ) { (model: Model, emissions: Tensor, tags: Tensor, ignore: Int) throws -> Tensor in
      try field(model).negativeLogLikelihood(emissions, tags, ignoreIndex: ignore)
    }.abandonable(),
    Native(
      "crf_decode", "The most probable tags of each example (Viterbi), as many as it is long.",
      crf, emissions, returns: "list of lists of int", seeAlso: ["nn.crf"], search: ["viterbi"]
    ) { (model: Model, emissions: Tensor) throws -> [[Int]] in
      try field(model).decode(emissions)
    }.abandonable(),
    Native(
      "crf_marginals", "The probability of each tag at each position, [examples, time, tags].",
      crf, emissions, returns: "tensor", seeAlso: ["nn.crf"], search: ["forward-backward"]
    ) { (model: Model, emissions: Tensor) throws -> Tensor in
      try field(model).marginals(emissions)
    }.abandonable(),
  ]

  private static let translating = [
    Native(
      "encoder_decoder",
      "A transformer that reads one sequence and writes another (Vaswani et al. 2017). Its weights are random; `m(source, target)` scores the next token at every position of the target, [examples, time, tokens].",
      Param<ModelVocabulary>("vocabulary", "A tokenizer, or the number of tokens of both sides."),
      Param<Int>("context", "The longest sequence.", default: 512, .positive, named: true),
      Param<Int>("width", "The length of a token's vector.", default: 512, .positive, named: true),
      Param<Int>(
        "encoder_blocks", "Blocks that read.", default: 6, .within(0, 1000), named: true),
      Param<Int>(
        "decoder_blocks", "Blocks that write.", default: 6, .within(0, 1000), named: true),
      Param<Int>("heads", "Heads of attention.", default: 8, .positive, named: true),
      Param<Double>(
        "dropout",
        "The chance that a number is set to zero in training, the attention's weights included.",
        default: 0, .within(0, 0.999), named: true),
      returns: "model", seeAlso: ["nn.gpt2", "nn.bert"],
      search: ["seq2seq", "translation", "cross-attention", "t5"],
      examples: [
        (
          "nn.encoder_decoder(50, context: 8, width: 8, encoder_blocks: 1, decoder_blocks: 1, heads: 2)",
          "encoder_decoder(50 tokens, width 8, 1 + 1 blocks) with 2,608 parameters"
        )
      ],
      context: {
        (
          vm: VM, vocabulary: ModelVocabulary, context: Int, width: Int, encoderBlocks: Int,
          decoderBlocks: Int, heads: Int, dropout: Double
        ) throws -> Model in
        var random = vm.randomStream("encoder_decoder")
        return Model(
          layer: try EncoderDecoder(
            vocabulary: vocabulary.size, context: context, encoderBlocks: encoderBlocks,
            decoderBlocks: decoderBlocks,
            TransformerSettings(width: width, heads: heads, isPreNorm: true, dropout: dropout),
            random: &random), tokenizer: vocabulary.tokenizer)
      }
    ).dividingWidth()
  ]

  private static func field(_ model: Model) throws -> CRF {
    guard let field = model.layer as? CRF else {
      throw Fault(.type, "this is for the layer that `nn.crf` makes, not for \(model.layer.kind)")
        .atArgument(0)
    }
    return field
  }
}
