// The unigram model (Kudo 2018, "Subword Regularization"): each token has a log-probability, and a word is cut into the
// tokens with the largest sum (Viterbi). As `Unigram` of the `tokenizers` package and as SentencePiece have it, which
// differ in the width of their numbers.

import Foundations

/// What makes a unigram model beside its tokens.
public struct UnigramSettings: Sendable, Equatable {
  /// The number of the unknown token; nil: none.
  public var unknown: Int32?
  /// Unknown characters become the tokens `<0x00>` … of their bytes.
  public var fallsBackToBytes = false
  /// Sums are kept in 32 bits, as SentencePiece does.
  public var isSinglePrecision = false

  public init() {}
}

final class UnigramModel: Sendable {
  let table: TokenTable
  /// By number.
  let scores: [Double]
  let settings: UnigramSettings
  private let trie: PrefixTrie
  private let unknownScore: Double
  private let byteTokens: [Int32]?
  /// User-defined pieces of SentencePiece count by length: by number the score of each.
  private let given: [Int32: Double]

  /// What an unknown character costs more than the least probable token.
  private static let penalty = 10.0

  /// - Parameters:
  ///   - isPiece: whether a token may be cut from a text (SentencePiece's control pieces may not).
  ///   - given: scores that stand outside the model, by number.
  /// - Throws: `data` where a score is no number or the unknown token is not there, `limit` for too many tokens.
  init(
    table: TokenTable, scores: [Double], settings: UnigramSettings,
    isPiece: (Int32) -> Bool = { _ in true }, given: [Int32: Double] = [:], source: String
  ) throws(DomainError) {
    self.table = table
    self.scores = scores
    self.settings = settings
    self.given = given
    if let place = scores.firstIndex(where: { !$0.isFinite }) {
      throw DomainError(
        .data,
        "\(source): the score of token \(place) must be a finite number, but is \(scores[place])")
    }
    if let unknown = settings.unknown, !scores.indices.contains(Int(unknown)) {
      throw DomainError(
        .data, "\(source): the unknown token is number \(unknown), but there are \(scores.count)")
    }
    trie = PrefixTrie(capacity: scores.count * 4)
    var least = Double.infinity
    for id in scores.indices where isPiece(Int32(id)) {
      if given[Int32(id)] == nil { least = min(least, scores[id]) }
      guard let token = table.token(id), !token.isEmpty else { continue }
      guard trie.insert(token, Int32(id)) else {
        throw DomainError(.limit, "\(source): the tokens are too long together")
      }
    }
    unknownScore = (least.isFinite ? least : 0) - Self.penalty
    byteTokens = settings.fallsBackToBytes ? ByteToken.numbers(table) : nil
  }

  /// Cuts a word that has at least one byte into `buffers.wordIDs` and `buffers.wordEnds`.
  func encode(_ word: UnsafeBufferPointer<UInt8>, _ buffers: EncodingBuffers) {
    buffers.wordIDs.removeAll()
    buffers.wordEnds.removeAll()
    let count = word.count
    buffers.previous.set(count + 1)
    buffers.next.set(count + 1)
    if buffers.sums.count <= count {
      buffers.sums = [Double](repeating: 0, count: max(count + 1, 256))
    }
    let starts = buffers.previous.start
    let ids = buffers.next.start
    for i in 0...count { starts[i] = -1 }
    buffers.sums.withUnsafeMutableBufferPointer { sums in
      sums[0] = 0
      search(word, sums, starts, ids)
    }
    // From the end: unknown characters beside each other are one token.
    var end = count
    while end > 0 {
      var start = Int(starts[end])
      let id = ids[end]
      if id < 0 {
        while start > 0, ids[start] < 0 { start = Int(starts[start]) }
      }
      buffers.wordIDs.append(id)
      buffers.wordEnds.append(Int32(truncatingIfNeeded: end))
      end = start
    }
    settle(word, buffers)
  }

