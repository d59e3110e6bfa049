// A corpus of our own for trying things without any download: utterances drawn from `DemoGrammar`, made as imperfect as
// real ones.
//
// Three kinds of noise keep every classifier below 100%: phrases that mean several things, labels given wrongly among
// related classes, and slips of the tongue and the keyboard. PINs, names and telephone numbers are rare strings that a
// model can memorise.

import Foundations

public enum DemoCorpus {
  /// How much of each kind of noise a corpus has; the default leaves about 95% for a good classifier.
  public struct Noise: Sendable, Equatable {
    /// Share of utterances that are ambiguous.
    public var ambiguous = 0.05
    /// Share whose label is that of another class, drawn evenly.
    public var wrongLabels = 0.02
    /// Share with a filler word or a repetition.
    public var disfluent = 0.25
    /// Chance of each word to be misspelt.
    public var typos = 0.02

    public init() {}
    /// None at all.
    public static var none: Noise {
      var noise = Noise()
      noise.ambiguous = 0
      noise.wrongLabels = 0
      noise.disfluent = 0
      noise.typos = 0
      return noise
    }
  }

  /// The most utterances that one corpus may have.
  public static let largestCount = 500_000

  /// Utterances to a spoken assistant, of 16 intents, with slots; no two are alike, across both parts.
  ///
  /// - Parameters:
  ///   - train, test: how many of each.
  ///   - seed: the same seed gives the same corpus, byte for byte.
  /// - Throws: `value` where a count is not within 0 and `largestCount`, or `train` is 0.
  public static func intents(
    train: Int = 6_000, test: Int = 1_500, seed: UInt64 = 1, noise: Noise = Noise()
  ) throws(DomainError) -> Corpus {
    guard train > 0, test >= 0, train <= largestCount, test <= largestCount - train else {
      throw DomainError(
        .value,
        "a demo corpus has 1 to \(largestCount) utterances, got \(train) for training and \(test) for testing"
      )
    }
    var generator = UtteranceGenerator(seed: seed, noise: noise)
    var seen: Set<String> = []
    var utterances: [Utterance] = []
    utterances.reserveCapacity(train + test)
    while utterances.count < train + test {
      let utterance = generator.next()
      if seen.insert(utterance.text).inserted { utterances.append(utterance) }
    }
    return Corpus(
      name: "demo", train: Array(utterances[..<train]), test: Array(utterances[train...]))
  }

  /// The names of its classes.
  public static var classes: [String] { DemoGrammar.intents.map(\.name).sorted() }
}

/// Draws utterances one by one.
private struct UtteranceGenerator {
  private struct Token {
    var text: String
    var tag: String
  }

  private var random: SplitMix64
  private let noise: DemoCorpus.Noise
  private let totalWeight = DemoGrammar.intents.reduce(0) { $0 + $1.weight }

  init(seed: UInt64, noise: DemoCorpus.Noise) {
    random = SplitMix64(seed: seed)
    self.noise = noise
  }

  mutating func next() -> Utterance {
    var intent: String
    var template: String
    if random.uniform() < noise.ambiguous {
      let phrase = pick(DemoGrammar.ambiguous)
      template = phrase.template
      intent = pick(phrase.intents)
    } else {
      let drawn = weightedIntent()
      template = pick(drawn.templates)
      intent = drawn.name
    }
    var tokens = expand(chosen(template))
    if random.uniform() < noise.wrongLabels { intent = pick(DemoGrammar.intents).name }
    if random.uniform() < noise.disfluent { stumble(&tokens) }
    for i in tokens.indices where random.uniform() < noise.typos {
      tokens[i].text = misspelt(tokens[i].text)
    }
    return Utterance(
      text: tokens.map(\.text).joined(separator: " "), intent: intent, slots: tokens.map(\.tag))
  }

  private mutating func weightedIntent() -> DemoGrammar.Intent {
    var rest = random.below(totalWeight)
    for intent in DemoGrammar.intents {
      rest -= intent.weight
      if rest < 0 { return intent }
    }
    return DemoGrammar.intents[0]
  }

  private mutating func pick<T>(_ items: [T]) -> T { items[random.below(items.count)] }

  /// The template with one alternative of each `(a|b)` kept, inner ones first.
  private mutating func chosen(_ template: String) -> String {
    var text = Array(template)
    while let close = text.firstIndex(of: ")"), let open = text[..<close].lastIndex(of: "(") {
      let options = text[(open + 1)..<close].split(separator: "|", omittingEmptySubsequences: false)
      text.replaceSubrange(open...close, with: options[random.below(options.count)])
    }
    return String(text)
  }

