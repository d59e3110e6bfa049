// Expressions by precedence (Pratt). Lists, maps, calls and the expressions with blocks are in Parser+Primary.swift.

/// How tightly an operator binds, loose to tight.
private enum Power: Int {
  case pipe = 1
  case lambda, coalesce, or, and, not, either, both, comparison, range, additive, multiplicative,
    unary, power
}

private enum Infix {
  case pipe, coalesce, or, and
  case comparison(ComparisonOperator)
  case range(closed: Bool)
  case
    binary(BinaryOperator)
}

extension Parser {
  mutating func expression() throws(Failure) -> Expr { try expression(.pipe) }

  /// An expression of operators that bind at least as tightly as `minimum`.
  private mutating func expression(_ minimum: Power) throws(Failure) -> Expr {
    let outer = try enter()
    var left = try prefix(minimum)
    while let (infix, power) = try infix(), power.rawValue >= minimum.rawValue {
      left = try continued(left, infix)
      try grow()
    }
    try leave(outer)
    return left
  }

  /// The body of `x => …`; a pipe after it takes the whole function.
  mutating func lambdaBody() throws(Failure) -> Expr { try expression(.lambda) }

  private mutating func prefix(_ minimum: Power) throws(Failure) -> Expr {
    let token = peek
    switch token.kind {
    case .symbol(.minus):
      advance()
      if peek.kind == .minimumMagnitude, peek(1).kind != .symbol(.doubleStar) {
        return Expr(.int(Int.min), token.span.union(advance().span))
      }
      if peek.newlineBefore, !ignoresNewlines, position >= 2,
        tokens[position - 2].kind == .symbol(.minus)
      {
        throw fail(
          "`--` does not exist", at: tokens[position - 2].span.union(token.span),
          hint: "write `x -= 1`")
      }
      let operand = try rightOperand(.unary, "-")
      return Expr(.unary(.negate, operand), token.span.union(operand.span))
    case .keyword(.not):
      if minimum.rawValue > Power.not.rawValue {
        throw fail(
          "`not` binds looser than the operator before it", at: token.span,
          hint: "put it in parentheses: `(not …)`")
      }
      advance()
      let operand = try rightOperand(.not, "not")
      return Expr(.unary(.not, operand), token.span.union(operand.span))
    case .symbol(.plus):
      return try unaryPlus()
    default:
      return try postfix(primary())
    }
  }

  /// The operator after an expression, with its power; nil where the expression ends.
  private mutating func infix() throws(Failure) -> (Infix, Power)? {
    let token = peek
    if token.newlineBefore, !ignoresNewlines, token.kind != .symbol(.pipe) { return nil }
    switch token.kind {
    case .symbol(let symbol):
      switch symbol {
      case .pipe: return (.pipe, .pipe)
      case .coalesce: return (.coalesce, .coalesce)
      case .bar: return (.binary(.either), .either)
      case .ampersand: return (.binary(.both), .both)
      case .equal: return (.comparison(.equal), .comparison)
      case .notEqual: return (.comparison(.notEqual), .comparison)
      case .less: return (.comparison(.less), .comparison)
      case .lessEqual: return (.comparison(.lessEqual), .comparison)
      case .greater: return (.comparison(.greater), .comparison)
      case .greaterEqual: return (.comparison(.greaterEqual), .comparison)
      case .range: return (.range(closed: false), .range)
      case .closedRange: return (.range(closed: true), .range)
      case .plus: return (.binary(.add), .additive)
      case .minus: return (.binary(.subtract), .additive)
      case .star: return (.binary(.multiply), .multiplicative)
      case .slash: return (.binary(.divide), .multiplicative)
      case .doubleSlash: return (.binary(.floorDivide), .multiplicative)
      case .percent: return (.binary(.modulo), .multiplicative)
      case .at: return (.binary(.matmul), .multiplicative)
      case .doubleStar: return (.binary(.power), .power)
      default:
        try rejectForeignOperator(symbol)
        return nil
      }
    case .keyword(.or): return (.or, .or)
    case .keyword(.and): return (.and, .and)
    case .keyword(.in): return stopsAtIn ? nil : (.comparison(.in), .comparison)
    case .keyword(.not):
      guard peek(1).kind == .keyword(.in) else { return nil }
      return (.comparison(.notIn), .comparison)
    case .name("is"): throw foreignIs()
    default: return nil
    }
  }

