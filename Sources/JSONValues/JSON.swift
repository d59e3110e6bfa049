// JSON values (RFC 8259): a strict reader for files that nobody vouches for, and a writer.

import Foundations

/// A JSON value. Members of an object keep their order; integers stay integers.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number written without point and exponent that fits 64 bits.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object(Object)

  /// The nesting at which a text is refused where the caller says nothing, so that no file can exhaust the stack.
  public static let deepestNest = 64

  /// The members of a JSON object, in order, each name once.
  public struct Object: Sendable, Equatable, Sequence {
    public struct Member: Sendable, Equatable {
      public let name: String
      public var value: JSON
    }

    public private(set) var members: [Member] = []
    /// Places of the names, kept from the ninth member on: a few are found faster by looking.
    private var places: [Spelling: Int] = [:]
    private static let unindexed = 8

    public init() {}

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var names: [String] { members.map(\.name) }

    public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }

    private func place(of name: String) -> Int? {
      members.count > Self.unindexed
        ? places[name] : members.firstIndex { $0.name.isSpelt(name) }
    }

    /// The value of the member `name`. Set, it replaces the old value or becomes the last member.
    public subscript(name: String) -> JSON? {
      get { place(of: name).map { members[$0].value } }
      set {
        guard let newValue else {
          members.removeAll { $0.name.isSpelt(name) }
          places = [:]
          if members.count > Self.unindexed {
            for (i, member) in members.enumerated() { places[member.name] = i }
          }
          return
        }
        if let place = place(of: name) {
          members[place].value = newValue
        } else {
          _ = append(name, newValue)
        }
      }
    }

    /// Adds a member at the end.
    ///
    /// - Returns: false, with nothing added, where the name is there already.
    mutating func append(_ name: String, _ value: JSON) -> Bool {
      let place = members.count
      if place >= Self.unindexed {
        if place == Self.unindexed {
          for (i, member) in members.enumerated() { places[member.name] = i }
        }
        guard places.updateValue(place, forKey: Spelling(name)) == nil else { return false }
      } else if self.place(of: name) != nil {
        return false
      }
      members.append(Member(name: name, value: value))
      return true
    }

    public static func == (a: Object, b: Object) -> Bool { a.members == b.members }
  }
}

extension JSON.Object: ExpressibleByDictionaryLiteral {
  /// An object of these members; of two with one name the later one counts.
  public init(dictionaryLiteral members: (String, JSON)...) {
    for (name, value) in members { self[name] = value }
  }
}

extension JSON {
  /// Reads one JSON value, which must fill the whole text.
  ///
  /// - Parameters:
  ///   - bytes: the text, UTF-8 without a byte-order mark.
  ///   - source: what errors call the text: a path, say.
  ///   - deepest: how deep lists and objects may nest.
  /// - Throws: `parse` with the byte (from 0) where the text is malformed, is no UTF-8, names a member of an object
  ///   twice, holds a number past the range of 64-bit floating point, or nests too deep.
  public static func parse(
    _ bytes: [UInt8], source: String, deepest: Int = JSON.deepestNest
  ) throws(DomainError) -> JSON {
    try bytes.withUnsafeBufferPointer { (buffer) throws(DomainError) in
      try parse(buffer, source: source, deepest: deepest)
    }
  }

  /// As above, from bytes that somebody else owns: the header of a mapped file, say.
  public static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, source: String, deepest: Int = JSON.deepestNest
  ) throws(DomainError) -> JSON {
    if let place = UTF8Check.firstInvalid(bytes) {
      let byte = String(bytes[place], radix: 16)
      throw DomainError(.parse, "\(source), byte \(place): the byte 0x\(byte) is not UTF-8")
    }
    var reader = JSONReader(scanner: JSONScanner(bytes), deepest: deepest)
    do {
      return try reader.document()
    } catch {
      throw DomainError(.parse, "\(source), byte \(error.position): \(error.message)")
    }
  }

  public var object: Object? { if case .object(let object) = self { object } else { nil } }
  public var array: [JSON]? { if case .array(let items) = self { items } else { nil } }
  public var string: String? { if case .string(let text) = self { text } else { nil } }
  public var bool: Bool? { if case .bool(let truth) = self { truth } else { nil } }
  public var integer: Int? { if case .integer(let number) = self { number } else { nil } }
  public var isNull: Bool { self == .null }
  /// A number of either kind.
  public var number: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .number(let number): number
    default: nil
    }
  }

  /// The member `name` of an object; nil where there is none or this is no object.
  public subscript(name: String) -> JSON? { object?[name] }

  /// What kind of value this is, as messages name it: `a string`, `an object`.
  public var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// Builds values while it scans.
