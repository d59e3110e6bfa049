import Foundations

/// How wide texts are in a sans-serif font that nobody knows yet: a close estimate from above, by the widths of DejaVu
/// Sans, the widest of those that are common.
enum TextMetrics {
  /// - Parameter isBold: titles are; their letters are up to a fifth wider.
  static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
    text.reduce(0) { $0 + width(of: $1, isBold) } * size
  }

  private static func width(of character: Character, _ isBold: Bool) -> Double {
    guard let byte = character.asciiValue else {
      let columns = DisplayWidth.of(character)
      return Double(columns) * (columns > 1 ? 0.52 : isBold ? 0.72 : 0.63)
    }
    return isBold ? boldWidth(of: byte) : width(of: byte)
  }

  private static func width(of byte: UInt8) -> Double {
    switch byte {
    case UInt8(ascii: "i"), UInt8(ascii: "l"), UInt8(ascii: "j"), UInt8(ascii: "I"),
      UInt8(ascii: "|"), UInt8(ascii: "'"):
      return 0.3
    case UInt8(ascii: " "), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ":"),
      UInt8(ascii: ";"), UInt8(ascii: "!"), UInt8(ascii: "-"), UInt8(ascii: "/"):
      return 0.36
    case UInt8(ascii: "f"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "("),
      UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"):
      return 0.41
    case UInt8(ascii: "m"), UInt8(ascii: "w"), UInt8(ascii: "M"), UInt8(ascii: "W"),
      UInt8(ascii: "@"), UInt8(ascii: "%"):
      return 0.95
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): return 0.7
    case UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"): return 0.84
    case UInt8(ascii: "_"): return 0.5
    default: return 0.64
    }
  }

  private static func boldWidth(of byte: UInt8) -> Double {
    switch byte {
    case UInt8(ascii: "i"), UInt8(ascii: "l"), UInt8(ascii: "j"), UInt8(ascii: "I"),
      UInt8(ascii: "J"), UInt8(ascii: "|"), UInt8(ascii: "'"), UInt8(ascii: " "),
      UInt8(ascii: "/"):
      return 0.375
    case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: ";"),
      UInt8(ascii: "-"):
      return 0.415
    case UInt8(ascii: "f"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "("),
      UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "!"):
      return 0.495
    case UInt8(ascii: "W"): return 1.11
    case UInt8(ascii: "m"), UInt8(ascii: "w"), UInt8(ascii: "M"), UInt8(ascii: "@"),
      UInt8(ascii: "%"):
      return 1.045
    case UInt8(ascii: "D"), UInt8(ascii: "H"), UInt8(ascii: "N"), UInt8(ascii: "O"),
      UInt8(ascii: "Q"), UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "<"),
      UInt8(ascii: ">"), UInt8(ascii: "#"), UInt8(ascii: "^"), UInt8(ascii: "~"),
      UInt8(ascii: "&"):
      return 0.86
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): return 0.8
    case UInt8(ascii: "_"): return 0.5
    default: return 0.72
    }
  }

  /// `text` cut to a width, with `…` where something was lost.
  static func cut(_ text: String, to width: Double, size: Double, isBold: Bool = false) -> String {
    // A text of a million characters is not measured to its end.
    let text = text.utf8.count > 1000 ? String(text.prefix(1000)) + "…" : text
    guard TextMetrics.width(text, size: size, isBold: isBold) > width else { return text }
    return String(head(text, width - size, size, isBold)) + "…"
  }

  private static func head(
    _ text: String, _ width: Double, _ size: Double, _ isBold: Bool = false
  ) -> Substring {
    var used = 0.0
    let end = text.indices.first { index in
      used += TextMetrics.width(of: text[index], isBold) * size
      return used > width
    }
    return text[..<(end ?? text.endIndex)]
  }

  /// Texts cut to a width so that those that differ still do, as far as that can be: where their beginnings are alike,
  /// from their middles.
  static func cut(all texts: [String], to width: Double, size: Double) -> [String] {
    let heads = texts.map { cut($0, to: width, size: size) }
    guard Set(spelt: heads).count < Set(spelt: texts).count else { return heads }
    return texts.map { text in
      let text = text.utf8.count > 1000 ? String(text.prefix(500) + text.suffix(500)) : text
      guard TextMetrics.width(text, size: size) > width else { return text }
      let half = (width - size) / 2
      let tail = String(head(String(text.reversed()), half, size).reversed())
      return head(text, half, size) + "…" + tail
    }
  }

  /// `text` in lines no wider than `width`, broken at spaces; the last of them is cut.
  static func wrapped(
    _ text: String, to width: Double, size: Double, atMost most: Int, isBold: Bool = false
  ) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.prefix(2000).split(separator: " ") {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if lines.count + 1 < most, !line.isEmpty,
        TextMetrics.width(longer, size: size, isBold: isBold) > width
      {
        lines.append(line)
        line = String(word)
      } else {
        line = longer
      }
    }
    if !line.isEmpty { lines.append(line) }
    return lines.map { cut($0, to: width, size: size, isBold: isBold) }
  }
}
