// The part of regular expressions that tokenizers use, as a tree.

import Foundations

/// A regular expression in parts.
indirect enum PatternNode: Sendable {
  case empty
  case set(CodePointSet)
  case sequence([PatternNode])
  /// The first that leads to a match counts.
  case choice([PatternNode])
  /// `most` nil: without end.
  case repetition(PatternNode, least: Int, most: Int?, PatternGreed)
  /// The next code point is there and in the set, or is not.
  case look(CodePointSet, isNegated: Bool)
  /// The end of the text, or also that of a line.
  case end(ofLine: Bool)
}

enum PatternGreed: Sendable {
  case greedy, lazy, possessive
}

/// Reads one regular expression.
struct PatternParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private var ignoresCase = false
  private let dialect: PatternDialect
  private let place: String

  private static let deepest = 50
  /// Repetitions are written out.
  private static let mostRepetitions = 1_000

  /// - Parameter place: what errors call the expression.
  /// - Throws: `data` for an expression that is malformed or asks for what is not supported, by name.
  static func parse(
    _ text: String, _ dialect: PatternDialect, place: String
  ) throws(DomainError) -> PatternNode {
    var parser = PatternParser(
      scalars: Array(text.unicodeScalars), dialect: dialect, place: place)
    let node = try parser.choice()
    guard parser.position == parser.scalars.count else { throw parser.wrong("an unopened `)`") }
    return node
  }

  private init(scalars: [Unicode.Scalar], dialect: PatternDialect, place: String) {
    self.scalars = scalars
    self.dialect = dialect
    self.place = place
  }

  private func wrong(_ what: String) -> DomainError {
    DomainError(
      .data,
      "\(place): the regular expression \(Self.shown(scalars)) has \(what) at character \(position + 1), which is not supported"
    )
  }

  private static func shown(_ scalars: [Unicode.Scalar]) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars.prefix(60))
    return "`\(text)\(scalars.count > 60 ? "…" : "")`"
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private func follows(_ text: String) -> Bool {
    scalars[position...].starts(with: text.unicodeScalars)
  }

  private mutating func take(_ text: String) -> Bool {
    guard follows(text) else { return false }
    position += text.unicodeScalars.count
    return true
  }

  private mutating func choice() throws(DomainError) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw wrong("groups deeper than \(Self.deepest)") }
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func sequence() throws(DomainError) -> PatternNode {
    var nodes: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      nodes.append(try repeated(try atom()))
    }
    return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
  }

  private mutating func repeated(_ node: PatternNode) throws(DomainError) -> PatternNode {
    var node = node
    while let bounds = try bounds() {
      if case .look = node { throw wrong("a repeated look-ahead") }
      var greed = PatternGreed.greedy
      if take("?") {
        greed = .lazy
      } else if !bounds.isInterval || dialect == .rust, take("+") {
        // Ruby's syntax takes `{1,3}+` for a repetition of a repetition.
        greed = .possessive
      }
      node = .repetition(node, least: bounds.least, most: bounds.most, greed)
    }
    return node
  }

  private mutating func bounds() throws(DomainError) -> (
    least: Int, most: Int?, isInterval: Bool
  )? {
    if take("*") { return (0, nil, false) }
    if take("+") { return (1, nil, false) }
    if take("?") { return (0, 1, false) }
    guard next == "{" else { return nil }
    let start = position
    position += 1
    let least = number()
    var most = least
    if take(",") { most = number() }
    let hasComma = scalars[start..<position].contains(",")
    guard take("}"), least != nil || most != nil else {
      // Braces that are no interval stand for themselves.
      position = start
      return nil
    }
    let low = least ?? 0
    guard low <= Self.mostRepetitions, most ?? 0 <= Self.mostRepetitions, most ?? low >= low else {
      throw wrong("a repetition of more than \(Self.mostRepetitions) or with its bounds reversed")
    }
    return (low, hasComma ? most : low, true)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let scalar = next, ("0"..."9").contains(scalar) {
      value = min((value ?? 0) * 10 + Int(scalar.value - 0x30), 1_000_000)
      position += 1
    }
    return value
  }

  private mutating func atom() throws(DomainError) -> PatternNode {
    guard let scalar = next else { return .empty }
    switch scalar {
    case "(": return try group()
    case "[": return .set(try characterClass())
    case "\\": return try escaped()
    case ".":
      position += 1
      return .set(CodePointSet(0x0A).inverted)
    case "$":
      position += 1
      return .end(ofLine: dialect == .oniguruma)
    case "^": throw wrong("`^`")
    case "*", "+", "?": throw wrong("nothing to repeat")
    default:
      position += 1
      return .set(cased(CodePointSet(scalar.value)))
    }
  }

  private func cased(_ set: CodePointSet) -> CodePointSet {
    ignoresCase ? set.withBothCases : set
  }

  private mutating func group() throws(DomainError) -> PatternNode {
    let before = ignoresCase
    defer { ignoresCase = before }
    if take("(?=") { return try look(isNegated: false) }
    if take("(?!") { return try look(isNegated: true) }
    if take("(?i:") {
      ignoresCase = true
    } else if take("(?-i:") {
      ignoresCase = false
    } else if !take("(?:") {
      guard !follows("(?"), take("(") else { throw wrong("a group of this kind") }
    }
    let node = try choice()
    guard take(")") else { throw wrong("a group without end") }
    return node
  }

  private mutating func look(isNegated: Bool) throws(DomainError) -> PatternNode {
    let node = try choice()
    guard take(")") else { throw wrong("a group without end") }
    var set = CodePointSet()
    for branch in Self.branches(node) {
      switch branch {
      case .set(let one): set = set.union(one)
      case .end(ofLine: false) where !isNegated && set.isEmpty:
        return .end(ofLine: false)
      default: throw wrong("a look-ahead over more than one character")
      }
    }
    return .look(set, isNegated: isNegated)
  }

  private static func branches(_ node: PatternNode) -> [PatternNode] {
    if case .choice(let branches) = node { return branches }
    return [node]
  }

  private mutating func escaped() throws(DomainError) -> PatternNode {
    if take("\\z") { return .end(ofLine: false) }
    for name in ["\\b", "\\B", "\\A", "\\G", "\\Z", "\\K", "\\R", "\\X"] where follows(name) {
      throw wrong("`\(name)`")
    }
    return .set(try escapedSet())
  }

  private mutating func escapedSet() throws(DomainError) -> CodePointSet {
    position += 1
    guard let scalar = next else { throw wrong("a `\\` at its end") }
    position += 1
    switch scalar {
    case "s": return CodePointProperty.space
    case "S": return CodePointProperty.space.inverted
    case "d", "D":
      let digits = CodePointProperty.set("Nd", dialect) ?? CodePointSet()
      return scalar == "d" ? digits : digits.inverted
    case "w": return CodePointProperty.word(dialect)
    case "W": return CodePointProperty.word(dialect).inverted
    case "p", "P": return try property(isNegated: scalar == "P")
    case "n": return CodePointSet(0x0A)
    case "r": return CodePointSet(0x0D)
    case "t": return CodePointSet(0x09)
    case "f": return CodePointSet(0x0C)
    case "v": return CodePointSet(0x0B)
    case "a": return CodePointSet(0x07)
    case "e": return CodePointSet(0x1B)
    case "0": return CodePointSet(0)
    case "x", "u": return cased(CodePointSet(try hexadecimal(scalar == "x" ? 2 : 4)))
    default:
      let isLetterOrDigit =
        scalar.isASCII && (scalar.properties.isAlphabetic || ("1"..."9").contains(scalar))
      guard !isLetterOrDigit else {
        position -= 1
        throw wrong("`\\\(scalar)`")
      }
      return CodePointSet(scalar.value)
    }
  }

  private mutating func hexadecimal(_ digits: Int) throws(DomainError) -> UInt32 {
    let isBraced = take("{")
    var text = ""
    while let scalar = next, scalar.properties.isASCIIHexDigit, text.count < (isBraced ? 8 : digits)
    {
      text.unicodeScalars.append(scalar)
      position += 1
    }
    guard let value = UInt32(text, radix: 16), value < CodePointSet.end, !isBraced || take("}")
    else { throw wrong("a code point of this form") }
    return value
  }

  private mutating func property(isNegated: Bool) throws(DomainError) -> CodePointSet {
    var isNegated = isNegated
    var name = ""
    if take("{") {
      if take("^") { isNegated.toggle() }
      while let scalar = next, scalar != "}" {
        name.unicodeScalars.append(scalar)
        position += 1
      }
      guard take("}") else { throw wrong("a property without end") }
    } else if let scalar = next {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    guard let set = CodePointProperty.set(name, dialect) else {
      throw wrong("the property `\(name)`")
    }
    return isNegated ? set.inverted : set
  }

  // MARK: Classes

  /// `[…]` with ranges, inner classes and `&&`.
  private mutating func characterClass() throws(DomainError) -> CodePointSet {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw wrong("classes deeper than \(Self.deepest)") }
    position += 1
    let isNegated = take("^")
    var ranges: [Range<UInt32>] = []
    var others = CodePointSet()
    /// What the sets before a `&&` leave.
    var kept: CodePointSet?
    var isFirst = true
    func soFar() -> CodePointSet {
      let set = cased(CodePointSet(ranges)).union(others)
      return kept.map { $0.intersection(set) } ?? set
    }
    while true {
      guard let scalar = next else { throw wrong("a class without end") }
      if scalar == "]", !isFirst { break }
      isFirst = false
      if follows("[:") { throw wrong("a class by a POSIX name") }
      if follows("--") || follows("~~") { throw wrong("a difference of classes") }
      if take("&&") {
        kept = soFar()
        ranges = []
        others = CodePointSet()
        continue
      }
      if scalar == "[" {
        others = others.union(try characterClass())
        continue
      }
      let start: UInt32
      if scalar == "\\" {
        let set = try escapedSet()
        guard set.count == 1, let only = set.ranges.first else {
          others = others.union(set)
          continue
        }
        start = only.lowerBound
      } else {
        start = scalar.value
        position += 1
      }
      ranges.append(start..<(try rangeEnd(start) + 1))
    }
    position += 1
    return isNegated ? soFar().inverted : soFar()
  }

  /// The last code point of a range that starts with `start`, or `start` where no range follows.
  private mutating func rangeEnd(_ start: UInt32) throws(DomainError) -> UInt32 {
    guard follows("-"), position + 1 < scalars.count, scalars[position + 1] != "]",
      scalars[position + 1] != "["
    else { return start }
    position += 1
    let last: UInt32
    if next == "\\" {
      let set = try escapedSet()
      guard set.count == 1, let only = set.ranges.first else { throw wrong("a range to a class") }
      last = only.lowerBound
    } else {
      last = scalars[position].value
      position += 1
    }
    guard last >= start else { throw wrong("a range that ends before it starts") }
    return last
  }
}
