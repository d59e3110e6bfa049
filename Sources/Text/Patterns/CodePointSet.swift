// Sets of code points, as the classes of regular expressions are.

import CUnicode

/// A set of code points as ranges in order, none touching the next.
struct CodePointSet: Sendable, Equatable {
  private(set) var ranges: [Range<UInt32>]

  static let end: UInt32 = 0x110000
  static let all = CodePointSet([0..<end])

  init(_ ranges: [Range<UInt32>] = []) {
    var merged: [Range<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = merged.last, last.upperBound >= range.lowerBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged
  }

  init(_ scalar: UInt32) { ranges = [scalar..<scalar + 1] }

  var isEmpty: Bool { ranges.isEmpty }
  var count: Int { ranges.reduce(0) { $0 + $1.count } }

  var inverted: CodePointSet {
    var result: [Range<UInt32>] = []
    var start: UInt32 = 0
    for range in ranges {
      if start < range.lowerBound { result.append(start..<range.lowerBound) }
      start = range.upperBound
    }
    if start < Self.end { result.append(start..<Self.end) }
    return CodePointSet(result)
  }

  func union(_ other: CodePointSet) -> CodePointSet { CodePointSet(ranges + other.ranges) }

  func intersection(_ other: CodePointSet) -> CodePointSet {
    inverted.union(other.inverted).inverted
  }

  /// The set with the other cases of its members: for single characters and short ranges, as they stand in patterns.
  var withBothCases: CodePointSet {
    guard count <= 1_024 else { return self }
    var more: [Range<UInt32>] = []
    func add(_ text: String) {
      guard let only = text.unicodeScalars.first, text.unicodeScalars.count == 1 else { return }
      more.append(only.value..<only.value + 1)
    }
    for range in ranges {
      for value in range {
        guard let scalar = Unicode.Scalar(value) else { continue }
        add(scalar.properties.lowercaseMapping)
        add(scalar.properties.uppercaseMapping)
        // Letters that fold to an ASCII one.
        if value == 0x73 || value == 0x53 { more.append(0x17F..<0x180) }
        if value == 0x6B || value == 0x4B { more.append(0x212A..<0x212B) }
      }
    }
    return CodePointSet(ranges + more)
  }
}

/// Whose reading of regular expressions is followed: they know different versions of Unicode and differ in details.
enum PatternDialect: Sendable {
  /// Oniguruma with the syntax of Ruby, as in the `tokenizers` package.
  case oniguruma
  /// The `fancy-regex` crate, as in `tiktoken`.
  case rust
}

/// Code points by general category and script (Scripts/unicode_categories.py).
enum CodePointProperty {
  private static let categories = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi",
    "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cn",
  ]
  private static let scripts = [
    "han", "hiragana", "katakana", "hangul", "latin", "cyrillic", "greek", "arabic", "hebrew",
    "thai", "devanagari",
  ]
  private static let longNames = [
    "letter": "L", "mark": "M", "number": "N", "punctuation": "P", "symbol": "S", "separator": "Z",
    "uppercase_letter": "Lu", "lowercase_letter": "Ll",
  ]

  /// The set with a property's name, as `L`, `Lu` or `Han`; nil where there is no such property here.
  static func set(_ name: String, _ dialect: PatternDialect) -> CodePointSet? {
    var plain = name.lowercased()
    for prefix in ["script=", "sc=", "gc=", "general_category="] where plain.hasPrefix(prefix) {
      plain = String(plain.dropFirst(prefix.count))
    }
    if let script = scripts.firstIndex(of: plain) {
      return members(dialect) { Int($0 >> 5) == script + 1 }
    }
    let short = longNames[plain] ?? plain
    if short.lowercased() == "any" { return .all }
    let wanted = categories.map {
      $0.lowercased().hasPrefix(short.lowercased()) && short.count <= 2
    }
    guard !short.isEmpty, wanted.contains(true) else { return nil }
    return members(dialect) { wanted[Int($0 & 31)] }
  }

  private static func members(
    _ dialect: PatternDialect, _ isMember: (UInt32) -> Bool
  ) -> CodePointSet {
    let runs = dialect == .rust ? fl_unicode_rust_categories() : fl_unicode_categories()
    var ranges: [Range<UInt32>] = []
    for i in 0..<runs.count where isMember(runs.start[i] & 0x7FF) {
      let end = i + 1 < runs.count ? runs.start[i + 1] >> 11 : CodePointSet.end
      ranges.append(runs.start[i] >> 11..<end)
    }
    return CodePointSet(ranges)
  }

  /// `\w`.
  static func word(_ dialect: PatternDialect) -> CodePointSet {
    let bounds = dialect == .rust ? fl_unicode_rust_word_ranges() : fl_unicode_word_ranges()
    return CodePointSet(
      stride(from: 0, to: bounds.count - 1, by: 2).map { bounds.start[$0]..<bounds.start[$0 + 1] })
  }

  /// `\s`: both engines agree.
  static let space = CodePointSet([
    9..<14, 32..<33, 133..<134, 160..<161, 5760..<5761, 8192..<8203, 8232..<8234, 8239..<8240,
    8287..<8288, 12288..<12289,
  ])
}
