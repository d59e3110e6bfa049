// What people write who come from Python, Julia, R or JavaScript: each form that Fairlead does not have gets an error
// that names the one it has.

extension Parser {
  // MARK: Statements

  /// Reports a statement that starts with a word of another language.
  mutating func rejectForeignStatement() throws(Failure) {
    let token = peek
    if case .symbol(let symbol) = token.kind {
      switch symbol {
      case .at:
        throw fail(
          "there are no decorators", at: token.span, hint: "call the function: `let f = wrap(g)`")
      case .doubleSlash, .slash:
        throw fail("a comment starts with `#`", at: token.span)
      case .percent, .bang, .dollar:
        throw fail(
          "there are no commands of a notebook or shell here", at: token.span,
          hint: "commands of the REPL start with `:` on a line of their own")
      default: return
      }
    }
    if token.kind == .keyword(.else) || token.kind == .keyword(.catch)
      || token.kind == .keyword(.finally)
    {
      let word = text(token.span)
      throw fail(
        "`\(word)` without the block before it", at: token.span,
        hint: "write it after the `}` of \(word == "else" ? "`if`" : "`try`")")
    }
    guard case .name(let name) = token.kind else { return }
    let next = peek(1)
    guard !next.newlineBefore, Self.startsOperand(next) else {
      if name == "pass", next.newlineBefore || next.kind == .symbol(.rightBrace) {
        throw fail(
          "`pass` is Python", at: token.span, hint: "an empty block is written `{}`; leave it out")
      }
      return
    }
    if let (message, hint) = foreignStatement(name, next) {
      throw fail(message, at: token.span, hint: hint)
    }
  }

  private func foreignStatement(_ name: String, _ next: Token) -> (String, String)? {
    let isWord = word(next) != nil
    let what = word(next) ?? "name"
    switch name {
    case "def", "function", "func", "fun", "proc", "defun":
      guard isWord else { return nil }
      return ("`\(name)` does not declare a function here", "write `fn \(what)(…) { … }`")
    case "var", "const", "auto", "local", "val", "mut", "final":
      guard isWord else { return nil }
      return ("`\(name)` does not declare a name here", "write `let \(what) = …`")
    case "global", "nonlocal":
      guard isWord else { return nil }
      return (
        "`\(name)` is Python",
        "leave it out: an assignment changes the variable that `let` has declared outside"
      )
    case "elif", "elsif", "elseif":
      return ("`\(name)` does not exist", "write `else if … { … }` after the `}`")
    case "class", "struct":
      guard isWord else { return nil }
      return ("there are no classes", "return a map of values and functions: `{area: () => …}`")
    case "from":
      guard isWord else { return nil }
      return (
        "`from … import` is Python",
        "write `import \"\(what).fl\" as \(what)`, then `\(what).name`"
      )
    case "raise":
      return ("`raise` is Python", "write `throw error(\"value\", \"what is wrong\")`")
    case "except", "rescue":
      return ("`\(name)` does not exist", "write `catch e { … }` after the `}` of `try`")
    case "del", "delete":
      guard isWord else { return nil }
      return ("`\(name)` does not exist", "write `map.remove(key)` or `list.pop(index)`")
    case "print", "echo", "puts", "println":
      return ("`print` is a function", "write `print(…)`")
    case "switch", "match", "case":
      guard isWord else { return nil }
      return ("`\(name)` does not exist", "write `if … { … } else if … { … }`")
    case "yield", "await", "async":
      return ("`\(name)` does not exist", "return a list instead")
    case "unless", "until":
      return ("`\(name)` does not exist", "write `if not …` or `while not …`")
    case "do":
      return ("`do` does not exist", "a block is written `{ … }`; loop with `while` or `for`")
    case "new":
      guard isWord else { return nil }
      return ("`new` does not exist", "call the function: `\(what)(…)`")
    default: return nil
    }
  }

