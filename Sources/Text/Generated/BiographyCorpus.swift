// A corpus of our own with a known bias: short stories and biographies whose people are women or men with a probability
// that is set for each profession. What a language model makes of it can then be held against what was planted. Nothing
// in it is about real people.

import Foundations

/// One generated text about one person.
public struct Biography: Sendable, Equatable {
  public var text: String
  public var profession: String
  /// True for a woman, false for a man; nil where no word of the text tells.
  public var isFemale: Bool?
  /// The same text with every gendered word exchanged: what a perfect role reversal gives.
  public var counterpart: String
}

/// Stories and biographies for language models, and biographies without the name of the profession for classifiers.
public struct BiographyCorpus: Sendable, Equatable {
  public var train: [Biography]
  /// Drawn in the same way; no text of it is in `train`.
  public var heldOut: [Biography]
  /// For a classifier of professions, in two parts; the profession is not named in the text (as in Bias in Bios,
  /// De-Arteaga et al. 2019).
  public var biosTrain: [Biography]
  public var biosTest: [Biography]
  /// For each profession the probability with which a person was made a woman.
  public var planted: [String: Double]

  /// How large a corpus is and how biased.
  public struct Options: Sendable, Equatable {
    /// Texts to train a language model on, and to measure its perplexity with.
    public var train = 4_000
    public var heldOut = 500
    /// Biographies to train a classifier on, and to test it with.
    public var biosTrain = 3_000
    public var biosTest = 2_000
    /// How strong the planted bias is: 0 makes every profession half women, 1 is the full bias of the grammar, from 5%
    /// to 94%.
    public var strength = 1.0
    /// Probabilities of women for some professions, in place of the grammar's (`strength` does not touch them).
    public var female: [String: Double] = [:]
    /// Share of texts for language models without any gendered word.
    public var neutral = 0.08

    public init() {}
  }

  /// The most texts that one corpus may have of a kind.
  public static let largestCount = 200_000

  /// All professions, in the order of the grammar.
  public static var professions: [String] {
    BiographyGrammar.fields.flatMap { $0.professions.map(\.name) }
  }

  /// Generates a corpus; the same options and seed give the same corpus, byte for byte.
  ///
  /// - Throws: `value` where a size or probability is out of range, or a profession is unknown.
  public static func generate(_ options: Options = Options(), seed: UInt64 = 1)
    throws(DomainError) -> BiographyCorpus
  {
    let sizes = [options.train, options.heldOut, options.biosTrain, options.biosTest]
    guard sizes.allSatisfy({ (0...largestCount).contains($0) }), options.train > 0 else {
      throw DomainError(
        .value, "a corpus of biographies has 1 to \(largestCount) texts of a kind, got \(sizes)")
    }
    for (name, value) in [("strength", options.strength), ("neutral", options.neutral)] {
      guard value >= 0, value <= 1 else {
        throw DomainError(.value, "`\(name)` must be within 0 and 1, got \(value)")
      }
    }
    var planted: [String: Double] = [:]
    for profession in BiographyGrammar.fields.flatMap(\.professions) {
      planted[profession.name] = 0.5 + options.strength * (profession.female - 0.5)
    }
    for (name, value) in options.female.sorted(by: { $0.key < $1.key }) {
      guard planted[name] != nil else {
        throw DomainError(
          .value, "the demo corpus knows no profession `\(name)`",
          hint: "it has " + professions.joined(separator: ", "))
      }
      guard value >= 0, value <= 1 else {
        throw DomainError(
          .value, "the share of women of `\(name)` must be within 0 and 1, got \(value)")
      }
      planted[name] = value
    }
    var generator = BiographyGenerator(seed: seed, planted: planted, neutral: options.neutral)
    var seen: Set<String> = []
    func distinct(_ count: Int, _ next: (inout BiographyGenerator) -> Biography) -> [Biography] {
      var result: [Biography] = []
      result.reserveCapacity(count)
      while result.count < count {
        let biography = next(&generator)
        // A text and its counterpart are one: the one must not be held out while the other is learnt.
        guard !seen.contains(biography.text), !seen.contains(biography.counterpart) else {
          continue
        }
        seen.insert(biography.text)
        result.append(biography)
      }
      return result
    }
    let texts = distinct(options.train + options.heldOut) { $0.story() }
    let bios = distinct(options.biosTrain + options.biosTest) { $0.anonymous() }
    return BiographyCorpus(
      train: Array(texts[..<options.train]), heldOut: Array(texts[options.train...]),
      biosTrain: Array(bios[..<options.biosTrain]), biosTest: Array(bios[options.biosTrain...]),
      planted: planted)
  }
}

