import Foundations
import Privacy
import Runtime
import Tables
import Text

/// Texts whose words are exchanged for near ones, in `text`.
enum PrivateTextBuiltins {
  static let natives = [privatize, statistics, distances]

  private static let texts = Param<[String]>("texts", "The texts.")
  private static let mechanism = Param<String>(
    "mechanism",
    "\"laplace\" (noise on the vector, the nearest word), \"mahalanobis\" (noise shaped as the vectors lie), \"vickrey\" (of the two nearest words one), \"truncated_exponential\" (a word drawn by its distance) or \"truncated_gumbel\" (the number of candidates follows how dense a word's surroundings are; keeps no proved promise).",
    .oneOf(WordMechanism.Kind.allCases.map(\.rawValue)), named: true)
  private static let epsilon = Param<Double>(
    "epsilon", "Of a word, for each unit of distance between vectors.", .positive, .finite,
    named: true)
  private static let vectors = Param<WordVectors>(
    "vectors", "The vocabulary, which is public: words come from it and words go to it.",
    named: true)
  private static let lambda = Param<Double>(
    "lambda", "mahalanobis: how much the vectors' covariance shapes the noise.", default: 0.2,
    .within(0, 1), named: true)
  private static let t = Param<Double>(
    "t", "vickrey: 1 always takes the nearest word, 0 the second nearest.", default: 0.5,
    .within(0, 1), named: true)
  private static let beta = Param<Double>(
    "beta", "truncated_exponential: how often a word beyond the radius may come out.",
    default: 0.001, .between(0, 1), named: true)
  private static let unknown = Param<String>(
    "unknown",
    "What becomes of words without a vector, which no mechanism hides: \"drop\" leaves them out, as is safe; \"keep\" lets them stand for everybody to see; \"error\".",
    default: "drop", .oneOf(TextPrivatizer.UnknownWords.allCases.map(\.rawValue)), named: true)
  private static let words = Param<Int?>(
    "words",
    "Makes every text one of so many words, so that lengths tell nothing: longer ones are cut, shorter ones repeated from their start. nil lets everybody see how many words of the vocabulary a text has.",
    default: nil, .within(1, 1_000_000), named: true)
  private static let diameter = Param<Double?>(
    "diameter",
    "The largest distance of two words (of mahalanobis, in its metric), or more: with `words`, what a text costs in all is then words · epsilon · diameter.",
    default: nil, .positive, .finite, named: true)
  private static let judged = Param<[String]>("words", "The words, each with a vector.")
  private static let trials = Param<Int>(
    "trials", "How often each word is exchanged.", default: 1000, .within(1, 16_777_216),
    named: true)
  /// Also of `rewrite`.
  static let noise = Param<String>(
    "noise",
    "Where randomness comes from: \"secure\" (the operating system), \"seeded\" (repeats, protects nobody), or \"auto\": seeded inside a sweep and `with seed(n)`, secure elsewhere and inside of a ledger.",
    default: "auto", .oneOf(["auto", "secure", "seeded"]), named: true)

  private static let privatize = Native(
    "privatize",
    "Texts in which every word was exchanged for one that is near it, by metric differential privacy. What is promised is about distances: for two words, chances of what comes out differ by a factor of at most e^(epsilon · distance); near words hide each other, far ones are told apart; for two texts of as many words the exponents add up. Distances are Euclidean (of \"mahalanobis\", those of its covariance). \"truncated_gumbel\" promises nothing that is proved: its paper's claim does not hold in general, and a note says where the vectors refute it. Noise is of 64-bit floats; only words leave. Texts are cut as `text.tokens` does, and words come out with spaces between. Inside of a ledger a call is recorded; it is counted, for neighbours that replace one text, where `words` and `diameter` are given.",
    parameters: [
      texts, mechanism, epsilon, vectors, lambda, t, beta, unknown, words, diameter, noise,
    ],
    returns: "list of string",
    seeAlso: ["text.privatize_stats", "text.word_vectors", "text.adept"],
    search: ["metric dp", "anonymize", "obfuscate", "redact", "words", "local privacy"],
    examples: [
      (
        "let v = text.train_word_vectors([\"big dog\", \"big cat\", \"old dog\"], width: 2)\ntext.privatize([\"Big dog!\"], mechanism: \"laplace\", epsilon: 1e6, vectors: v)",
        "[\"big dog\"]"
      )
    ],
    arguments: { (arguments: inout Arguments) in
      let vm = arguments.vm
      let texts = try arguments(texts)
      let vectors = try arguments(vectors)
      let mechanism = try made(&arguments, vectors)
      // The rule of the parameter admits only names that exist.
      let unknown = TextPrivatizer.UnknownWords(rawValue: try arguments(unknown)) ?? .drop
      let words = try arguments(words)
      let diameter = try arguments(diameter)
      let source = try vm.noiseSource(try arguments(noise), "text.privatize")
      try vm.charge(
        try event(vm, mechanism, unknown, words: words, diameter: diameter), "text.privatize")
      if let refutation = mechanism.refutation(vectors.words) { vm.note(refutation) }
      return try TextPrivatizer(mechanism, vectors: vectors, unknown: unknown, length: words)
        .privatize(texts, source)
    })