  static func startsOperand(_ token: Token) -> Bool {
    switch token.kind {
    case .int, .float, .string, .formatStart, .name, .minimumMagnitude: true
    case .keyword(let keyword):
      switch keyword {
      case .true, .false, .nil, .not, .fn, .let, .if, .try: true
      default: false
      }
    default: false
    }
  }

  /// A word that is never an expression here; nil where it may be a name like any other.
  mutating func foreignWord(_ name: String) -> Failure? {
    let token = peek
    let next = peek(1)
    guard !next.newlineBefore else { return nil }
    switch name {
    case "lambda":
      guard word(next) != nil || next.kind == .symbol(.colon) else { return nil }
      return fail(
        "`lambda` is Python", at: token.span, hint: "write `x => …` or `(x, y) => …`")
    case "function", "func":
      guard next.kind == .symbol(.leftParen), partner[position + 1] >= 0,
        tokens[partner[position + 1] + 1].kind == .symbol(.leftBrace)
      else { return nil }
      return fail(
        "`\(name)` does not make a function here", at: token.span, hint: "write `(x) => { … }`")
    case "await", "new", "yield":
      guard case .name = next.kind else { return nil }
      return fail("`\(name)` does not exist", at: token.span, hint: "call the function itself")
    default: return nil
    }
  }

  /// Reports what follows a whole statement on its line.
  mutating func afterStatement(_ statement: Stmt, from first: Int) -> Failure {
    let token = peek
    switch token.kind {
    case .keyword(.if):
      return fail(
        "`if` cannot follow a value", at: token.span,
        hint: "a choice is written `if condition { a } else { b }`")
    case .symbol(.comma):
      return fail(
        "unexpected `,`", at: token.span,
        hint: "there are no tuples; a list is `[a, b]`, and `[a, b] = [b, a]` swaps")
    case .symbol(.colon):
      if first > 1, tokens[first - 1].kind == .symbol(.leftBrace),
        tokens[first - 2].kind == .symbol(.arrow)
      {
        return fail(
          "after `=>` a `{` opens a block", at: tokens[first - 1].span,
          hint: "a map after `=>` needs parentheses: `x => ({a: x})`")
      }
      if case .expression(let value) = statement.kind, case .name(let name) = value.kind {
        return fail(
          "unexpected `:` after `\(name)`", at: token.span,
          hint: name == "else" || name == "finally" || name == "except"
            ? "a block is written `{ … }`"
            : "declare it with `let \(name) = …`; types are not declared")
      }
      return fail("unexpected `:`", at: token.span, hint: "a block is written `{ … }`")
    case .symbol(.assign):
      return fail("unexpected `=`", at: token.span, hint: "equality is written `==`")
    case .symbol(.leftBrace):
      return fail("unexpected `{`", at: token.span, label: "this statement opens no block")
    case .string, .formatStart:
      if case .expression(let value) = statement.kind, case .name(let name) = value.kind {
        return fail(
          "a string after the name `\(name)`", at: token.span,
          hint: "a call is written `\(name)(…)`; the prefixes of strings are `r` and `f`")
      }
    case .keyword(.for):
      return fail(
        "`for` cannot follow a value", at: token.span,
        hint: "a comprehension is written `[… for x in xs]`")
    default: break
    }
    if ["elif", "elsif", "elseif"].contains(text(token.span)) {
      return fail(
        "`\(text(token.span))` does not exist", at: token.span,
        hint: "write `else if … { … }` after the `}`")
    }
    return unexpected(
      "expected the end of the statement",
      hint: "start a new line, or put `;` between two statements")
  }

  mutating func rejectTuple(after value: Expr, _ place: String) throws(Failure) {
    guard at(.comma), !atLineBreak else { return }
    throw fail(
      "there are no tuples", at: peek.span, hint: "a list is written `[\(shortText(value)), …]`")
  }

  private func shortText(_ value: Expr) -> String {
    let text = text(value.span)
    return text.count <= 20 && !text.contains("\n") ? text : "a"
  }

