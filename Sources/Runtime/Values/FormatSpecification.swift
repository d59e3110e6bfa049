// What stands behind the colon in an f-string's field, as in Python 3.11:
//
//     [[fill]align][sign][z][#][0][width][,|_][.precision][type]
//
// Scripts/oracles/strings.py compares thousands of them with Python's own results. Wider than Python: values of other
// types than numbers and strings are formatted as their text.

extension Formatting {
  /// A width or precision beyond this is refused.
  static let maximumWidth = 1_000_000

  /// A value as `f"{value:specification}"` shows it.
  public static func format(_ value: Value, _ specification: String, _ vm: VM?) throws -> String {
    switch value {
    case .int(let int): return try format(int, Specification(specification, isNumber: true))
    case .float(let float): return try format(float, Specification(specification, isNumber: true))
    case .bool(let bool):
      // 0 or 1 where the type asks for a number; else the word.
      let asNumber = try Specification(specification, isNumber: true)
      if let type = asNumber.type, type != "s" { return try format(bool ? 1 : 0, asNumber) }
    case .object(let reference) where reference.kind == .native:
      let native = reference.native
      if let text = try native.type.formatted(native, specification, vm) { return text }
      if let scalar = native.scalar { return try format(scalar, specification, vm) }
    default: break
    }
    return try format(
      Representation.text(of: value, quoted: false, vm),
      Specification(specification, isNumber: false))
  }

  /// The parts of a specification.
  struct Specification {
    let text: String
    var fill: Unicode.Scalar = " "
    /// One of `<>=^`.
    var alignment: Unicode.Scalar?
    /// One of `+- `; nil where none is written.
    var sign: Unicode.Scalar?
    /// `z`: what rounds to zero has no minus.
    var dropsMinusOfZero = false
    var isAlternate = false
    var width = 0
    /// `,` or `_`.
    var grouping: Unicode.Scalar?
    var precision: Int?
    var type: Unicode.Scalar?

    /// - Parameter isNumber: a zero before the width then goes between sign and digits.
    init(_ text: String, isNumber: Bool) throws(Fault) {
      self.text = text
      let scalars = Array(text.unicodeScalars)
      var place = 0
      func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        place + offset < scalars.count ? scalars[place + offset] : nil
      }
      func take(_ among: String) -> Unicode.Scalar? {
        guard let next = peek(), among.unicodeScalars.contains(next) else { return nil }
        place += 1
        return next
      }
      func number() throws(Fault) -> Int? {
        let start = place
        var value = 0
        while let digit = peek(), ("0"..."9").contains(digit) {
          value = value * 10 + Int(digit.value) - 48
          guard value <= maximumWidth else {
            throw Fault(
              .limit,
              "the format `\(text.prefix(40))` asks for more than \(maximumWidth) characters")
          }
          place += 1
        }
        return place > start ? value : nil
      }
      var hasFill = false
      if let second = peek(1), "<>=^".unicodeScalars.contains(second), let first = peek() {
        hasFill = true
        fill = first
        alignment = second
        place = 2
      } else {
        alignment = take("<>=^")
      }
      sign = take("+- ")
      dropsMinusOfZero = take("z") != nil
      isAlternate = take("#") != nil
      // Where a fill is written, the zero belongs to the width.
      if !hasFill, take("0") != nil {
        fill = "0"
        if alignment == nil, isNumber { alignment = "=" }
      }
      width = try number() ?? 0
      grouping = take(",_")
      if grouping != nil, take(",_") != nil {
        throw Fault(.value, "the format `\(text)` groups twice", hint: "write `,` or `_`")
      }
      if take(".") != nil {
        guard let digits = try number() else {
          throw Fault(.value, "the format `\(text)` needs a number of digits after the point")
        }
        precision = digits
      }
      type = peek()
      guard place + 1 >= scalars.count else {
        throw Fault(
          .value, "`\(text.prefix(40))` is not a format",
          hint: "a format is like `.2f`, `>10`, `,` or `08.3f`")
      }
    }

    func misfit(_ what: String, hint: String? = nil) -> Fault {
      Fault(.value, "the format `\(text.prefix(40))` does not fit \(what)", hint: hint)
    }

