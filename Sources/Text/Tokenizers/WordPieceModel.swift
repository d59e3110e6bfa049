// WordPiece (Schuster and Nakajima 2012; as BERT uses it: Devlin et al. 2019): from a word's start, always the longest
// token that fits; what continues a word has a prefix of its own. A word that cannot be cut so, or that is too long, is
// the unknown token as a whole.

import Foundations

/// What makes a WordPiece model, as files hold it.
public struct WordPieceSettings: Sendable, Equatable {
  public var unknownToken = "[UNK]"
  public var continuingPrefix = "##"
  /// A word of more code points is unknown.
  public var longestWord = 100

  public init() {}
}

final class WordPieceModel: Sendable {
  let table: TokenTable
  let settings: WordPieceSettings
  private let unknown: Int32
  private let prefix: [UInt8]

  init(table: TokenTable, settings: WordPieceSettings, source: String) throws(DomainError) {
    self.table = table
    self.settings = settings
    guard let unknown = table.id(of: settings.unknownToken) else {
      throw DomainError(
        .data,
        "\(source): the unknown token `\(settings.unknownToken)` is not in the vocabulary")
    }
    self.unknown = unknown
    prefix = Array(settings.continuingPrefix.utf8)
  }

  /// Cuts a word that has at least one byte into `buffers.wordIDs` and `buffers.wordEnds`.
  func encode(_ word: UnsafeBufferPointer<UInt8>, _ buffers: EncodingBuffers) {
    buffers.wordIDs.removeAll()
    buffers.wordEnds.removeAll()
    var characters = 0
    for byte in word where byte & 0xC0 != 0x80 { characters += 1 }
    if characters > settings.longestWord { return beUnknown(word, buffers) }
    // The word behind room for a prefix: a later piece overwrites with its prefix what was cut before it.
    buffers.bytes.removeAll(keepingCapacity: true)
    buffers.bytes.append(contentsOf: prefix)
    buffers.bytes.append(contentsOf: word)
    let isWhole = buffers.bytes.withUnsafeMutableBufferPointer { bytes in
      var start = prefix.count
      while start < bytes.count {
        let isFirst = start == prefix.count
        let keyStart = isFirst ? start : start - prefix.count
        if !isFirst {
          for i in prefix.indices { bytes[keyStart + i] = prefix[i] }
        }
        var end = min(bytes.count, keyStart + table.longest)
        var found: Int32 = -1
        while end > start {
          if end == bytes.count || bytes[end] & 0xC0 != 0x80 {
            found = table.id(UnsafeBufferPointer(rebasing: bytes[keyStart..<end]))
            if found >= 0 { break }
          }
          end -= 1
        }
        if found < 0 { return false }
        buffers.wordIDs.append(found)
        buffers.wordEnds.append(Int32(truncatingIfNeeded: end - prefix.count))
        start = end
      }
      return true
    }
    if !isWhole { beUnknown(word, buffers) }
  }

  private func beUnknown(_ word: UnsafeBufferPointer<UInt8>, _ buffers: EncodingBuffers) {
    buffers.wordIDs.removeAll()
    buffers.wordEnds.removeAll()
    buffers.wordIDs.append(unknown)
    buffers.wordEnds.append(Int32(truncatingIfNeeded: word.count))
  }
}
