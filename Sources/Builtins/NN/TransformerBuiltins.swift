import Foundations
import Learning
import Runtime
import Syntax
import Tensors
import Text

/// Transformers in `nn`: whole models, and the layers that they are made of.
enum TransformerBuiltins {
  private static let activation = Rule.oneOf(
    TransformerSettings.Activation.allCases.map(\.rawValue))
  private static let vocabulary = Param<ModelVocabulary>(
    "vocabulary", "A tokenizer, which the model then keeps, or the number of tokens.")
  private static let blocks = Param<Int>(
    "blocks", "How many transformer blocks.", default: 12, .within(0, 1000), named: true)
  private static let heads = Param<Int>(
    "heads", "Among how many heads of attention the width is divided.", default: 12, .positive,
    named: true)
  private static let width = Param<Int>(
    "width", "The length of a token's vector.", default: 768, .positive, named: true)
  private static let inner = Param<Int?>(
    "inner", "The width inside a block's feed-forward part; nil is four times the width.",
    default: nil, .positive, named: true)
  private static let dropout = Param<Double>(
    "dropout", "The chance that a number is set to zero in training.", default: 0,
    .within(0, 0.999), named: true)
  private static let attentionDropout = Param<Double?>(
    "attention_dropout",
    "The chance that a weight of the attention is set to zero in training; nil takes `dropout`.",
    default: nil, .within(0, 0.999), named: true)
  private static let gptContext = Param<Int>(
    "context", "The longest text, in tokens.", default: 1024, .positive, named: true)
  private static let bertContext = Param<Int>(
    "context", "The longest text, in tokens.", default: 512, .positive, named: true)
  private static let tied = Param<Bool>(
    "tied", "Whether the table of tokens also gives the scores.", default: true, named: true)
  private static let types = Param<Int>(
    "types", "Kinds of segments; 0 for none (DistilBERT).", default: 2, .within(0, 1000),
    named: true)
  private static let pooler = Param<Bool>(
    "pooler", "Whether there is a pooler of the first position.", default: true, named: true)

  static let natives = (models + layers).map { $0.dividingWidth() }

  private static let models = [
    Native(
      "gpt2",
      "A language model of the GPT-2 family, with random weights. Called with tokens [examples, time] it scores the next token at every position, [examples, time, tokens]. The defaults are GPT-2 small.",
      parameters: [
        vocabulary, gptContext, width, blocks, heads, inner, dropout, attentionDropout, tied,
      ],
      returns: "model {tokens, positions, transformer, norm, output}",
      seeAlso: ["nn.load", "text.generate", "text.perplexity", "distill.train"],
      search: ["transformer", "decoder", "language model", "causal"],
      examples: [
        (
          "nn.gpt2(100, context: 16, width: 8, blocks: 2, heads: 2)",
          "gpt2(100 tokens, context 16, width 8, 2 blocks, 2 heads) with 2,688 parameters"
        )
      ],
      arguments: { (arguments: inout Arguments) in
        let vocabulary = try arguments(vocabulary)
        var random = arguments.vm.randomStream("gpt2")
        let settings = GPT2.Settings(
          vocabulary: vocabulary.size, context: try arguments(gptContext),
          width: try arguments(width), blocks: try arguments(blocks),
          heads: try arguments(heads), inner: try arguments(inner),
          dropout: try arguments(dropout), attentionDropout: try arguments(attentionDropout),
          isTied: try arguments(tied))
        return Model(
          layer: try GPT2(settings, random: &random), tokenizer: vocabulary.tokenizer)
      }),
    Native(
      "bert",
      "An encoder of the BERT family, with random weights. Called with tokens [examples, time] it gives hidden states [examples, time, width]. The defaults are BERT base.",
      parameters: [
        vocabulary, bertContext, width, blocks, heads, inner, dropout, attentionDropout, types,
        pooler,
      ],
      returns: "model {tokens, positions, types, norm, transformer, pooler}",
      seeAlso: ["nn.load", "nn.gpt2"], search: ["transformer", "encoder"],
      examples: [
        (
          "nn.bert(100, context: 16, width: 8, blocks: 2, heads: 2)",
          "bert(100 tokens, context 16, width 8, 2 blocks, 2 heads) with 2,776 parameters"
        )
      ],
      arguments: { (arguments: inout Arguments) in
        let vocabulary = try arguments(vocabulary)
        var random = arguments.vm.randomStream("bert")
        let settings = BERT.Settings(
          vocabulary: vocabulary.size, context: try arguments(bertContext),
          width: try arguments(width), blocks: try arguments(blocks),
          heads: try arguments(heads), inner: try arguments(inner), types: try arguments(types),
          hasPooler: try arguments(pooler), dropout: try arguments(dropout),
          attentionDropout: try arguments(attentionDropout))
        return Model(
          layer: try BERT(settings, random: &random), tokenizer: vocabulary.tokenizer)
      }),
  ]

  private static let layers = mixers + places

