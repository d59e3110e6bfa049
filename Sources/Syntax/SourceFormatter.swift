import Foundations

/// `fairlead fmt`: one way to write a script. Comments, blank lines (at most one in a row), parentheses and the
/// spelling of literals are kept; the spellings of Python that the language reads too become its own.
public enum SourceFormatter {
  public static let width = 100

  /// The source in its canonical form. Formatting that again changes nothing, and it means the same.
  public static func format(_ source: Source) throws(Diagnostics) -> String {
    let program = try Parsing.parse(source)
    let stream = Lexer.tokenize(source)
    var printer = SourcePrinter(source, stream.comments)
    let document = printer.program(program)
    var text = LayoutWriter.write(document, width: width)
    while text.last == "\n" || text.last == " " { text.removeLast() }
    return text.isEmpty ? "" : text + "\n"
  }
}

/// Makes the document of a program. Statements and blocks are here, expressions in SourcePrinter+Expressions.swift.
struct SourcePrinter {
  typealias Document = LayoutDocument

  let source: Source
  let comments: [Comment]
  /// The first comment that has not been written yet.
  var nextComment = 0

  init(_ source: Source, _ comments: [Comment]) {
    self.source = source
    self.comments = comments
  }

  mutating func program(_ program: Program) -> Document {
    statements(program.statements, from: 0, to: source.bytes.count)
  }

  // MARK: Comments

  /// The text of a comment as it is written: a space after the mark, none at the end.
  private func text(_ comment: Comment) -> String {
    var text = source.text(comment.span)
    while text.last == " " || text.last == "\t" || text.last == "\r" { text.removeLast() }
    guard comment.kind != .shebang else { return text }
    let marks = comment.kind == .doc ? 2 : 1
    let body = text.dropFirst(marks)
    if let first = body.first, first != " ", first != "#", first != "%", first != "!", first != "\t"
    {
      return text.prefix(marks) + " " + body
    }
    return text
  }

  /// The next comment, where it starts before `offset`.
  func hasComment(before offset: Int) -> Bool {
    nextComment < comments.count && Int(comments[nextComment].span.start) < offset
  }

  /// Whether the line breaks between two offsets leave a line empty.
  func hasEmptyLine(_ start: Int, _ end: Int) -> Bool {
    guard start < end else { return false }
    return source.bytes[start..<end].count { $0 == UInt8(ascii: "\n") } > 1
  }

  func hasNewline(_ start: Int, _ end: Int) -> Bool {
    start < end && source.bytes[start..<end].contains(UInt8(ascii: "\n"))
  }

  /// The comment that stands behind `end` on the same line and before `limit`.
  mutating func trailingComment(_ end: Int, before limit: Int) -> Document? {
    guard hasComment(before: limit) else { return nil }
    let comment = comments[nextComment]
    guard Int(comment.span.start) >= end, !hasNewline(end, Int(comment.span.start)) else {
      return nil
    }
    nextComment += 1
    return .comment(text(comment))
  }

  // MARK: Statements

  /// Statements on lines of their own between two offsets, with the comments there.
  mutating func statements(_ list: [Stmt], from start: Int, to end: Int) -> Document {
    var parts: [Document] = []
    var position = start
    func separate(_ next: Int, _ isCell: Bool) {
      if parts.isEmpty { return }
      parts.append(isCell || hasEmptyLine(position, next) ? .emptyLine : .hardLine)
    }
    for (index, statement) in list.enumerated() {
      let first = Int(statement.span.start)
      while hasComment(before: first) {
        let comment = comments[nextComment]
        nextComment += 1
        separate(Int(comment.span.start), false)
        parts.append(.text(text(comment)))
        position = Int(comment.span.end)
      }
      if case .cell = statement.kind { separate(first, true) } else { separate(first, false) }
      parts.append(whole(statement))
      position = Int(statement.span.end)
      let limit = index + 1 < list.count ? Int(list[index + 1].span.start) : end
      if let comment = trailingComment(position, before: limit) {
        parts.append(comment)
        position = Int(comments[nextComment - 1].span.end)
      }
    }
    while hasComment(before: end) {
      let comment = comments[nextComment]
      nextComment += 1
      separate(Int(comment.span.start), false)
      parts.append(.text(text(comment)))
      position = Int(comment.span.end)
    }
    return .concat(parts)
  }

  /// A statement; as it stands in the source where it holds comments in places that have none in the canonical form.
  private mutating func whole(_ statement: Stmt) -> Document {
    let before = nextComment
    let document = self.statement(statement)
    var inside = before
    while inside < comments.count, comments[inside].span.start < statement.span.end { inside += 1 }
    if nextComment == inside { return document }
    nextComment = inside
    return .text(source.text(statement.span))
  }

