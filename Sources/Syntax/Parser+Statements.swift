// Statements, blocks and patterns. Declarations are in Parser+Declarations.swift.

extension Parser {
  /// A statement and what ends it.
  mutating func terminatedStatement() throws(Failure) -> Stmt {
    let outer = try enter()
    let first = position
    let statement = try statement()
    try leave(outer)
    switch peek.kind {
    case .end, .symbol(.semicolon), .cell: break
    case .symbol(.rightBrace) where partner[position] >= 0 && partner[position] < first: break
    default:
      if !peek.newlineBefore { throw afterStatement(statement, from: first) }
    }
    return statement
  }

  /// `{ … }` with statements.
  mutating func block(_ context: String) throws(Failure) -> Block {
    guard at(.leftBrace) else { throw missingBlock(context) }
    let outer = try enter()
    let saved = (ignoresNewlines, inHeader, stopsAtIn)
    ignoresNewlines = false
    inHeader = false
    stopsAtIn = false
    let open = position
    let start = advance().span
    let close = partner[open]
    var statements: [Stmt] = []
    while position < close, !aborted {
      if take(.semicolon) { continue }
      let first = position
      let level = (depth, height)
      do {
        if case .cell = peek.kind {
          defer { advance() }
          throw fail("a cell cannot start inside a block", at: peek.span)
        }
        statements.append(try terminatedStatement())
      } catch {
        recover(from: first)
        (depth, height) = level
        if position > close { position = close }
      }
    }
    guard !aborted else { throw Failure() }
    position = close
    let end = advance().span
    (ignoresNewlines, inHeader, stopsAtIn) = saved
    try leave(outer)
    return Block(statements, start.union(end))
  }

  mutating func statement() throws(Failure) -> Stmt {
    let token = peek
    switch token.kind {
    case .keyword(.let): return try letStatement()
    case .keyword(.fn): return try functionStatement()
    case .keyword(.return): return try returnStatement()
    case .keyword(.break):
      advance()
      return Stmt(.break, token.span)
    case .keyword(.continue):
      advance()
      return Stmt(.continue, token.span)
    case .keyword(.for): return try forStatement()
    case .keyword(.while): return try whileStatement()
    case .keyword(.throw):
      advance()
      let value = try operand("after `throw`")
      return Stmt(.throw(value), token.span.union(value.span))
    case .keyword(.assert): return try assertStatement()
    case .keyword(.with): return try withStatement()
    case .keyword(.import): return try importStatement()
    case .keyword(.param): return try paramStatement()
    case .cell(let title):
      advance()
      return Stmt(.cell(title), token.span)
    case .name("test"):
      if case .string(let name) = peek(1).kind, !peek(1).newlineBefore {
        return try testStatement(name)
      }
      return try expressionStatement()
    default:
      try rejectForeignStatement()
      return try expressionStatement()
    }
  }

  private mutating func returnStatement() throws(Failure) -> Stmt {
    let span = advance().span
    if atStatementEnd { return Stmt(.return(nil), span) }
    let value = try expression()
    try rejectTuple(after: value, "return")
    return Stmt(.return(value), span.union(value.span))
  }

  private mutating func forStatement() throws(Failure) -> Stmt {
    let span = advance().span
    try rejectForeignLoop()
    let pattern = try forPattern()
    guard take(.in) else { throw missingIn() }
    let sequence = try header("after `in`")
    let body = try block("of the `for` loop")
    return Stmt(.for(pattern, in: sequence, body), span.union(body.span))
  }

  private mutating func whileStatement() throws(Failure) -> Stmt {
    let span = advance().span
    let condition = try condition("after `while`")
    let body = try block("of the `while` loop")
    return Stmt(.while(condition, body), span.union(body.span))
  }

  private mutating func assertStatement() throws(Failure) -> Stmt {
    let span = advance().span
    let condition = try operand("after `assert`")
    var message: Expr?
    if take(.comma) { message = try operand("after `,`") }
    return Stmt(
      .assert(condition, message: message), span.union(message?.span ?? condition.span))
  }

  private mutating func withStatement() throws(Failure) -> Stmt {
    let span = advance().span
    let context = try header("after `with`")
    var name: String?
    var nameSpan = context.span
    if take(.as) { (name, nameSpan) = try self.name("after `as`") }
    let body = try block("of `with`")
    return Stmt(.with(context, name: name, nameSpan: nameSpan, body), span.union(body.span))
  }

  private mutating func testStatement(_ name: String) throws(Failure) -> Stmt {
    let span = advance().span
    advance()
    let body = try block("of the test")
    return Stmt(.test(name, body), span.union(body.span))
  }

  private mutating func expressionStatement() throws(Failure) -> Stmt {
    let target = try expression()
    if atLineBreak { return Stmt(.expression(target), target.span) }
    if at(.assign) {
      try checkTarget(target, compound: false)
      advance()
      let value = try operand("after `=`")
      if at(.assign), !atLineBreak {
        throw fail(
          "an assignment has no value, so assignments cannot be chained", at: peek.span,
          hint: "write one assignment a line")
      }
      try rejectTuple(after: value, "right of `=`")
      return Stmt(.assign(target: target, value: value), target.span.union(value.span))
    }
    if case .symbol(let symbol) = peek.kind, let compound = Self.compoundOperators[symbol] {
      try checkTarget(target, compound: true)
      advance()
      let value = try operand("after `\(symbol.rawValue)`")
      return Stmt(
        .compoundAssign(target: target, compound, value: value), target.span.union(value.span))
    }
    return Stmt(.expression(target), target.span)
  }

