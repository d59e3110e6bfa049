// Tokens that stand outside the model: they are found in the text before anything else happens to it (or right after
// normalisation), the leftmost first and of several there the longest, as the `tokenizers` package finds them.

/// A token that is matched as a whole.
public struct AddedToken: Sendable, Equatable {
  public var id: Int32
  public var content: String
  /// Left out by decoding on request, and no part of ordinary text.
  public var isSpecial: Bool
  /// Only between characters that are no part of a word.
  public var isSingleWord: Bool
  /// Takes white space on this side with it.
  public var stripsLeft: Bool
  public var stripsRight: Bool
  /// Looked for in the normalised text, itself normalised.
  public var isNormalized: Bool

  public init(
    id: Int32, content: String, isSpecial: Bool = true, isSingleWord: Bool = false,
    stripsLeft: Bool = false, stripsRight: Bool = false, isNormalized: Bool = false
  ) {
    self.id = id
    self.content = content
    self.isSpecial = isSpecial
    self.isSingleWord = isSingleWord
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isNormalized = isNormalized
  }
}

/// Finds several tokens in a text at once.
struct AddedTokenFinder: Sendable {
  struct Match {
    var range: Range<Int>
    var id: Int32
  }

  private struct Pattern {
    var bytes: [UInt8]
    var token: AddedToken
  }

  /// A trie over bytes: node << 8 | byte gives the next node.
  private var children: [Int: Int] = [:]
  private var ends: [Int: Int] = [:]
  private var nodes = 1
  private var patterns: [Pattern] = []
  private var startsPattern = [Bool](repeating: false, count: 256)

  var isEmpty: Bool { patterns.isEmpty }

  /// - Parameter pattern: what is looked for; of two tokens with the same one the first counts.
  mutating func add(_ token: AddedToken, pattern: [UInt8]) {
    guard let first = pattern.first else { return }
    var node = 0
    for byte in pattern {
      if let next = children[node << 8 | Int(byte)] {
        node = next
      } else {
        children[node << 8 | Int(byte)] = nodes
        node = nodes
        nodes += 1
      }
    }
    if ends[node] == nil { ends[node] = patterns.count }
    patterns.append(Pattern(bytes: pattern, token: token))
    startsPattern[Int(first)] = true
  }

  /// The longest pattern at `start`.
  private func longest(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Pattern? {
    var node = 0
    var found: Int?
    var position = start
    while position < bytes.count, let next = children[node << 8 | Int(bytes[position])] {
      node = next
      position += 1
      if let end = ends[node] { found = end }
    }
    return found.map { patterns[$0] }
  }

  /// Calls `body` for each match, from left to right; where tokens strip white space, ranges may touch but not overlap
  /// unless two tokens claim the same white space.
  func forEachMatch(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Match) -> Void) {
    var position = 0
    var behindLast = 0
    while let start = candidate(bytes, position) {
      guard let pattern = longest(bytes, start) else {
        position = start + 1
        continue
      }
      let end = start + pattern.bytes.count
      position = end
      if pattern.token.isSingleWord, touchesWord(bytes, start, end) { continue }
      var range = start..<end
      if pattern.token.stripsLeft {
        range = max(spaceStart(bytes, before: start), min(behindLast, start))..<end
      }
      if pattern.token.stripsRight {
        range = range.lowerBound..<spaceEnd(bytes, from: end)
      }
      body(Match(range: range, id: pattern.token.id))
      behindLast = range.upperBound
    }
  }

  private func candidate(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    startsPattern.withUnsafeBufferPointer { starts in
      var position = start
      while position < bytes.count {
        if starts[Int(bytes[position])] { return position }
        position += 1
      }
      return nil
    }
  }

  private func touchesWord(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    if start > 0 {
      var before = start - 1
      while before > 0, bytes[before] & 0xC0 == 0x80 { before -= 1 }
      if UnicodeTable.flags(UTF8Decoder.scalar(bytes, before).0).contains(.word) { return true }
    }
    return end < bytes.count
      && UnicodeTable.flags(UTF8Decoder.scalar(bytes, end).0).contains(.word)
  }

  private func spaceStart(_ bytes: UnsafeBufferPointer<UInt8>, before end: Int) -> Int {
    var start = end
    while start > 0 {
      var before = start - 1
      while before > 0, bytes[before] & 0xC0 == 0x80 { before -= 1 }
      guard UnicodeTable.flags(UTF8Decoder.scalar(bytes, before).0).contains(.whitespace) else {
        break
      }
      start = before
    }
    return start
  }

  private func spaceEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var end = start
    while end < bytes.count {
      let (scalar, length) = UTF8Decoder.scalar(bytes, end)
      guard UnicodeTable.flags(scalar).contains(.whitespace) else { break }
      end += length
    }
    return end
  }
}
