// `let`, `fn`, `param`, `import` and the doc comments that belong to them.

extension Parser {
  mutating func letStatement() throws(Failure) -> Stmt {
    let leading = leadingDoc()
    let span = advance().span
    let pattern = try pattern("after `let`")
    if at(.comma) {
      throw fail(
        "`let` declares one name or takes one value apart", at: peek.span,
        hint: "write `let [a, b] = …`")
    }
    if at(.colon) { throw typeAnnotation() }
    guard at(.assign) else {
      throw unexpected("expected `=` and a value", hint: "every `let` gives its name a value")
    }
    advance()
    let value = try operand("after `=`")
    try rejectTuple(after: value, "right of `=`")
    let doc = joined(leading, trailingDoc())
    return Stmt(.let(pattern, value, doc: doc), span.union(value.span))
  }

  mutating func functionStatement() throws(Failure) -> Stmt {
    let doc = leadingDoc()
    let span = advance().span
    if at(.leftParen) {
      throw fail(
        "a function declared with `fn` needs a name", at: peek.span,
        hint: "a function without a name is written `(x) => { … }`")
    }
    let (name, nameSpan) = try name("after `fn`")
    guard at(.leftParen) else { throw unexpected("expected `(` and the parameters") }
    let parameters = try parameters()
    if at(.thinArrow) || at(.colon) || at(.arrow) { try rejectAfterParameters() }
    let body = try block("of the function")
    let function = Function(
      name: name, nameSpan: nameSpan, parameters: parameters, body: body, doc: doc,
      span: span.union(body.span))
    return Stmt(.function(function), function.span)
  }

  /// `(a, b = 1, c: 2, d:)`.
  mutating func parameters() throws(Failure) -> [Parameter] {
    let saved = (ignoresNewlines, inHeader, stopsAtIn)
    ignoresNewlines = true
    inHeader = false
    stopsAtIn = false
    try expect(.leftParen, "before the parameters")
    var parameters: [Parameter] = []
    while !at(.rightParen) {
      parameters.append(try parameter(after: parameters.last))
      if !take(.comma) { break }
    }
    try expect(.rightParen, "after the parameters")
    (ignoresNewlines, inHeader, stopsAtIn) = saved
    return parameters
  }

  private mutating func parameter(after previous: Parameter?) throws(Failure) -> Parameter {
    if at(.star) || at(.doubleStar) {
      throw fail(
        "there are no `\(text(peek.span))` parameters", at: peek.span,
        hint: peek(1).kind == .symbol(.comma)
          ? "a parameter that is given by name only has a colon: `name: default`"
          : "take a list or a map as one parameter")
    }
    if at(.leftBracket) || at(.leftBrace) {
      throw fail(
        "a parameter is a name", at: peek.span,
        hint: "take it apart in the body with `let [a, b] = …`")
    }
    let (name, span) = try name("of a parameter")
    var value: Expr?
    var namedOnly = false
    if take(.assign) {
      value = try operand("after `=`")
    } else if at(.colon) {
      namedOnly = true
      advance()
      if !at(.comma), !at(.rightParen) {
        if case .name(let type) = peek.kind, Self.typeNames.contains(type),
          peek(1).kind == .symbol(.comma) || peek(1).kind == .symbol(.rightParen)
            || peek(1).kind == .symbol(.assign)
        {
          throw typeAnnotation()
        }
        value = try operand("after `:`")
      }
    }
    if !namedOnly, let previous {
      if previous.namedOnly {
        throw fail(
          "a positional parameter cannot follow one that is given by name only", at: span,
          hint: "move `\(name)` before `\(previous.name):`")
      }
      if value == nil, previous.defaultValue != nil {
        throw fail(
          "a parameter without a default cannot follow one with a default", at: span,
          hint: "give `\(name)` a default, or write `\(name):` to have it given by name")
      }
    }
    return Parameter(name: name, span: span, defaultValue: value, namedOnly: namedOnly)
  }

  static let typeNames: Set<String> = [
    "int", "float", "str", "string", "bool", "list", "dict", "map", "tensor", "any", "tuple", "set",
  ]

  private mutating func typeAnnotation() -> Failure {
    fail(
      "types are not declared", at: peek.span,
      hint: "leave the type out; values are checked when the function uses them")
  }

  mutating func paramStatement() throws(Failure) -> Stmt {
    let leading = leadingDoc()
    let span = advance().span
    let (name, nameSpan) = try name("after `param`")
    if at(.colon) { throw typeAnnotation() }
    guard at(.assign) else {
      throw unexpected(
        "expected `=` and a default", hint: "write `param \(name) = …`; every param has a default")
    }
    advance()
    stopsAtIn = true
    let value = try operand("after `=`")
    stopsAtIn = false
    var domain: Expr?
    if take(.in) { domain = try operand("after `in`") }
    let doc = joined(leading, trailingDoc())
    let param = Param(
      name: name, nameSpan: nameSpan, defaultValue: value, domain: domain, doc: doc)
    return Stmt(.param(param), span.union(domain?.span ?? value.span))
  }

