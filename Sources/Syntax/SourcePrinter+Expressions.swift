// Expressions of the formatter. Parentheses stand where the source has them, so that nothing needs to be known of
// precedence.

extension SourcePrinter {
  mutating func expression(_ value: Expr) -> Document {
    if let name = floatName(value) { return .text(name) }
    // A chain of operators, calls and fields is laid out as one, down to its first operand or to parentheses.
    var chain: [Expr] = []
    var current = value
    while let operand = current.chainOperand,
      chain.isEmpty || !(isParenthesized(current) || floatName(current) != nil)
    {
      chain.append(current)
      current = operand
    }
    let document: Document
    if chain.isEmpty {
      document = leaf(current)
    } else {
      let isInner = isParenthesized(current) || current.chainOperand != nil
      let first = isInner ? expression(current) : leaf(current)
      var parts: [Document] = []
      let breaking = breakingClass(value)
      var end = Int(current.span.end)
      var isIndented = false
      for node in chain.reversed() {
        let part = Document.concat(link(node, after: end, breaking))
        if case .member(_, _, let nameSpan) = node.kind, hasNewline(end, Int(nameSpan.start)) {
          isIndented = true
        }
        let isOperator = breakingClass(node) != 0
        parts.append(isIndented || isOperator ? .indent(part) : part)
        end = Int(node.span.end)
      }
      document = .group(.concat([first] + parts))
    }
    guard !chain.isEmpty, isParenthesized(value) else { return document }
    return .concat([.text("("), document, .text(")")])
  }

  /// An expression that grows on no other, with its parentheses.
  private mutating func leaf(_ value: Expr) -> Document {
    let document = bare(value)
    return isParenthesized(value) ? .concat([.text("("), document, .text(")")]) : document
  }

  /// `inf` for `float('inf')`, as notebook tools write it, and `nan` likewise.
  private func floatName(_ value: Expr) -> String? {
    guard case .call(let callee, let arguments, false) = value.kind, arguments.count == 1,
      case .name("float") = callee.kind, arguments[0].name == nil,
      case .string(let text) = arguments[0].value.kind, !isParenthesized(value),
      text == "inf" || text == "nan"
    else { return nil }
    return text
  }

  /// Whether the expression stands in parentheses of its own: then its span starts before its first part.
  func isParenthesized(_ value: Expr) -> Bool {
    let start = value.span.start
    guard Int(start) < source.bytes.count, source.bytes[Int(start)] == UInt8(ascii: "(") else {
      return false
    }
    if let operand = value.chainOperand { return operand.span.start > start }
    switch value.kind {
    case .comparison(let operands, _): return operands[0].span.start > start
    case .range(let lower, _, _, _): return lower.span.start > start
    case .lambda(let function): return function.span.start > start
    default: return true
    }
  }

  /// Which operators of a chain may be followed by a line break: those that bind as loosely as the last one.
  private func breakingClass(_ value: Expr) -> Int {
    switch value.kind {
    case .call(_, _, true): 1
    case .coalesce: 2
    case .or: 3
    case .and: 4
    case .binary(let operation, _, _):
      switch operation {
      case .either: 5
      case .both: 6
      case .add, .subtract: 7
      case .power: 9
      default: 8
      }
    default: 0
    }
  }

  /// What one node of a chain adds to its operand, which ends at `end`.
  private mutating func link(_ node: Expr, after end: Int, _ breaking: Int) -> [Document] {
    switch node.kind {
    case .binary(let operation, _, let right):
      return infix(operation.rawValue, right, node, breaking)
    case .and(_, let right): return infix("and", right, node, breaking)
    case .or(_, let right): return infix("or", right, node, breaking)
    case .coalesce(_, let right): return infix("??", right, node, breaking)
    case .member(_, let name, let nameSpan):
      let isOnNewLine = hasNewline(end, Int(nameSpan.start))
      return [isOnNewLine ? .hardLine : .empty, .text("." + name)]
    case .index(_, let subscripts): return [index(subscripts, node)]
    case .call(let callee, let arguments, let piped):
      if !piped { return [self.arguments(arguments[...], node)] }
      let isOnNewLine = hasNewline(end, Int(callee.span.start))
      let separator: Document = isOnNewLine ? .hardLine : breaking == 1 ? .line : .text(" ")
      var parts = [separator, .text("|> "), expression(callee)]
      let hasParentheses = source.bytes[Int(callee.span.end)..<Int(node.span.end)]
        .contains(UInt8(ascii: "("))
      if hasParentheses { parts.append(self.arguments(arguments.dropFirst(), node)) }
      return parts
    default: return []
    }
  }

