// Expressions: names, conditions, functions, sweeps.

extension Checker {
  func expression(_ value: Expr) {
    // Chains are followed in a loop: the recursion is no deeper than brackets and blocks nest.
    var chain: [Expr] = [value]
    while let operand = chain[chain.count - 1].chainOperand { chain.append(operand) }
    for node in chain.reversed() { parts(node) }
  }

  private func parts(_ value: Expr) {
    switch value.kind {
    case .nil, .bool, .int, .float, .string: break
    case .name(let name): use(name, value.span)
    case .format(let pieces): format(pieces)
    case .list(let elements): for element in elements { expression(element) }
    case .map(let entries): map(entries)
    case .range(let lower, let upper, _, let step):
      expression(lower)
      expression(upper)
      if let step { expression(step) }
    case .unary(let operation, let operand):
      expression(operand)
      if operation == .not { checkBool(operand, "not") }
    case .binary(_, _, let right), .coalesce(_, let right): expression(right)
    case .and(let left, let right):
      expression(right)
      checkJoined(left, right, "and")
    case .or(let left, let right):
      expression(right)
      checkJoined(left, right, "or")
    case .comparison(let operands, _): for operand in operands { expression(operand) }
    case .member(let base, let name, let nameSpan): member(base, name, nameSpan)
    case .index(_, let subscripts): for item in subscripts { self.item(item) }
    case .call(let callee, let arguments, let piped): call(value, callee, arguments, piped)
    default: scoped(value)
    }
  }

  /// The expressions with scopes of their own.
  private func scoped(_ value: Expr) {
    switch value.kind {
    case .lambda(let function): self.function(function)
    case .listComprehension(let element, let clauses):
      comprehension(clauses) { self.expression(element) }
    case .mapComprehension(let key, let element, let clauses):
      comprehension(clauses) {
        self.expression(key)
        self.expression(element)
      }
    case .if(let branches, let otherwise):
      for branch in branches {
        condition(branch.condition, "if")
        block(branch.body)
      }
      if let otherwise { block(otherwise) }
    case .block(let body): block(body)
    case .try(let value): tries(value)
    case .sweep(let value): sweep(value)
    default: break
    }
  }

  private func tries(_ value: Try) {
    block(value.body)
    if let body = value.catchBody {
      openScope()
      if let name = value.catchName { declare(name, value.catchSpan, .caught) }
      block(body)
      closeScope()
    }
    if let body = value.finallyBody { block(body) }
  }

  private func comprehension(_ clauses: [ComprehensionClause], _ body: () -> Void) {
    var count = 0
    for clause in clauses {
      switch clause {
      case .for(let pattern, let sequence):
        expression(sequence)
        checkIterable(sequence)
        openScope()
        count += 1
        declare(pattern, .loop)
      case .if(let condition): self.condition(condition, "if")
      }
    }
    body()
    for _ in 0..<count { closeScope() }
  }

  private func format(_ pieces: [FormatPart]) {
    for case .value(let value, let spec, _, _) in pieces {
      expression(value)
      format(spec)
    }
  }

  private func item(_ item: Subscript) {
    switch item {
    case .index(let index): expression(index)
    case .slice(let start, let stop, let step, _):
      for part in [start, stop, step] { if let part { expression(part) } }
    case .ellipsis: break
    }
  }

  private func map(_ entries: [MapEntry]) {
    var seen: [String: Span] = [:]
    for entry in entries {
      if case .string(let key) = entry.key.kind {
        if let first = seen[key] {
          warn(
            .key, "the key `\(key)` is given twice", entry.key.span,
            other: (first, "this value is lost"))
        }
        seen[key] = entry.key.span
      } else {
        expression(entry.key)
      }
      expression(entry.value)
    }
  }

  func function(_ function: Function) {
    openScope(isFunction: true)
    var seen: [String: Span] = [:]
    for parameter in function.parameters {
      if let value = parameter.defaultValue { expression(value) }
      if parameter.name != "_", let first = seen[parameter.name] {
        error(
          .syntax, "two parameters are called `\(parameter.name)`", parameter.span,
          other: (first, "the first"))
      }
      seen[parameter.name] = parameter.span
      declare(parameter.name, parameter.span, .parameter)
    }
    flows.append(Flow(kind: .function))
    block(function.body)
    flows.removeLast()
    closeScope()
  }

