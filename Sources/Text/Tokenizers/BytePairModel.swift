// Byte-pair encoding (Sennrich, Haddow and Birch 2016; over bytes: Radford et al. 2019): a word starts as single bytes
// or characters; of all neighbouring pairs that the table of merges has, the one that was learnt first (and of equal
// ones the leftmost) becomes one token, until there is none. Behaves as `BPE` of the `tokenizers` package.

import Foundations

/// What makes a byte-pair model, as files hold it.
public struct BytePairSettings: Sendable, Equatable {
  /// The token for characters that are not in the vocabulary; nil drops them.
  public var unknownToken: String?
  /// Put before every character but a word's first.
  public var continuingPrefix = ""
  /// Put behind a word's last character.
  public var endSuffix = ""
  /// Neighbouring unknown characters become one token.
  public var fusesUnknown = false
  /// Characters that are not in the vocabulary become the tokens `<0x00>` … of their bytes.
  public var fallsBackToBytes = false
  /// A word that is a token stays whole, whatever the merges.
  public var ignoresMerges = false

  public init() {}
}

final class BytePairModel: @unchecked Sendable {
  let table: TokenTable
  let settings: BytePairSettings
  /// The merges in the order of their ranks, as tokens.
  let merges: [(left: Int32, right: Int32)]
  /// Bytes are symbols (as letters of the byte-level alphabet) and not characters.
  let isByteLevel: Bool
  private let pairs: PairTable
  /// Tokens of single bytes, -1 for none; for byte-level models.
  private let byteTokens: [Int32]
  private let unknown: Int32
  /// The tokens `<0x00>` …; nil where unknown characters do not become bytes.
  private let fallback: [Int32]?
  /// Texts that are one symbol each and merge with nothing.
  private let kept: PrefixTrie?
  private static let longestLinear = 48

  /// - Throws: `data` where a merge names a token that is not there, makes one that is not there, or comes twice.
  init(
    table: TokenTable, merges: [(String, String)], settings: BytePairSettings, isByteLevel: Bool,
    source: String
  ) throws(DomainError) {
    self.table = table
    self.settings = settings
    self.isByteLevel = isByteLevel
    let prefix = Array(settings.continuingPrefix.utf8)
    let pairs = PairTable(capacity: merges.count)
    var numbered: [(left: Int32, right: Int32)] = []
    numbered.reserveCapacity(merges.count)
    var whole: [UInt8] = []
    for (rank, (left, right)) in merges.enumerated() {
      guard let leftID = table.id(of: left), let rightID = table.id(of: right) else {
        let missing = table.id(of: left) == nil ? left : right
        throw DomainError(
          .data,
          "\(source): merge \(rank + 1) names `\(missing)`, which is not in the vocabulary")
      }
      whole.removeAll(keepingCapacity: true)
      whole.append(contentsOf: left.utf8)
      whole.append(contentsOf: right.utf8.dropFirst(prefix.count))
      let merged = whole.withUnsafeBufferPointer { table.id($0) }
      guard merged >= 0 else {
        throw DomainError(
          .data,
          "\(source): merge \(rank + 1) makes `\(String(decoding: whole, as: UTF8.self))`, which is not in the vocabulary"
        )
      }
      guard pairs.insert(leftID, rightID, rank: Int32(rank), merged: merged) else {
        throw DomainError(
          .data, "\(source): merge \(rank + 1), `\(left)` and `\(right)`, comes twice")
      }
      numbered.append((leftID, rightID))
    }
    self.merges = numbered
    self.pairs = pairs
    var byteTokens = [Int32](repeating: -1, count: 256)
    if isByteLevel {
      for byte in 0..<256 {
        let letter = String(Character(ByteAlphabet.letters[byte]))
        byteTokens[byte] = table.id(of: letter) ?? -1
      }
    }
    self.byteTokens = byteTokens
    kept = nil
    fallback = settings.fallsBackToBytes ? ByteToken.numbers(table) : nil
    unknown =
      try settings.unknownToken.map { (name) throws(DomainError) in
        guard let id = table.id(of: name) else {
          throw DomainError(
            .data, "\(source): the unknown token `\(name)` is not in the vocabulary")
        }
        return id
      } ?? -1
  }