  private mutating func expand(_ template: String) -> [Token] {
    var tokens: [Token] = []
    for piece in template.split(separator: " ") {
      guard let open = piece.firstIndex(of: "{"), let close = piece.firstIndex(of: "}") else {
        tokens.append(Token(text: String(piece), tag: "O"))
        continue
      }
      let slot = String(piece[piece.index(after: open)..<close])
      var words = value(of: slot).split(separator: " ").map(String.init)
      // What is written against the braces belongs to the last word: `{name}'s`.
      if let last = words.indices.last { words[last] += piece[piece.index(after: close)...] }
      for (i, word) in words.enumerated() {
        tokens.append(Token(text: word, tag: (i == 0 ? "B-" : "I-") + slot))
      }
    }
    return tokens
  }

  /// A value of a slot, slots inside it filled.
  private mutating func value(of slot: String) -> String {
    switch slot {
    case "pin": return String(1_000 + random.below(9_000))
    case "phone":
      return "\(200 + random.below(800)) \(100 + random.below(900)) \(1_000 + random.below(9_000))"
    case "day": return String(1 + random.below(28))
    case "time": return time()
    case "amount": return amount()
    case "duration": return duration()
    default: break
    }
    guard let values = DemoGrammar.slots[slot] else { return slot }
    return pick(values).split(separator: " ").map { piece -> String in
      guard let open = piece.firstIndex(of: "{"), let close = piece.firstIndex(of: "}") else {
        return String(piece)
      }
      return value(of: String(piece[piece.index(after: open)..<close]))
        + piece[piece.index(after: close)...]
    }.joined(separator: " ")
  }

  private mutating func time() -> String {
    let hour = 1 + random.below(12)
    switch random.below(5) {
    case 0: return "\(hour) o'clock"
    case 1: return "\(hour) \(pick(["am", "pm"]))"
    case 2: return "half past \(hour)"
    case 3: return "\(pick(["quarter to", "quarter past", "ten to", "twenty past"])) \(hour)"
    default:
      return
        "\(hour):\(pick(["05", "10", "15", "20", "30", "40", "45", "50"])) \(pick(["am", "pm"]))"
    }
  }

  private mutating func amount() -> String {
    let number = pick([
      5, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120, 150, 200, 250, 300, 400, 500,
    ])
    return "\(number) \(pick(["dollars", "euros", "pounds", "bucks"]))"
  }

  private mutating func duration() -> String {
    switch random.below(4) {
    case 0: return "\(1 + random.below(60)) minutes"
    case 1: return "\(pick(["half an", "an", "one"])) hour"
    case 2: return "\(10 + random.below(50)) seconds"
    default: return "\(2 + random.below(8)) hours"
    }
  }

  /// A filler at the start, at the end or inside, or a word said twice.
  private mutating func stumble(_ tokens: inout [Token]) {
    let place: Int
    switch random.below(4) {
    case 0: place = 0
    case 1: place = tokens.count
    case 2: place = random.below(tokens.count + 1)
    default:
      let i = random.below(tokens.count)
      let repeated = Token(
        text: tokens[i].text, tag: tokens[i].tag == "O" ? "O" : "I-" + tokens[i].tag.dropFirst(2))
      tokens.insert(repeated, at: i + 1)
      return
    }
    // Inside a slot value a filler would break its tags: `B-time O I-time`.
    if place < tokens.count, tokens[place].tag.hasPrefix("I-") { return }
    let filler = pick(DemoGrammar.fillers).split(separator: " ").map {
      Token(text: String($0), tag: "O")
    }
    tokens.insert(contentsOf: filler, at: place)
  }

  /// A slip of the keyboard: two letters exchanged, one left out, doubled or replaced. Numbers stay.
  private mutating func misspelt(_ word: String) -> String {
    var letters = Array(word)
    guard letters.count > 3, letters.allSatisfy(\.isLetter) else { return word }
    let i = 1 + random.below(letters.count - 2)
    switch random.below(4) {
    case 0: letters.swapAt(i, i + 1)
    case 1: letters.remove(at: i)
    case 2: letters.insert(letters[i], at: i)
    default: letters[i] = pick(Array("abcdefghijklmnopqrstuvwxyz"))
    }
    return String(letters)
  }
}
