#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers and strings as text, as Python writes them: the shortest float that reads back the same, and the format
/// specifications of f-strings.
public enum Formatting {
  /// A width or precision beyond this is refused.
  static let maximumWidth = 1_000_000

  /// `2.0`, `1e-05`, `inf`, `nan`: the shortest text that reads back the same float.
  public static func float(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
    let (digits, exponent) = shortestDigits(value.magnitude)
    let sign = value < 0 ? "-" : ""
    if exponent < -4 || exponent >= 16 { return sign + scientific(digits, exponent) }
    return sign + positional(digits, exponent)
  }

  /// `value` with a fixed number of decimals.
  public static func fixed(_ value: Double, _ decimals: Int) -> String { c("f", value, decimals) }

  /// The digits of the shortest decimal that reads back as `value`, and the exponent of the first one.
  private static func shortestDigits(_ value: Double) -> (digits: [UInt8], exponent: Int) {
    var digits: [UInt8] = []
    var exponent = 0
    var point: Int?
    var isInExponent = false
    var exponentText = ""
    for byte in value.description.utf8 {
      switch byte {
      case UInt8(ascii: "."): point = digits.count
      case UInt8(ascii: "e"), UInt8(ascii: "E"): isInExponent = true
      default:
        if isInExponent {
          exponentText.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
          digits.append(byte)
        }
      }
    }
    exponent = (point ?? digits.count) - 1 + (Int(exponentText) ?? 0)
    while digits.count > 1, digits.first == UInt8(ascii: "0") {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
    return (digits, exponent)
  }

  private static func scientific(_ digits: [UInt8], _ exponent: Int) -> String {
    var text = String(decoding: digits.prefix(1), as: UTF8.self)
    if digits.count > 1 { text += "." + String(decoding: digits.dropFirst(), as: UTF8.self) }
    let size = abs(exponent)
    return text + (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0\(size)" : "\(size)")
  }

  private static func positional(_ digits: [UInt8], _ exponent: Int) -> String {
    let text = String(decoding: digits, as: UTF8.self)
    if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + text }
    if exponent + 1 >= digits.count {
      return text + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
    }
    return String(text.prefix(exponent + 1)) + "." + String(text.dropFirst(exponent + 1))
  }

  /// C's formatting of a float, which is exact to any number of digits.
  private static func c(_ type: String, _ value: Double, _ precision: Int, alternate: Bool = false)
    -> String
  {
    let format = alternate ? "%#.*\(type)" : "%.*\(type)"
    return withVaList([Int32(clamping: precision), value]) { arguments in
      // 309 digits before the point at most, then the precision.
      let capacity = precision + 330
      return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
        guard let address = buffer.baseAddress else { return "" }
        vsnprintf(address, capacity, format, arguments)
        return String(cString: address)
      }
    }
  }

  // MARK: Format specifications

  /// `[[fill]align][sign][#][0][width][,|_][.precision][type]`
  struct Specification {
    var fill: Character = " "
    var alignment: Character?
    var sign: Character = "-"
    var alternate = false
    var zero = false
    var width = 0
    var grouping: Character?
    var precision: Int?
    var type: Character?

    init(_ text: String) throws(Fault) {
      var rest = Substring(text)
      let isAlignment: (Character) -> Bool = { "<>=^".contains($0) }
      if let second = rest.dropFirst().first, isAlignment(second), let first = rest.first {
        fill = first
        alignment = second
        rest = rest.dropFirst(2)
      } else if let first = rest.first, isAlignment(first) {
        alignment = first
        rest = rest.dropFirst()
      }
      if let first = rest.first, "+- ".contains(first) {
        sign = first
        rest = rest.dropFirst()
      }
      if rest.first == "z" { rest = rest.dropFirst() }
      if rest.first == "#" {
        alternate = true
        rest = rest.dropFirst()
      }
      if rest.first == "0" {
        zero = true
        rest = rest.dropFirst()
      }
      width = try Specification.number(&rest, text) ?? 0
      if let first = rest.first, first == "," || first == "_" {
        grouping = first
        rest = rest.dropFirst()
      }
      if rest.first == "." {
        rest = rest.dropFirst()
        guard let digits = try Specification.number(&rest, text) else {
          throw Fault(.value, "the format `\(text)` needs a number of digits after the point")
        }
        precision = digits
      }
      if let last = rest.first {
        type = last
        rest = rest.dropFirst()
      }
      guard rest.isEmpty else { throw Specification.invalid(text) }
    }