  /// Two tokens of SentencePiece that make a third one, with its score and their lengths in characters.
  struct ScoredMerge {
    var left: Int32
    var right: Int32
    var merged: Int32
    var score: Float
    var leftCount: Int
    var rightCount: Int
  }

  /// A model whose merges follow from its tokens: of SentencePiece or of `tiktoken`.
  ///
  /// - Parameters:
  ///   - merges: in the order of their ranks.
  ///   - sharesRanks: merges of equal score have equal ranks, so that the leftmost comes first.
  ///   - kept: texts that are one symbol each and merge with nothing.
  init(
    table: TokenTable, merges: [ScoredMerge], sharesRanks: Bool, settings: BytePairSettings,
    kept: PrefixTrie?, isByteLevel: Bool = false, source: String
  ) throws(DomainError) {
    self.table = table
    self.settings = settings
    self.kept = kept
    self.isByteLevel = isByteLevel
    byteTokens =
      isByteLevel
      ? ByteAlphabet.letters.map { table.id(of: String(Character($0))) ?? -1 } : []
    pairs = PairTable(capacity: merges.count)
    var rank: Int32 = 0
    for (i, merge) in merges.enumerated() {
      if !sharesRanks || i > 0 && merges[i - 1].score != merge.score {
        rank = Int32(truncatingIfNeeded: i)
      }
      guard pairs.insert(merge.left, merge.right, rank: rank, merged: merge.merged) else {
        throw DomainError(.data, "\(source): two pieces are made of the same parts")
      }
    }
    self.merges = merges.map { ($0.left, $0.right) }
    fallback = settings.fallsBackToBytes ? ByteToken.numbers(table) : nil
    unknown = settings.unknownToken.flatMap { table.id(of: $0) } ?? -1
  }

  /// Cuts a word that has at least one byte into `buffers.wordIDs` and `buffers.wordEnds`.
  func encode(_ word: UnsafeBufferPointer<UInt8>, _ buffers: EncodingBuffers) {
    buffers.wordIDs.removeAll()
    buffers.wordEnds.removeAll()
    if settings.ignoresMerges {
      let id = isByteLevel ? table.id(of: ByteAlphabet.text(word)) ?? -1 : table.id(word)
      if id >= 0 {
        buffers.wordIDs.append(id)
        buffers.wordEnds.append(Int32(truncatingIfNeeded: word.count))
        return
      }
    }
    if isByteLevel { startFromBytes(word, buffers) } else { startFromCharacters(word, buffers) }
    if buffers.wordIDs.count < 2 { return }
    if buffers.wordIDs.count <= Self.longestLinear {
      mergeShort(buffers)
    } else {
      mergeLong(buffers)
    }
  }

  private func startFromBytes(_ word: UnsafeBufferPointer<UInt8>, _ buffers: EncodingBuffers) {
    buffers.wordIDs.reserve(word.count)
    buffers.wordEnds.reserve(word.count)
    byteTokens.withUnsafeBufferPointer { tokens in
      for i in 0..<word.count { add(tokens[Int(word[i])], end: i + 1, buffers) }
    }
  }

  /// Adds a symbol; -1 is one that the vocabulary lacks.
  @inline(__always)
  private func add(_ id: Int32, end: Int, _ buffers: EncodingBuffers) {
    if id >= 0 {
      buffers.wordIDs.append(id)
      buffers.wordEnds.append(Int32(truncatingIfNeeded: end))
    } else if unknown >= 0 {
      let count = buffers.wordIDs.count
      if settings.fusesUnknown, count > 0, buffers.wordIDs.start[count - 1] == unknown {
        buffers.wordEnds.start[count - 1] = Int32(truncatingIfNeeded: end)
      } else {
        buffers.wordIDs.append(unknown)
        buffers.wordEnds.append(Int32(truncatingIfNeeded: end))
      }
    }
  }

