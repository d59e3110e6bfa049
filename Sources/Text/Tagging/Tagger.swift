// A part-of-speech tagger: the averaged perceptron (Collins 2002, "Discriminative training methods for hidden Markov
// models", section 2, with greedy left-to-right decoding as in Honnibal's and NLTK's tagger). Each word is scored by
// the sum of the weights of its features (the word, its affixes and shape, its neighbours, the two tags before it); a
// wrong guess in training raises the weights of the right tag and lowers those of the guess. The weights kept are the
// means over all steps of training, which is what makes the perceptron generalise.

import Foundations

/// Tags words with their parts of speech.
public final class Tagger: Sendable {
  /// How a tagger is trained.
  public struct Options: Sendable {
    /// Passes over the sentences.
    public var epochs = 6
    /// The order of the sentences in each pass.
    public var seed: UInt64 = 0
    /// Features of words and neighbours that occur less often are left out.
    public var minimumCount = 2

    public init() {}
  }

  /// In alphabetical order.
  public let tags: [String]
  let features: FeatureTable
  /// `[features, tags]`.
  let weights: [Float]

  init(tags: [String], features: FeatureTable, weights: [Float]) {
    self.tags = tags
    self.features = features
    self.weights = weights
  }

  /// How many features have weights.
  public var featureCount: Int { features.count }

  /// The tag of each word.
  public func tags(of words: [String]) -> [String] {
    let guesses = decode(words, upTo: words.count)
    return guesses.map { tags[$0] }
  }

  /// The numbers of the tags of the first `end` words.
  func decode(_ words: [String], upTo end: Int) -> [Int] {
    let sentence = SentenceFeatures(words)
    var guesses: [Int] = []
    guesses.reserveCapacity(end)
    var scores = [Float](repeating: 0, count: tags.count)
    var keys: [UInt64] = []
    for i in 0..<min(end, words.count) {
      for tag in scores.indices { scores[tag] = 0 }
      keys.removeAll(keepingCapacity: true)
      sentence.addStatic(i, to: &keys)
      sentence.addDynamic(i, previous: guesses, to: &keys)
      for key in keys {
        let row = features.find(key)
        guard row >= 0 else { continue }
        let first = row * tags.count
        for tag in scores.indices { scores[tag] += weights[first + tag] }
      }
      guesses.append(Tagger.best(scores))
    }
    return guesses
  }

  /// The first of the highest.
  static func best(_ scores: [Float]) -> Int {
    var best = 0
    for tag in scores.indices where scores[tag] > scores[best] { best = tag }
    return best
  }

  /// The share of words with known tags that are tagged right.
  public func accuracy(on sentences: [TaggedSentence]) -> Double {
    // Whole sentences in blocks of a fixed size; sums of integers do not depend on their order.
    var right = [Int](repeating: 0, count: sentences.count)
    right.withUnsafeMutableBufferPointer { buffer in
      // Each element is written by one block.
      nonisolated(unsafe) let slots = buffer
      Parallel.blocks(sentences.count, size: 16) { block in
        for i in block {
          let guesses = tags(of: sentences[i].words)
          slots[i] = zip(guesses, sentences[i].tags).count { $0 == $1 }
        }
      }
    }
    let known = sentences.reduce(0) { $0 + $1.tags.count { $0 != nil } }
    return Double(right.reduce(0, +)) / Double(max(1, known))
  }

  /// Trains a tagger. Words without tag teach nothing; their guessed tags still are features of the words behind.
  ///
  /// - Throws: `data` where no word has a tag, `limit` for more than 255 different tags, `value` for options out of
  ///   range.
  public static func train(_ sentences: [TaggedSentence], options: Options = Options())
    throws(DomainError) -> Tagger
  {
    var training = try TaggerTraining(sentences, options)
    return try training.run()
  }
}

/// Feature keys of a sentence: 64-bit hashes of what is seen, the kind of feature mixed in.
struct SentenceFeatures {
  /// For each word: hash in lower case, of its suffixes and prefixes, and its shape.
  private struct Word {
    var form: UInt64
    var suffixes: [UInt64]
    var prefixes: [UInt64]
    var shape: UInt64
  }

  private let words: [Word]
  private static let outside = Word(
    form: hash([0]), suffixes: [hash([0]), hash([0]), hash([0])], prefixes: [], shape: 0)

  init(_ words: [String]) { self.words = words.map(SentenceFeatures.word) }

  private static func word(_ text: String) -> Word {
    let bytes = text.utf8.map(WordScanner.lowered)
    let lengths = 1...4
    return Word(
      form: hash(bytes), suffixes: lengths.map { hash(bytes.suffix($0)) },
      prefixes: (1...3).map { hash(bytes.prefix($0)) }, shape: shape(text))
  }