  @inline(__always)
  private func search(
    _ word: UnsafeBufferPointer<UInt8>, _ sums: UnsafeMutableBufferPointer<Double>,
    _ starts: UnsafeMutablePointer<Int32>, _ ids: UnsafeMutablePointer<Int32>
  ) {
    let isSingle = settings.isSinglePrecision
    @inline(__always) func add(_ score: Double, _ sum: Double) -> Double {
      isSingle ? Double(Float(score) + Float(sum)) : score + sum
    }
    @inline(__always) func offer(_ end: Int, _ sum: Double, _ start: Int, _ id: Int32) {
      guard starts[end] < 0 || sum > sums[end] else { return }
      sums[end] = sum
      starts[end] = Int32(truncatingIfNeeded: start)
      ids[end] = id
    }
    scores.withUnsafeBufferPointer { scores in
      trie.values.withUnsafeBufferPointer { values in
        var start = 0
        var turn = 0
        while start < word.count {
          turn &+= 1
          let sum = sums[start]
          let length = UTF8Decoder.scalar(word, start).1
          var hasSingle = false
          var node = 0
          var position = start
          while position < word.count {
            node = trie.next(node, word[position])
            if node == 0 { break }
            position += 1
            let id = values[node]
            guard id >= 0 else { continue }
            let score = given.isEmpty ? scores[Int(id)] : given[id] ?? scores[Int(id)]
            offer(position, add(score, sum), start, id)
            if position == start + length { hasSingle = true }
          }
          if !hasSingle { offer(start + length, add(unknownScore, sum), start, -1) }
          start += length
          if Parallel.isAbandoned(turn: turn) {
            // The result is thrown away; the way back must still lead to the start.
            while start < word.count {
              let next = start + UTF8Decoder.scalar(word, start).1
              if starts[next] < 0 { offer(next, 0, start, -1) }
              start = next
            }
          }
        }
      }
    }
  }

  /// Brings the tokens into the order of the text, and unknown ones to what stands for them.
  private func settle(_ word: UnsafeBufferPointer<UInt8>, _ buffers: EncodingBuffers) {
    let count = buffers.wordIDs.count
    var hasUnknown = false
    for i in 0..<count / 2 {
      swap(&buffers.wordIDs.start[i], &buffers.wordIDs.start[count - 1 - i])
      swap(&buffers.wordEnds.start[i], &buffers.wordEnds.start[count - 1 - i])
    }
    for i in 0..<count where buffers.wordIDs.start[i] < 0 { hasUnknown = true }
    guard hasUnknown else { return }
    buffers.wordStarts.removeAll()
    let (ids, ends) = (buffers.wordIDs.array, buffers.wordEnds.array)
    buffers.wordIDs.removeAll()
    buffers.wordEnds.removeAll()
    var start = 0
    for (id, end) in zip(ids, ends) {
      if id >= 0 {
        buffers.wordIDs.append(id)
        buffers.wordEnds.append(end)
      } else if let byteTokens {
        // Each byte stands for the whole unknown stretch.
        for i in start..<Int(end) {
          buffers.wordIDs.append(byteTokens[Int(word[i])])
          buffers.wordEnds.append(end)
          buffers.wordStarts.append(Int32(truncatingIfNeeded: start))
        }
        start = Int(end)
        continue
      } else if let unknown = settings.unknown {
        buffers.wordIDs.append(unknown)
        buffers.wordEnds.append(end)
      }
      for _ in buffers.wordStarts.count..<buffers.wordIDs.count {
        buffers.wordStarts.append(Int32(truncatingIfNeeded: start))
      }
      start = Int(end)
    }
  }
}

/// Tokens of single bytes as SentencePiece names them: `<0x0A>`.
enum ByteToken {
  static func text(_ byte: Int) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
  }

  /// The numbers of all 256; nil where one is missing.
  static func numbers(_ table: TokenTable) -> [Int32]? {
    let ids = (0..<256).compactMap { table.id(of: text($0)) }
    return ids.count == 256 ? ids : nil
  }

  /// The byte that a token stands for.
  static func byte(_ token: some Collection<UInt8>) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8) else { return nil }
    var digits = Array(token.dropFirst(3))
    guard digits.removeLast() == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}

/// A word is a token or is unknown.
final class WordLevelModel: Sendable {
  let table: TokenTable
  let unknownToken: String
  private let unknown: Int32

  init(table: TokenTable, unknownToken: String, source: String) throws(DomainError) {
    self.table = table
    self.unknownToken = unknownToken
    guard let unknown = table.id(of: unknownToken) else {
      throw DomainError(
        .data, "\(source): the unknown token `\(unknownToken)` is not in the vocabulary")
    }
    self.unknown = unknown
  }

  func encode(_ word: UnsafeBufferPointer<UInt8>, _ buffers: EncodingBuffers) {
    buffers.wordIDs.removeAll()
    buffers.wordEnds.removeAll()
    let id = table.id(word)
    buffers.wordIDs.append(id < 0 ? unknown : id)
    buffers.wordEnds.append(Int32(truncatingIfNeeded: word.count))
  }
}
