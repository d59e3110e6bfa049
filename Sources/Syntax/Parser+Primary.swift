// What stands at the leaves of an expression: literals, names, lists, maps, lambdas, and the expressions with blocks.

extension Parser {
  mutating func primary() throws(Failure) -> Expr {
    let token = peek
    switch token.kind {
    case .int(let value): return Expr(.int(value), advance().span)
    case .float(let value): return Expr(.float(value), advance().span)
    case .string(let value):
      advance()
      try rejectAdjacentString(token.span)
      return Expr(.string(value), token.span)
    case .minimumMagnitude:
      throw fail(
        "this int does not fit into 64 bits", at: token.span,
        label: "the largest int is \(Int.max)",
        hint: "write it as a float, with `.0` or an exponent")
    case .formatStart: return try formatString()
    case .keyword(.true): return Expr(.bool(true), advance().span)
    case .keyword(.false): return Expr(.bool(false), advance().span)
    case .keyword(.nil): return Expr(.nil, advance().span)
    case .name(let name):
      if peek(1).kind == .symbol(.arrow) { return try lambda() }
      if let failure = foreignWord(name) { throw failure }
      advance()
      return Expr(.name(name), token.span)
    case .symbol(.leftParen): return try parenthesized()
    case .symbol(.leftBracket): return try listLiteral()
    case .symbol(.leftBrace):
      if inHeader { throw missingHeaderValue() }
      return try mapLiteral()
    case .keyword(.if): return try ifExpression()
    case .keyword(.try): return try tryExpression()
    case .keyword(.sweep): return try sweepExpression()
    default: throw missingExpression()
    }
  }

  // MARK: Parentheses and lambdas

  private mutating func parenthesized() throws(Failure) -> Expr {
    let close = partner[position]
    if close >= 0, tokens[min(close + 1, tokens.count - 1)].kind == .symbol(.arrow) {
      return try lambda()
    }
    let saved = (ignoresNewlines, inHeader, stopsAtIn)
    ignoresNewlines = true
    inHeader = false
    stopsAtIn = false
    let start = advance().span
    if at(.rightParen) {
      throw fail(
        "there is nothing between these parentheses", at: start.union(peek.span),
        hint: "a function without parameters is written `() => …`, an empty list `[]`")
    }
    var value = try expression()
    if at(.comma) {
      throw fail("there are no tuples", at: peek.span, hint: "a list is written `[a, b]`")
    }
    guard at(.rightParen) else { throw missingSeparator("`)`", "the expression in parentheses") }
    value.span = start.union(advance().span)
    (ignoresNewlines, inHeader, stopsAtIn) = saved
    return value
  }

  /// `x => …`, `(a, b = 1) => …`, `() => { … }`.
  private mutating func lambda() throws(Failure) -> Expr {
    let start = peek.span
    let parameters: [Parameter]
    if at(.leftParen) {
      parameters = try self.parameters()
    } else {
      let (name, span) = try name("before `=>`")
      parameters = [Parameter(name: name, span: span, defaultValue: nil, namedOnly: false)]
    }
    let arrow = try expect(.arrow, "after the parameters").span
    let body: Block
    if at(.leftBrace) {
      if inHeader, ignoresNewlines == false {
        throw fail(
          "a function with a block cannot stand here", at: arrow,
          hint: "put it in parentheses, or name it with `let` before")
      }
      body = try block("of the function")
    } else {
      if peek.kind == .end {
        wantsMore = true
        throw unexpected("expected the body of the function after `=>`")
      }
      let value = try lambdaBody()
      body = Block([Stmt(.expression(value), value.span)], value.span)
    }
    let function = Function(
      name: nil, nameSpan: start, parameters: parameters, body: body, doc: nil,
      span: start.union(body.span))
    return Expr(.lambda(function), function.span)
  }

  // MARK: Lists and maps