    func signText(isNegative: Bool) -> String {
      isNegative ? "-" : sign == "+" ? "+" : sign == " " ? " " : ""
    }

    /// A number of its parts: the sign (with `0x`), the digits that are grouped, and what stands behind them.
    func number(sign: String, digits: String, rest: String, groupSize: Int = 3) -> String {
      var body = digits
      if let grouping, !digits.isEmpty {
        // Zeros that fill are grouped too.
        let fills = fill == "0" && alignment == "="
        body = Self.grouped(
          digits, grouping, groupSize,
          atLeast: fills ? width - sign.utf8.count - rest.unicodeScalars.count : 0)
      }
      return padded(sign, body + rest, usually: ">")
    }

    private static func grouped(
      _ digits: String, _ mark: Unicode.Scalar, _ size: Int, atLeast width: Int
    ) -> String {
      var count = digits.utf8.count
      while count + (count - 1) / size < width { count += 1 }
      var result = ""
      let zeros = count - digits.utf8.count
      var index = 0
      func separate() {
        if index > 0, (count - index) % size == 0 { result.unicodeScalars.append(mark) }
        index += 1
      }
      for _ in 0..<zeros {
        separate()
        result += "0"
      }
      for digit in digits.unicodeScalars {
        separate()
        result.unicodeScalars.append(digit)
      }
      return result
    }