  private mutating func continued(_ left: Expr, _ infix: Infix) throws(Failure) -> Expr {
    switch infix {
    case .pipe: return try pipe(left)
    case .comparison: return try comparison(left)
    case .range(let closed): return try range(left, closed: closed)
    case .coalesce:
      advance()
      let right = try rightOperand(.or, "??")
      return Expr(.coalesce(left, right), left.span.union(right.span))
    case .or:
      advance()
      let right = try rightOperand(.and, "or")
      return Expr(.or(left, right), left.span.union(right.span))
    case .and:
      advance()
      let right = try rightOperand(.not, "and")
      return Expr(.and(left, right), left.span.union(right.span))
    case .binary(let binary):
      advance()
      let power: Power =
        switch binary {
        case .either: .both
        case .both: .comparison
        case .add, .subtract: .multiplicative
        case .power: .unary  // right associative, and `2 ** -1` needs no parentheses
        default: .unary
        }
      let right = try rightOperand(power, binary.rawValue)
      return Expr(.binary(binary, left, right), left.span.union(right.span))
    }
  }

  private mutating func rightOperand(_ power: Power, _ symbol: String) throws(Failure) -> Expr {
    if peek.kind == .end {
      wantsMore = true
      throw unexpected("expected an expression after `\(symbol)`")
    }
    return try expression(power)
  }

  /// `a < b <= c`: one flat node for the whole chain.
  private mutating func comparison(_ first: Expr) throws(Failure) -> Expr {
    var operands = [first]
    var operators: [ComparisonOperator] = []
    while case (.comparison(let comparison), _)? = try infix() {
      advance()
      if comparison == .notIn { advance() }
      operators.append(comparison)
      operands.append(try rightOperand(.range, comparison.rawValue))
    }
    return Expr(
      .comparison(operands: operands, operators: operators),
      first.span.union(operands[operands.count - 1].span))
  }

  private mutating func range(_ lower: Expr, closed: Bool) throws(Failure) -> Expr {
    let symbol = advance().span
    if at(.rightBracket) {
      throw fail("a range needs an end", at: symbol, hint: "a slice to the end is `x[a:]`")
    }
    if atStatementEnd || at(.leftBrace) {
      throw fail(
        "a range needs an end", at: symbol, hint: "write `a..b` without or `a..=b` with its end")
    }
    let upper = try rightOperand(.additive, closed ? "..=" : "..")
    var step: Expr?
    if peek.kind == .name("by"), !atLineBreak {
      advance()
      step = try rightOperand(.additive, "by")
    }
    return Expr(
      .range(lower: lower, upper: upper, closed: closed, step: step),
      lower.span.union(step?.span ?? upper.span))
  }

  /// `x |> f` and `x |> f(a)`: a call with `x` as first argument.
  private mutating func pipe(_ value: Expr) throws(Failure) -> Expr {
    advance()
    let target = try rightOperand(.lambda, "|>")
    let span = value.span.union(target.span)
    let first = Argument(name: nil, nameSpan: value.span, value: value)
    switch target.kind {
    case .call(let callee, let arguments, let piped)
    where !piped && callee.span.start == target.span.start:
      return Expr(.call(callee: callee, arguments: [first] + arguments, piped: true), span)
    case .name, .member, .index, .lambda, .call:
      return Expr(.call(callee: target, arguments: [first], piped: true), span)
    default:
      if text(target.span).hasPrefix("(") {
        return Expr(.call(callee: target, arguments: [first], piped: true), span)
      }
      throw fail(
        "expected a function or a call right of `|>`", at: target.span,
        hint: "`|>` binds loosest: put the pipe in parentheses, `(x |> f()) + 1`")
    }
  }

  // MARK: Calls, elements, fields

