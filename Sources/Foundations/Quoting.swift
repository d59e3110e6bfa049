/// Texts in double quotes.
public enum Quoting {
  /// A string literal of the language: what scripts, errors and tables show of a text.
  public static func literal(_ text: String) -> String {
    var result = "\""
    escape(text, into: &result)
    return result + "\""
  }

  /// What stands between the quotes of a literal.
  public static func escape(_ text: String, into result: inout String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      // What cannot be seen or would move what stands around it.
      case "\0"..<" ", "\u{7f}"..<"\u{a0}", "\u{200b}"..."\u{200f}", "\u{2028}"..."\u{202e}",
        "\u{feff}":
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  /// A string of JSON.
  public static func json(_ text: String) -> String {
    var result = ""
    json(text, into: &result)
    return result
  }

  /// A string of JSON (RFC 8259, section 7).
  public static func json(_ text: String, into result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    result += "\""
  }
}