  mutating func importStatement() throws(Failure) -> Stmt {
    let span = advance().span
    let (path, pathSpan) = try importPath()
    var parameters: [MapEntry] = []
    var bound: (String, Span)?
    while true {
      if bound == nil, take(.as) {
        bound = try name("after `as`")
      } else if parameters.isEmpty, take(.with) {
        guard at(.leftBrace) else {
          throw unexpected("expected a map of parameters", hint: "write `with {epochs: 2}`")
        }
        let map = try mapLiteral()
        guard case .map(let entries) = map.kind else {
          throw fail("expected a map of parameters", at: map.span)
        }
        parameters = entries
      } else {
        break
      }
    }
    if bound == nil {
      let last = defaultName(path)
      let source = Source(name: "", text: last)
      let words = Lexer.tokenize(source)
      guard words.diagnostics.isEmpty, words.tokens.count == 2,
        case .name = words.tokens[0].kind
      else {
        throw fail(
          "this import needs a name", at: pathSpan, label: "`\(last)` cannot be a name",
          hint: "write `import … as name`")
      }
      bound = (last, pathSpan)
    }
    guard let (name, nameSpan) = bound else { throw Failure() }
    let value = Import(
      path: path, pathSpan: pathSpan, name: name, nameSpan: nameSpan, parameters: parameters)
    return Stmt(.import(value), span.union(previousSpan))
  }

  private mutating func importPath() throws(Failure) -> (Import.Path, Span) {
    let token = peek
    switch token.kind {
    case .string(let path):
      advance()
      if path.isEmpty { throw fail("the path of this import is empty", at: token.span) }
      return (.file(path), token.span)
    case .name("std"):
      advance()
      var parts: [String] = []
      while at(.dot) {
        advance()
        guard let part = word(peek) else { throw unexpected("expected a name after `.`") }
        parts.append(part)
        advance()
      }
      if parts.isEmpty {
        throw unexpected(
          "expected `.` and the name of a module", hint: "write `import std.recipes`")
      }
      return (.standard(parts.joined(separator: ".")), token.span.union(previousSpan))
    case .name(let name):
      throw foreignImport(name)
    default:
      throw unexpected(
        "expected a path", hint: "write `import \"helpers.fl\"` or `import std.recipes`")
    }
  }

  /// The last part of the path without `.fl`.
  private func defaultName(_ path: Import.Path) -> String {
    switch path {
    case .standard(let path):
      return path.split(separator: ".").last.map(String.init) ?? path
    case .file(let path):
      let last = path.split(separator: "/").last.map(String.init) ?? path
      return last.hasSuffix(".fl") ? String(last.dropLast(3)) : last
    }
  }

  // MARK: Doc comments

  /// The `##` lines directly before the current token, without their marks.
  func leadingDoc() -> String? {
    let lines = leadingDocComments(before: position)
    return lines.isEmpty ? nil : docText(lines)
  }

  /// The last block of `##` comments on lines of their own before a token.
  private func leadingDocComments(before index: Int) -> ArraySlice<Comment> {
    let end = tokens[index].commentsBefore
    let floor = index > 0 ? tokens[index - 1].commentsBefore : 0
    var start = end
    while start > floor, comments[start - 1].kind == .doc, comments[start - 1].ownLine {
      if start < end, !adjacent(comments[start - 1], comments[start]) { break }
      start -= 1
    }
    if index == 0, start == programDocStart, programDocEnd > start { return [] }
    return comments[start..<end]
  }

  private func adjacent(_ first: Comment, _ second: Comment) -> Bool {
    let gap = source.bytes[Int(first.span.end)..<Int(second.span.start)]
    return gap.count { $0 == UInt8(ascii: "\n") } == 1
  }

  /// The `##` comment on the line where the current statement ends.
  func trailingDoc() -> String? {
    let index = tokens[position].commentsBefore
    let before = position > 0 ? tokens[position - 1].commentsBefore : 0
    guard before < index, comments[before].kind == .doc, !comments[before].ownLine else {
      return nil
    }
    return docText(comments[before...before])
  }

  func joined(_ first: String?, _ second: String?) -> String? {
    guard let first else { return second }
    guard let second else { return first }
    return first + "\n" + second
  }

  private func docText(_ lines: ArraySlice<Comment>) -> String {
    lines.map { line in
      var text = text(line.span).dropFirst(2)
      if text.first == " " { text = text.dropFirst() }
      while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
      return String(text)
    }.joined(separator: "\n")
  }

  // MARK: The doc of the program

  /// The first block of `##` lines is the program's own where a blank line or no declaration follows it, or where the
  /// declaration that follows has a doc of its own at the end of its line.
  func programDoc() -> String? {
    let range = programDocStart..<programDocEnd
    return range.isEmpty ? nil : docText(comments[range])
  }

  private var programDocStart: Int {
    var index = 0
    let end = tokens[0].commentsBefore
    while index < end, comments[index].kind == .shebang || comments[index].kind == .plain {
      index += 1
    }
    return index
  }

  private var programDocEnd: Int {
    let start = programDocStart
    let limit = tokens[0].commentsBefore
    var end = start
    while end < limit, comments[end].kind == .doc, comments[end].ownLine {
      if end > start, !adjacent(comments[end - 1], comments[end]) { break }
      end += 1
    }
    guard end > start, end == limit else { return end }
    let gap = source.bytes[Int(comments[end - 1].span.end)..<Int(tokens[0].span.start)]
    if gap.count(where: { $0 == UInt8(ascii: "\n") }) > 1 { return end }
    switch tokens[0].kind {
    case .keyword(.fn): return start
    case .keyword(.let), .keyword(.param): return firstLineHasDoc ? end : start
    default: return end
    }
  }

  /// Whether a `##` comment stands at the end of the line of the first statement.
  private var firstLineHasDoc: Bool {
    var index = 1
    while index < tokens.count {
      if tokens[index].newlineBefore, partner[index] < 0 || tokens[index].kind == .end {
        let before = tokens[index - 1].commentsBefore
        let after = tokens[index].commentsBefore
        return before < after && comments[before].kind == .doc && !comments[before].ownLine
      }
      index = partner[index] > index ? partner[index] : index + 1
    }
    return false
  }
}
