// The words that the lexer gives to the parser.

struct Token: Sendable {
  enum Kind: Sendable, Equatable {
    case int(Int)
    /// 9223372036854775808, which is an int only with a minus before it.
    case minimumMagnitude
    case float(Double)
    case string(String)
    case name(String)
    case keyword(Keyword)
    case symbol(Symbol)
    /// `f"`; what follows up to `formatEnd` are texts and fields.
    case formatStart
    case formatText(String)
    /// `{` of a field; then an expression, then `debug`, `conversion` and `specStart` (each where it is written), then
    /// after `specStart` texts and fields, and `fieldEnd`.
    case fieldStart
    /// The text of `{x = }` with its spaces and the sign.
    case debug(String)
    case conversion(FormatPart.Conversion)
    case specStart
    case fieldEnd
    case formatEnd
    /// `#%% title`.
    case cell(String)
    /// What the lexer has reported already.
    case invalid
    case end
  }

  var kind: Kind
  var span: Span
  /// A line break stands between the token before and this one; true for the first token.
  var newlineBefore: Bool
  /// How many of the source's comments stand before this token.
  var commentsBefore: Int
}

enum Keyword: String, CaseIterable, Sendable {
  case and, `as`, assert, `break`, `catch`, `continue`, `else`, `false`, finally, fn, `for`,
    `if`, `import`, `in`, `let`, `nil`, not, or, param, `return`, sweep, `throw`, `true`, `try`,
    `where`, `while`, with
}

extension Keyword {
  /// All keywords, for completion and for the check of names.
  static let byText: [String: Keyword] = Dictionary(
    uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
}

/// The words of the language that cannot be names. `by` is none of them: it has its meaning behind a range only.
public let keywords: [String] = Keyword.allCases.map(\.rawValue)

enum Symbol: String, CaseIterable, Sendable {
  case leftParen = "("
  case rightParen = ")"
  case leftBracket = "["
  case rightBracket = "]"
  case leftBrace = "{"
  case rightBrace = "}"
  case comma = ","
  case colon = ":"
  case semicolon = ";"
  case dot = "."
  case range = ".."
  case closedRange = "..="
  case ellipsis = "..."
  case assign = "="
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessEqual = "<="
  case greater = ">"
  case greaterEqual = ">="
  case plus = "+"
  case minus = "-"
  case star = "*"
  case slash = "/"
  case doubleSlash = "//"
  case percent = "%"
  case at = "@"
  case doubleStar = "**"
  case plusAssign = "+="
  case minusAssign = "-="
  case starAssign = "*="
  case slashAssign = "/="
  case doubleSlashAssign = "//="
  case percentAssign = "%="
  case atAssign = "@="
  case doubleStarAssign = "**="
  case arrow = "=>"
  case pipe = "|>"
  case coalesce = "??"
  case ampersand = "&"
  case bar = "|"
  // What other languages write; the parser says what Fairlead writes in its place.
  case doubleAmpersand = "&&"
  case doubleBar = "||"
  case bang = "!"
  case question = "?"
  case ampersandAssign = "&="
  case barAssign = "|="
  case caret = "^"
  case tilde = "~"
  case walrus = ":="
  case thinArrow = "->"
  case shiftLeft = "<<"
  case shiftRight = ">>"
  case tripleEqual = "==="
  case notTripleEqual = "!=="
  case lessGreater = "<>"
  case dollar = "$"
  case backtick = "`"
  case backslash = "\\"
}

extension Symbol {
  /// The symbols by their first byte, the longest first.
  static let byFirstByte: [UInt8: [(bytes: [UInt8], symbol: Symbol)]] = {
    var table: [UInt8: [(bytes: [UInt8], symbol: Symbol)]] = [:]
    for symbol in allCases {
      let bytes = Array(symbol.rawValue.utf8)
      table[bytes[0], default: []].append((bytes, symbol))
    }
    for key in table.keys { table[key]?.sort { $0.bytes.count > $1.bytes.count } }
    return table
  }()

  var closing: Symbol? {
    switch self {
    case .leftParen: .rightParen
    case .leftBracket: .rightBracket
    case .leftBrace: .rightBrace
    default: nil
    }
  }

  var isClosing: Bool { self == .rightParen || self == .rightBracket || self == .rightBrace }
}

/// A comment of the source, with its `#`.
struct Comment: Sendable {
  enum Kind: Sendable { case plain, doc, shebang }
  var kind: Kind
  var span: Span
  /// Nothing but spaces stands before it on its line.
  var ownLine: Bool
}

/// What the lexer gives.
struct TokenStream: Sendable {
  var tokens: [Token]
  var comments: [Comment]
  var diagnostics: [Diagnostic]
  /// The text ends inside a string of several lines.
  var endsInString: Bool
}
