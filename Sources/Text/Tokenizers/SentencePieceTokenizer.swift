// Tokenizers of SentencePiece models: by themselves, with their own numbers, or as the classes of transformers make
// them, with the numbers of the class.

import Foundations

/// Tokenizers made of SentencePiece models.
enum SentencePieceTokenizer {
  /// The model by itself: pieces have the numbers of the file, and nothing is put around a text.
  static func bare(_ bytes: [UInt8], source: String) throws(DomainError) -> SubwordTokenizer {
    let file = try SentencePieceFile(bytes, source: source)
    guard !file.hasDenormalizer else {
      throw DomainError(.data, "\(source): rules of denormalisation are not supported")
    }
    let kept = try userDefined(file, source)
    let table = try self.table(file, source)
    var parts = SubwordTokenizer.Parts(
      model: try model(file, table, kept, isOwn: true, source: source),
      normalizer: .sentencePiece(
        try SentencePieceNormalization(file, kept: kept, source: source)),
      preTokenizer: nil)
    parts.sentencePiece = SentencePieceSource(bytes: bytes, file: file)
    parts.specialTokens.unknown = file.unknown
    for (id, piece) in file.pieces.enumerated() where piece.kind == .control {
      switch piece.text {
      case "<s>": parts.specialTokens.beginning = Int32(id)
      case "</s>": parts.specialTokens.end = Int32(id)
      case "<pad>": parts.specialTokens.padding = Int32(id)
      default: break
      }
    }
    return try SubwordTokenizer(parts, source: source)
  }

  static func table(
    _ file: SentencePieceFile, _ source: String
  ) throws(DomainError) -> TokenTable {
    try TokenTable(file.pieces.enumerated().map { ($1.text, $0) }, source: source)
  }

  private static func userDefined(
    _ file: SentencePieceFile, _ source: String
  ) throws(DomainError) -> PrefixTrie? {
    let trie = PrefixTrie()
    var isEmpty = true
    for (id, piece) in file.pieces.enumerated() where piece.kind == .userDefined {
      guard trie.insert(piece.text.utf8, Int32(id)) else {
        throw DomainError(.limit, "\(source): the pieces are too long together")
      }
      isEmpty = false
    }
    return isEmpty ? nil : trie
  }

  /// - Parameter isOwn: as SentencePiece itself has it; else as transformers converts it.
  static func model(
    _ file: SentencePieceFile, _ table: TokenTable, _ kept: PrefixTrie?, isOwn: Bool,
    source: String
  ) throws(DomainError) -> SubwordTokenizer.Model {
    if file.pieces.contains(where: { $0.kind == .unused }) {
      throw DomainError(
        .data, "\(source): a restricted vocabulary (unused pieces) is not supported")
    }
    switch file.modelType {
    case 1:
      var settings = UnigramSettings()
      settings.unknown = file.unknown
      settings.fallsBackToBytes = file.fallsBackToBytes
      settings.isSinglePrecision = isOwn
      var given: [Int32: Double] = [:]
      let most = file.pieces.lazy.filter { $0.kind == .normal }.map(\.score).max() ?? 0
      for (id, piece) in file.pieces.enumerated() where isOwn && piece.kind == .userDefined {
        given[Int32(id)] = Double(Float(Double(Float(piece.text.utf8.count) * most) - 0.1))
      }
      return .unigram(
        try UnigramModel(
          table: table, scores: file.pieces.map { Double($0.score) }, settings: settings,
          isPiece: { id in
            let kind = file.pieces[Int(id)].kind
            return !isOwn || kind == .normal || kind == .userDefined
          }, given: given, source: source))
    case 2:
      var settings = BytePairSettings()
      settings.unknownToken = file.pieces[Int(file.unknown)].text
      settings.fallsBackToBytes = file.fallsBackToBytes
      settings.fusesUnknown = true
      return .bytePair(
        try BytePairModel(
          table: table, merges: try merges(file, table, source), sharesRanks: isOwn,
          settings: settings, kept: kept, source: source))
    default:
      throw DomainError(
        .data, "\(source): a SentencePiece model of type \(file.modelType) is not supported",
        hint: "unigram (1) and BPE (2) models are")
    }
  }

  /// All pairs of pieces that make a piece, the highest score of what they make first, as transformers lists them.
  static func merges(
    _ file: SentencePieceFile, _ table: TokenTable, _ source: String
  ) throws(DomainError) -> [BytePairModel.ScoredMerge] {
    var merges: [BytePairModel.ScoredMerge] = []
    for (id, piece) in file.pieces.enumerated() where piece.kind == .normal {
      try Cancellation.check(turn: id)
      let bytes = Array(piece.text.utf8)
      let starts = bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 }
      guard starts.count > 1 else { continue }
      var local: [BytePairModel.ScoredMerge] = []
      bytes.withUnsafeBufferPointer { bytes in
        for (place, cut) in starts.enumerated().dropFirst() {
          let left = table.id(UnsafeBufferPointer(rebasing: bytes[..<cut]))
          let right = table.id(UnsafeBufferPointer(rebasing: bytes[cut...]))
          guard left >= 0, right >= 0, file.pieces[Int(left)].kind == .normal,
            file.pieces[Int(right)].kind == .normal
          else { continue }
          local.append(
            BytePairModel.ScoredMerge(
              left: left, right: right, merged: Int32(id), score: piece.score, leftCount: place,
              rightCount: starts.count - place))
        }
      }
      local.sort { ($0.left, $0.right) < ($1.left, $1.right) }
      merges.append(contentsOf: local)
    }
    merges.sort {
      ($0.score, $0.leftCount, $0.rightCount) > ($1.score, $1.leftCount, $1.rightCount)
    }
    return merges
  }
}

extension SentencePieceFile {
  /// The number of the unknown piece.
  var unknown: Int32 { Int32(pieces.firstIndex { $0.kind == .unknown } ?? 0) }
}
