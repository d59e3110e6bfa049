// A recursive-descent parser for statements with a Pratt parser for expressions. This file holds the state, the limits
// and the recovery from errors; see Parser+Statements.swift, Parser+Declarations.swift and Parser+Expressions.swift.

struct Parser {
  /// Thrown after the error has been reported; caught where the next statement can start.
  struct Failure: Error {}

  let source: Source
  let tokens: [Token]
  let comments: [Comment]
  let partner: [Int]
  var position = 0
  var diagnostics: [Diagnostic] = []
  /// The text ended where something had to follow.
  var wantsMore = false

  /// Inside `(`, `[` or the `{` of a map a newline means nothing.
  var ignoresNewlines = false
  /// In the header of `if for while with sweep` a `{` opens the block, never a map.
  var inHeader = false
  /// In the default of a `param` an `in` starts its domain.
  var stopsAtIn = false

  /// How many `enter`s are open.
  var depth = 0
  /// The height of the highest tree finished since the last `enter`.
  var height = 0
  /// Set where going on would only repeat the same error.
  var aborted = false

  init(_ source: Source, _ stream: TokenStream, _ brackets: Brackets) {
    self.source = source
    tokens = stream.tokens
    comments = stream.comments
    partner = brackets.partner
  }

  mutating func program() -> Program {
    let doc = programDoc()
    var statements: [Stmt] = []
    while peek.kind != .end, !aborted {
      if case .symbol(.semicolon) = peek.kind {
        advance()
        continue
      }
      let start = position
      do {
        statements.append(try terminatedStatement())
      } catch {
        recover(from: start)
      }
    }
    return Program(source: source, statements: statements, doc: doc)
  }

  // MARK: Tokens

  var peek: Token { tokens[position] }

  func peek(_ ahead: Int) -> Token { tokens[min(position + ahead, tokens.count - 1)] }

  /// Moves past the current token and gives it; the end is never passed.
  @discardableResult
  mutating func advance() -> Token {
    let token = tokens[position]
    if position < tokens.count - 1 { position += 1 }
    return token
  }

  func at(_ symbol: Symbol) -> Bool { peek.kind == .symbol(symbol) }

  func at(_ keyword: Keyword) -> Bool { peek.kind == .keyword(keyword) }

  mutating func take(_ symbol: Symbol) -> Bool {
    guard at(symbol) else { return false }
    advance()
    return true
  }

  mutating func take(_ keyword: Keyword) -> Bool {
    guard at(keyword) else { return false }
    advance()
    return true
  }

  /// Takes `symbol` or reports that it was expected.
  @discardableResult
  mutating func expect(_ symbol: Symbol, _ context: String) throws(Failure) -> Token {
    guard at(symbol) else {
      if peek.kind == .end { wantsMore = true }
      throw unexpected("expected `\(symbol.rawValue)` \(context)")
    }
    return advance()
  }

  /// The span of the token before the current one.
  var previousSpan: Span { position > 0 ? tokens[position - 1].span : Span(0, 0) }

  /// Whether the current token starts a new line that ends the statement before it.
  var atLineBreak: Bool { peek.newlineBefore && !ignoresNewlines }

  /// Whether no expression can follow on this line.
  var atStatementEnd: Bool {
    switch peek.kind {
    case .end, .symbol(.semicolon), .symbol(.rightBrace), .symbol(.rightParen),
      .symbol(.rightBracket), .fieldEnd:
      true
    default: atLineBreak
    }
  }

  // MARK: Limits

  /// Opens one level of nesting; gives what `leave` needs.
  mutating func enter() throws(Failure) -> Int {
    guard depth < Parsing.nestingLimit else {
      throw abort(
        "this is nested too deeply", "more than \(Parsing.nestingLimit) levels",
        "name the inner parts with `let`, or move them into functions")
    }
    depth += 1
    let outer = height
    height = 0
    return outer
  }

  mutating func leave(_ outer: Int) throws(Failure) {
    depth -= 1
    try grow()
    height = max(outer, height)
  }

