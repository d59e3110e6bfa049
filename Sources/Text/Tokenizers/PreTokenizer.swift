// How a normalised text is cut before the model cuts its pieces further, under the names of tokenizer.json.

import Foundations
import JSONValues

/// A normalised text as bytes, cut into pieces.
struct PieceList {
  var bytes: [UInt8] = []
  /// The bytes `starts[i]..<ends[i]` of the original became `bytes[i]`; empty where nobody wants to know.
  var starts: [Int32] = []
  var ends: [Int32] = []
  var pieces: [Range<Int>] = []
  /// Whether the bytes start where the original does.
  var startsText = false

  /// Cuts each piece into spans and keeps what `behavior` keeps of them.
  ///
  /// - Parameter match: given a place in the bytes and the end of the piece, where the span that starts there ends and
  ///   whether it is one of those looked for; what lies between two of these is one span.
  mutating func split(
    _ behavior: PreTokenizer.SplitBehavior,
    _ match: (UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> (end: Int, isMatch: Bool)
  ) {
    var result: [Range<Int>] = []
    result.reserveCapacity(pieces.count * 2)
    bytes.withUnsafeBufferPointer { bytes in
      for piece in pieces {
        /// Whether the span before was one of those looked for.
        var previous: Bool?
        var position = piece.lowerBound
        while position < piece.upperBound {
          let (end, isMatch) = match(bytes, position, piece.upperBound)
          let span = position..<end
          position = end
          if behavior == .removed, isMatch { continue }
          let joins =
            switch behavior {
            case .removed, .isolated: false
            case .contiguous: previous == isMatch
            case .mergedWithPrevious: isMatch && previous == false
            case .mergedWithNext: !isMatch && previous == true
            }
          if joins {
            result[result.count - 1] = result[result.count - 1].lowerBound..<span.upperBound
          } else {
            result.append(span)
          }
          previous = isMatch
        }
      }
    }
    pieces = result
  }

  /// Puts a space before each piece that does not start with one; it stands for what the first code point stands for.
  mutating func addPrefixSpaces() {
    var result = PieceList()
    result.bytes.reserveCapacity(bytes.count + pieces.count)
    for piece in pieces {
      let start = result.bytes.count
      if bytes[piece.lowerBound] != 0x20 {
        result.bytes.append(0x20)
        if !starts.isEmpty {
          result.starts.append(starts[piece.lowerBound])
          result.ends.append(ends[piece.lowerBound])
        }
      }
      result.bytes.append(contentsOf: bytes[piece])
      if !starts.isEmpty {
        result.starts.append(contentsOf: starts[piece])
        result.ends.append(contentsOf: ends[piece])
      }
      result.pieces.append(start..<result.bytes.count)
    }
    result.startsText = startsText
    self = result
  }

  /// Puts `mark` in the place of each space, and before each piece that does not start with it where `prepends` says
  /// so, given whether the piece starts the text.
  mutating func mark(_ mark: [UInt8], prepends: (_ startsText: Bool) -> Bool) {
    var result = PieceList()
    result.startsText = startsText
    result.bytes.reserveCapacity(bytes.count + 2 * pieces.count)
    func add(_ part: some Collection<UInt8>, _ place: Int) {
      result.bytes.append(contentsOf: part)
      guard !starts.isEmpty else { return }
      for _ in 0..<part.count {
        result.starts.append(starts[place])
        result.ends.append(ends[place])
      }
    }
    for piece in pieces {
      let start = result.bytes.count
      let hasMark = bytes[piece.lowerBound] == 0x20 || bytes[piece].starts(with: mark)
      if !hasMark, prepends(startsText && piece.lowerBound == 0) { add(mark, piece.lowerBound) }
      for i in piece {
        if bytes[i] == 0x20 { add(mark, i) } else { add(CollectionOfOne(bytes[i]), i) }
      }
      result.pieces.append(start..<result.bytes.count)
    }
    self = result
  }

  /// Cuts each piece after every `length` code points.
  mutating func cut(every length: Int) {
    var result: [Range<Int>] = []
    for piece in pieces {
      var start = piece.lowerBound
      var count = 0
      for i in piece where bytes[i] & 0xC0 != 0x80 {
        if count == length {
          result.append(start..<i)
          start = i
          count = 0
        }
        count += 1
      }
      result.append(start..<piece.upperBound)
    }
    pieces = result
  }
}

/// A step of pre-tokenisation.
public indirect enum PreTokenizer: Sendable, Equatable {
  /// What becomes of the text at which a splitter cuts.
  public enum SplitBehavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  /// Bytes become the letters of a byte-level vocabulary; cut by the pattern of GPT-2 where `usesPattern`.
  /// `trimsOffsets` is kept for the file only.
  case byteLevel(addsPrefixSpace: Bool, usesPattern: Bool, trimsOffsets: Bool)
  /// Cut at white space and around punctuation.
  case bert
  /// Runs of letters, digits and `_`, and runs of other characters; white space is dropped.
  case whitespace
  case whitespaceSplit
  case digits(individual: Bool)
  case punctuation(SplitBehavior)
  /// Cut by the pattern of GPT-2.
  case gpt2Pattern
  /// Cut at each match of a regular expression.
  case pattern(Pattern, SplitBehavior, inverted: Bool)
  /// `replacement` stands for spaces, is put before pieces as `scheme` says and, where `splits`, cuts before itself.
  case metaspace(replacement: Unicode.Scalar, MetaspaceScheme, splits: Bool)
  /// Pieces of as many code points.
  case fixedLength(Int)
  /// Cut at each occurrence of a text.
  case literal(String, SplitBehavior, inverted: Bool)
  case sequence([PreTokenizer])

  /// Before which pieces `Metaspace` puts its replacement.
  public enum MetaspaceScheme: String, Sendable {
    case always
    case first
    case never
  }

  func apply(to list: inout PieceList) {
    let flags = UnicodeTable.flags
    func ofKind(
      _ kind: UnicodeFlags
    ) -> (UnsafeBufferPointer<UInt8>, Int, Int) -> (end: Int, isMatch: Bool) {
      { bytes, start, end in
        var position = start
        while position < end {
          let (scalar, length) = UTF8Decoder.scalar(bytes, position)
          if !kind.isDisjoint(with: UnicodeFlags(rawValue: flags[Int(scalar)])) {
            return position == start ? (start + length, true) : (position, false)
          }
          position += length
        }
        return (end, false)
      }
    }
    switch self {
    case .byteLevel(let addsPrefixSpace, let usesPattern, _):
      if addsPrefixSpace { list.addPrefixSpaces() }
      if usesPattern { Self.gpt2Pattern.apply(to: &list) }
    case .gpt2Pattern:
      let splitter = GPT2Splitter()
      list.split(.isolated) { bytes, start, end in
        (splitter.end(UnsafeBufferPointer(rebasing: bytes[..<end]), from: start), true)
      }
    case .pattern(let pattern, let behavior, let inverted):
      list.split(behavior) { bytes, start, end in
        let (end, isMatch) = pattern.span(bytes, from: start, to: end)
        return (end, isMatch != inverted)
      }
    case .metaspace(let replacement, let scheme, let splits):
      let mark = Array(String(replacement).utf8)
      list.mark(mark) { scheme == .always || scheme == .first && $0 }
      if splits {
        PreTokenizer.literal(String(replacement), .mergedWithNext, inverted: false).apply(to: &list)
      }
    case .fixedLength(let length): list.cut(every: length)
    case .bert:
      list.split(.removed, ofKind(.whitespace))
      list.split(.isolated, ofKind(.punctuation))
    case .whitespace:
      list.split(.removed, ofKind(.whitespace))
      list.split(.contiguous, ofKind(.word))
    case .whitespaceSplit: list.split(.removed, ofKind(.whitespace))
    case .digits(let individual):
      list.split(individual ? .isolated : .contiguous, ofKind(.numeric))
    case .punctuation(let behavior): list.split(behavior, ofKind(.punctuation))
    case .literal(let text, let behavior, let inverted):
      let pattern = Array(text.utf8)
      list.split(behavior) { bytes, start, end in
        var position = start
        while position + pattern.count <= end {
          if bytes[position..<position + pattern.count].elementsEqual(pattern) {
            return position > start
              ? (position, inverted) : (start + pattern.count, !inverted)
          }
          position += 1
        }
        return (end, inverted)
      }
    case .sequence(let steps): for step in steps { step.apply(to: &list) }
    }
  }

  /// The steps one after the other, sequences taken apart.
  var steps: [PreTokenizer] {
    if case .sequence(let steps) = self { return steps.flatMap(\.steps) }
    return [self]
  }

  var isByteLevel: Bool { if case .byteLevel = self { true } else { false } }
}

extension PreTokenizer {
  init(_ value: JSON, place: String) throws(DomainError) {
    var fields = try JSONFields(value, place: place)
    let type = try fields.requiredString("type")
    switch type {
    case "ByteLevel":
      self = .byteLevel(
        addsPrefixSpace: try fields.bool("add_prefix_space", default: true),
        usesPattern: try fields.bool("use_regex", default: true),
        trimsOffsets: try fields.bool("trim_offsets", default: true))
    case "BertPreTokenizer": self = .bert
    case "Whitespace": self = .whitespace
    case "WhitespaceSplit": self = .whitespaceSplit
    case "Digits": self = .digits(individual: try fields.bool("individual_digits", default: false))
    case "Punctuation":
      self = .punctuation(try Self.behavior(&fields, default: .isolated))
    case "Split": self = try Self.split(&fields)
    case "CharDelimiterSplit":
      let delimiter = try fields.requiredString("delimiter")
      guard delimiter.unicodeScalars.count == 1 else {
        throw fields.unsupported("a delimiter that is not one character")
      }
      self = .literal(delimiter, .removed, inverted: false)
    case "FixedLength":
      let length = try fields.natural("length") ?? 5
      guard length > 0 else { throw fields.unsupported("the length 0") }
      self = .fixedLength(length)
    case "Metaspace":
      let (replacement, scheme) = try Self.metaspace(&fields)
      self = .metaspace(
        replacement: replacement, scheme, splits: try fields.bool("split", default: true))
    case "Sequence":
      var steps: [PreTokenizer] = []
      for (i, step) in (try fields.array("pretokenizers") ?? []).enumerated() {
        steps.append(try PreTokenizer(step, place: "\(place)[\(i)]"))
      }
      self = .sequence(steps)
    default: throw fields.unsupported("the pre-tokenizer `\(type)`")
    }
    try fields.finish()
  }