  private mutating func listLiteral() throws(Failure) -> Expr {
    let saved = (ignoresNewlines, inHeader, stopsAtIn)
    ignoresNewlines = true
    inHeader = false
    stopsAtIn = false
    let start = advance().span
    var elements: [Expr] = []
    while !at(.rightBracket) {
      if at(.star) {
        throw fail(
          "a list cannot be unpacked with `*`", at: peek.span, hint: "join lists with `+`")
      }
      elements.append(try expression())
      if elements.count == 1, at(.for) {
        let clauses = try comprehensionClauses()
        guard at(.rightBracket) else { throw missingSeparator("`]`", "the comprehension") }
        let span = start.union(advance().span)
        (ignoresNewlines, inHeader, stopsAtIn) = saved
        return Expr(.listComprehension(elements[0], clauses), span)
      }
      if !take(.comma) { break }
    }
    guard at(.rightBracket) else { throw missingSeparator("`,` or `]`", "the list") }
    let span = start.union(advance().span)
    (ignoresNewlines, inHeader, stopsAtIn) = saved
    return Expr(.list(elements), span)
  }

  private mutating func comprehensionClauses() throws(Failure) -> [ComprehensionClause] {
    var clauses: [ComprehensionClause] = []
    while true {
      if take(.for) {
        let pattern = try forPattern()
        guard take(.in) else { throw missingIn() }
        clauses.append(.for(pattern, in: try expression()))
      } else if take(.if) {
        clauses.append(.if(try expression()))
      } else {
        return clauses
      }
      try grow()
    }
  }

  mutating func mapLiteral() throws(Failure) -> Expr {
    let saved = (ignoresNewlines, inHeader, stopsAtIn)
    ignoresNewlines = true
    inHeader = false
    stopsAtIn = false
    let start = advance().span
    var entries: [MapEntry] = []
    while !at(.rightBrace) {
      let (entry, isWord) = try mapEntry()
      entries.append(entry)
      if entries.count == 1, at(.for) {
        var key = entry.key
        // In a comprehension a constant key makes no sense: the word is the variable, as in Python.
        if isWord, case .string(let name) = key.kind { key.kind = .name(name) }
        let clauses = try comprehensionClauses()
        guard at(.rightBrace) else { throw missingSeparator("`}`", "the comprehension") }
        let span = start.union(advance().span)
        (ignoresNewlines, inHeader, stopsAtIn) = saved
        return Expr(.mapComprehension(key: key, value: entry.value, clauses), span)
      }
      if !take(.comma) { break }
    }
    guard at(.rightBrace) else { throw missingSeparator("`,` or `}`", "the map") }
    let span = start.union(advance().span)
    (ignoresNewlines, inHeader, stopsAtIn) = saved
    return Expr(.map(entries), span)
  }

  /// One `key: value`, and whether the key is a bare word.
  private mutating func mapEntry() throws(Failure) -> (MapEntry, Bool) {
    let token = peek
    if let word = word(token), peek(1).kind == .symbol(.colon) {
      advance()
      advance()
      let value = try operand("after `\(word):`")
      return (MapEntry(key: Expr(.string(word), token.span), value: value), true)
    }
    if at(.doubleStar) || at(.ellipsis) {
      throw fail(
        "a map cannot be unpacked into another", at: token.span, hint: "use `map.update(other)`")
    }
    let key: Expr
    if at(.leftBracket), partner[position] >= 0,
      tokens[partner[position] + 1].kind == .symbol(.colon)
    {
      advance()
      key = try expression()
      guard at(.rightBracket) else { throw missingSeparator("`]`", "the key") }
      advance()
    } else {
      if isStatementKeyword(token) { throw blockAsMap(token) }
      key = try expression()
    }
    guard at(.colon) else { throw missingColon(after: key) }
    advance()
    return (MapEntry(key: key, value: try operand("after `:`")), false)
  }

  // MARK: f-strings

  private mutating func formatString() throws(Failure) -> Expr {
    let start = advance().span
    let parts = try formatParts(until: .formatEnd)
    let end = advance().span
    try rejectAdjacentString(start.union(end))
    return Expr(.format(parts), start.union(end))
  }

