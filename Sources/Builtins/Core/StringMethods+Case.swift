import Foundations
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
        "casefold", "The text for comparing without case (Unicode's full case folding).",
        #""Straße".casefold()"#, "strasse",
        ascii: { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, Casing.fold),
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
    ascii: (@Sendable (UInt8) -> UInt8)?,
    _ change: @escaping @Sendable (Casing.Bytes, inout TextBuilder) throws -> Void
  ) -> Native {
    Native(
      name, summary, Param<StringArgument>("text", "The string."), returns: "string",
      search: ["case", "capital"], examples: [(code, result)]
    ) { vm, text in try recased(text, vm, ascii: ascii, change) }
  }

  private static func recased(
    _ text: StringArgument, _ vm: VM, ascii: ((UInt8) -> UInt8)?,
    _ change: (Casing.Bytes, inout TextBuilder) throws -> Void
  ) throws -> Value {
    if let ascii, text.object.isASCII {
      let bytes = text.bytes
      let result = try StringObject(byteCount: bytes.count, characterCount: bytes.count) {
        target throws(Fault) in
        for (index, byte) in bytes.enumerated() {
          target[index] = ascii(byte)
          try vm.checkInterrupt(turn: index)
        }
      }
      return vm.adopt(result)
    }
    var builder = TextBuilder(vm, capacity: text.bytes.count)
    try change(text.bytes, &builder)
    return builder.finish()
  }

  /// The text in lower case.
  static func lowered(_ text: StringArgument, _ vm: VM) throws -> Value {
    try recased(text, vm, ascii: { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, Casing.lower)
  }

  /// The text in upper case.
  static func raised(_ text: StringArgument, _ vm: VM) throws -> Value {
    try recased(text, vm, ascii: { $0 >= 0x61 && $0 <= 0x7A ? $0 & 0xDF : $0 }, Casing.upper)
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
        try Casing.isAll(upper: true, $0, $1)
      },
      whole("islower", "Whether there are cased letters and all are small.", "ab1") {
        try Casing.isAll(upper: false, $0, $1)
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
    whole(name, summary, example) { text, vm in
      try !text.isEmpty && TextSearch.allScalars(of: text, vm, satisfy: check)
    }
  }

  private static func whole(
    _ name: String, _ summary: String, _ example: String,
    _ check: @escaping @Sendable (TextSearch.Bytes, VM) throws -> Bool
  ) -> Native {
    Native(
      name, summary, Param<StringArgument>("text", "The string."), returns: "bool",
      search: ["character", "class"],
      examples: [("\(Quoting.literal(example)).\(name)()", "true")]
    ) { vm, text in try check(text.bytes, vm) }
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
  typealias Bytes = TextSearch.Bytes

  private static func isUpper(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isUppercase }
  private static func isLower(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isLowercase }
  private static func isTitleCase(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .titlecaseLetter
  }
  private static func isCased(_ scalar: Unicode.Scalar) -> Bool {
    isUpper(scalar) || isLower(scalar) || isTitleCase(scalar)
  }

  static func upper(_ text: Bytes, _ result: inout TextBuilder) throws {
    try TextSearch.eachScalar(of: text) { scalar, _, _ in
      try upper(scalar, &result)
      return true
    }
  }

  private static func upper(_ scalar: Unicode.Scalar, _ result: inout TextBuilder) throws {
    if scalar.isASCII {
      let byte = UInt8(truncatingIfNeeded: scalar.value)
      try result.append(byte >= 0x61 && byte <= 0x7A ? byte & 0xDF : byte)
    } else {
      try result.append(scalar.properties.uppercaseMapping)
    }
  }

  static func lower(_ text: Bytes, _ result: inout TextBuilder) throws {
    try TextSearch.eachScalar(of: text) { scalar, start, end in
      try lower(scalar, start..<end, text, &result)
      return true
    }
  }

  /// A sigma at the end of a word has a form of its own (Unicode's Final_Sigma).
  private static func lower(
    _ scalar: Unicode.Scalar, _ place: Range<Int>, _ text: Bytes, _ result: inout TextBuilder
  ) throws {
    if scalar.isASCII {
      let byte = UInt8(truncatingIfNeeded: scalar.value)
      return try result.append(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
    }
    guard scalar == "\u{3A3}" else { return try result.append(scalar.properties.lowercaseMapping) }
    let isFinal = followsCased(place.lowerBound, text) && !precedesCased(place.upperBound, text)
    try result.append(isFinal ? "\u{3C2}" : "\u{3C3}")
  }

  /// Whether the last scalar before `offset` that case does not ignore is a cased one.
  private static func followsCased(_ offset: Int, _ text: Bytes) -> Bool {
    var offset = offset
    while offset > 0 {
      let (scalar, start) = TextSearch.scalar(text, before: offset)
      if !scalar.properties.isCaseIgnorable { return isCased(scalar) }
      offset = start
    }
    return false
  }

  private static func precedesCased(_ offset: Int, _ text: Bytes) -> Bool {
    var offset = offset
    while offset < text.count {
      let (scalar, next) = TextSearch.scalar(text, at: offset)
      if !scalar.properties.isCaseIgnorable { return isCased(scalar) }
      offset = next
    }
    return false
  }

  static func fold(_ text: Bytes, _ result: inout TextBuilder) throws {
    try TextSearch.eachScalar(of: text) { scalar, _, _ in
      switch scalar.value {
      case ..<0x80:
        let byte = UInt8(truncatingIfNeeded: scalar.value)
        try result.append(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
      // The dotless i is a letter of its own.
      case 0x131: try result.append("\u{131}")
      case 0x1E9E: try result.append("ss")
      // Cherokee had its capitals first.
      case 0x13A0...0x13FD, 0xAB70...0xABBF: try result.append(scalar.properties.uppercaseMapping)
      default:
        for capital in scalar.properties.uppercaseMapping.unicodeScalars {
          try result.append(capital.properties.lowercaseMapping)
        }
      }
      return true
    }
  }

  static func title(_ text: Bytes, _ result: inout TextBuilder) throws {
    var isInWord = false
    try TextSearch.eachScalar(of: text) { scalar, start, end in
      if isInWord {
        try lower(scalar, start..<end, text, &result)
      } else {
        try result.append(scalar.properties.titlecaseMapping)
      }
      isInWord = isCased(scalar)
      return true
    }
  }

  static func capitalize(_ text: Bytes, _ result: inout TextBuilder) throws {
    try TextSearch.eachScalar(of: text) { scalar, start, end in
      if start == 0 {
        try result.append(scalar.properties.titlecaseMapping)
      } else {
        try lower(scalar, start..<end, text, &result)
      }
      return true
    }
  }

  static func swap(_ text: Bytes, _ result: inout TextBuilder) throws {
    try TextSearch.eachScalar(of: text) { scalar, start, end in
      if isUpper(scalar) {
        try lower(scalar, start..<end, text, &result)
      } else if isLower(scalar) {
        try upper(scalar, &result)
      } else {
        try result.append(text[start..<end])
      }
      return true
    }
  }

  static func isAll(upper: Bool, _ text: Bytes, _ vm: VM) throws -> Bool {
    var found = false
    return try TextSearch.allScalars(of: text, vm) { scalar in
      if isTitleCase(scalar) || (upper ? isLower(scalar) : isUpper(scalar)) { return false }
      if upper ? isUpper(scalar) : isLower(scalar) { found = true }
      return true
    } && found
  }

  static func isTitle(_ text: Bytes, _ vm: VM) throws -> Bool {
    var found = false
    var isInWord = false
    return try TextSearch.allScalars(of: text, vm) { scalar in
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
      return true
    } && found
  }
}
