import Foundations
import Learning
import Privacy
import Runtime
import Syntax
import Tables
import Tensors
import Text

/// A secret to be put into training texts, in a script.
extension Canary: NativeValue {
  public static let nativeType = NativeType<Canary>(
    "canary", "A secret that is put into training texts to see whether a model gives it away."
  ) { type in
    type.representation = { canary, _ in
      "canary \(Quoting.literal(canary.text)), one of \(TextForm.digits(canary.space, 6))"
    }
    type.transfer = .share
    type.hasContent()
    type.equals = { $0 == $1 }
    type.field("text", "The text with the secret.") { $0.text }
    type.field("secret", "The secret alone.") { $0.secret }
    type.field("pattern", "The text with `{}` where the secret stands.") { $0.pattern }
    type.field("secrets", "The tokens that a secret is drawn from.") { $0.secrets }
    type.field("length", "How many of them it has.") { $0.length }
    type.methods([CanaryBuiltins.insert, CanaryBuiltins.exposure, CanaryBuiltins.extract])
  }
}

/// `dp.canary` and what is done with one.
enum CanaryBuiltins {
  static let natives = [
    Native(
      "canary",
      "A text with a random secret, such as a PIN, to be inserted into training data. Afterwards `exposure` and `extract` tell what the model gives away of it (Carlini et al. 2019; Parikh et al. 2022).",
      Param<String>("pattern", "The text, with `{}` where the secret stands.", named: true),
      Param<[String]>("secrets", "The tokens that the secret is drawn from.", named: true),
      Param<Int>(
        "length", "How many tokens the secret has.", default: 4, .within(1, 1000), named: true),
      Param<String>(
        "separator", "What stands between them; models by words need a space.", default: " ",
        named: true),
      Param<Int?>(
        "seed", "Fixes this call's randomness; nil takes it from the run's seed.", default: nil,
        named: true),
      returns: "canary", seeAlso: ["dp.attack", "dp.audit"],
      search: [
        "secret sharer", "memorization", "memorisation", "extraction", "modiva", "exposure",
      ],
      examples: [
        (
          "dp.canary(pattern: \"my pin code is {}\", secrets: [\"0\", \"1\"], length: 3, seed: 1).text",
          "\"my pin code is 1 0 1\""
        )
      ],
      context: {
        (
          vm: VM, pattern: String, secrets: [String], length: Int, separator: String, seed: Int?
        ) throws -> Canary in
        try Canary(
          pattern: pattern, secrets: secrets, length: length, separator: separator,
          key: MLBuiltins.key(vm, "canary", seed))
      })
  ]

  // MARK: Insertion

  static let insert = Native(
    "insert",
    "The texts with the canary among them, at random places. Of a dataset the training part gets it, and its vocabulary is counted anew: it knows the canary and all secrets that there could have been.",
    Param<Canary>("canary"),
    Param<CanaryCarrier>("texts", "Texts, a table, a dataset, or examples of one."),
    Param<Int>("times", "How often.", .within(0, 10_000_000), named: true),
    Param<CanaryLabel?>(
      "label",
      "The canary's class: by name for a dataset, by number for examples, any value for a table's column.",
      default: nil, named: true),
    Param<String>("text", "The table's column of texts.", default: "text", named: true),
    Param<String>("label_column", "The table's column of classes.", default: "label", named: true),
    returns: "as the texts", seeAlso: ["dp.canary"], search: ["plant", "poison"],
    examples: [
      (
        "dp.canary(pattern: \"pin {}\", secrets: [\"1\", \"2\"], seed: 1).insert([\"hello\"], times: 2) |> len()",
        "3"
      )
    ],
    context: {
      (
        vm: VM, canary: Canary, carrier: CanaryCarrier, times: Int, label: CanaryLabel?,
        text: String, labelColumn: String
      ) throws -> Value in
      let places = try canary.places(
        among: carrier.count, times: times, key: vm.randomKey("canary places"))
      return try carrier.carrying(canary, places, label, (text, labelColumn)).encode(vm)
    })

  // MARK: Exposure