  mutating func rejectForeignLoop() throws(Failure) {
    if at(.leftParen), let close = Optional(partner[position]), close >= 0,
      tokens[position..<close].contains(where: { $0.kind == .symbol(.semicolon) })
    {
      throw fail(
        "a loop over numbers has no `;`", at: peek.span.union(tokens[close].span),
        hint: "write `for i in 0..n { … }`")
    }
    if at(.leftParen) {
      throw fail(
        "the header of a loop has no parentheses", at: peek.span, hint: "write `for x in xs { … }`")
    }
    if at(.let) || peek.kind == .name("var") || peek.kind == .name("const") {
      throw fail(
        "a loop declares its variable itself", at: peek.span, hint: "write `for x in xs { … }`")
    }
  }

  mutating func missingIn() -> Failure {
    switch peek.kind {
    case .symbol(.assign), .name("of"), .symbol(.colon):
      return fail(
        "expected `in`", at: peek.span, label: "found `\(text(peek.span))`",
        hint: "write `for x in xs { … }`, over numbers `for i in 0..n { … }`")
    default: return unexpected("expected `in`")
    }
  }

  /// `import numpy as np`: libraries of Python, and native modules, which need no import.
  mutating func foreignImport(_ name: String) -> Failure {
    let hint: String
    switch name {
    case "tensor", "nn", "optim", "text", "data", "dp", "fed", "fair", "distill", "stats", "plot",
      "runs", "sys":
      hint = "the module `\(name)` is in scope without an import"
    case "numpy", "torch", "jax", "tensorflow":
      hint = "the modules `tensor`, `nn` and `optim` are in scope without an import"
    case "opacus": hint = "the module `dp` is in scope without an import"
    case "pandas": hint = "the module `data` is in scope without an import"
    case "matplotlib", "seaborn": hint = "the module `plot` is in scope without an import"
    case "math", "random":
      hint =
        "mathematical functions are in scope without an import; randomness is fixed with `seed`"
    default: hint = "write `import \"\(name).fl\"`, or `import std.\(name)`"
    }
    return fail("expected a path", at: peek.span, label: "found the name `\(name)`", hint: hint)
  }

  // MARK: Blocks and functions

  mutating func missingBlock(_ context: String) -> Failure {
    switch peek.kind {
    case .end:
      wantsMore = true
      return unexpected("expected `{` and the block \(context)")
    case .symbol(.colon):
      return fail("a block opens with `{`, not with `:`", at: peek.span, hint: "write `{ … }`")
    case .name("then"), .name("do"):
      return fail(
        "a block opens with `{`, not with `\(text(peek.span))`", at: peek.span,
        hint: "write `{ … }`")
    case .symbol(.comma) where inHeader == false && context.hasPrefix("of the `for`"):
      return unexpected("expected `{` and the block \(context)")
    default: return unexpected("expected `{` and the block \(context)")
    }
  }

  mutating func missingHeaderValue() -> Failure {
    fail(
      "expected an expression before this block", at: peek.span,
      hint: "a map in the header of a block needs parentheses: `({a: 1})`")
  }

  mutating func missingCatch(_ start: Span) -> Failure {
    if peek.kind == .end { wantsMore = true }
    if case .name(let name) = peek.kind, name == "except" || name == "rescue" {
      return fail("`\(name)` does not exist", at: peek.span, hint: "write `catch e { … }`")
    }
    return fail(
      "`try` needs a `catch` or a `finally`", at: start,
      hint: "write `try { … } catch e { … }`")
  }

  mutating func rejectAfterParameters() throws(Failure) {
    switch peek.kind {
    case .symbol(.thinArrow):
      throw fail(
        "types are not declared", at: peek.span, hint: "write `fn name(…) { … }`")
    case .symbol(.arrow):
      throw fail(
        "a function declared with `fn` has no `=>`", at: peek.span,
        hint: "write `fn name(…) { … }`, or `let name = (…) => …`")
    default: return  // the missing block reports `:`
    }
  }

  // MARK: Expressions