  private mutating func postfix(_ first: Expr) throws(Failure) -> Expr {
    var value = first
    while true {
      let token = peek
      switch token.kind {
      case .symbol(.dot):
        value = try member(of: value)
      case .symbol(.leftParen) where !atLineBreak:
        let arguments = try arguments()
        value = Expr(
          .call(callee: value, arguments: arguments, piped: false), value.span.union(previousSpan))
      case .symbol(.leftBracket) where !atLineBreak:
        let subscripts = try subscripts()
        value = Expr(.index(value, subscripts), value.span.union(previousSpan))
      default:
        return value
      }
      try grow()
    }
  }

  private mutating func member(of value: Expr) throws(Failure) -> Expr {
    advance()
    let token = peek
    guard let name = word(token), !token.newlineBefore || ignoresNewlines else {
      if token.kind == .end { throw unexpected("expected the name of a field after `.`") }
      throw unexpected("expected the name of a field after `.`")
    }
    advance()
    return Expr(.member(value, name, nameSpan: token.span), value.span.union(token.span))
  }

  private mutating func arguments() throws(Failure) -> [Argument] {
    let saved = (ignoresNewlines, inHeader, stopsAtIn)
    ignoresNewlines = true
    inHeader = false
    stopsAtIn = false
    advance()
    var arguments: [Argument] = []
    while !at(.rightParen) {
      arguments.append(try argument(after: arguments.last))
      if !take(.comma) { break }
    }
    guard at(.rightParen) else { throw missingSeparator("`,` or `)`", "the arguments") }
    advance()
    (ignoresNewlines, inHeader, stopsAtIn) = saved
    return arguments
  }

  private mutating func argument(after previous: Argument?) throws(Failure) -> Argument {
    let token = peek
    if token.kind == .symbol(.star) || token.kind == .symbol(.doubleStar) {
      throw fail(
        "arguments cannot be unpacked with `\(text(token.span))`", at: token.span,
        hint: "pass the list or map itself")
    }
    if let name = word(token), peek(1).kind == .symbol(.colon) {
      advance()
      advance()
      let value = try operand("after `\(name):`")
      return Argument(name: name, nameSpan: token.span, value: value)
    }
    let value = try expression()
    if at(.assign) {
      let name = text(value.span)
      throw fail(
        "a named argument is written with `:`", at: peek.span, hint: "write `\(name): …`")
    }
    if at(.for) {
      throw fail(
        "a comprehension needs its brackets", at: peek.span,
        hint: "write `[… for x in xs]`")
    }
    if previous?.name != nil {
      throw fail(
        "a positional argument cannot follow a named one", at: value.span,
        hint: "put it first, or name it")
    }
    return Argument(name: nil, nameSpan: value.span, value: value)
  }

  private mutating func subscripts() throws(Failure) -> [Subscript] {
    let saved = (ignoresNewlines, inHeader, stopsAtIn)
    ignoresNewlines = true
    inHeader = false
    stopsAtIn = false
    let open = advance().span
    var subscripts: [Subscript] = []
    while !at(.rightBracket) {
      subscripts.append(try oneSubscript())
      if !take(.comma) { break }
    }
    guard at(.rightBracket) else { throw missingSeparator("`,` or `]`", "the index") }
    let close = advance().span
    (ignoresNewlines, inHeader, stopsAtIn) = saved
    if subscripts.isEmpty { throw fail("this index is empty", at: open.union(close)) }
    return subscripts
  }

  private mutating func oneSubscript() throws(Failure) -> Subscript {
    let first = peek.span
    if take(.ellipsis) { return .ellipsis(first) }
    var parts: [Expr?] = [nil, nil, nil]
    var count = 0
    if !at(.colon) { parts[0] = try expression() }
    guard at(.colon) else {
      guard let index = parts[0] else { throw unexpected("expected an index") }
      return .index(index)
    }
    while count < 2, take(.colon) {
      count += 1
      if !at(.colon), !at(.comma), !at(.rightBracket) { parts[count] = try expression() }
    }
    return .slice(parts[0], parts[1], parts[2], first.union(previousSpan))
  }
}