  private mutating func infix(
    _ symbol: String, _ right: Expr, _ node: Expr, _ breaking: Int
  ) -> [Document] {
    let separator: Document = breakingClass(node) == breaking ? .line : .text(" ")
    return [.text(" " + symbol), separator, expression(right)]
  }

  // MARK: Leaves

  private mutating func bare(_ value: Expr) -> Document {
    switch value.kind {
    case .nil: return .text("nil")
    case .bool(let bool): return .text(bool ? "true" : "false")
    case .int, .float: return .text(number(value))
    case .string, .format: return .text(stringLiteral(inner(value)))
    case .name(let name): return .text(name)
    case .list(let elements):
      return bracketed("[", elements.map { ($0.span, $0.span) }, "]", value) { printer, index in
        printer.expression(elements[index])
      }
    case .map(let entries):
      return bracketed("{", entries.map { (keySpan($0.key), $0.value.span) }, "}", value) {
        printer, index in printer.entry(entries[index])
      }
    case .unary(let operation, let operand):
      let mark = operation == .not ? "not " : "-"
      return .concat([.text(mark), expression(operand)])
    case .comparison(let operands, let operators):
      var parts: [Document] = []
      for (operation, operand) in zip(operators, operands.dropFirst()) {
        parts += [.text(" \(operation.rawValue)"), .line, expression(operand)]
      }
      return .group(.concat([expression(operands[0]), .indent(.concat(parts))]))
    case .range(let lower, let upper, let closed, let step):
      var parts = [expression(lower), .text(closed ? "..=" : ".."), expression(upper)]
      if let step { parts += [.text(" by "), expression(step)] }
      return .concat(parts)
    default: return compound(value)
    }
  }

  private mutating func compound(_ value: Expr) -> Document {
    switch value.kind {
    case .listComprehension(let element, let clauses):
      return comprehension("[", expression(element), clauses, "]")
    case .mapComprehension(let key, let item, let clauses):
      let entry = self.entry(MapEntry(key: key, value: item))
      return comprehension("{", entry, clauses, "}")
    case .lambda(let function): return lambda(function)
    case .if(let branches, let otherwise):
      var parts: [Document] = []
      for (index, branch) in branches.enumerated() {
        parts += [
          .text(index == 0 ? "if " : " else if "), expression(branch.condition), .text(" "),
          openBlock(branch.body),
        ]
      }
      if let otherwise { parts += [.text(" else "), openBlock(otherwise)] }
      return .group(.concat(parts))
    case .block(let body): return block(body)
    case .try(let value):
      var parts = [Document.text("try "), openBlock(value.body)]
      if let body = value.catchBody {
        parts += [.text(" catch \(value.catchName.map { $0 + " " } ?? "")"), openBlock(body)]
      }
      if let body = value.finallyBody { parts += [.text(" finally "), openBlock(body)] }
      return .group(.concat(parts))
    case .sweep(let value):
      var axes: [Document] = []
      for (index, axis) in value.axes.enumerated() {
        if index > 0 { axes += [.text(","), .line] }
        axes += [.text(axis.name + " in "), expression(axis.values)]
      }
      if let condition = value.condition {
        axes += [.line, .text("where "), expression(condition)]
      }
      let header = Document.group(.concat([.text("sweep "), .indent(.concat(axes)), .text(" {")]))
      return .concat([header, blockAfterBrace(value.body)])
    default: return .text(source.text(value.span))
    }
  }

  /// A block of an `if` or `try`, all of whose blocks are on one line or none is.
  private mutating func openBlock(_ body: Block) -> Document {
    let document = block(body)
    if case .group(let inner) = document { return inner }
    return document
  }

  private mutating func lambda(_ function: Function) -> Document {
    var head: Document
    if function.parameters.count == 1, function.parameters[0].defaultValue == nil,
      !function.parameters[0].namedOnly
    {
      head = .text(function.parameters[0].name)
    } else {
      head = parameters(function)
    }
    head = .concat([head, .text(" => ")])
    if source.bytes[Int(function.body.span.start)] == UInt8(ascii: "{") {
      return .concat([head, block(function.body)])
    }
    guard let statement = function.body.statements.first,
      case .expression(let value) = statement.kind
    else { return head }
    return .concat([head, expression(value)])
  }

