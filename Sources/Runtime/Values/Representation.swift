import Foundations
import Syntax

/// Values as text: what `print` and `repr` show.
public enum Representation {
  /// Deeper lists and maps show as `[...]`, `{...}`.
  static let maximumDepth = 100
  /// A longer text is refused, because a small structure that shares its parts can show as an endless one.
  static let maximumByteCount = 1 << 28

  /// - Parameters:
  ///   - quoted: whether a string is shown with quotes (`repr`), which is always so inside lists and maps.
  ///   - vm: the running interpreter, for natives that need it.
  public static func text(of value: Value, quoted: Bool, _ vm: VM?) throws -> String {
    switch value {
    case .int(let int): return String(int)
    case .float(let float): return Formatting.float(float)
    case .object(let reference) where reference.kind == .string && !quoted:
      return reference.string.text
    default:
      var writer = Writer(vm: vm)
      try writer.write(value)
      return writer.text
    }
  }

  /// The value as a prompt shows it: of a list or map that has more items than `items` the first ones, and how many
  /// more there are.
  public static func echo(_ value: Value, items: Int, _ vm: VM?) throws -> String {
    var writer = Writer(vm: vm)
    writer.itemLimit = items
    try writer.write(value)
    return writer.text
  }

  /// What `print(value)` shows.
  public static func text(of value: Value, _ vm: VM?) throws -> String {
    try text(of: value, quoted: false, vm)
  }

  /// The value for a message: at most 60 characters.
  public static func brief(_ value: Value) -> String {
    let text: String
    if case .object(let reference) = value, reference.kind == .native {
      return reference.native.scalar.map(brief) ?? value.typeWithArticle
    }
    if case .object(let reference) = value, reference.kind == .string,
      reference.string.byteLength > 400
    {
      text = Quoting.literal(beginning(of: reference.string, bytes: 400))
    } else {
      var writer = Writer(vm: nil)
      writer.limit = 400
      // Only the limit can stop it, and then the beginning is all that is wanted.
      try? writer.write(value)
      text = writer.text
    }
    let line = text.replacing("\n", with: " ")
    return line.count <= 60 ? line : line.prefix(57) + "..."
  }

  /// The value as an assertion's message, cut where it is long: what compared two large values says what they are by
  /// its beginning.
  static func message(of value: Value, _ vm: VM) throws -> String {
    if case .object(let reference) = value, reference.kind == .string {
      guard reference.string.byteLength > longestMessage else { return reference.string.text }
      return beginning(of: reference.string, bytes: longestMessage) + "…"
    }
    var writer = Writer(vm: vm)
    writer.limit = longestMessage
    do { try writer.write(value) } catch let fault as Fault where fault.isCatchable {
      guard writer.text.utf8.count > longestMessage else { throw fault }
      return beginning(of: StringObject(writer.text), bytes: longestMessage) + "…"
    }
    return writer.text
  }

  /// Bytes of a message that is shown whole.
  private static let longestMessage = 10_000

  /// The first characters of a string, of at most so many bytes.
  private static func beginning(of string: StringObject, bytes count: Int) -> String {
    let bytes = string.utf8
    var end = min(count, bytes.count)
    while end > 0, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end -= 1 }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  /// The value with its type for a message about types: `the string "abc"`, `a list`, `nil`.
  public static func described(_ value: Value) -> String {
    switch value {
    case .nothing: return "nil"
    case .bool, .int, .float: return "the \(value.typeName) \(brief(value))"
    case .object(let reference) where reference.kind == .string:
      return "the string \(brief(value))"
    default: return value.typeWithArticle
    }
  }

  private static let keywords = Set(Syntax.keywords)

  /// Whether a map shows the key without quotes.
  static func isBareKey(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, first == "_" || first.properties.isXIDStart else {
      return false
    }
    return text.unicodeScalars.allSatisfy { $0.properties.isXIDContinue }
      && !keywords.contains(text)
  }