private struct JSONReader {
  var scanner: JSONScanner
  let deepest: Int

  mutating func document() throws(JSONProblem) -> JSON {
    let value = try value(depth: 0)
    scanner.skipSpace()
    guard scanner.isAtEnd else { throw scanner.problem("text behind the end of the value") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONProblem) -> JSON {
    scanner.skipSpace()
    guard let first = scanner.peek else {
      throw scanner.problem("the text ends where a value is expected")
    }
    switch first {
    case UInt8(ascii: "\""): return .string(try scanner.string())
    case UInt8(ascii: "["): return try list(depth: depth + 1)
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "t"):
      try scanner.word("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try scanner.word("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try scanner.word("null")
      return .null
    default: return try number()
    }
  }

  private mutating func number() throws(JSONProblem) -> JSON {
    let start = scanner.position
    let isInteger = try scanner.number()
    let text = scanner.text(from: start)
    if isInteger, let number = Int(text) { return .integer(number) }
    guard let number = Double(text), number.isFinite else {
      scanner.position = start
      throw scanner.problem("the number \(text.prefix(40)) is too large")
    }
    return .number(number)
  }

  private func checkDepth(_ depth: Int) throws(JSONProblem) {
    guard depth <= deepest else { throw scanner.problem("nested deeper than \(deepest) levels") }
  }

  private mutating func list(depth: Int) throws(JSONProblem) -> JSON {
    try checkDepth(depth)
    scanner.position += 1
    var items: [JSON] = []
    scanner.skipSpace()
    if scanner.take("]") { return .array([]) }
    repeat {
      items.append(try value(depth: depth))
      scanner.skipSpace()
    } while scanner.take(",")
    guard scanner.take("]") else { throw scanner.problem("expected `,` or `]`") }
    return .array(items)
  }

  private mutating func object(depth: Int) throws(JSONProblem) -> JSON {
    try checkDepth(depth)
    scanner.position += 1
    var object = JSON.Object()
    scanner.skipSpace()
    if scanner.take("}") { return .object(object) }
    repeat {
      scanner.skipSpace()
      let start = scanner.position
      let name = try scanner.key()
      let value = try value(depth: depth)
      guard object.append(name, value) else {
        scanner.position = start
        throw scanner.problem("the field `\(name)` appears twice in one object")
      }
      scanner.skipSpace()
    } while scanner.take(",")
    guard scanner.take("}") else { throw scanner.problem("expected `,` or `}`") }
    return .object(object)
  }
}

extension JSON {
  /// The value as JSON text.
  ///
  /// - Parameter indent: spaces a level; nil writes everything on one line without spaces.
  /// - Throws: `value` for a number that is infinite or not a number, which JSON cannot write.
  public func text(indent: Int? = nil) throws(DomainError) -> String {
    var text = ""
    try write(into: &text, indent: indent, depth: 0)
    return text
  }

  private func write(into text: inout String, indent: Int?, depth: Int) throws(DomainError) {
    func newLine(_ depth: Int) {
      guard let indent else { return }
      text += "\n" + String(repeating: " ", count: indent * depth)
    }
    switch self {
    case .null: text += "null"
    case .bool(let truth): text += truth ? "true" : "false"
    case .integer(let number): text += String(number)
    case .number(let number):
      guard number.isFinite else { throw DomainError(.value, "JSON cannot write \(number)") }
      text += number.description
    case .string(let content): Quoting.json(content, into: &text)
    case .array(let items):
      text += "["
      for (i, item) in items.enumerated() {
        if i > 0 { text += "," }
        newLine(depth + 1)
        try item.write(into: &text, indent: indent, depth: depth + 1)
      }
      if !items.isEmpty { newLine(depth) }
      text += "]"
    case .object(let object):
      text += "{"
      for (i, member) in object.members.enumerated() {
        if i > 0 { text += "," }
        newLine(depth + 1)
        Quoting.json(member.name, into: &text)
        text += indent == nil ? ":" : ": "
        try member.value.write(into: &text, indent: indent, depth: depth + 1)
      }
      if !object.isEmpty { newLine(depth) }
      text += "}"
    }
  }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral {
  public init(dictionaryLiteral members: (String, JSON)...) {
    var object = Object()
    for (name, value) in members { object[name] = value }
    self = .object(object)
  }

  public init(stringLiteral text: String) { self = .string(text) }
}