  private static let statistics = Native(
    "privatize_stats",
    "How often words come out unchanged, and how many different words come out for one. They are what leaves open which word went in (N_w as a share, and S_w, of Feyisetan 2020), in the columns `word`, `unchanged` and `distinct`. Measured, not promised; for words that are no secret, so a ledger refuses it.",
    parameters: [
      judged, mechanism, epsilon, vectors, trials, lambda, t, beta, noise,
    ],
    returns: "table", seeAlso: ["text.privatize", "text.word_distances"],
    search: ["plausible deniability", "n_w", "s_w"],
    examples: [
      (
        "let v = text.train_word_vectors([\"big dog\", \"big cat\", \"old dog\"], width: 2)\ntext.privatize_stats([\"dog\"], mechanism: \"laplace\", epsilon: 1e6, vectors: v).distinct[0]",
        "1"
      )
    ],
    arguments: { (arguments: inout Arguments) in
      let vm = arguments.vm
      let words = try arguments(judged)
      let vectors = try arguments(vectors)
      let places = try words.map { word in
        guard let place = vectors.place(of: word) else { throw vectors.missing(word) }
        return Int32(place)
      }
      let mechanism = try made(&arguments, vectors)
      let trials = try arguments(trials)
      let source = try vm.noiseSource(try arguments(noise), "text.privatize_stats")
      try vm.charge(Event(.nonPrivate, neighbours: vm.neighbours), "text.privatize_stats")
      if let refutation = mechanism.refutation(vectors.words) { vm.note(refutation) }
      let found = try PlausibleDeniability.measure(
        places, mechanism, trials: trials, source)
      return try Table(columns: [
        Table.Column("word", words.map { .string($0) }),
        Table.Column("unchanged", found.map { .float($0.unchanged) }),
        Table.Column("distinct", found.map { .int($0.distinct) }),
      ])
    })

  private static let distances = Native(
    "word_distances",
    "The two closest and the two farthest words, exactly. They say what `diameter` of `text.privatize` must not be below, and the epsilon above which \"truncated_gumbel\" can be set (inf where two words have one vector).",
    Param<WordVectors>("vectors", "The vectors."),
    returns: "{least, largest, closest, farthest, gumbel_epsilon}", seeAlso: ["text.privatize"],
    search: ["diameter", "nearest", "farthest"],
    examples: [
      (
        "round(text.word_distances(text.train_word_vectors([\"a b\", \"b c\"], width: 2)).least, 3)",
        "0.0"
      )
    ]
  ) { vectors in
    let found = try WordDistances(vectors)
    return Record([
      ("least", found.least), ("largest", found.largest),
      ("closest", [found.closest.0, found.closest.1]),
      ("farthest", [found.farthest.0, found.farthest.1]), ("gumbel_epsilon", found.gumbelEpsilon),
    ])
  }

  private static func made(_ arguments: inout Arguments, _ vectors: WordVectors) throws
    -> WordMechanism
  {
    var settings = WordMechanism.Settings()
    settings.lambda = try arguments(lambda)
    settings.t = try arguments(t)
    settings.beta = try arguments(beta)
    return try WordMechanism(
      WordMechanism.Kind(rawValue: try arguments(mechanism)) ?? .laplace,
      epsilon: try arguments(epsilon), vectors: vectors, settings: settings)
  }

  /// What a call is charged with.
  private static func event(
    _ vm: VM, _ mechanism: WordMechanism, _ unknown: TextPrivatizer.UnknownWords, words: Int?,
    diameter: Double?
  ) throws -> Event {
    if let diameter {
      guard let words, unknown == .drop else {
        throw Fault(
          .value,
          "`diameter` says what a text costs, for which texts need one length and words without a vector must go",
          hint: "give `words: 20` or so, and leave `unknown` away")
      }
      let epsilon = try mechanism.epsilonOfText(words: words, diameter: diameter)
      guard mechanism.isPrivate else { return Event(.nonPrivate, neighbours: vm.neighbours) }
      return Event(.pure(epsilon: epsilon), neighbours: .replaceOne)
    }
    guard mechanism.isPrivate, unknown != .keep else {
      return Event(.nonPrivate, neighbours: vm.neighbours)
    }
    if vm.isInLedger {
      vm.note(
        "`text.privatize` promises by distance: the ledger records the call and counts nothing for it, since `words` and `diameter` are not given"
      )
    }
    return Event(.none, neighbours: vm.neighbours)
  }
}

extension VM {
  /// Where the noise of an operation on texts comes from; see the parameter `noise`.
  func noiseSource(_ choice: String, _ operation: String) throws -> NoiseSource {
    if isInLedger {
      guard choice != "seeded" else {
        throw Fault(
          .privacy, "inside of a ledger noise comes from the operating system, not from a seed")
      }
      return .secure
    }
    let repeats = isTrial || isSeeded
    if choice == "secure", repeats {
      note(
        "the noise of `\(operation)` comes from the operating system (`noise: \"secure\"`): this does not repeat, whatever the seed"
      )
    }
    return choice == "seeded" || choice == "auto" && repeats
      ? .seeded(randomKey(operation)) : .secure
  }
}