  mutating func rejectForeignOperator(_ symbol: Symbol) throws(Failure) {
    let span = peek.span
    switch symbol {
    case .doubleAmpersand: throw fail("`&&` does not exist", at: span, hint: "write `and`")
    case .doubleBar: throw fail("`||` does not exist", at: span, hint: "write `or`")
    case .ampersandAssign, .barAssign:
      let operation = symbol == .barAssign ? "|" : "&"
      throw fail(
        "`\(symbol.rawValue)` does not exist", at: span, hint: "write `x = x \(operation) …`")
    case .tilde, .shiftLeft, .shiftRight:
      throw fail("there is no operator `\(symbol.rawValue)`", at: span)
    case .caret: throw fail("there is no operator `^`", at: span, hint: "a power is written `**`")
    case .tripleEqual: throw fail("`===` does not exist", at: span, hint: "write `==`")
    case .notTripleEqual, .lessGreater:
      throw fail("`\(symbol.rawValue)` does not exist", at: span, hint: "write `!=`")
    case .walrus:
      throw fail("`:=` does not exist", at: span, hint: "declare with `let x = …`")
    case .thinArrow:
      throw fail("`->` does not exist", at: span, hint: "a function is written `x => …`")
    case .question:
      throw fail(
        "there is no `? :`", at: span,
        hint:
          "a choice is written `if condition { a } else { b }`; `x ?? y` is `y` where `x` is nil")
    case .bang:
      throw fail("`!` does not exist", at: span, hint: "write `not`")
    default: return
    }
  }

  mutating func foreignIs() -> Failure {
    let span = peek.span
    if peek(1).kind == .keyword(.not) {
      return fail("`is not` is Python", at: span.union(peek(1).span), hint: "write `!=`")
    }
    return fail("`is` is Python", at: span, hint: "write `==`")
  }

  mutating func unaryPlus() throws(Failure) -> Expr {
    let token = advance()
    if position >= 2, tokens[position - 2].kind == .symbol(.plus),
      tokens[position - 2].span.end == token.span.start
    {
      throw fail(
        "`++` does not exist", at: tokens[position - 2].span.union(token.span),
        hint: "write `x += 1`")
    }
    if at(.plus), peek.span.start == token.span.end {
      throw fail("`++` does not exist", at: token.span.union(peek.span), hint: "write `x += 1`")
    }
    switch peek.kind {
    case .int, .float:
      var value = try primary()
      value.span = token.span.union(value.span)
      return value
    default:
      throw fail("there is no unary `+`", at: token.span, hint: "leave it out")
    }
  }

  /// Reports that an expression was expected and something else found.
  mutating func missingExpression() -> Failure {
    let token = peek
    switch token.kind {
    case .end:
      return unexpected("expected an expression")
    case .symbol(let symbol):
      return missingExpression(symbol, token.span)
    case .keyword(let keyword):
      switch keyword {
      case .fn:
        return fail(
          "`fn` declares a function and has no value", at: token.span,
          hint: "a function as a value is written `(x) => { … }`")
      case .let, .return, .break, .continue, .throw, .for, .while, .assert, .import, .param, .with:
        return fail(
          "`\(keyword.rawValue)` is a statement and has no value", at: token.span,
          label: "expected an expression")
      case .else:
        return fail(
          "expected an expression", at: token.span, label: "found the keyword `else`",
          hint: "write `else` after the `}` of `if`")
      default: return unexpected("expected an expression")
      }
    default: return unexpected("expected an expression")
    }
  }