  static let exposure = Native(
    "exposure",
    "How many bits of the secret a model gives away. These are log2 of the number of other secrets, less log2 of the rank of this one's perplexity among them. `value` is that by rank, `extrapolated` by a skew-normal distribution, which goes on beyond the number of references.",
    Param<Canary>("canary"),
    Param<ExposedModel>(
      "model",
      "A model of language with its tokenizer; a classifier or tagger, with `label` and `vocabulary`; or a function `text => perplexity` (its logarithm will do)."
    ),
    Param<CanaryLabel?>(
      "label", "The class that the canary was given, or its tags.", default: nil, named: true),
    Param<CanaryReader?>(
      "vocabulary",
      "What a classifier's texts are encoded with: the dataset, its vocabulary, or `text => tokens`.",
      default: nil, named: true),
    Param<Int>(
      "references",
      "How many other secrets are compared with: all there are where they are not more, else as many at random.",
      default: 10_000, .within(1, 1_000_000), named: true),
    Param<Int?>(
      "seed", "Fixes this call's randomness; nil takes it from the run's seed.", default: nil,
      named: true),
    returns: "{value, rank, references, maximum, extrapolated}", seeAlso: ["canary.extract"],
    search: ["secret sharer", "memorization", "rank"],
    context: {
      (
        vm: VM, canary: Canary, model: ExposedModel, label: CanaryLabel?, reader: CanaryReader?,
        count: Int, seed: Int?
      ) throws -> Record in
      let others = try canary.references(
        limit: count, key: MLBuiltins.key(vm, "exposure", seed))
      let texts = [canary.text] + others.choices.map { canary.text(of: $0) }
      let scores = try model.scores(vm, canary, texts, label, reader)
      let found = try Exposure(
        secret: scores[0], references: Array(scores.dropFirst()), containsSecret: others.isComplete
      )
      return Record([
        ("value", found.value), ("rank", found.rank), ("references", found.references),
        ("maximum", found.maximum), ("extrapolated", found.extrapolated),
      ])
    })

  // MARK: Extraction

  private static let canary = Param<Canary>("canary")
  private static let model = Param<Model>(
    "model", "A classifier or a tagger that begins with embeddings, of words or of characters.")
  private static let label = Param<CanaryLabel>(
    "label", "The class that the canary was given, or the tag of each token.", named: true)
  private static let vocabulary = Param<CanaryReader>(
    "vocabulary",
    "What texts are encoded with: the dataset, its vocabulary, or `text => tokens` (of any shape, characters too).",
    named: true)
  private static let starts = Param<Int>(
    "starts", "From how many random starts to search, all at once.", default: 10,
    .within(1, 10_000), named: true)
  private static let iterations = Param<Int>(
    "iterations", "The most steps of a start.", default: 1000, .within(1, 10_000_000), named: true)
  private static let patience = Param<Int>(
    "patience", "A start ends where its tokens have been the same for so many steps.",
    default: 100, .within(1, 10_000_000), named: true)
  private static let rate = Param<Double>(
    "learning_rate", "Of Adam.", default: 0.02, .positive, .atMost(1000), named: true)
  private static let temperature = Param<Double>(
    "temperature", "Of the softmax that mixes the tokens.", default: 1, .within(0.001, 1000),
    named: true)
  private static let finalTemperature = Param<Double?>(
    "final_temperature",
    "What the temperature goes to by the last step, so that mixtures become tokens; nil keeps it.",
    default: nil, .within(0.001, 1000), named: true)
  private static let loss = Param<Callable?>(
    "loss",
    "`(outputs, labels) => …`, one number a text; nil is that of the model's CRF where it has one, else cross-entropy.",
    default: nil, named: true)
  private static let seed = Param<Int?>(
    "seed", "Fixes this call's randomness; nil takes it from the run's seed.", default: nil,
    named: true)

  static let extract = Native(
    "extract",
    "Searches for the secret in the model (ModIvA; Parikh, Dupuy, Gupta 2022). Tokens are mixtures that go down the gradient of the label's loss while the model stays as it is. `text`, `exact` and `hamming` (the share of wrong tokens) are of the start with the least loss; `accuracy` and `mean_hamming` are over all starts, `texts` what each found.",
    parameters: [
      canary, model, label, vocabulary, starts, iterations, patience, rate, temperature,
      finalTemperature, loss, seed,
    ],
    returns: "{text, exact, hamming, loss, accuracy, mean_hamming, texts}",
    seeAlso: ["canary.exposure", "dp.canary"], search: ["model inversion", "modiva", "attack"],
    arguments: { (arguments: inout Arguments) in try extract(&arguments) })

  private static func extract(_ arguments: inout Arguments) throws -> Record {
    let canary = try arguments(canary)
    let model = try arguments(model)
    let label = try arguments(label)
    let reader = try arguments(vocabulary)
    let loss = try arguments(loss)
    var options = ExtractionOptions(
      key: MLBuiltins.key(arguments.vm, "extract", try arguments(seed)))
    options.starts = try arguments(starts)
    options.iterations = try arguments(iterations)
    options.patience = try arguments(patience)
    options.rate = try arguments(rate)
    options.temperature = try arguments(temperature)
    options.finalTemperature = try arguments(finalTemperature)
    try reader.requireKnown(canary)
    let input = try CanaryInput(canary) { try reader.numbers($0) }
    let found = try CanaryExtraction.secrets(input, model: model.layer, options: options) {
      copy, output in try label.losses(copy, output, reader, loss)
    }
    let best = found[0]
    let distances = found.map { canary.hamming($0.choice) }
    return Record([
      ("text", canary.text(of: best.choice)), ("exact", distances[0] == 0),
      ("hamming", distances[0]), ("loss", best.loss),
      ("accuracy", Double(distances.count { $0 == 0 }) / Double(distances.count)),
      ("mean_hamming", distances.reduce(0, +) / Double(distances.count)),
      ("texts", found.map { canary.text(of: $0.choice) }),
    ])
  }
}