  private static func behavior(
    _ fields: inout JSONFields, default fallback: SplitBehavior
  ) throws(DomainError) -> SplitBehavior {
    guard let name = try fields.string("behavior") else { return fallback }
    guard let behavior = SplitBehavior(rawValue: name) else {
      throw fields.unsupported("the behavior `\(name)`")
    }
    return behavior
  }

  private static func split(_ fields: inout JSONFields) throws(DomainError) -> PreTokenizer {
    let behavior = try behavior(&fields, default: .isolated)
    let inverted = try fields.bool("invert", default: false)
    guard var pattern = try fields.fields("pattern") else {
      throw fields.wrong("pattern", "an object", nil)
    }
    let text = try pattern.string("String")
    let expression = try pattern.string("Regex")
    try pattern.finish()
    if let text {
      guard !text.isEmpty else { throw pattern.unsupported("an empty text") }
      return .literal(text, behavior, inverted: inverted)
    }
    guard let expression else { throw pattern.wrong("Regex", "a string", nil) }
    if expression == GPT2Splitter.pattern, behavior == .isolated, !inverted { return .gpt2Pattern }
    return .pattern(
      try Pattern(expression, dialect: .oniguruma, place: fields.place), behavior,
      inverted: inverted)
  }

  /// The replacement and the scheme of `Metaspace`; older files say `add_prefix_space`.
  static func metaspace(
    _ fields: inout JSONFields
  ) throws(DomainError) -> (Unicode.Scalar, MetaspaceScheme) {
    let text = try fields.string("replacement") ?? "▁"
    guard let replacement = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
      throw fields.unsupported("a replacement that is not one character")
    }
    _ = try fields.string("str_rep")
    let addsPrefix = try fields.bool("add_prefix_space")
    guard let name = try fields.string("prepend_scheme") else {
      return (replacement, addsPrefix == false ? .never : .always)
    }
    guard let scheme = MetaspaceScheme(rawValue: name), addsPrefix != false || scheme == .never
    else { throw fields.unsupported("the prepend scheme `\(name)` with this `add_prefix_space`") }
    return (replacement, scheme)
  }