  private mutating func comprehension(
    _ open: String, _ element: Document, _ clauses: [ComprehensionClause], _ close: String
  ) -> Document {
    var parts: [Document] = [.softLine, element]
    for clause in clauses {
      switch clause {
      case .for(let pattern, let sequence):
        parts += [.line, .text("for \(loopPattern(pattern)) in "), expression(sequence)]
      case .if(let condition): parts += [.line, .text("if "), expression(condition)]
      }
    }
    return .group(.concat([.text(open), .indent(.concat(parts)), .softLine, .text(close)]))
  }

  // MARK: Brackets

  private mutating func arguments(_ arguments: ArraySlice<Argument>, _ call: Expr) -> Document {
    let list = Array(arguments)
    let spans = list.map { ($0.name == nil ? $0.value.span : $0.nameSpan, $0.value.span) }
    return bracketed("(", spans, ")", call) { printer, index in
      let value = printer.expression(list[index].value)
      guard let name = list[index].name else { return value }
      return .concat([.text(name + ": "), value])
    }
  }

  private mutating func index(_ subscripts: [Subscript], _ whole: Expr) -> Document {
    var parts: [Document] = [.text("[")]
    for (index, item) in subscripts.enumerated() {
      if index > 0 { parts.append(.text(", ")) }
      switch item {
      case .index(let value): parts.append(expression(value))
      case .ellipsis: parts.append(.text("..."))
      case .slice(let start, let stop, let step, _):
        if let start { parts.append(expression(start)) }
        parts.append(.text(":"))
        if let stop { parts.append(expression(stop)) }
        if let step { parts += [.text(":"), expression(step)] }
      }
    }
    return .concat(parts + [.text("]")])
  }

  /// A bracket with elements: on lines of their own where they do not fit, where a comment stands between them, and
  /// where the source has a line break before the first.
  private mutating func bracketed(
    _ open: String, _ spans: [(first: Span, last: Span)], _ close: String, _ whole: Expr,
    _ element: (inout SourcePrinter, Int) -> Document
  ) -> Document {
    let end = Int(whole.span.end) - (isParenthesized(whole) ? 2 : 1)
    if spans.isEmpty, !hasComment(before: end) { return .text(open + close) }
    var parts: [Document] = []
    let firstStart = spans.first.map { Int($0.first.start) } ?? end
    let bracket = openingBracket(open, before: firstStart)
    var isBroken = hasNewline(bracket + 1, firstStart)
    var elements: [Document] = []
    for (index, span) in spans.enumerated() {
      let start = Int(span.first.start)
      while hasComment(before: start) {
        parts.append(.text(ownComment()))
        parts.append(.hardLine)
        isBroken = true
      }
      let document = element(&self, index)
      elements.append(document)
      parts.append(document)
      let isLast = index == spans.count - 1
      parts.append(isLast ? .ifBroken(",") : .text(","))
      let limit = isLast ? end : Int(spans[index + 1].first.start)
      if let comment = trailingComment(Int(span.last.end), before: limit) {
        parts.append(comment)
        isBroken = true
      }
      if !isLast { parts.append(.line) }
    }
    while hasComment(before: end) {
      if !parts.isEmpty { parts.append(.hardLine) }
      parts.append(.text(ownComment()))
      isBroken = true
    }
    // A last element of several lines, such as a function with a block, keeps the others on the line of the bracket.
    if !isBroken, let last = elements.last, last.isBroken,
      !elements.dropLast().contains(where: \.isBroken)
    {
      var hugged = [Document.text(open)]
      for element in elements.dropLast() { hugged += [element, .text(", ")] }
      return .concat(hugged + [last, .text(close)])
    }
    let separator: Document = isBroken ? .hardLine : .softLine
    return .group(
      .concat([.text(open), .indent(.concat([separator] + parts)), separator, .text(close)]))
  }

  private mutating func ownComment() -> String {
    let comment = comments[nextComment]
    nextComment += 1
    var text = source.text(comment.span)
    while text.last == " " || text.last == "\t" || text.last == "\r" { text.removeLast() }
    return text
  }

  /// The offset of the bracket that opens before `start`.
  private func openingBracket(_ open: String, before start: Int) -> Int {
    let byte = open.utf8.first ?? 0
    var index = min(start, source.bytes.count) - 1
    // Comments between the bracket and its first element have been written as such; their text is skipped.
    while index > 0, source.bytes[index] != byte || isInComment(index) { index -= 1 }
    return max(0, index)
  }