  private func sweep(_ value: Sweep) {
    for axis in value.axes {
      expression(axis.values)
      checkIterable(axis.values)
    }
    openScope(isFunction: true)
    sweepDepth += 1
    for axis in value.axes { declare(axis.name, axis.span, .axis) }
    if let condition = value.condition { self.condition(condition, "where") }
    flows.append(Flow(kind: .sweep))
    block(value.body)
    flows.removeLast()
    sweepDepth -= 1
    closeScope()
    checkTrialValue(value.body)
    checkColumns(value)
  }

  /// A key that is called as an axis would take the place of the axis's column.
  private func checkColumns(_ sweep: Sweep) {
    guard case .expression(let result) = sweep.body.statements.last?.kind,
      case .map(let entries) = result.kind
    else { return }
    for entry in entries {
      guard case .string(let key) = entry.key.kind,
        let axis = sweep.axes.first(where: { $0.name == key })
      else { continue }
      if case .name(let name) = entry.value.kind, name == key { continue }
      error(
        .name, "the table has a column `\(key)` already, for the values that are swept",
        entry.key.span, other: (axis.span, "swept here"), hint: "call this value something else")
    }
  }

  /// The body of a sweep ends with an expression that can be a map.
  private func checkTrialValue(_ body: Block) {
    let message = "the body of a sweep must end with a map"
    let hint = "end it with the values to record: `{accuracy: accuracy}`"
    guard let last = body.statements.last else {
      error(.type, message, body.span, label: "it is empty", hint: hint)
      return
    }
    guard case .expression(let value) = last.kind else {
      if case .throw = last.kind { return }
      if case .return = last.kind { return }  // reported where it stands
      error(.type, message, last.span, label: "this statement has no value", hint: hint)
      return
    }
    if let type = Self.literalType(value), type != "a map" {
      error(.type, message, value.span, label: "this is \(type)", hint: hint)
    }
  }

  // MARK: Types that can be seen

  /// What a literal is, with its article; nil where the type cannot be seen.
  static func literalType(_ value: Expr) -> String? {
    switch value.kind {
    case .nil: "nil"
    case .bool: "a bool"
    case .int: "an int"
    case .float: "a float"
    case .string, .format: "a string"
    case .list, .listComprehension: "a list"
    case .map, .mapComprehension: "a map"
    case .range: "a range"
    case .lambda: "a function"
    case .sweep: "a table"
    default: nil
    }
  }

  func condition(_ value: Expr, _ word: String) {
    expression(value)
    checkBool(value, word)
  }

  private func checkBool(_ value: Expr, _ word: String) {
    guard let type = Self.literalType(value), type != "a bool" else { return }
    error(
      .type, "`\(word)` needs a bool", value.span, label: "this is \(type)",
      hint: "a condition is a comparison, such as `x != 0` or `len(xs) > 0`")
  }

  private func checkJoined(_ left: Expr, _ right: Expr, _ word: String) {
    for operand in [left, right] {
      guard let type = Self.literalType(operand), type != "a bool" else { continue }
      var hint = "each side of `\(word)` is a condition of its own"
      if word == "or" {
        if case .comparison(let operands, let operators) = left.kind, operators == [.equal] {
          let name = source.text(operands[0].span)
          hint = "write `\(name) == … or \(name) == …`, or `\(name) in […]`"
        } else {
          hint = "for a default where a value is nil write `x ?? y`"
        }
      }
      error(
        .type, "`\(word)` joins conditions", operand.span, label: "this is \(type)", hint: hint)
    }
  }

  func checkIterable(_ value: Expr) {
    switch value.kind {
    case .int:
      error(
        .type, "an int cannot be gone through", value.span,
        hint: "the numbers up to it are `0..\(source.text(value.span))`")
    case .float, .bool, .nil, .lambda:
      error(
        .type, "\(Self.literalType(value) ?? "this") cannot be gone through", value.span,
        label: "expected a list, range, map or string")
    case .call(let callee, let arguments, false):
      guard case .name("len") = callee.kind, arguments.count == 1, case .global = find("len")
      else { return }
      error(
        .type, "an int cannot be gone through", value.span,
        hint: "write `0..\(source.text(value.span))` for the indices, or go through the list itself"
      )
    default: break
    }
  }
}