    /// Fills up to the width, which counts code points as lengths do.
    func padded(_ sign: String, _ body: String, usually: Unicode.Scalar) -> String {
      let missing = width - sign.utf8.count - body.unicodeScalars.count
      guard missing > 0 else { return sign + body }
      func filling(_ count: Int) -> String { String(repeating: String(fill), count: count) }
      switch alignment ?? usually {
      case "<": return sign + body + filling(missing)
      case "^": return filling(missing / 2) + sign + body + filling(missing - missing / 2)
      case "=": return sign + filling(missing) + body
      default: return filling(missing) + sign + body
      }
    }
  }

  private static func format(_ text: String, _ specification: Specification) throws(Fault) -> String
  {
    guard specification.type == nil || specification.type == "s", specification.sign == nil,
      specification.grouping == nil, !specification.isAlternate, !specification.dropsMinusOfZero,
      specification.alignment != "="
    else { throw specification.misfit("a string") }
    let body =
      specification.precision.map {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix($0)))
      } ?? text
    return specification.padded("", body, usually: "<")
  }

  private static func format(_ value: Int, _ specification: Specification) throws(Fault) -> String {
    let digits: String
    var prefix = ""
    switch specification.type {
    case nil, "d", "n": digits = String(value.magnitude)
    case "b":
      digits = String(value.magnitude, radix: 2)
      prefix = "0b"
    case "o":
      digits = String(value.magnitude, radix: 8)
      prefix = "0o"
    case "x":
      digits = String(value.magnitude, radix: 16)
      prefix = "0x"
    case "X":
      digits = String(value.magnitude, radix: 16, uppercase: true)
      prefix = "0X"
    case "c": return try character(value, specification)
    case "e", "E", "f", "F", "g", "G", "%": return try format(Double(value), specification)
    default: throw specification.misfit("an int")
    }
    guard specification.precision == nil else {
      throw specification.misfit(
        "an int", hint: "add `f` for decimals: `\(specification.text)f`")
    }
    guard !specification.dropsMinusOfZero else { throw specification.misfit("an int") }
    try checkGrouping(specification, allowsUnderscore: !prefix.isEmpty)
    let sign =
      specification.signText(isNegative: value < 0) + (specification.isAlternate ? prefix : "")
    return specification.number(
      sign: sign, digits: digits, rest: "", groupSize: prefix.isEmpty ? 3 : 4)
  }

  /// - Parameter allowsUnderscore: the digits are no decimal ones.
  private static func checkGrouping(_ specification: Specification, allowsUnderscore: Bool = false)
    throws(Fault)
  {
    guard let grouping = specification.grouping else { return }
    if specification.type == "n" {
      throw Fault(
        .value, "the format `\(specification.text)` cannot group with `\(grouping)` and `n`")
    }
    if allowsUnderscore, grouping == "," {
      throw Fault(
        .value, "the format `\(specification.text)` groups with `,`; use `_` here")
    }
  }

  private static func character(_ value: Int, _ specification: Specification) throws(Fault)
    -> String
  {
    guard specification.precision == nil, specification.sign == nil, !specification.isAlternate,
      !specification.dropsMinusOfZero, specification.grouping == nil
    else { throw specification.misfit("a character") }
    guard let code = UInt32(exactly: value), let scalar = Unicode.Scalar(code) else {
      throw Fault(.value, "\(value) is not the number of a character")
    }
    return specification.number(sign: "", digits: "", rest: String(scalar))
  }

  private static func format(_ value: Double, _ specification: Specification) throws(Fault)
    -> String
  {
    try checkGrouping(specification)
    let isPercent = specification.type == "%"
    let number = isPercent ? value * 100 : value
    let magnitude = number.magnitude
    let precision = specification.precision ?? 6
    let isAlternate = specification.isAlternate
    var body: String
    switch specification.type {
    case "f", "F", "%": body = c("f", magnitude, precision, alternate: isAlternate)
    case "e", "E": body = c("e", magnitude, precision, alternate: isAlternate)
    case "g", "G", "n": body = significant(magnitude, precision, alternate: isAlternate)
    case nil:
      if let wanted = specification.precision {
        body = general(magnitude, max(1, wanted), alternate: isAlternate)
      } else {
        body = float(magnitude)
        // `1e+20` has no point, and the alternate form wants one.
        if isAlternate, let exponent = body.firstIndex(of: "e"), !body.contains(".") {
          body.insert(".", at: exponent)
        }
      }
    default: throw specification.misfit("a float")
    }
    if !magnitude.isFinite { body = magnitude.isNaN ? "nan" : "inf" }
    if let type = specification.type, "EFG".unicodeScalars.contains(type) {
      body = body.uppercased()
    }
    if isPercent { body += "%" }
    let digits = body.prefix { ("0"..."9").contains($0) }
    var isNegative = number.sign == .minus && !number.isNaN
    if specification.dropsMinusOfZero, isNegative {
      isNegative = !magnitude.isFinite || isNonZero(body)
    }
    return specification.number(
      sign: specification.signText(isNegative: isNegative), digits: String(digits),
      rest: String(body.dropFirst(digits.count)))
  }

  /// Whether a digit before the exponent is not 0.
  private static func isNonZero(_ body: String) -> Bool {
    body.prefix { $0 != "e" && $0 != "E" }.contains { ("1"..."9").contains($0) }
  }

  /// C's `%g`. Its alternate form is put together here: the C library loses zeros where rounding reaches the next power
  /// of ten (`%#.3g` of 999.5 is `1.e+03` there).
  private static func significant(_ value: Double, _ precision: Int, alternate: Bool) -> String {
    guard alternate, value.isFinite else { return c("g", value, precision) }
    let precision = max(1, precision)
    let scientific = c("e", value, precision - 1, alternate: true)
    let exponent = scientific.split(separator: "e").last.flatMap { Int($0) } ?? 0
    if exponent < -4 || exponent >= precision { return scientific }
    return c("f", value, precision - 1 - exponent, alternate: true)
  }

  /// As `g`, but always with a digit after the point or an exponent, as Python does where no type is given.
  private static func general(_ value: Double, _ precision: Int, alternate: Bool) -> String {
    if !value.isFinite { return value.isNaN ? "nan" : "inf" }
    let scientific = c("e", value, precision - 1, alternate: alternate)
    let parts = scientific.split(separator: "e")
    let exponent = parts.last.flatMap { Int($0) } ?? 0
    if exponent < -4 || exponent >= precision - 1, var mantissa = parts.first {
      if alternate { return scientific }
      if mantissa.contains(".") {
        while mantissa.hasSuffix("0") { mantissa.removeLast() }
        if mantissa.hasSuffix(".") { mantissa.removeLast() }
      }
      return mantissa + "e" + parts[parts.count - 1]
    }
    let text = significant(value, precision, alternate: alternate)
    return text.contains(".") ? text : text + ".0"
  }
}