  private static let mixers = [
    Native(
      "attention",
      "Multi-head attention of a sequence [examples, time, width] to itself, with its projections.",
      Param<Int>("width", "The size of the last axis.", .positive),
      Param<Int>("heads", "Among how many heads it is divided.", .positive, named: true),
      Param<Bool>(
        "causal", "Whether a position sees only those up to itself.", default: false, named: true),
      Param<Double>(
        "dropout", "The chance that a weight of the attention is set to zero in training.",
        default: 0, .within(0, 0.999), named: true),
      returns: "model {input, output}", seeAlso: ["nn.transformer_block"],
      search: ["self-attention", "multihead"],
      examples: [("nn.attention(8, heads: 2)", "attention(8, heads: 2) with 288 parameters")],
      context: { (vm: VM, width: Int, heads: Int, causal: Bool, dropout: Double) in
        var random = vm.randomStream("attention")
        return Model(
          layer: try SelfAttention(
            width, heads: heads, isCausal: causal, dropout: dropout, random: &random))
      }),
    Native(
      "transformer_block",
      "Attention and a feed-forward part over [examples, time, width]. Each has a residual connection and layer normalisation.",
      Param<Int>("width", "The size of the last axis.", .positive),
      Param<Int>("heads", "Among how many heads it is divided.", .positive, named: true),
      Param<Int?>(
        "inner", "The width inside the feed-forward part; nil is four times the width.",
        default: nil, .positive, named: true),
      Param<Bool>(
        "causal", "Whether a position sees only those up to itself.", default: false, named: true),
      Param<Bool>(
        "pre_norm", "Normalise before each part (GPT-2), or after it (BERT).", default: true,
        named: true),
      Param<String>(
        "activation", "Between the layers of the feed-forward part.", default: "gelu_tanh",
        activation, named: true),
      dropout, attentionDropout,
      returns: "model {attention_norm, attention, feed_forward_norm, feed_forward}",
      seeAlso: ["nn.attention", "nn.gpt2"], search: ["encoder", "decoder"],
      examples: [
        (
          "nn.transformer_block(8, heads: 2)",
          "transformer_block(8, heads: 2) with 872 parameters"
        )
      ],
      context: {
        (
          vm: VM, width: Int, heads: Int, inner: Int?, causal: Bool, preNorm: Bool,
          activation: String, dropout: Double, attentionDropout: Double?
        ) in
        var random = vm.randomStream("transformer_block")
        return Model(
          layer: try TransformerBlock(
            TransformerSettings(
              width: width, heads: heads, inner: inner, isPreNorm: preNorm, isCausal: causal,
              // The rule admits only names that exist.
              activation: .init(rawValue: activation) ?? .geluTanh, dropout: dropout,
              attentionDropout: attentionDropout),
            random: &random))
      }),
  ]

  private static let places = [
    Native(
      "positions", "Adds a learned vector for each position to a sequence [examples, time, width].",
      Param<Int>("context", "The longest sequence.", .positive),
      Param<Int>("width", "The size of the last axis.", .positive),
      returns: "model", seeAlso: ["nn.embedding"], search: ["position embedding"],
      examples: [("nn.positions(16, 8)", "positions(16 × 8) with 128 parameters")],
      context: { (vm: VM, context: Int, width: Int) in
        var random = vm.randomStream("positions")
        return Model(layer: try PositionEmbedding(context, width, random: &random))
      })
  ]
}

/// The vocabulary of a transformer: a tokenizer, or a number of tokens.
struct ModelVocabulary: Bindable {
  var size: Int
  var tokenizer: SubwordTokenizer?

  static let typeName = "tokenizer or int"

  static func decode(_ value: Value, _ vm: VM) throws -> ModelVocabulary? {
    if let tokenizer = try SubwordTokenizer.decode(value, vm) {
      return ModelVocabulary(size: tokenizer.vocabularySize, tokenizer: tokenizer)
    }
    guard let size = Int.decode(value, vm) else { return nil }
    guard size > 0 else { throw Fault(.value, "a model needs > 0 tokens, got \(size)") }
    return ModelVocabulary(size: size, tokenizer: nil)
  }

  func encode(_ vm: VM) throws -> Value { .int(size) }
}

extension Native {
  /// Lets a check see whether the heads of a model divide its width.
  func dividingWidth() -> Native {
    knowing(
      CallInsight(problems: { [unowned self] arguments in
        func size(_ name: String) -> Int? {
          guard let given = arguments[name] else {
            let parameter = self.signature.parameters.first { $0.name == name }
            return parameter?.defaultText.flatMap { Int($0) }
          }
          if case .int(let value)? = given.constant { return value }
          return nil
        }
        guard let width = size("width"), let heads = size("heads") else { return [] }
        do {
          _ = try Attention.headWidth(width, heads)
        } catch let error as DomainError {
          return [(arguments["heads"] == nil ? "width" : "heads", error.fault.diagnostic)]
        } catch {}
        return []
      }))
  }
}
