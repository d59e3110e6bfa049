// The model files of SentencePiece (Kudo and Richardson 2018): a message of protocol buffers with pieces, how the model
// was trained and how it normalises (sentencepiece_model.proto).

import Foundations

/// What a model file says.
struct SentencePieceFile: Sendable, Equatable {
  enum Kind: UInt64, Sendable {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  struct Piece: Sendable, Equatable {
    var text = ""
    var score: Float = 0
    var kind = Kind.normal
  }

  var pieces: [Piece] = []
  /// 1 unigram, 2 byte-pair encoding, 3 words, 4 characters.
  var modelType: UInt64 = 1
  var fallsBackToBytes = false
  var spaceIsSuffix = false
  var unknownSurface = " \u{2047} "
  var rules: [UInt8] = []
  var addsDummyPrefix = true
  var removesExtraSpaces = true
  var escapesSpaces = true
  var hasDenormalizer = false

  /// - Throws: `data` where the bytes are no such message or contradict themselves.
  init(_ bytes: [UInt8], source: String) throws(DomainError) {
    var reader = MessageReader(bytes[...], source: source)
    while let field = try reader.next() {
      switch field.number {
      case 1: pieces.append(try Self.piece(field, source))
      case 2: try readTraining(try field.message(source))
      case 3: try readNormalization(try field.message(source))
      case 5:
        var inner = try field.message(source)
        while let field = try inner.next() {
          if field.number == 2 { hasDenormalizer = !field.bytes.isEmpty }
        }
      default: break
      }
    }
    guard !pieces.isEmpty, pieces.count <= TokenTable.largestID else {
      throw DomainError(
        .data, "\(source): a SentencePiece model must hold pieces, but \(pieces.count) were found")
    }
    let unknown = pieces.count { $0.kind == .unknown }
    guard unknown == 1 else {
      throw DomainError(
        .data, "\(source): a SentencePiece model must have one unknown piece, but has \(unknown)")
    }
  }

  private static func piece(
    _ field: MessageReader.Field, _ source: String
  ) throws(DomainError) -> Piece {
    var piece = Piece()
    var reader = try field.message(source)
    while let field = try reader.next() {
      switch field.number {
      case 1: piece.text = try field.text(source)
      case 2: piece.score = Float(bitPattern: UInt32(truncatingIfNeeded: field.value))
      case 3:
        guard let kind = Kind(rawValue: field.value) else {
          throw DomainError(.data, "\(source): a piece has the unknown type \(field.value)")
        }
        piece.kind = kind
      default: break
      }
    }
    guard !piece.text.isEmpty, piece.score.isFinite else {
      throw DomainError(.data, "\(source): a piece is empty or has no finite score")
    }
    return piece
  }

  private mutating func readTraining(_ message: MessageReader) throws(DomainError) {
    var message = message
    while let field = try message.next() {
      switch field.number {
      case 3: modelType = field.value
      case 24: spaceIsSuffix = field.value != 0
      case 35: fallsBackToBytes = field.value != 0
      case 44: unknownSurface = try field.text(message.source)
      default: break
      }
    }
  }

  private mutating func readNormalization(_ message: MessageReader) throws(DomainError) {
    var message = message
    while let field = try message.next() {
      switch field.number {
      case 2: rules = Array(field.bytes)
      case 3: addsDummyPrefix = field.value != 0
      case 4: removesExtraSpaces = field.value != 0
      case 5: escapesSpaces = field.value != 0
      default: break
      }
    }
  }
}

/// The fields of a message of protocol buffers.
struct MessageReader {
  struct Field {
    var number: Int
    /// Of a number.
    var value: UInt64 = 0
    /// Of a text or an inner message.
    var bytes: ArraySlice<UInt8> = []

    func message(_ source: String) throws(DomainError) -> MessageReader {
      MessageReader(bytes, source: source)
    }

    func text(_ source: String) throws(DomainError) -> String {
      guard bytes.withUnsafeBufferPointer({ UTF8Check.firstInvalid($0) }) == nil else {
        throw DomainError(.data, "\(source): a text of the SentencePiece model is not UTF-8")
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  private var rest: ArraySlice<UInt8>
  let source: String

  init(_ bytes: ArraySlice<UInt8>, source: String) {
    rest = bytes
    self.source = source
  }

  private func damaged() -> DomainError {
    DomainError(.data, "\(source): this is no SentencePiece model, or it is cut off")
  }

  private mutating func number() throws(DomainError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = rest.popFirst() {
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { break }
    }
    throw damaged()
  }

  private mutating func take(_ count: Int) throws(DomainError) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw damaged() }
    let part = rest.prefix(count)
    rest = rest.dropFirst(count)
    return part
  }

  private mutating func fixed(_ count: Int) throws(DomainError) -> UInt64 {
    try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The next field; nil at the end.
  mutating func next() throws(DomainError) -> Field? {
    if rest.isEmpty { return nil }
    let key = try number()
    guard key >> 3 > 0, let number = Int32(exactly: key >> 3) else { throw damaged() }
    var field = Field(number: Int(number))
    switch key & 7 {
    case 0: field.value = try self.number()
    case 1: field.value = try fixed(8)
    case 2:
      guard let count = Int(exactly: try self.number()) else { throw damaged() }
      field.bytes = try take(count)
    case 5: field.value = try fixed(4)
    default: throw damaged()
    }
    return field
  }
}