    static func invalid(_ text: String) -> Fault {
      Fault(
        .value, "`\(text.prefix(40))` is not a format",
        hint: "a format is like `.2f`, `>10`, `,` or `08.3f`")
    }

    private static func number(_ rest: inout Substring, _ text: String) throws(Fault) -> Int? {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      if digits.isEmpty { return nil }
      rest = rest.dropFirst(digits.count)
      guard let value = Int(digits), value <= maximumWidth else {
        throw Fault(
          .limit, "the format `\(text.prefix(40))` asks for more than \(maximumWidth) characters")
      }
      return value
    }

    /// Pads `body`; the sign stays in front of zeros and of `=` padding.
    func padded(_ sign: String, _ body: String, alignedRight: Bool) -> String {
      let missing = width - sign.count - body.count
      let fill = zero && alignment == nil && alignedRight ? "0" : self.fill
      guard missing > 0 else { return sign + body }
      let padding = String(repeating: fill, count: missing)
      switch alignment ?? (zero && alignedRight ? "=" : alignedRight ? ">" : "<") {
      case "<": return sign + body + padding
      case "^":
        return String(repeating: fill, count: missing / 2) + sign + body
          + String(repeating: fill, count: missing - missing / 2)
      case "=": return sign + padding + body
      default: return padding + sign + body
      }
    }

    /// Groups the digits before the point.
    func grouped(_ body: String, sign: String, by size: Int = 3) -> String {
      guard let grouping else { return body }
      let whole = body.prefix { $0.isHexDigit && $0 != "e" || $0.isHexDigit && size == 4 }
      let rest = body.dropFirst(whole.count)
      var digits = Array(whole)
      if zero && alignment == nil {
        // Python groups the padding zeros too.
        while true {
          let count = sign.count + digits.count + (digits.count - 1) / size + rest.count
          if count >= width { break }
          digits.insert("0", at: 0)
        }
      }
      var result = ""
      for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % size == 0 { result.append(grouping) }
        result.append(digit)
      }
      return result + rest
    }