  /// Capitals, small letters, digits and the rest, each run shortened to two.
  private static func shape(_ text: String) -> UInt64 {
    var runs: [UInt8] = []
    for byte in text.utf8 {
      let kind: UInt8 =
        WordScanner.isUpper(byte)
        ? 1 : WordScanner.isLower(byte) || byte >= 0x80 ? 2 : WordScanner.isDigit(byte) ? 3 : byte
      if runs.count >= 2, runs[runs.count - 1] == kind, runs[runs.count - 2] == kind { continue }
      if runs.count < 8 { runs.append(kind) }
    }
    return hash(runs)
  }

  private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 { FowlerNollVo.hash(bytes) }

  private static func mix(_ kind: UInt64, _ a: UInt64, _ b: UInt64 = 0) -> UInt64 {
    var x = a ^ (kind &* 0x9E37_79B9_7F4A_7C15) ^ (b &* 0xC2B2_AE3D_27D4_EB4F &+ 0x1656_67B1)
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x >> 31)
  }

  private func at(_ i: Int) -> Word {
    words.indices.contains(i) ? words[i] : SentenceFeatures.outside
  }

  /// The features that do not depend on earlier guesses.
  func addStatic(_ i: Int, to keys: inout [UInt64]) {
    let word = words[i]
    let before = at(i - 1)
    let behind = at(i + 1)
    let mix = SentenceFeatures.mix
    keys.append(mix(0, 0, 0))
    keys.append(mix(1, word.form, 0))
    for (length, suffix) in word.suffixes.enumerated() {
      keys.append(mix(2, suffix, UInt64(length)))
    }
    for (length, prefix) in word.prefixes.enumerated() {
      keys.append(mix(3, prefix, UInt64(length)))
    }
    keys.append(mix(4, word.shape, 0))
    keys.append(mix(5, word.shape, i == 0 ? 1 : 2))
    keys.append(mix(6, before.form, 0))
    keys.append(mix(7, behind.form, 0))
    keys.append(mix(8, at(i - 2).form, 0))
    keys.append(mix(9, at(i + 2).form, 0))
    keys.append(mix(10, before.suffixes[2], 0))
    keys.append(mix(11, behind.suffixes[2], 0))
    keys.append(mix(12, behind.shape, 0))
    keys.append(mix(13, before.form, word.form))
    keys.append(mix(14, word.form, behind.form))
    keys.append(mix(15, before.form, behind.form))
    keys.append(mix(16, behind.form, at(i + 2).form))
    keys.append(mix(17, word.form, behind.suffixes[1]))
    keys.append(mix(18, word.form, behind.suffixes[2]))
  }

  /// The features of the tags guessed before.
  func addDynamic(_ i: Int, previous: [Int], to keys: inout [UInt64]) {
    let last = i > 0 ? UInt64(previous[i - 1]) + 1 : 0
    let second = i > 1 ? UInt64(previous[i - 2]) + 1 : 0
    let mix = SentenceFeatures.mix
    keys.append(mix(32, last, 0))
    keys.append(mix(33, last, second + 1))
    keys.append(mix(34, words[i].form, last))
    keys.append(mix(35, at(i + 1).form, last))
    keys.append(mix(36, words[i].suffixes[2], last))
  }
}

/// Numbers of feature keys: open addressing over 64-bit hashes.
struct FeatureTable: Sendable {
  private(set) var keys: [UInt64] = []
  private var slots = [Int32](repeating: -1, count: 1 << 12)

  var count: Int { keys.count }

  func find(_ key: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: key >> 20) & (slots.count - 1)
    while true {
      let row = Int(slots[slot])
      if row < 0 || keys[row] == key { return row }
      slot = (slot + 1) & (slots.count - 1)
    }
  }

  /// The number of a key, which is added where it is new; nil where there is no room for more than 2³¹ keys.
  mutating func insert(_ key: UInt64) -> Int? {
    let known = find(key)
    if known >= 0 { return known }
    guard keys.count < Int(Int32.max) else { return nil }
    if (keys.count + 1) * 2 > slots.count { grow() }
    place(key, Int32(keys.count))
    keys.append(key)
    return keys.count - 1
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for (row, key) in keys.enumerated() { place(key, Int32(row)) }
  }

  private mutating func place(_ key: UInt64, _ row: Int32) {
    var slot = Int(truncatingIfNeeded: key >> 20) & (slots.count - 1)
    while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = row
  }
}