  static let compoundOperators: [Symbol: BinaryOperator] = [
    .plusAssign: .add, .minusAssign: .subtract, .starAssign: .multiply, .slashAssign: .divide,
    .doubleSlashAssign: .floorDivide, .percentAssign: .modulo, .atAssign: .matmul,
    .doubleStarAssign: .power,
  ]

  /// What stands left of an assignment: a name, an element, a field, or a list of such.
  private mutating func checkTarget(_ target: Expr, compound: Bool) throws(Failure) {
    switch target.kind {
    case .name, .index, .member: return
    case .list(let targets) where !compound:
      for target in targets { try checkTarget(target, compound: false) }
    case .comparison:
      throw fail(
        "a comparison cannot be assigned to", at: target.span, hint: "equality is written `==`")
    case .map:
      throw fail(
        "a map cannot be assigned to", at: target.span,
        hint: "`let {a, b} = …` declares names from the keys of a map")
    case .nil, .bool, .int, .float, .string, .format:
      throw fail("a literal cannot be assigned to", at: target.span)
    case .call:
      throw fail("the result of a call cannot be assigned to", at: target.span)
    default:
      throw fail(
        "this cannot be assigned to", at: target.span,
        label: "expected a name, an element `x[i]`, a field `x.name` or a list of them")
    }
  }

  // MARK: Headers

  /// An expression before the `{` of a block.
  mutating func header(_ context: String) throws(Failure) -> Expr {
    let saved = inHeader
    inHeader = true
    let value = try operand(context)
    inHeader = saved
    return value
  }

  /// A condition before the `{` of a block.
  mutating func condition(_ context: String) throws(Failure) -> Expr {
    let value = try header(context)
    if at(.assign) {
      throw fail(
        "`=` assigns and has no value", at: peek.span, hint: "equality is written `==`")
    }
    return value
  }

  /// An expression that must follow; the text may end before it in a REPL.
  mutating func operand(_ context: String) throws(Failure) -> Expr {
    if peek.kind == .end {
      wantsMore = true
      throw unexpected("expected an expression \(context)")
    }
    return try expression()
  }

  // MARK: Patterns

  /// A name that is declared here.
  mutating func name(_ context: String) throws(Failure) -> (String, Span) {
    let token = peek
    switch token.kind {
    case .name(let name):
      advance()
      return (name, token.span)
    case .keyword(let keyword):
      throw fail(
        "`\(text(token.span))` is a keyword and cannot be a name", at: token.span,
        hint: "choose another name, such as `\(keyword.rawValue)_`")
    default:
      throw unexpected("expected a name \(context)")
    }
  }

  /// The pattern of a `for`, where `a, b` stands for `[a, b]`.
  mutating func forPattern() throws(Failure) -> Pattern {
    let first = try pattern("after `for`")
    guard at(.comma) else { return first }
    var parts = [first]
    while take(.comma) { parts.append(try pattern("after `,`")) }
    return Pattern(.list(parts), first.span.union(previousSpan))
  }

  mutating func pattern(_ context: String) throws(Failure) -> Pattern {
    let outer = try enter()
    let result: Pattern
    switch peek.kind {
    case .symbol(.leftBracket): result = try listPattern()
    case .symbol(.leftBrace): result = try mapPattern()
    case .symbol(.leftParen):
      throw fail(
        "there are no tuples", at: peek.span, hint: "a list is taken apart with `[a, b]`")
    case .symbol(.ellipsis), .symbol(.star):
      throw fail(
        "a pattern takes no rest", at: peek.span, hint: "the rest of a list is a slice: `xs[1:]`")
    default:
      let (name, span) = try name(context)
      result = Pattern(name == "_" ? .ignore : .name(name), span)
    }
    try leave(outer)
    return result
  }

  private mutating func listPattern() throws(Failure) -> Pattern {
    let start = advance().span
    var parts: [Pattern] = []
    while !at(.rightBracket) {
      parts.append(try pattern("in the pattern"))
      if !take(.comma) { break }
    }
    let end = try expect(.rightBracket, "at the end of the pattern").span
    if parts.isEmpty { throw fail("this pattern is empty", at: start.union(end)) }
    return Pattern(.list(parts), start.union(end))
  }

  private mutating func mapPattern() throws(Failure) -> Pattern {
    let start = advance().span
    var parts: [(key: String, pattern: Pattern)] = []
    while !at(.rightBrace) {
      let token = peek
      if case .string(let key) = token.kind {
        advance()
        try expect(.colon, "after the key")
        parts.append((key, try pattern("after `:`")))
      } else if let key = word(token), peek(1).kind == .symbol(.colon) {
        advance()
        advance()
        parts.append((key, try pattern("after `:`")))
      } else {
        let (key, span) = try name("in the pattern")
        parts.append((key, Pattern(.name(key), span)))
      }
      if !take(.comma) { break }
    }
    let end = try expect(.rightBrace, "at the end of the pattern").span
    if parts.isEmpty { throw fail("this pattern is empty", at: start.union(end)) }
    return Pattern(.map(parts), start.union(end))
  }

  /// The text of a name or keyword, both of which may be keys, fields and names of arguments.
  func word(_ token: Token) -> String? {
    switch token.kind {
    case .name(let name): name
    case .keyword: text(token.span)
    default: nil
    }
  }
}