  private mutating func missingExpression(_ symbol: Symbol, _ span: Span) -> Failure {
    switch symbol {
    case .bang: return fail("`!` does not exist", at: span, hint: "write `not`")
    case .tilde: return fail("there is no operator `~`", at: span, hint: "write `not`")
    case .star, .doubleStar:
      return fail(
        "unexpected `\(symbol.rawValue)`", at: span, label: "a left operand is missing")
    case .ampersand, .bar:
      return fail(
        "unexpected `\(symbol.rawValue)`", at: span, label: "a left operand is missing",
        hint: "a line that goes on ends in its operator, or stands in parentheses")
    case .doubleAmpersand, .doubleBar, .caret, .question, .walrus, .thinArrow, .ampersandAssign,
      .barAssign:
      do throws(Failure) { try rejectForeignOperator(symbol) } catch { return error }
      return unexpected("expected an expression")
    case .doubleSlash:
      return fail("unexpected `//`", at: span, hint: "a comment starts with `#`")
    case .backtick, .dollar, .backslash:
      return fail(
        "unexpected `\(symbol.rawValue)`", at: span,
        hint: symbol == .backslash
          ? "no mark is needed: a line goes on after an operator or inside brackets" : nil)
    case .arrow:
      return fail(
        "expected a parameter before `=>`", at: span, hint: "write `x => …` or `(x, y) => …`")
    case .ellipsis:
      return fail("`...` stands only in an index", at: span, hint: "write `x[..., 0]`")
    case .dot, .pipe:
      return fail(
        "expected an expression", at: span,
        label: "there is nothing before `\(symbol.rawValue)`",
        hint: "write what it is done to first; at the prompt `_` is the last result")
    case .range, .closedRange:
      return fail("a range needs a start", at: span, hint: "write `0..n`")
    case .minus, .rightParen, .rightBracket, .rightBrace:
      if position > 0, tokens[position - 1].kind == .symbol(.minus), position > 1,
        tokens[position - 2].kind == .symbol(.minus)
      {
        return fail("`--` does not exist", at: tokens[position - 2].span, hint: "write `x -= 1`")
      }
      return unexpected("expected an expression")
    default: return unexpected("expected an expression")
    }
  }

  /// Reports what follows an element of a list, a map, a call or an index.
  mutating func missingSeparator(_ expected: String, _ place: String) -> Failure {
    switch peek.kind {
    case .keyword(.if):
      return fail(
        "`if` cannot follow a value", at: peek.span,
        hint: "a choice is written `if condition { a } else { b }`")
    case .keyword(.for):
      return fail(
        "`for` cannot follow here", at: peek.span,
        hint: "a comprehension is written `[… for x in xs]`")
    case .symbol(.assign):
      return fail(
        "unexpected `=` in \(place)", at: peek.span, hint: "equality is written `==`")
    case .cell:
      return fail("a cell starts inside \(place)", at: peek.span, label: "expected \(expected)")
    default: return unexpected("expected \(expected) in \(place)")
    }
  }

  mutating func missingColon(after key: Expr) -> Failure {
    if at(.comma) || at(.rightBrace) {
      return fail(
        "there are no sets, and a map needs a value for each key", at: key.span,
        hint: "a list is written `[a, b]`, a map `{a: 1}`")
    }
    if at(.assign) {
      return fail("a key of a map is followed by `:`", at: peek.span, hint: "write `{a: 1}`")
    }
    return unexpected(
      "expected `:` after the key of the map",
      hint: "here `{` opens a map; a block stands after `if`, `for`, `=>` and their like")
  }

  func isStatementKeyword(_ token: Token) -> Bool {
    switch token.kind {
    case .keyword(.let), .keyword(.return), .keyword(.for), .keyword(.while), .keyword(.throw),
      .keyword(.assert), .keyword(.break), .keyword(.continue), .keyword(.fn), .keyword(.import):
      true
    default: false
    }
  }

  mutating func blockAsMap(_ token: Token) -> Failure {
    fail(
      "here `{` opens a map, not a block", at: token.span, label: "expected a key",
      hint: "a block stands after `if`, `else`, `for`, `while`, `with`, `try`, `fn f()` and `=>`")
  }

  mutating func rejectAdjacentString(_ span: Span) throws(Failure) {
    switch peek.kind {
    case .string, .formatStart:
      if atLineBreak { return }
      throw fail(
        "two strings side by side", at: span.union(peek.span), hint: "join them with `+`")
    default: return
    }
  }
}