  var json: JSON {
    switch self {
    case .byteLevel(let addsPrefixSpace, let usesPattern, let trimsOffsets):
      return [
        "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace),
        "trim_offsets": .bool(trimsOffsets), "use_regex": .bool(usesPattern),
      ]
    case .bert: return ["type": "BertPreTokenizer"]
    case .whitespace: return ["type": "Whitespace"]
    case .whitespaceSplit: return ["type": "WhitespaceSplit"]
    case .digits(let individual): return ["type": "Digits", "individual_digits": .bool(individual)]
    case .punctuation(let behavior):
      return ["type": "Punctuation", "behavior": .string(behavior.rawValue)]
    case .gpt2Pattern:
      return [
        "type": "Split", "pattern": ["Regex": .string(GPT2Splitter.pattern)],
        "behavior": "Isolated", "invert": .bool(false),
      ]
    case .pattern(let pattern, let behavior, let inverted):
      return [
        "type": "Split", "pattern": ["Regex": .string(pattern.text)],
        "behavior": .string(behavior.rawValue), "invert": .bool(inverted),
      ]
    case .metaspace(let replacement, let scheme, let splits):
      return [
        "type": "Metaspace", "replacement": .string(String(replacement)),
        "prepend_scheme": .string(scheme.rawValue), "split": .bool(splits),
      ]
    case .fixedLength(let length): return ["type": "FixedLength", "length": .integer(length)]
    case .literal(let text, let behavior, let inverted):
      return [
        "type": "Split", "pattern": ["String": .string(text)],
        "behavior": .string(behavior.rawValue), "invert": .bool(inverted),
      ]
    case .sequence(let steps):
      return ["type": "Sequence", "pretokenizers": .array(steps.map(\.json))]
    }
  }
}