  private mutating func statement(_ statement: Stmt) -> Document {
    switch statement.kind {
    case .expression(let value): return expression(value)
    case .let(let pattern, let value, _):
      return .concat([.text("let \(self.pattern(pattern)) = "), expression(value)])
    case .assign(let target, let value):
      return .concat([expression(target), .text(" = "), expression(value)])
    case .compoundAssign(let target, let operation, let value):
      return .concat([expression(target), .text(" \(operation.rawValue)= "), expression(value)])
    case .function(let function):
      return .concat([
        .text("fn \(function.name ?? "")"), parameters(function), .text(" "), block(function.body),
      ])
    case .return(let value): return keyword("return", value)
    case .break: return .text("break")
    case .continue: return .text("continue")
    case .for(let pattern, let sequence, let body):
      return .concat([
        .text("for \(loopPattern(pattern)) in "), expression(sequence), .text(" "), block(body),
      ])
    case .while(let condition, let body):
      return .concat([.text("while "), expression(condition), .text(" "), block(body)])
    case .throw(let value): return keyword("throw", value)
    case .assert(let condition, let message):
      let check = keyword("assert", condition)
      guard let message else { return check }
      return .concat([check, .text(", "), expression(message)])
    case .with(let context, let name, _, let body):
      return .concat([
        .text("with "), expression(context), .text(name.map { " as \($0) " } ?? " "), block(body),
      ])
    case .import(let value): return imports(value)
    case .param(let param): return self.param(param)
    case .test(let name, let body):
      let span = Span(Int(statement.span.start) + 4, Int(body.span.start))
      let literal = source.text(span).split(separator: "#").first.map(String.init) ?? ""
      let trimmed = literal.drop { $0 == " " }.reversed().drop { $0 == " " || $0 == "\n" }
        .reversed()
      _ = name
      return .concat([.text("test \(stringLiteral(String(trimmed))) "), block(body)])
    case .cell(let title): return .text(title.isEmpty ? "#%%" : "#%% \(title)")
    }
  }

  private mutating func keyword(_ word: String, _ value: Expr?) -> Document {
    guard let value else { return .text(word) }
    return .concat([.text(word + " "), expression(value)])
  }

  private mutating func imports(_ value: Import) -> Document {
    var parts: [Document]
    switch value.path {
    case .file: parts = [.text("import " + stringLiteral(source.text(value.pathSpan)))]
    case .standard(let path): parts = [.text("import std.\(path)")]
    }
    if !value.parameters.isEmpty {
      let items = value.parameters.map { entry in
        (Int(entry.key.span.start), Int(entry.value.span.end))
      }
      var documents: [Document] = []
      for entry in value.parameters { documents.append(self.entry(entry)) }
      parts += [.text(" with "), joined("{", documents, "}", items, end: items[items.count - 1].1)]
    }
    if value.nameSpan != value.pathSpan { parts.append(.text(" as \(value.name)")) }
    return .concat(parts)
  }

  private mutating func param(_ param: Param) -> Document {
    var parts: [Document] = [.text("param \(param.name) = "), expression(param.defaultValue)]
    if let domain = param.domain { parts += [.text(" in "), expression(domain)] }
    return .concat(parts)
  }

  // MARK: Blocks, parameters, patterns

  /// `{ … }`: on one line where it is so in the source, has one statement at most, and fits.
  mutating func block(_ body: Block) -> Document {
    let rest = blockAfterBrace(body)
    if case .group(let inner) = rest { return .group(.concat([.text("{"), inner])) }
    return .concat([.text("{"), rest])
  }

  /// A block without its `{`.
  mutating func blockAfterBrace(_ body: Block) -> Document {
    let start = Int(body.span.start) + 1
    let end = Int(body.span.end) - 1
    let isInline = !hasNewline(start, end) && body.statements.count <= 1
    if body.statements.isEmpty, !hasComment(before: end) { return .text("}") }
    var head: [Document] = []
    let first = body.statements.first.map { Int($0.span.start) } ?? end
    if let comment = trailingComment(start, before: first) { head.append(comment) }
    let inner = statements(body.statements, from: start, to: end)
    let separator: Document = isInline ? .line : .hardLine
    let document = Document.concat(
      head + [.indent(.concat([separator, inner])), separator, .text("}")])
    return isInline ? .group(document) : document
  }

  mutating func parameters(_ function: Function) -> Document {
    guard !function.parameters.isEmpty else { return .text("()") }
    var documents: [Document] = []
    for parameter in function.parameters {
      let mark = parameter.namedOnly ? ":" : ""
      guard let value = parameter.defaultValue else {
        documents.append(.text(parameter.name + mark))
        continue
      }
      documents.append(
        .concat([
          .text(parameter.name + (parameter.namedOnly ? ": " : " = ")), expression(value),
        ]))
    }
    let items = function.parameters.map {
      (Int($0.span.start), Int($0.defaultValue?.span.end ?? $0.span.end))
    }
    return joined("(", documents, ")", items, end: items[items.count - 1].1)
  }

  func pattern(_ pattern: Pattern) -> String {
    switch pattern.kind {
    case .name(let name): name
    case .ignore: "_"
    case .list(let parts): "[" + parts.map(self.pattern).joined(separator: ", ") + "]"
    case .map(let parts):
      "{"
        + parts.map { part in
          if case .name(let name) = part.pattern.kind, name == part.key { return name }
          return "\(key(part.key)): \(self.pattern(part.pattern))"
        }.joined(separator: ", ") + "}"
    }
  }

  private func key(_ key: String) -> String {
    var lexer = Lexer(Source(name: "", text: key))
    lexer.scanWord()
    if !key.isEmpty, lexer.position == key.utf8.count, !isDigit(Array(key.utf8)[0]) { return key }
    return Quoting.literal(key)
  }

  /// The pattern of a `for`: a list without brackets where it is written so.
  func loopPattern(_ pattern: Pattern) -> String {
    let text = self.pattern(pattern)
    guard case .list = pattern.kind,
      source.bytes[Int(pattern.span.start)] != UInt8(ascii: "[")
        || pattern.isBareList(source)
    else { return text }
    return String(text.dropFirst().dropLast())
  }
}

extension Pattern {
  /// Whether a list pattern is written without its brackets, as `a, b` after `for`.
  fileprivate func isBareList(_ source: Source) -> Bool {
    guard case .list(let parts) = kind, let first = parts.first else { return false }
    return first.span.start == span.start
  }
}