    func signText(negative: Bool) -> String {
      negative ? "-" : sign == "+" ? "+" : sign == " " ? " " : ""
    }
  }

  /// A value as `f"{value:specification}"` shows it.
  public static func format(_ value: Value, _ specification: String, _ vm: VM?) throws -> String {
    switch value {
    case .int(let int):
      return try format(int, Specification(specification), specification)
    case .float(let float):
      return try format(float, Specification(specification), specification)
    case .object(let reference) where reference.kind == .native:
      let native = reference.native
      if let text = try native.type.formatted(native, specification, vm) { return text }
      if let scalar = native.scalar { return try format(scalar, specification, vm) }
    default: break
    }
    return try format(
      Representation.text(of: value, quoted: false, vm), Specification(specification), specification
    )
  }

  static func format(_ text: String, _ specification: Specification, _ source: String) throws(Fault)
    -> String
  {
    guard specification.type == nil || specification.type == "s", specification.sign == "-",
      specification.grouping == nil, specification.alignment != "="
    else {
      throw Fault(.value, "the format `\(source)` does not fit a string")
    }
    var specification = specification
    if specification.zero {
      specification.zero = false
      if specification.alignment == nil { specification.fill = "0" }
    }
    // Widths count code points, as lengths do.
    let body =
      specification.precision.map {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix($0)))
      } ?? text
    specification.width -= body.unicodeScalars.count - body.count
    return specification.padded("", body, alignedRight: false)
  }

  static func format(_ value: Int, _ specification: Specification, _ source: String) throws(Fault)
    -> String
  {
    let magnitude = value.magnitude
    var body: String
    var prefix = ""
    var groupSize = 3
    switch specification.type {
    case nil, "d", "n": body = String(magnitude)
    case "b":
      body = String(magnitude, radix: 2)
      prefix = "0b"
      groupSize = 4
    case "o":
      body = String(magnitude, radix: 8)
      prefix = "0o"
      groupSize = 4
    case "x":
      body = String(magnitude, radix: 16)
      prefix = "0x"
      groupSize = 4
    case "X":
      body = String(magnitude, radix: 16, uppercase: true)
      prefix = "0X"
      groupSize = 4
    case "c":
      guard let code = UInt32(exactly: value), let scalar = Unicode.Scalar(code) else {
        throw Fault(.value, "\(value) is not the number of a character")
      }
      return specification.padded("", String(Character(scalar)), alignedRight: false)
    case "e", "E", "f", "F", "g", "G", "%":
      return try format(Double(value), specification, source)
    default: throw Fault(.value, "the format `\(source)` does not fit an int")
    }
    guard specification.precision == nil else {
      throw Fault(
        .value, "the format `\(source)` does not fit an int",
        hint: "add `f` for decimals: `\(source)f`")
    }
    if groupSize == 4, specification.grouping == "," {
      throw Fault(.value, "the format `\(source)` groups with `,`; use `_` here")
    }
    let sign =
      specification.signText(negative: value < 0) + (specification.alternate ? prefix : "")
    body = specification.grouped(body, sign: sign, by: groupSize)
    return specification.padded(sign, body, alignedRight: true)
  }

  static func format(_ value: Double, _ specification: Specification, _ source: String)
    throws(Fault) -> String
  {
    let magnitude = value.magnitude
    let precision = specification.precision ?? 6
    var body: String
    var type = specification.type
    if type == "n" { type = "g" }
    switch type {
    case "f"?, "F"?: body = c("f", magnitude, precision, alternate: specification.alternate)
    case "e"?, "E"?: body = c("e", magnitude, precision, alternate: specification.alternate)
    case "g"?, "G"?: body = c("g", magnitude, precision, alternate: specification.alternate)
    case "%"?: body = c("f", magnitude * 100, precision) + "%"
    case nil:
      if let wanted = specification.precision {
        body = general(magnitude, max(1, wanted))
      } else {
        body = float(magnitude)
      }
    default: throw Fault(.value, "the format `\(source)` does not fit a float")
    }
    if !magnitude.isFinite { body = (magnitude.isNaN ? "nan" : "inf") + (type == "%" ? "%" : "") }
    if let type, type.isUppercase { body = body.uppercased() }
    var padding = specification
    let sign = specification.signText(negative: value.sign == .minus && !value.isNaN)
    if magnitude.isFinite {
      body = specification.grouped(body, sign: sign)
    } else {
      padding.zero = false
    }
    if !magnitude.isFinite, specification.zero, specification.alignment == nil {
      padding.alignment = "="
      padding.fill = "0"
    }
    return padding.padded(sign, body, alignedRight: true)
  }

  /// As `g`, but always with a digit after the point or an exponent, as Python does where no type is given.
  private static func general(_ value: Double, _ precision: Int) -> String {
    if !value.isFinite { return value.isNaN ? "nan" : "inf" }
    let parts = c("e", value, precision - 1).split(separator: "e")
    let exponent = parts.last.flatMap { Int($0) } ?? 0
    if exponent < -4 || exponent >= precision - 1, var mantissa = parts.first {
      if mantissa.contains(".") {
        while mantissa.hasSuffix("0") { mantissa.removeLast() }
        if mantissa.hasSuffix(".") { mantissa.removeLast() }
      }
      return mantissa + "e" + parts[parts.count - 1]
    }
    let text = c("g", value, precision)
    return text.contains(".") ? text : text + ".0"
  }
}
