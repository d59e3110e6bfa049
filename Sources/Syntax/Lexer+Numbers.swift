// Numbers: 42, 1_000, 0x1f, 0b11, 0o17, 3.0, 1., .5, 1e-5.

extension Lexer {
  mutating func number() {
    let start = position
    if bytes[start] == UInt8(ascii: "0"), let radix = radix(of: peek(1)) {
      position += 2
      integer(radix: radix, start: start)
      return
    }
    var digits: [UInt8] = []
    var isFloat = false
    guard scanDigits(into: &digits, start: start) else { return }
    if peek() == UInt8(ascii: "."), isFraction() {
      isFloat = true
      digits.append(UInt8(ascii: "."))
      position += 1
      if isDigit(peek()) {
        guard scanDigits(into: &digits, start: start) else { return }
      } else {
        digits.append(UInt8(ascii: "0"))
      }
    }
    if peek() | 0x20 == UInt8(ascii: "e") {
      let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
      if isDigit(peek(sign ? 2 : 1)) {
        isFloat = true
        digits.append(UInt8(ascii: "e"))
        if sign { digits.append(peek(1)) }
        position += sign ? 2 : 1
        guard scanDigits(into: &digits, start: start) else { return }
      }
    }
    guard endsCleanly(start) else { return }
    let text = String(decoding: digits, as: UTF8.self)
    if isFloat { float(text, start: start) } else { decimal(text, start: start) }
  }

  private func radix(of byte: UInt8) -> Int? {
    switch byte | 0x20 {
    case UInt8(ascii: "x"): 16
    case UInt8(ascii: "b"): 2
    case UInt8(ascii: "o"): 8
    default: nil
    }
  }

  /// Whether the point after the digits belongs to the number: not in `1..3`, `1...`, `1.method`.
  private func isFraction() -> Bool {
    let next = peek(1)
    if next == UInt8(ascii: ".") { return false }
    if next | 0x20 == UInt8(ascii: "e") {
      let sign = peek(2) == UInt8(ascii: "+") || peek(2) == UInt8(ascii: "-")
      return isDigit(peek(sign ? 3 : 2))
    }
    return isDigit(next) || !(isWordByte(next) || next >= 0x80)
  }

  /// Reads digits with single `_` between them.
  private mutating func scanDigits(into digits: inout [UInt8], start: Int) -> Bool {
    while true {
      let byte = peek()
      if isDigit(byte) {
        digits.append(byte)
        position += 1
      } else if byte == UInt8(ascii: "_") {
        guard isDigit(peek(1)), position > start, isDigit(bytes[position - 1]) else {
          scanWord()
          report(
            "a `_` in a number stands between two digits", start, position,
            hint: "write it as in `1_000_000`")
          emit(.invalid, from: start)
          return false
        }
        position += 1
      } else {
        if digits.isEmpty { digits.append(UInt8(ascii: "0")) }
        return true
      }
    }
  }

  /// No letter follows directly on a number.
  private mutating func endsCleanly(_ start: Int) -> Bool {
    let end = position
    scanWord()
    guard position > end else { return true }
    let number = String(decoding: bytes[start..<end], as: UTF8.self)
    let tail = String(decoding: bytes[end..<position], as: UTF8.self)
    let hint =
      tail == "j" || tail == "J"
      ? "there are no complex numbers"
      : "for a product write `\(number) * \(tail)`; a name cannot start with a digit"
    report("unexpected `\(tail)` after the number \(number)", start, position, hint: hint)
    emit(.invalid, from: start)
    return false
  }

  private mutating func decimal(_ text: String, start: Int) {
    if text.count > 1, text.utf8.first == UInt8(ascii: "0"), text.contains(where: { $0 != "0" }) {
      report(
        "an int cannot start with 0", start, position,
        hint: "write `\(text.drop { $0 == "0" })`, or `0o…` for an octal number")
      emit(.invalid, from: start)
    } else if let value = Int(text) {
      emit(.int(value), from: start)
    } else if text == "9223372036854775808" {
      emit(.minimumMagnitude, from: start)
    } else {
      tooLarge(start)
    }
  }

  private mutating func integer(radix: Int, start: Int) {
    var value = 0
    var overflow = false
    var count = 0
    while true {
      let byte = peek()
      if let digit = hexValue(byte), digit < radix {
        let (product, tooLarge) = value.multipliedReportingOverflow(by: radix)
        let (sum, carried) = product.addingReportingOverflow(Int(digit))
        overflow = overflow || tooLarge || carried
        value = sum
        count += 1
        position += 1
      } else if byte == UInt8(ascii: "_"), let next = hexValue(peek(1)), next < radix {
        position += 1
      } else {
        break
      }
    }
    let end = position
    scanWord()
    if count == 0 || position > end {
      let name = radix == 16 ? "hexadecimal" : radix == 8 ? "octal" : "binary"
      report("this is not a \(name) number", start, position)
      emit(.invalid, from: start)
    } else if overflow {
      tooLarge(start)
    } else {
      emit(.int(value), from: start)
    }
  }

  private mutating func tooLarge(_ start: Int) {
    report(
      "this int does not fit into 64 bits", start, position,
      label: "the largest int is \(Int.max)", hint: "write it as a float, with `.0` or an exponent")
    emit(.invalid, from: start)
  }

  private mutating func float(_ text: String, start: Int) {
    guard let value = Double(text) else {
      report("this is not a number", start, position)
      emit(.invalid, from: start)
      return
    }
    guard value.isFinite else {
      report(
        "this float is too large", start, position,
        label: "the largest float is \(Double.greatestFiniteMagnitude)",
        hint: "infinity is written `inf`")
      emit(.invalid, from: start)
      return
    }
    emit(.float(value), from: start)
  }
}
