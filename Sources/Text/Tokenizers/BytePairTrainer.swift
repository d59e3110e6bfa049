// Learning the merges of byte-pair encoding (Sennrich, Haddow and Birch 2016): again and again the most frequent
// neighbouring pair becomes a token. Ties are broken as `BpeTrainer` of the `tokenizers` package breaks them (the pair
// with the lower numbers first), its counts are kept as there, and so the same texts give the same merges.

import Foundations

/// Counts the words of texts and learns a byte-level vocabulary from them. Learnt from the texts without any privacy: a
/// string that occurs often enough in one person's texts becomes a token.
public struct BytePairTrainer {
  /// Tokens in all at most, special ones and the letters included.
  public var vocabularySize: Int
  /// A pair seen less often does not merge.
  public var minimumFrequency: Int
  /// Get the first numbers, in this order.
  public var specialTokens: [String]
  public var addsPrefixSpace: Bool
  /// Whether all 256 bytes are tokens, so that every text can be encoded, or only those of the texts.
  public var hasAllBytes: Bool

  private var words = WordCounter()
  private let splitter = GPT2Splitter()

  public init(
    vocabularySize: Int, minimumFrequency: Int = 0, specialTokens: [String] = [],
    addsPrefixSpace: Bool = false, hasAllBytes: Bool = true
  ) {
    self.vocabularySize = vocabularySize
    self.minimumFrequency = minimumFrequency
    self.specialTokens = specialTokens
    self.addsPrefixSpace = addsPrefixSpace
    self.hasAllBytes = hasAllBytes
  }

  /// Counts the words of a text. (The `tokenizers` package counts files line by line, each with its end.)
  ///
  /// - Throws: `limit` where the different words of all texts take more than 2 GiB.
  public mutating func count(_ text: String) throws(DomainError) {
    if text.isEmpty { return }
    var text = addsPrefixSpace && text.utf8.first != 0x20 ? " " + text : text
    let fits = text.withUTF8 { bytes in
      var start = 0
      var turn = 0
      while start < bytes.count, !Parallel.isAbandoned(turn: turn) {
        turn += 1
        let end = splitter.end(bytes, from: start)
        if !words.add(UnsafeBufferPointer(rebasing: bytes[start..<end])) { return false }
        start = end
      }
      return true
    }
    guard fits else {
      throw DomainError(.limit, "the different words of the texts take more than 2 GiB")
    }
  }

  /// Learns from what was counted.
  ///
  /// - Throws: `value` where the vocabulary is too small for the special tokens and the letters, or a special token
  ///   comes twice.
  public func train() throws(DomainError) -> SubwordTokenizer {
    let (tokens, merges) = try learn()
    return try ByteLevelBPE.tokenizer(
      vocabulary: tokens.enumerated().map { ($1, $0) }, merges: merges,
      specialTokens: specialTokens, addsPrefixSpace: addsPrefixSpace)
  }

  /// The tokens by number and the merges.
  func learn() throws(DomainError) -> (tokens: [String], merges: [(String, String)]) {
    var isUsed = [Bool](repeating: hasAllBytes, count: 256)
    words.forEach { word, _ in for byte in word { isUsed[Int(byte)] = true } }
    let letters = (0..<256).filter { isUsed[$0] }
      .sorted { ByteAlphabet.letters[$0] < ByteAlphabet.letters[$1] }
    guard vocabularySize >= specialTokens.count + letters.count,
      vocabularySize <= TokenTable.largestID
    else {
      throw DomainError(
        .value,
        "a vocabulary of \(vocabularySize) has no room for \(specialTokens.count) special tokens and \(letters.count) letters, or is larger than \(TokenTable.largestID)"
      )
    }
    var learning = MergeLearning(specialTokens: specialTokens)
    guard learning.tokens.count == specialTokens.count else {
      throw DomainError(.value, "a special token comes twice or is empty")
    }
    var numbers = [Int32](repeating: 0, count: 256)
    for byte in letters {
      numbers[byte] = learning.number(of: String(Character(ByteAlphabet.letters[byte])))
    }
    words.forEach { word, count in learning.add(word.map { numbers[Int($0)] }, count: count) }
    try learning.run(vocabularySize: vocabularySize, minimumFrequency: minimumFrequency)
    return (
      learning.tokens,
      learning.uniqueMerges.map { (learning.tokens[Int($0.left)], learning.tokens[Int($0.right)]) }
    )
  }
}