  /// Counts one more level on top of what has been parsed since `enter`.
  mutating func grow() throws(Failure) {
    height += 1
    guard height <= Parsing.heightLimit else {
      throw abort(
        "this expression is too long", "more than \(Parsing.heightLimit) operators in a chain",
        "split it with `let`, or use a list and `sum` or `join`")
    }
  }

  private mutating func abort(_ message: String, _ label: String, _ hint: String) -> Failure {
    let failure = fail(message, at: peek.span, label: label, hint: hint, kind: .limit)
    aborted = true
    return failure
  }

  // MARK: Errors

  mutating func fail(
    _ message: String, at span: Span, label: String = "", hint: String? = nil,
    kind: Diagnostic.Kind = .syntax
  ) -> Failure {
    if diagnostics.count < Parsing.diagnosticLimit, !aborted {
      diagnostics.append(
        Diagnostic(kind, message, labels: [.init(source, span, label)], hint: hint))
    }
    if diagnostics.count >= Parsing.diagnosticLimit { aborted = true }
    return Failure()
  }

  /// Reports the current token where `expectation` ("expected a name") is not met.
  mutating func unexpected(_ expectation: String, hint: String? = nil) -> Failure {
    let token = peek
    switch token.kind {
    case .invalid:
      // The lexer has said what is wrong here.
      return Failure()
    case .end:
      let end = Int(previousSpan.end)
      return fail(
        expectation, at: Span(end, end), label: "the text ends here", hint: hint)
    default:
      if atLineBreak, position > 0 {
        let end = Int(previousSpan.end)
        return fail(expectation, at: Span(end, end), label: "the line ends here", hint: hint)
      }
      return fail(expectation, at: token.span, label: "found \(describe(token))", hint: hint)
    }
  }

  /// A token as an error message names it.
  func describe(_ token: Token) -> String {
    switch token.kind {
    case .int, .float, .minimumMagnitude: "the number \(text(token.span))"
    case .string, .formatStart, .formatText: "a string"
    case .name(let name): "the name `\(name)`"
    case .keyword(let keyword): "the keyword `\(keyword.rawValue)`"
    case .symbol(let symbol): "`\(symbol.rawValue)`"
    case .fieldStart: "`{`"
    case .fieldEnd: "`}`"
    case .debug: "`=`"
    case .conversion: "`!`"
    case .specStart: "`:`"
    case .formatEnd: "the end of the string"
    case .cell: "the start of a cell"
    case .invalid: "an error"
    case .end: "the end of the text"
    }
  }

  func text(_ span: Span) -> String { source.text(of: span) }

  // MARK: Recovery

  /// Moves to where the next statement of this block can start, after an error in the one that started at `start`.
  mutating func recover(from start: Int) {
    depth = 0
    height = 0
    ignoresNewlines = false
    inHeader = false
    stopsAtIn = false
    skipStatement(from: start)
  }

  /// Skips the statement that started at `start`, brackets as a whole, at least up to where the error was found.
  mutating func skipStatement(from start: Int) {
    let failure = position
    var index = start
    while index < tokens.count - 1 {
      let token = tokens[index]
      if index > start, index >= failure {
        if token.newlineBefore && index > failure || isSeparator(token) { break }
        if token.newlineBefore, startsStatement(token) { break }
      }
      if case .symbol(.rightBrace) = token.kind, partner[index] < start { break }
      index = partner[index] > index ? partner[index] + 1 : index + 1
    }
    position = max(index, start)
    if position == start, !isAtBlockEnd(start) { advance() }
  }

  private func isAtBlockEnd(_ index: Int) -> Bool { tokens[index].kind == .symbol(.rightBrace) }

  private func isSeparator(_ token: Token) -> Bool { token.kind == .symbol(.semicolon) }

  private func startsStatement(_ token: Token) -> Bool {
    switch token.kind {
    case .keyword(.else), .keyword(.catch), .keyword(.finally), .keyword(.in), .keyword(.as),
      .keyword(.where), .keyword(.and), .keyword(.or):
      false
    case .keyword, .name, .cell, .end: true
    default: false
    }
  }
}