  private mutating func formatParts(until end: Token.Kind) throws(Failure) -> [FormatPart] {
    var parts: [FormatPart] = []
    while peek.kind != end {
      switch peek.kind {
      case .formatText(let text):
        advance()
        parts.append(.literal(text))
      case .fieldStart: parts.append(try formatField())
      default: throw Failure()  // the lexer has reported what broke the string off
      }
    }
    return parts
  }

  private mutating func formatField() throws(Failure) -> FormatPart {
    let saved = (ignoresNewlines, inHeader, stopsAtIn)
    ignoresNewlines = true
    inHeader = false
    stopsAtIn = false
    let start = advance().span
    if peek.kind == .fieldEnd || peek.kind == .specStart {
      throw fail(
        "this field of the f-string is empty", at: start.union(peek.span),
        hint: "write an expression between the braces; a brace that stands for itself is doubled")
    }
    let value = try expression()
    var debug: String?
    var conversion: FormatPart.Conversion?
    var spec: [FormatPart] = []
    if case .debug(let text) = peek.kind {
      debug = text
      advance()
    }
    if case .conversion(let kind) = peek.kind {
      conversion = kind
      advance()
    }
    if peek.kind == .specStart {
      advance()
      spec = try formatParts(until: .fieldEnd)
    }
    guard peek.kind == .fieldEnd else {
      throw missingSeparator("`}`", "the field of the f-string")
    }
    advance()
    (ignoresNewlines, inHeader, stopsAtIn) = saved
    // As in Python `{x=}` shows the value as `repr` does, unless a spec says how to format it.
    let shown = conversion ?? (debug != nil && spec.isEmpty ? .repr : .none)
    return .value(value, spec: spec, conversion: shown, debug: debug)
  }

  // MARK: Expressions with blocks

  private mutating func ifExpression() throws(Failure) -> Expr {
    let start = advance().span
    var branches: [Branch] = []
    var otherwise: Block?
    while true {
      let condition = try condition("after `if`")
      branches.append(Branch(condition: condition, body: try block("of `if`")))
      guard at(.else) else { break }
      advance()
      if take(.if) { continue }
      otherwise = try block("of `else`")
      break
    }
    return Expr(.if(branches, else: otherwise), start.union(previousSpan))
  }

  private mutating func tryExpression() throws(Failure) -> Expr {
    let start = advance().span
    let body = try block("of `try`")
    var catchName: String?
    var catchSpan = start
    var catchBody: Block?
    var finallyBody: Block?
    if at(.catch) {
      catchSpan = advance().span
      if !at(.leftBrace) {
        if at(.leftParen) {
          throw fail(
            "the error is named without parentheses", at: peek.span, hint: "write `catch e { … }`")
        }
        (catchName, catchSpan) = try name("after `catch`")
      }
      catchBody = try block("of `catch`")
    }
    if take(.finally) { finallyBody = try block("of `finally`") }
    if catchBody == nil, finallyBody == nil { throw missingCatch(start) }
    let value = Try(
      body: body, catchName: catchName, catchSpan: catchSpan, catchBody: catchBody,
      finallyBody: finallyBody)
    return Expr(.try(value), start.union(previousSpan))
  }

  private mutating func sweepExpression() throws(Failure) -> Expr {
    let start = advance().span
    var axes: [Sweep.Axis] = []
    repeat {
      let (name, span) = try name("of an axis after `sweep`")
      guard take(.in) else { throw missingIn() }
      let values = try header("after `in`")
      if let first = axes.first(where: { $0.name == name }) {
        diagnostics.append(
          Diagnostic(
            .syntax, "the axis `\(name)` is named twice",
            labels: [.init(source, span), .init(source, first.span, "first named here")]))
      }
      axes.append(Sweep.Axis(name: name, span: span, values: values))
    } while take(.comma)
    var condition: Expr?
    if take(.where) { condition = try self.condition("after `where`") }
    let body = try block("of the sweep")
    return Expr(
      .sweep(Sweep(axes: axes, condition: condition, body: body)), start.union(body.span))
  }
}