/// Counts words in the order in which they first came: one piece of memory for all bytes, open addressing.
struct WordCounter {
  private struct Word {
    var start: Int32
    var end: Int32
    var hash: UInt32
    var count: Int
  }

  private var bytes: [UInt8] = []
  private var words: [Word] = []
  private var slots = [Int32](repeating: -1, count: 1 << 12)

  /// Counts `word` once more.
  ///
  /// - Returns: false where there is no room for another one.
  mutating func add(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
    let hash = Self.hash(word)
    let mask = slots.count - 1
    var slot = Int(hash) & mask
    while slots[slot] >= 0 {
      let i = Int(slots[slot])
      let known = words[i]
      if known.hash == hash, Int(known.end - known.start) == word.count, isEqual(known, word) {
        words[i].count += 1
        return true
      }
      slot = (slot + 1) & mask
    }
    guard bytes.count + word.count <= Int(Int32.max) else { return false }
    slots[slot] = Int32(words.count)
    let start = Int32(bytes.count)
    bytes.append(contentsOf: word)
    words.append(Word(start: start, end: Int32(bytes.count), hash: hash, count: 1))
    if words.count * 2 > slots.count { grow() }
    return true
  }

  private func isEqual(_ known: Word, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes.withUnsafeBufferPointer {
      UnsafeBufferPointer(rebasing: $0[Int(known.start)..<Int(known.end)]).elementsEqual(word)
    }
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 4)
    let mask = slots.count - 1
    for (i, word) in words.enumerated() {
      var slot = Int(word.hash) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(i)
    }
  }

  func forEach(_ body: (UnsafeBufferPointer<UInt8>, Int) -> Void) {
    bytes.withUnsafeBufferPointer { bytes in
      for word in words {
        body(UnsafeBufferPointer(rebasing: bytes[Int(word.start)..<Int(word.end)]), word.count)
      }
    }
  }

  private static func hash(_ word: UnsafeBufferPointer<UInt8>) -> UInt32 {
    let hash = FowlerNollVo.hash(word)
    return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
  }
}

/// The loop that learns merges. Counts of pairs change only where a merge touches words.
struct MergeLearning {
  private(set) var tokens: [String] = []
  private var numbers: [[UInt8]: Int32] = [:]
  private(set) var merges: [(left: Int32, right: Int32)] = []

  /// All words' symbols one behind the other; a word's are `symbols[starts[w]..<starts[w] + lengths[w]]`.
  private var symbols: [Int32] = []
  private var starts: [Int] = []
  private var lengths: [Int32] = []
  private var counts: [Int] = []

  /// Taken off the right token of a merge when it joins the left one: what continues a word is written with it.
  private let prefix: [UInt8]

  init(specialTokens: [String], continuingPrefix: String = "") {
    prefix = Array(continuingPrefix.utf8)
    for token in specialTokens where !token.isEmpty { _ = number(of: token) }
  }

  /// The number of a token, a new one where it is new.
  mutating func number(of token: String) -> Int32 {
    let key = Array(token.utf8)
    if let number = numbers[key] { return number }
    let number = Int32(tokens.count)
    tokens.append(token)
    numbers[key] = number
    return number
  }

  mutating func add(_ word: [Int32], count: Int) {
    starts.append(symbols.count)
    lengths.append(Int32(word.count))
    counts.append(count)
    symbols.append(contentsOf: word)
  }

  private typealias Pair = UInt64

