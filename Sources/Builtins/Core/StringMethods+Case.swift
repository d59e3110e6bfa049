import Runtime

// Upper and lower case, and the classes of characters, as Python's str defines them.

extension CoreBuiltins {
  static var cases: [Native] {
    [
      changed(
        "lower", "The text in lower case.", #""ÀB".lower()"#, "àb",
        ascii: { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, Casing.lower),
      changed(
        "upper", "The text in upper case.", #""straße".upper()"#, "STRASSE",
        ascii: { $0 >= 0x61 && $0 <= 0x7A ? $0 & 0xDF : $0 }, Casing.upper),
      changed(
        "title", "Every word with a capital first letter.", #""an intent".title()"#, "An Intent",
        ascii: nil, Casing.title),
      changed(
        "capitalize", "The first letter a capital, all others small.", #""hELLO".capitalize()"#,
        "Hello", ascii: nil, Casing.capitalize),
      changed(
        "swapcase", "Capitals small and small letters capital.", #""aB".swapcase()"#, "Ab",
        ascii: nil, Casing.swap),
    ]
  }

  private static func changed(
    _ name: String, _ summary: String, _ code: String, _ result: String,
    ascii: (@Sendable (UInt8) -> UInt8)?, _ change: @escaping @Sendable (String) -> String
  ) -> Native {
    Native(
      name, summary, Param<Text>("text", "The string."), returns: "string",
      search: ["case", "capital"], examples: [(code, result)]
    ) { vm, text in
      if let ascii, text.object.isASCII {
        var builder = TextBuilder(capacity: text.bytes.count)
        for byte in text.bytes { builder.append(ascii(byte)) }
        return vm.adopt(builder.finish())
      }
      return vm.makeString(change(text.object.text))
    }
  }

  static var classes: [Native] {
    [
      every(
        "isalpha", "Whether all characters are letters, and there is one.", "abc",
        CharacterClass.isAlpha),
      every(
        "isdigit", "Whether all characters are digits, and there is one.", "42",
        CharacterClass.isDigit),
      every(
        "isnumeric", "Whether all characters are numbers of some kind, and there is one.", "½",
        CharacterClass.isNumeric),
      every(
        "isdecimal", "Whether all characters are decimal digits, and there is one.", "42",
        CharacterClass.isDecimal),
      every(
        "isalnum", "Whether all characters are letters or numbers, and there is one.", "a1",
        CharacterClass.isAlphanumeric),
      every(
        "isspace", "Whether all characters are spaces, and there is one.", " ", TextSearch.isSpace),
      whole("isupper", "Whether there are cased letters and all are capitals.", "AB1") {
        Casing.isAll(upper: true, $0)
      },
      whole("islower", "Whether there are cased letters and all are small.", "ab1") {
        Casing.isAll(upper: false, $0)
      },
      whole(
        "istitle", "Whether every word starts with a capital and goes on small.", "A Title",
        Casing.isTitle),
    ]
  }

  private static func every(
    _ name: String, _ summary: String, _ example: String,
    _ check: @escaping @Sendable (Unicode.Scalar) -> Bool
  ) -> Native {
    whole(name, summary, example) { text in
      !text.isEmpty && text.unicodeScalars.allSatisfy(check)
    }
  }

  private static func whole(
    _ name: String, _ summary: String, _ example: String,
    _ check: @escaping @Sendable (String) -> Bool
  ) -> Native {
    Native(
      name, summary, Param<Text>("text", "The string."), returns: "bool",
      search: ["character", "class"],
      examples: [("\(Representation.quoted(example)).\(name)()", "true")]
    ) { text in check(text.object.text) }
  }
}

enum CharacterClass {
  static func isAlpha(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  static func isDecimal(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .decimalNumber
  }

  static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.numericType {
    case .decimal, .digit: true
    default: false
    }
  }

  static func isNumeric(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.numericType != nil
  }

  static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
    isAlpha(scalar) || isNumeric(scalar)
  }
}

enum Casing {
  private static func isUpper(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isUppercase }
  private static func isLower(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isLowercase }
  private static func isTitleCase(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .titlecaseLetter
  }
  private static func isCased(_ scalar: Unicode.Scalar) -> Bool {
    isUpper(scalar) || isLower(scalar) || isTitleCase(scalar)
  }

  static func upper(_ text: String) -> String {
    text.unicodeScalars.map(\.properties.uppercaseMapping).joined()
  }

  /// A sigma at the end of a word has a form of its own (Unicode's Final_Sigma).
  static func lower(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    for (index, scalar) in scalars.enumerated() { result += lower(scalar, at: index, scalars) }
    return result
  }

  private static func lower(_ scalar: Unicode.Scalar, at index: Int, _ scalars: [Unicode.Scalar])
    -> String
  {
    guard scalar == "\u{3A3}" else { return scalar.properties.lowercaseMapping }
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    let isFinal = (before.map(isCased) ?? false) && !(after.map(isCased) ?? false)
    return isFinal ? "\u{3C2}" : "\u{3C3}"
  }

  static func title(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    var isInWord = false
    for (index, scalar) in scalars.enumerated() {
      result += isInWord ? lower(scalar, at: index, scalars) : scalar.properties.titlecaseMapping
      isInWord = isCased(scalar)
    }
    return result
  }

  static func capitalize(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    guard let first = scalars.first else { return "" }
    var result = first.properties.titlecaseMapping
    for index in scalars.indices.dropFirst() { result += lower(scalars[index], at: index, scalars) }
    return result
  }

  static func swap(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    for (index, scalar) in scalars.enumerated() {
      if isUpper(scalar) {
        result += lower(scalar, at: index, scalars)
      } else if isLower(scalar) {
        result += scalar.properties.uppercaseMapping
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  static func isAll(upper: Bool, _ text: String) -> Bool {
    var found = false
    for scalar in text.unicodeScalars {
      if isTitleCase(scalar) || (upper ? isLower(scalar) : isUpper(scalar)) { return false }
      if upper ? isUpper(scalar) : isLower(scalar) { found = true }
    }
    return found
  }

  static func isTitle(_ text: String) -> Bool {
    var found = false
    var isInWord = false
    for scalar in text.unicodeScalars {
      if isUpper(scalar) || isTitleCase(scalar) {
        if isInWord { return false }
        isInWord = true
        found = true
      } else if isLower(scalar) {
        if !isInWord { return false }
        found = true
      } else {
        isInWord = false
      }
    }
    return found
  }
}