  private func isInComment(_ offset: Int) -> Bool {
    var low = 0
    var high = comments.count
    while low < high {
      let middle = (low + high) / 2
      if Int(comments[middle].span.end) <= offset { low = middle + 1 } else { high = middle }
    }
    return low < comments.count && Int(comments[low].span.start) <= offset
  }

  /// Documents with commas between brackets, where no comments are looked for.
  mutating func joined(
    _ open: String, _ documents: [Document], _ close: String, _ spans: [(Int, Int)], end: Int
  ) -> Document {
    var parts: [Document] = [
      spans.first.map { hasNewline(openingBracket(open, before: $0.0), $0.0) } ?? false
        ? .hardLine : .softLine
    ]
    for (index, document) in documents.enumerated() {
      parts.append(document)
      if index < documents.count - 1 { parts += [.text(","), .line] }
    }
    return .group(
      .concat([.text(open), .indent(.concat(parts)), .ifBroken(","), .softLine, .text(close)]))
  }

  // MARK: Maps and literals

  mutating func entry(_ entry: MapEntry) -> Document {
    .concat([key(entry.key), .text(": "), expression(entry.value)])
  }

  private mutating func key(_ key: Expr) -> Document {
    let text = source.text(key.span)
    if isComputed(key) { return .concat([.text("["), expression(key), .text("]")]) }
    if case .string = key.kind, let first = text.utf8.first, first != UInt8(ascii: "\""),
      first != UInt8(ascii: "'"), !isStringPrefix(text)
    {
      return .text(text)
    }
    return expression(key)
  }

  private func isStringPrefix(_ text: String) -> Bool {
    text.utf8.contains(UInt8(ascii: "\"")) || text.utf8.contains(UInt8(ascii: "'"))
  }

  /// `[expression]: value`: the key's span is that inside the brackets.
  private func isComputed(_ key: Expr) -> Bool {
    var after = Int(key.span.end)
    while after < source.bytes.count, source.bytes[after] == UInt8(ascii: " ") { after += 1 }
    var before = Int(key.span.start) - 1
    while before > 0, source.bytes[before] == UInt8(ascii: " ") { before -= 1 }
    return after < source.bytes.count && source.bytes[after] == UInt8(ascii: "]") && before >= 0
      && source.bytes[before] == UInt8(ascii: "[")
  }

  private func keySpan(_ key: Expr) -> Span {
    guard isComputed(key) else { return key.span }
    var before = Int(key.span.start) - 1
    while before > 0, source.bytes[before] == UInt8(ascii: " ") { before -= 1 }
    return Span(before, Int(key.span.end))
  }

  /// The text of a literal without parentheses around it.
  private func inner(_ value: Expr) -> String {
    var text = Substring(source.text(value.span))
    while isParenthesized(value), text.hasPrefix("(") {
      text = text.dropFirst().drop { $0 == " " || $0 == "\n" || $0 == "\t" }
      text = text.dropLast()
      while let last = text.last, last == " " || last == "\n" || last == "\t" {
        text = text.dropLast()
      }
    }
    return String(text)
  }

  private func number(_ value: Expr) -> String {
    var text = inner(value).filter { $0 != " " }
    if text.hasPrefix("+") { text.removeFirst() }
    guard case .float = value.kind else { return text }
    if text.hasPrefix(".") { text = "0" + text }
    if text.hasSuffix(".") { text += "0" }
    return text.lowercased()
  }

  /// A string literal with double quotes, where that needs no change inside f-strings and raw strings.
  func stringLiteral(_ literal: String) -> String {
    let prefix = literal.prefix { $0 != "\"" && $0 != "'" }
    let body = literal.dropFirst(prefix.count)
    let head = prefix.lowercased() == "fr" ? "rf" : prefix.lowercased()
    guard body.hasPrefix("'") else { return head + body }
    let isTriple = body.hasPrefix("'''") && body.count >= 6
    let content = body.dropFirst(isTriple ? 3 : 1).dropLast(isTriple ? 3 : 1)
    let mark = isTriple ? "\"\"\"" : "\""
    guard content.contains("\"") else {
      let text = head.isEmpty ? content.replacing("\\'", with: "'") : content
      return head + mark + String(text) + mark
    }
    guard head.isEmpty, !isTriple else { return head + body }
    var result = "\""
    var isEscaped = false
    for character in content {
      if isEscaped {
        result += character == "'" ? "'" : "\\\(character)"
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else {
        result += character == "\"" ? "\\\"" : String(character)
      }
    }
    return result + "\""
  }
}