  private func startFromCharacters(_ word: UnsafeBufferPointer<UInt8>, _ buffers: EncodingBuffers) {
    let prefix = settings.continuingPrefix.utf8
    let suffix = settings.endSuffix.utf8
    var start = 0
    while start < word.count {
      if let kept, let (end, id) = kept.longest(word, from: start) {
        add(id, end: end, buffers)
        start = end
        continue
      }
      let end = start + UTF8Decoder.scalar(word, start).1
      let id: Int32
      if (start == 0 || prefix.isEmpty) && (end < word.count || suffix.isEmpty) {
        id = table.id(UnsafeBufferPointer(rebasing: word[start..<end]))
      } else {
        var symbol = start > 0 ? Array(prefix) : []
        symbol.append(contentsOf: word[start..<end])
        if end == word.count { symbol.append(contentsOf: suffix) }
        id = symbol.withUnsafeBufferPointer { table.id($0) }
      }
      if id < 0, let fallback {
        for i in start..<end { add(fallback[Int(word[i])], end: i + 1, buffers) }
      } else {
        add(id, end: end, buffers)
      }
      start = end
    }
  }

  private static let noRank = Int32.max

  /// Looks for the best pair again after each merge: fastest for words of ordinary length.
  private func mergeShort(_ buffers: EncodingBuffers) {
    var count = buffers.wordIDs.count
    buffers.ranks.set(count)
    buffers.merged.set(count)
    let ids = buffers.wordIDs.start
    let ends = buffers.wordEnds.start
    let ranks = buffers.ranks.start
    let merged = buffers.merged.start
    for i in 0..<count - 1 { (ranks[i], merged[i]) = pairs.find(ids[i], ids[i + 1]) }
    while count > 1 {
      var best = 0
      var lowest = ranks[0]
      for i in 1..<max(count - 1, 1) where ranks[i] < lowest {
        lowest = ranks[i]
        best = i
      }
      if lowest == Self.noRank { break }
      ids[best] = merged[best]
      ends[best] = ends[best + 1]
      count -= 1
      var i = best + 1
      while i < count {
        ids[i] = ids[i + 1]
        ends[i] = ends[i + 1]
        ranks[i - 1] = ranks[i]
        merged[i - 1] = merged[i]
        i += 1
      }
      if best > 0 {
        (ranks[best - 1], merged[best - 1]) = pairs.find(ids[best - 1], ids[best])
      }
      if best + 1 < count {
        (ranks[best], merged[best]) = pairs.find(ids[best], ids[best + 1])
      }
    }
    buffers.wordIDs.set(count)
    buffers.wordEnds.set(count)
  }

  /// Keeps the pairs in a queue: n log n for words that are as long as somebody likes.
  private func mergeLong(_ buffers: EncodingBuffers) {
    let count = buffers.wordIDs.count
    buffers.previous.set(count)
    buffers.next.set(count)
    let ids = buffers.wordIDs.start
    let ends = buffers.wordEnds.start
    let previous = buffers.previous.start
    let next = buffers.next.start
    var queue = MinimumQueue(taking: &buffers.queue)
    for i in 0..<count {
      previous[i] = Int32(truncatingIfNeeded: i - 1)
      next[i] = i + 1 < count ? Int32(truncatingIfNeeded: i + 1) : -1
    }
    /// Rank in the upper half and place in the lower: the order in which pairs merge.
    func push(_ place: Int32) {
      let rank = pairs.find(ids[Int(place)], ids[Int(next[Int(place)])]).rank
      if rank != Self.noRank {
        queue.push(UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(UInt32(bitPattern: place)))
      }
    }
    for i in 0..<count - 1 { push(Int32(truncatingIfNeeded: i)) }
    var turn = 0
    while let entry = queue.pop() {
      turn &+= 1
      // Words that are remembered are shorter than that.
      if Parallel.isAbandoned(turn: turn) { break }
      let place = Int(UInt32(truncatingIfNeeded: entry))
      // Gone into another token, or with another neighbour since: the queue keeps such entries.
      guard ids[place] >= 0, next[place] >= 0 else { continue }
      let follower = Int(next[place])
      let (rank, merged) = pairs.find(ids[place], ids[follower])
      guard rank == Int32(truncatingIfNeeded: entry >> 32) else { continue }
      ids[place] = merged
      ends[place] = ends[follower]
      ids[follower] = -1
      next[place] = next[follower]
      if next[follower] >= 0 {
        previous[Int(next[follower])] = Int32(truncatingIfNeeded: place)
        push(Int32(truncatingIfNeeded: place))
      }
      if previous[place] >= 0 { push(previous[place]) }
    }
    queue.giveBack(to: &buffers.queue)
    var kept = 0
    var place = 0
    while place >= 0 {
      ids[kept] = ids[place]
      ends[kept] = ends[place]
      kept += 1
      place = Int(next[place])
    }
    buffers.wordIDs.set(kept)
    buffers.wordEnds.set(kept)
  }
}