  private static func pair(_ left: Int32, _ right: Int32) -> Pair {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// A pair with the words in which it is to be merged; a pair may stand in the queue several times with different
  /// words.
  private struct Candidate {
    var pair: Pair
    var count: Int
    var words: [Int32]

    /// Whether this one merges before `other`.
    func precedes(_ other: Candidate) -> Bool {
      count != other.count ? count > other.count : pair < other.pair
    }
  }

  private struct CandidateQueue {
    private var heap: [Candidate] = []

    mutating func push(_ candidate: Candidate) {
      heap.append(candidate)
      var i = heap.count - 1
      while i > 0, heap[i].precedes(heap[(i - 1) / 2]) {
        heap.swapAt(i, (i - 1) / 2)
        i = (i - 1) / 2
      }
    }

    mutating func pop() -> Candidate? {
      guard !heap.isEmpty else { return nil }
      heap.swapAt(0, heap.count - 1)
      let top = heap.removeLast()
      var i = 0
      while true {
        var child = 2 * i + 1
        if child >= heap.count { break }
        if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
        if !heap[child].precedes(heap[i]) { break }
        heap.swapAt(i, child)
        i = child
      }
      return top
    }
  }

  /// Words in which pairs newly stand, each word once a pair: words come one after the other.
  private struct Positions {
    private var places: [Pair: Int] = [:]
    private(set) var lists: [(pair: Pair, words: [Int32])] = []

    mutating func add(_ pair: Pair, _ word: Int32) {
      if let place = places[pair] {
        if lists[place].words.last != word { lists[place].words.append(word) }
      } else {
        places[pair] = lists.count
        lists.append((pair, [word]))
      }
    }
  }

  mutating func run(vocabularySize: Int, minimumFrequency: Int) throws(DomainError) {
    var pairCounts: [Pair: Int] = [:]
    var queue = CandidateQueue()
    var first = Positions()
    for word in starts.indices {
      try Cancellation.check(turn: word)
      let range = starts[word]..<starts[word] + Int(lengths[word])
      for i in range.dropLast() {
        let pair = Self.pair(symbols[i], symbols[i + 1])
        pairCounts[pair, default: 0] += counts[word]
        first.add(pair, Int32(word))
      }
    }
    for (pair, words) in first.lists {
      let count = pairCounts[pair] ?? 0
      if count > 0 { queue.push(Candidate(pair: pair, count: count, words: words)) }
    }
    while tokens.count < vocabularySize, var top = queue.pop() {
      try Cancellation.check()
      let count = pairCounts[top.pair] ?? 0
      if top.count != count {
        // Others took some of it since it was queued.
        if count > 0 {
          top.count = count
          queue.push(top)
        }
        continue
      }
      if count < max(minimumFrequency, 1) { break }
      let left = Int32(truncatingIfNeeded: top.pair >> 32)
      let right = Int32(truncatingIfNeeded: top.pair)
      var rightText = Substring(tokens[Int(right)])
      if !prefix.isEmpty, rightText.utf8.starts(with: prefix) {
        rightText = Substring(rightText.utf8.dropFirst(prefix.count))
      }
      let merged = number(of: tokens[Int(left)] + rightText)
      merges.append((left, right))
      var touched = Positions()
      for word in top.words {
        merge(Int(word), left, right, merged, &pairCounts, &touched)
      }
      for (pair, words) in touched.lists {
        let count = pairCounts[pair] ?? 0
        if count > 0 { queue.push(Candidate(pair: pair, count: count, words: words)) }
      }
    }
  }

  /// Merges the pair in one word and keeps the counts of its neighbours. That of the pair itself stays, as it does in
  /// the package: where a token can be made in two ways, a pair may come up a second time with words that came later.
  private mutating func merge(
    _ word: Int, _ left: Int32, _ right: Int32, _ merged: Int32, _ pairCounts: inout [Pair: Int],
    _ touched: inout Positions
  ) {
    let start = starts[word]
    let length = Int(lengths[word])
    let count = counts[word]
    var kept = 0
    var i = 0
    while i < length {
      let symbol = symbols[start + i]
      guard symbol == left, i + 1 < length, symbols[start + i + 1] == right else {
        symbols[start + kept] = symbol
        kept += 1
        i += 1
        continue
      }
      if kept > 0 {
        let before = symbols[start + kept - 1]
        pairCounts[Self.pair(before, left), default: 0] -= count
        pairCounts[Self.pair(before, merged), default: 0] += count
        touched.add(Self.pair(before, merged), Int32(word))
      }
      if i + 2 < length {
        let behind = symbols[start + i + 2]
        pairCounts[Self.pair(right, behind), default: 0] -= count
        pairCounts[Self.pair(merged, behind), default: 0] += count
        touched.add(Self.pair(merged, behind), Int32(word))
      }
      symbols[start + kept] = merged
      kept += 1
      i += 2
    }
    lengths[word] = Int32(kept)
  }

  /// The merges with each pair once. Where one came up twice the later place counts, as in the package, whose table
  /// keeps the last.
  var uniqueMerges: [(left: Int32, right: Int32)] {
    var seen: Set<Pair> = []
    var result: [(left: Int32, right: Int32)] = []
    for merge in merges.reversed() where seen.insert(Self.pair(merge.left, merge.right)).inserted {
      result.append(merge)
    }
    return result.reversed()
  }
}
