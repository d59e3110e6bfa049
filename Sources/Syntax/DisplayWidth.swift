/// How many columns of a terminal text takes: two for East Asian wide characters and emoji, none for combining marks.
public enum DisplayWidth {
  /// The columns that `text` takes on one line (a tab counts as one).
  public static func columns(of text: String) -> Int {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
    return text.reduce(0) { $0 + columns(of: $1) }
  }

  public static func columns(of character: Character) -> Int {
    let scalars = character.unicodeScalars
    guard let first = scalars.first else { return 0 }
    if first.isASCII { return isDangerous(first) && scalars.count == 1 ? 0 : 1 }
    if scalars.contains("\u{FE0F}") || first.properties.isEmojiPresentation || isWide(first) {
      return 2
    }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: return 1
    }
  }

  /// A character as a line of a source shows it at a column: a tab as spaces up to the next multiple of four, a control
  /// character as U+FFFD.
  static func cell(of character: Character, at column: Int) -> (String, Int) {
    if character == "\t" {
      let width = 4 - column % 4
      return (String(repeating: " ", count: width), width)
    }
    if character.unicodeScalars.contains(where: isDangerous) { return ("\u{FFFD}", 1) }
    return (String(character), columns(of: character))
  }

  /// Control characters, and those that turn the direction of writing.
  static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
    default: false
    }
  }

  /// The blocks of East Asian wide and full-width characters (Unicode's EastAsianWidth.txt, W and F).
  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
      0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x17000...0x18CFF, 0x1B000...0x1B2FF, 0x1F300...0x1F64F,
      0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