/// Rank and result of each pair that merges: open addressing, so that a look-up is one or two lines of memory.
final class PairTable {
  private struct Entry {
    var pair: UInt64
    var rank: Int32
    var merged: Int32
  }

  private let entries: UnsafeMutablePointer<Entry>
  private let mask: Int
  private static let none = UInt64.max

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    entries = .allocate(capacity: size)
    entries.initialize(
      repeating: Entry(pair: Self.none, rank: Int32.max, merged: -1), count: size)
    mask = size - 1
  }

  deinit { entries.deallocate() }

  @inline(__always)
  private func slot(_ pair: UInt64) -> Int {
    var hash = pair &* 0x9E37_79B9_7F4A_7C15
    hash ^= hash >> 32
    return Int(truncatingIfNeeded: hash) & mask
  }

  @inline(__always)
  private func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// - Returns: false where the pair is there already.
  func insert(_ left: Int32, _ right: Int32, rank: Int32, merged: Int32) -> Bool {
    let pair = pair(left, right)
    var i = slot(pair)
    while entries[i].pair != Self.none {
      if entries[i].pair == pair { return false }
      i = (i + 1) & mask
    }
    entries[i] = Entry(pair: pair, rank: rank, merged: merged)
    return true
  }

  /// `Int32.max` as rank where the pair does not merge.
  @inline(__always)
  func find(_ left: Int32, _ right: Int32) -> (rank: Int32, merged: Int32) {
    let pair = pair(left, right)
    var i = slot(pair)
    while true {
      let entry = entries[i]
      if entry.pair == pair || entry.pair == Self.none { return (entry.rank, entry.merged) }
      i = (i + 1) & mask
    }
  }
}

/// A binary heap of numbers, the lowest first.
struct MinimumQueue {
  private var heap: [UInt64] = []

  /// Works in the memory of `storage`, whose content is thrown away.
  init(taking storage: inout [UInt64]) {
    swap(&heap, &storage)
    heap.removeAll(keepingCapacity: true)
  }

  mutating func giveBack(to storage: inout [UInt64]) { swap(&heap, &storage) }

  mutating func push(_ number: UInt64) {
    heap.append(number)
    var i = heap.count - 1
    while i > 0, heap[(i - 1) / 2] > number {
      heap[i] = heap[(i - 1) / 2]
      i = (i - 1) / 2
    }
    heap[i] = number
  }

  mutating func pop() -> UInt64? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return top }
    var i = 0
    while true {
      var child = 2 * i + 1
      if child >= heap.count { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      if heap[child] >= last { break }
      heap[i] = heap[child]
      i = child
    }
    heap[i] = last
    return top
  }
}

/// The letters that stand for bytes in a byte-level vocabulary: printable bytes of Latin-1 for themselves, the others
/// for the code points from 256 on (`bytes_to_unicode` of GPT-2's published code).
enum ByteAlphabet {
  static let letters: [Unicode.Scalar] = {
    var next: UInt32 = 256
    return (0..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(UInt8(byte))
      default:
        defer { next += 1 }
        return Unicode.Scalar(next)!  // below 0x200: no surrogate
      }
    }
  }()

  /// The byte of each letter, -1 for code points below 0x200 that are none.
  static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x200)
    for (byte, letter) in letters.enumerated() { bytes[Int(letter.value)] = Int16(byte) }
    return bytes
  }()

  /// The word in letters.
  static func text(_ word: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in word { text.unicodeScalars.append(letters[Int(byte)]) }
    return text
  }

  /// Appends the bytes that a token in letters stands for.
  ///
  /// - Returns: false where one of its characters is no letter.
  static func decode(_ token: UnsafeBufferPointer<UInt8>, into result: inout [UInt8]) -> Bool {
    var position = 0
    while position < token.count {
      let (scalar, length) = UTF8Decoder.scalar(token, position)
      position += length
      guard scalar < 0x200, bytes[Int(scalar)] >= 0 else { return false }
      result.append(UInt8(bytes[Int(scalar)]))
    }
    return true
  }
}