  private struct Writer {
    var text = ""
    let vm: VM?
    var limit = maximumByteCount
    /// The items of one list or map that are shown.
    var itemLimit = Int.max
    /// The lists and maps around the place, to notice one that holds itself.
    private var path: [UnsafeMutableRawPointer] = []

    init(vm: VM?) { self.vm = vm }

    /// Values so far.
    private var turn = 0

    mutating func write(_ value: Value) throws {
      turn += 1
      try vm?.checkInterrupt(turn: turn)
      if text.utf8.count > limit {
        throw tooLong
      }
      switch value {
      case .nothing: text += "nil"
      case .bool(let bool): text += bool ? "true" : "false"
      case .int(let int): text += String(int)
      case .float(let float): text += Formatting.float(float)
      case .object(let reference): try write(reference)
      }
    }

    private mutating func write(_ reference: Unmanaged<Object>) throws {
      switch reference.kind {
      case .string: try write(reference.string)
      case .list:
        guard enter(reference) else {
          text += "[...]"
          return
        }
        text += "["
        for index in 0..<reference.list.count where index < reference.list.count {
          if index > 0 { text += ", " }
          guard index < itemLimit else {
            text += "… \(reference.list.count - index) more"
            break
          }
          try write(reference.list[index])
        }
        text += "]"
        path.removeLast()
      case .map:
        guard enter(reference) else {
          text += "{...}"
          return
        }
        text += "{"
        var count = 0
        for (key, item) in reference.map {
          if count > 0 { text += ", " }
          guard count < itemLimit else {
            text += "… \(reference.map.count - count) more"
            break
          }
          count += 1
          if let name = key.string, isBareKey(name) { text += name } else { try write(key) }
          text += ": "
          try write(item)
        }
        text += "}"
        path.removeLast()
      case .range:
        let range = reference.range
        text += "\(range.start)..\(range.isClosed ? "=" : "")\(range.end)"
        if range.step != 1 { text += " by \(range.step)" }
      case .closure:
        let name = reference.closure.prototype.name
        text += name.isEmpty ? "<function>" : "<function \(name)>"
      case .nativeFunction: text += "<function \(reference.nativeFunction.native.signature.name)>"
      case .boundMethod: text += "<function \(reference.boundMethod.native.signature.name)>"
      case .module: text += "<module \(reference.module.name)>"
      case .error:
        let fault = reference.error.fault
        text += "error(\(Quoting.literal(fault.kind.rawValue)), \(Quoting.literal(fault.message)))"
      case .native:
        if path.count >= maximumDepth {
          text += "<\(reference.native.type.name)>"
        } else {
          let whole = try reference.native.type.representation(reference.native, vm)
          text += path.isEmpty ? whole : inner(whole)
        }
      case .iterator: text += "<\(reference.iterator.name)>"
      case .cell, .missing: text += "<undefined>"
      }
    }

    /// In pieces, because a text may be as long as memory allows.
    private mutating func write(_ string: StringObject) throws {
      text += "\""
      let bytes = string.utf8
      var start = 0
      while start < bytes.count {
        var end = min(start + (1 << 16), bytes.count)
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        Quoting.escape(String(decoding: bytes[start..<end], as: UTF8.self), into: &text)
        start = end
        if start < bytes.count {
          try vm?.checkInterrupt()
          if text.utf8.count > limit { throw tooLong }
        }
      }
      text += "\""
    }

    private var tooLong: Fault {
      Fault(.limit, "the text of this value is longer than \(VM.megabytes(limit))")
    }

    /// A native value inside a list or map: on one line, and where that gets long only its heading.
    private func inner(_ whole: String) -> String {
      guard let end = whole.firstIndex(of: "\n") else { return whole }
      return whole.utf8.count <= 80
        ? whole.replacing("\n", with: " ") : String(whole[..<end])
    }

    /// False where the object is already being written, or too deep.
    private mutating func enter(_ reference: Unmanaged<Object>) -> Bool {
      let address = reference.toOpaque()
      if path.count >= maximumDepth || path.contains(address) { return false }
      path.append(address)
      return true
    }
  }
}