/// Draws texts one by one.
private struct BiographyGenerator {
  private var random: SplitMix64
  private let planted: [String: Double]
  private let neutral: Double

  init(seed: UInt64, planted: [String: Double], neutral: Double) {
    random = SplitMix64(seed: seed)
    self.planted = planted
    self.neutral = neutral
  }

  /// The text and its counterpart, written together.
  private struct Pair {
    var text = ""
    var counterpart = ""
    var isGendered = false

    mutating func append(_ text: Substring) {
      self.text += text
      counterpart += text
    }

    /// `words` is masculine, feminine.
    mutating func append(_ words: (String, String), female: Bool) {
      text += female ? words.1 : words.0
      counterpart += female ? words.0 : words.1
      isGendered = true
    }
  }

  /// The person that a text is about.
  private struct Person {
    var field: BiographyGrammar.Field
    var profession: BiographyGrammar.Profession
    var isFemale: Bool
    var name: String
  }

  private mutating func pick<T>(_ items: [T]) -> T { items[random.below(items.count)] }

  private mutating func person() -> Person {
    let field = pick(BiographyGrammar.fields)
    let profession = pick(field.professions)
    let female = random.uniform() < planted[profession.name] ?? 0.5
    return Person(
      field: field, profession: profession, isFemale: female,
      name: pick(BiographyGrammar.lists["name"] ?? ["Miller"]))
  }

  mutating func story() -> Biography {
    let person = person()
    if random.uniform() < neutral {
      let count = 2 + random.below(2)
      return write((0..<count).map { _ in pick(BiographyGrammar.neutral) }, person)
    }
    let first = random.below(3) < 2 ? BiographyGrammar.openings : BiographyGrammar.introductions
    var templates = [pick(first)]
    for _ in 0..<(1 + random.below(2)) { templates.append(another(templates)) }
    return write(templates, person)
  }

  /// A continuation that the text does not have yet.
  private mutating func another(_ templates: [String]) -> String {
    while true {
      let next = pick(BiographyGrammar.continuations)
      if !templates.contains(next) { return next }
    }
  }

  mutating func anonymous() -> Biography {
    var templates = BiographyGrammar.anonymous
    random.shuffle(&templates)
    return write(Array(templates.prefix(3)), person())
  }

  private mutating func write(_ templates: [String], _ person: Person) -> Biography {
    var pair = Pair()
    for template in templates {
      if !pair.text.isEmpty { pair.append(" ") }
      fill(template, person, &pair)
    }
    return Biography(
      text: pair.text, profession: person.profession.name,
      isFemale: pair.isGendered ? person.isFemale : nil, counterpart: pair.counterpart)
  }

  private mutating func fill(_ template: String, _ person: Person, _ pair: inout Pair) {
    var rest = template[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      pair.append(rest[..<open])
      let slot = String(rest[rest.index(after: open)..<close])
      rest = rest[rest.index(after: close)...]
      if let words = BiographyGrammar.agreeing[slot] {
        pair.append(words, female: person.isFemale)
        continue
      }
      if slot == "kin" {
        pair.append(pick(BiographyGrammar.kin), female: random.below(2) == 1)
        continue
      }
      pair.append(value(of: slot, person)[...])
    }
    pair.append(rest)
  }

  private mutating func value(of slot: String, _ person: Person) -> String {
    switch slot {
    case "job": return person.profession.name
    case "a job": return withArticle(person.profession.name)
    case "a mood": return withArticle(pick(BiographyGrammar.lists["mood"] ?? []))
    case "work":
      return pick(random.below(2) == 0 ? person.profession.work : person.field.sharedWork)
    case "place": return pick(person.field.place)
    case "name": return person.name
    default: return BiographyGrammar.lists[slot].map { pick($0) } ?? slot
    }
  }

  private func withArticle(_ noun: String) -> String {
    ("aeiou".contains(noun.first ?? "x") ? "an " : "a ") + noun
  }
}
