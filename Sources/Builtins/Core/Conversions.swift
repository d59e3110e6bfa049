import Foundations
import Runtime
import Syntax

// int, float, string, bool, list, ord, chr: what a script uses to change the type of a value.

extension CoreBuiltins {
  static var conversions: [Native] {
    [
      Native(
        "int", "A whole number from a float (cut towards zero), a string or a bool.",
        Param<Value>("value", "What to convert."),
        Param<Int>("base", "The base of the digits in a string.", default: 10, .within(2, 36)),
        returns: "int", seeAlso: ["float", "round"], search: ["integer", "parse", "convert"],
        examples: [(#"int("42")"#, "42"), ("int(-2.7)", "-2"), (#"int("ff", 16)"#, "255")]
      ) { value, base in try integer(value, base) },
      Native(
        "float", "A float from an int or a string.",
        Param<Value>("value", "What to convert; strings may be `inf` and `nan` too."),
        returns: "float", seeAlso: ["int"], search: ["double", "parse", "convert"],
        examples: [(#"float("1e-5")"#, "1e-05"), ("float(2)", "2.0")]
      ) { value in try floating(value) },
      Native(
        "string", "The text of a value, as `print` shows it.",
        Param<Value>("value", "Any value."),
        returns: "string", seeAlso: ["repr"], search: ["str", "text", "convert"],
        examples: [("string(3) + \"!\"", "3!")]
      ) { vm, value in try text(value, vm) },
      Native(
        "str", "The same as `string`.",
        Param<Value>("value", "Any value."),
        returns: "string", seeAlso: ["string"], examples: [("str([1, \"a\"])", "[1, \"a\"]")]
      ) { vm, value in try text(value, vm) },
      Native(
        "bool", "A bool from a number (false for zero) or the strings `true` and `false`.",
        Param<Value>("value", "What to convert."),
        returns: "bool", search: ["boolean", "truth"],
        examples: [("bool(0)", "false"), (#"bool("true")"#, "true")]
      ) { value in try boolean(value) },
      Native(
        "list", "The elements of a range, string, map (its keys) or other sequence as a new list.",
        Param<Elements>("values", "What to go through.", default: Elements(values: []), text: "[]"),
        returns: "list", search: ["array", "collect", "tuple"],
        examples: [("list(0..3)", "[0, 1, 2]"), (#"list("ab")"#, #"["a", "b"]"#)]
      ) { values in values },
    ]
  }

  static var characters: [Native] {
    [
      Native(
        "ord", "The number (Unicode code point) of a character.",
        Param<StringArgument>("character", "A string of one character."),
        returns: "int", seeAlso: ["chr"], search: ["unicode", "codepoint", "ascii"],
        examples: [(#"ord("A")"#, "65")]
      ) { character in
        guard character.object.count == 1,
          let scalar = character.object.text.unicodeScalars.first
        else {
          throw Fault(
            .value,
            "`character` must be one character, found \(character.object.count) in \(Representation.brief(Value(character.object)))"
          ).atArgument(0)
        }
        return Int(scalar.value)
      },
      Native(
        "chr", "The character with a number (Unicode code point).",
        Param<Int>("number", "From 0 to 0x10ffff, without the surrogates.", .within(0, 0x10FFFF)),
        returns: "string", seeAlso: ["ord"], search: ["unicode", "codepoint", "ascii"],
        examples: [("chr(65)", "A")]
      ) { number in
        guard let code = UInt32(exactly: number), let scalar = Unicode.Scalar(code) else {
          throw Fault(.value, "\(number) is not the number of a character").atArgument(0)
        }
        return String(Character(scalar))
      },
    ]
  }

  private static func text(_ value: Value, _ vm: VM) throws -> Value {
    if let text = StringArgument.decode(value, vm) { return Value(text.object) }
    return vm.makeString(try Representation.text(of: value, vm))
  }

  private static func integer(_ value: Value, _ base: Int) throws -> Int {
    switch value {
    case .int(let int): return int
    case .bool(let bool): return bool ? 1 : 0
    case .float(let float): return try whole(float.rounded(.towardZero), "int")
    default: break
    }
    if base == 10, let bytes = value.stringBytes, let int = plainInt(bytes) { return int }
    try requireShort(value)
    if let text = value.string {
      guard let int = parseInt(text, base) else {
        throw Fault(
          .value, "\(Representation.brief(value)) is not a whole number",
          hint: parseFloat(text) == nil
            ? nil : "`int(float(x))` cuts the decimals off; an int has 64 bits"
        ).atArgument(0)
      }
      return int
    }
    if let number = value.number { return try whole(number.rounded(.towardZero), "int") }
    throw Fault(
      .type, "an int cannot be made of \(value.typeWithArticle)", hint: columnHint(value, "int")
    ).atArgument(0)
  }

  /// A whole float as an int.
  static func whole(_ value: Double, _ function: String) throws -> Int {
    guard let int = Int(exactly: value) else {
      throw Fault(
        .value,
        value.isFinite
          ? "\(Formatting.float(value)) does not fit into a 64-bit int"
          : "\(Formatting.float(value)) has no whole number"
      ).atArgument(0)
    }
    return int
  }

  private static func floating(_ value: Value) throws -> Double {
    if let number = value.number { return number }
    if case .bool(let bool) = value { return bool ? 1 : 0 }
    if let bytes = value.stringBytes, let number = plainFloat(bytes) { return number }
    try requireShort(value)
    if let text = value.string {
      guard let number = parseFloat(text) else {
        throw Fault(.value, "\(Representation.brief(value)) is not a number").atArgument(0)
      }
      return number
    }
    throw Fault(
      .type, "a float cannot be made of \(value.typeWithArticle)",
      hint: columnHint(value, "float")
    ).atArgument(0)
  }

  private static func columnHint(_ value: Value, _ type: String) -> String? {
    value.typeName == "column" ? "of a column write `t.convert({v: \"\(type)\"})`" : nil
  }

  private static func boolean(_ value: Value) throws -> Bool {
    if case .bool(let bool) = value { return bool }
    if let number = value.number { return number != 0 }
    try requireShort(value)
    switch value.string?.lowercased() {
    case "true": return true
    case "false": return false
    case nil:
      throw Fault(
        .type, "a bool cannot be made of \(value.typeWithArticle)",
        hint: "write what you mean: `len(xs) > 0`, `x != nil`"
      ).atArgument(0)
    default:
      throw Fault(.value, "\(Representation.brief(value)) is neither \"true\" nor \"false\"")
        .atArgument(0)
    }
  }

  /// Bytes of the longest text that is read as a number.
  private static let longestNumber = 1 << 20

  private static func requireShort(_ value: Value) throws {
    guard let count = value.stringBytes?.count, count > longestNumber else { return }
    throw Fault(
      .limit, "a text of \(count) bytes is not read as one value; it may have 1 MiB at most"
    ).atArgument(0)
  }

  /// Up to 18 digits and a sign, as most texts of whole numbers are; nil for others.
  private static func plainInt(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let first = bytes.first else { return nil }
    let isNegative = first == UInt8(ascii: "-")
    let digits = bytes.dropFirst(isNegative ? 1 : 0)
    guard (1...18).contains(digits.count) else { return nil }
    var result = 0
    for byte in digits {
      guard byte &- 0x30 < 10 else { return nil }
      result = result * 10 + Int(byte - 0x30)
    }
    return isNegative ? -result : result
  }

  /// A short text of digits with a point between some of them, as most texts of floats are; nil for others.
  private static func plainFloat(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
    guard let first = bytes.first, bytes.count <= 32 else { return nil }
    var digits = 0
    var mantissa: UInt64 = 0
    var decimals: Int?
    for byte in bytes.dropFirst(first == UInt8(ascii: "-") ? 1 : 0) {
      if byte &- 0x30 < 10 {
        digits += 1
        // What overflows is not used.
        mantissa = mantissa &* 10 &+ UInt64(byte - 0x30)
      } else if byte == UInt8(ascii: "."), decimals == nil, digits > 0 {
        decimals = digits
      } else {
        return nil
      }
    }
    guard digits > 0, decimals != digits else { return nil }
    let after = digits - (decimals ?? digits)
    // Both the digits and the power of ten are exact, so that their quotient is the nearest float.
    if digits <= 15 {
      let result = Double(mantissa) / powersOfTen[after]
      return first == UInt8(ascii: "-") ? -result : result
    }
    return Double(String(decoding: bytes, as: UTF8.self))
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  /// The bytes of a number's text, in which digits and spaces of all scripts are those of ASCII.
  private static func plainBytes(_ text: String) -> ArraySlice<UInt8> {
    guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return Array(text.utf8)[...] }
    var result: [UInt8] = []
    for scalar in text.unicodeScalars {
      if !scalar.isASCII, CharacterClass.isDecimal(scalar),
        let digit = scalar.properties.numericValue
      {
        result.append(0x30 + UInt8(digit))
      } else if !scalar.isASCII, TextSearch.isSpace(scalar) {
        result.append(0x20)
      } else {
        result.append(contentsOf: UTF8.encode(scalar) ?? .init())
      }
    }
    return result[...]
  }

  /// Python's `int(text, base)`: spaces around, a sign, single `_` between digits, the prefix of the base.
  static func parseInt(_ text: String, _ base: Int) -> Int? {
    var bytes = plainBytes(text)
    while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    var negative = false
    if let first = bytes.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      negative = first == UInt8(ascii: "-")
      bytes.removeFirst()
    }
    let prefix: [UInt8] =
      switch base {
      case 16: Array("0x".utf8)
      case 8: Array("0o".utf8)
      case 2: Array("0b".utf8)
      default: []
      }
    if !prefix.isEmpty, bytes.count > 2,
      bytes.prefix(2).map({ $0 | 0x20 }) == prefix.map({ $0 | 0x20 })
    {
      bytes.removeFirst(2)
      if bytes.first == UInt8(ascii: "_") { bytes.removeFirst() }
    }
    guard let digits = withoutUnderscores(bytes) else { return nil }
    return Int((negative ? "-" : "") + digits, radix: base)
  }

  /// The digits without `_`; nil where one does not stand between two of them, or there is a second sign.
  private static func withoutUnderscores(_ bytes: ArraySlice<UInt8>) -> String? {
    var result: [UInt8] = []
    var previous: UInt8 = UInt8(ascii: "_")
    for byte in bytes {
      if byte == UInt8(ascii: "_") {
        if previous == byte || !isWord(previous) { return nil }
      } else {
        if previous == UInt8(ascii: "_"), !isWord(byte), !result.isEmpty { return nil }
        result.append(byte)
      }
      previous = byte
    }
    guard let first = result.first, previous != UInt8(ascii: "_"), first != UInt8(ascii: "-"),
      first != UInt8(ascii: "+")
    else { return nil }
    return String(decoding: result, as: UTF8.self)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (byte >= 9 && byte <= 13) || (byte >= 0x1C && byte <= 0x1F)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
  }

  /// Python's `float(text)`.
  static func parseFloat(_ text: String) -> Double? {
    var bytes = plainBytes(text)
    while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    var sign = 1.0
    if let first = bytes.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      sign = first == UInt8(ascii: "-") ? -1 : 1
      bytes.removeFirst()
    }
    switch String(decoding: bytes, as: UTF8.self).lowercased() {
    case "inf", "infinity": return sign * .infinity
    case "nan": return .nan
    default: break
    }
    // Swift would take hexadecimal floats too.
    for byte in bytes {
      switch byte {
      case 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"),
        UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        break
      default: return nil
      }
    }
    guard var digits = withoutUnderscores(bytes) else { return nil }
    // Swift wants digits on both sides of the point.
    if digits.hasPrefix(".") { digits = "0" + digits }
    if let point = digits.firstIndex(of: ".") {
      let after = digits.index(after: point)
      if after == digits.endIndex || !digits[after].isNumber {
        guard digits != "0." || bytes.first != UInt8(ascii: ".") else { return nil }
        digits.insert("0", at: after)
      }
    }
    return Double(digits).map { sign * $0 }
  }
}
