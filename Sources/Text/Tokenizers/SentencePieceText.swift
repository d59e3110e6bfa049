// What SentencePiece itself does to texts before a model cuts them, and how it puts them together again: its
// `Normalizer` and `SentencePieceProcessor::Decode`, which differ from what tokenizer.json can say.

import Foundations

/// The normalisation of a bare SentencePiece model.
public final class SentencePieceNormalization: Sendable, Equatable {
  private let file: SentencePieceFile
  private let rules: PrecompiledNormalization?
  /// Texts of user-defined pieces, which are left alone.
  private let kept: PrefixTrie?

  public static func == (
    left: SentencePieceNormalization, right: SentencePieceNormalization
  ) -> Bool { left.file == right.file }

  init(_ file: SentencePieceFile, kept: PrefixTrie?, source: String) throws(DomainError) {
    self.file = file
    self.kept = kept
    rules = file.rules.isEmpty ? nil : try PrecompiledNormalization(file.rules, place: source)
  }

  static let mark: UInt32 = 0x2581

  func apply(to text: inout NormalizedText) {
    var bytes: [UInt8] = []
    var owners: [Int32] = []
    text.encode(into: &bytes, owners: &owners)
    /// What the text becomes from a byte on, and the bytes that it takes.
    func next(_ at: Int) -> (scalars: [UInt32], end: Int) {
      if let kept, let end = bytes.withUnsafeBufferPointer({ kept.longest($0, from: at)?.end }) {
        return (text.scalars[Int(owners[at])...Int(owners[end - 1])].map { $0 }, end)
      }
      if let (replacement, length) = rules?.longest(bytes[at...]) {
        return (
          String(decoding: replacement, as: UTF8.self).unicodeScalars.map(\.value), at + length
        )
      }
      let length = bytes.withUnsafeBufferPointer { UTF8Decoder.scalar($0, at).1 }
      return ([text.scalars[Int(owners[at])]], at + length)
    }
    var result = NormalizedText()
    var position = 0
    if file.removesExtraSpaces {
      while position < bytes.count {
        let (scalars, end) = next(position)
        guard scalars == [0x20] else { break }
        position = end
      }
    }
    guard position < bytes.count else {
      text = result
      return
    }
    let mark = file.escapesSpaces ? Self.mark : 0x20
    let first = Int(owners[position])
    if file.addsDummyPrefix, !file.spaceIsSuffix {
      result.append(mark, text.starts[first], text.starts[first])
    }
    var isBehindSpace = file.removesExtraSpaces
    while position < bytes.count {
      let (scalars, end) = next(position)
      var part = scalars[...]
      while isBehindSpace, part.first == 0x20 { part.removeFirst() }
      let (start, stop) = (text.starts[Int(owners[position])], text.ends[Int(owners[end - 1])])
      for scalar in part { result.append(scalar == 0x20 ? mark : scalar, start, stop) }
      if let last = part.last { isBehindSpace = last == 0x20 }
      if !file.removesExtraSpaces { isBehindSpace = false }
      position = end
    }
    if file.removesExtraSpaces {
      var count = result.count
      while count > 0, result.scalars[count - 1] == mark { count -= 1 }
      result.crop(0..<count)
    }
    if file.addsDummyPrefix, file.spaceIsSuffix {
      let end = text.ends[text.count - 1]
      result.append(mark, end, end)
    }
    text = result
  }
}

/// A SentencePiece model as it stands in a file, beside what it became.
struct SentencePieceSource: Sendable {
  let bytes: [UInt8]
  let file: SentencePieceFile

  /// The text of pieces by their numbers.
  ///
  /// - Parameter skipsControl: control pieces are nothing in a text anyway; with this, unknown ones are nothing too.
  func decode(_ ids: [Int32], skipsUnknown: Bool) throws(DomainError) -> [UInt8] {
    var result: [UInt8] = []
    var bytes: [UInt8] = []
    var isStart = true
    var sawMark = false
    func flush() {
      guard !bytes.isEmpty else { return }
      result.append(contentsOf: Self.repaired(bytes))
      bytes = []
    }
    for (turn, id) in ids.enumerated() {
      try Cancellation.check(turn: turn)
      guard file.pieces.indices.contains(Int(id)) else {
        throw DomainError(
          .value,
          "no token has the number \(id); the vocabulary ends at \(file.pieces.count - 1)")
      }
      let piece = file.pieces[Int(id)]
      if piece.kind == .byte, let byte = ByteToken.byte(piece.text.utf8) {
        bytes.append(byte)
        continue
      }
      flush()
      if sawMark || !result.isEmpty { isStart = false }
      sawMark = false
      switch piece.kind {
      case .control: continue
      case .unknown: if !skipsUnknown { result.append(contentsOf: file.unknownSurface.utf8) }
      default:
        var scalars = piece.text.unicodeScalars[...]
        if isStart, file.addsDummyPrefix || file.removesExtraSpaces,
          scalars.first?.value == SentencePieceNormalization.mark
        {
          scalars.removeFirst()
          sawMark = !file.removesExtraSpaces
        }
        for scalar in scalars {
          UTF8Decoder.append(
            scalar.value == SentencePieceNormalization.mark ? 0x20 : scalar.value, to: &result)
        }
      }
    }
    flush()
    return result
  }

  /// The bytes as text, each that belongs to no character as U+FFFD.
  private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var start = 0
    while start < bytes.count {
      let length =
        switch bytes[start] {
        case 0..<0x80: 1
        case 0xC2..<0xE0: 2
        case 0xE0..<0xF0: 3
        case 0xF0..<0xF5: 4
        default: 0
        }
      let part = Array(bytes[start..<min(start + max(length, 1), bytes.count)])
      if length == part.count, part.withUnsafeBufferPointer({ UTF8Check.firstInvalid($0) }) == nil {
        result.append(contentsOf: part)
        start += length
      } else {
        result.append(contentsOf: "\u{FFFD}".utf8)
        start += 1
      }
    }
    return result
  }
}
