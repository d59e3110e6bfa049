// Expressions: names, conditions, functions, sweeps.

import Foundations

extension Checker {
  /// Checks an expression; gives what is known of its value.
  /// - Parameter isCalled: whether it stands where a function is called.
  @discardableResult
  func expression(_ value: Expr, isCalled: Bool = false) -> Known {
    // Chains are followed in a loop: the recursion is no deeper than brackets and blocks nest.
    var chain: [Expr] = [value]
    while let operand = chain[chain.count - 1].chainOperand { chain.append(operand) }
    var known = Known.anything
    for place in chain.indices.reversed() {
      var isCallee = isCalled
      if place > 0 {
        if case .call(_, _, piped: false) = chain[place - 1].kind {
          isCallee = true
        } else {
          isCallee = false
        }
      }
      known = parts(chain[place], known, isCalled: isCallee)
    }
    return known
  }

  /// - Parameter operand: what is known of the operand that the expression grows on.
  private func parts(_ value: Expr, _ operand: Known, isCalled: Bool) -> Known {
    switch value.kind {
    case .nil: return Known(.nil, .nil)
    case .bool(let bool): return Known(.bool, .bool(bool))
    case .int(let int): return Known(.int, .int(int))
    case .float(let float): return Known(.float, .float(float))
    case .string(let text): return Known(.string, .string(text))
    case .name(let name): return use(name, value.span)
    case .format(let pieces):
      format(pieces)
      return Known(.string)
    case .list(let elements): return list(elements)
    case .map(let entries): return map(entries)
    case .range(let lower, let upper, let closed, let step):
      return range(lower, upper, closed, step, value.span)
    case .unary(let operation, let operand):
      let known = expression(operand)
      guard operation == .not else { return negated(known, value) }
      return inverted(operand, known, value)
    case .binary(let op, _, let right): return binary(op, operand, expression(right), value)
    case .coalesce(_, let right):
      let other = expression(right)
      if operand.type == .nil { return other }
      return operand.type == .any ? .anything : Known(operand.type)
    case .and(let left, let right):
      return joined(left, operand, right, "and")
    case .or(let left, let right):
      return joined(left, operand, right, "or")
    case .comparison(let operands, let operators):
      return comparison(operands, operators, value.span)
    case .member(let base, let name, let nameSpan):
      return member(base, operand, name, nameSpan, isCalled: isCalled)
    case .index(_, let subscripts):
      var index: Known?
      for item in subscripts { index = self.item(item) }
      return element(operand, subscripts, index, value.span)
    case .call(let callee, let arguments, let piped):
      return call(value, callee, arguments, piped, operand)
    default: return scoped(value)
    }
  }

  /// The expressions with scopes of their own.
  private func scoped(_ value: Expr) -> Known {
    switch value.kind {
    case .lambda(let function):
      // A function without parameters that is handed on is what somebody waits for to fail, as tests do.
      let isHandedOn = function.parameters.isEmpty && function.span.start != boundLambda
      if isHandedOn { caughtDepth += 1 }
      self.function(function)
      if isHandedOn { caughtDepth -= 1 }
      return Known(.function)
    case .listComprehension(let element, let clauses):
      var type = StaticType.any
      comprehension(clauses) { type = self.expression(element).type }
      return Known(.list(type))
    case .mapComprehension(let key, let element, let clauses):
      comprehension(clauses) {
        self.expression(key)
        self.expression(element)
      }
      return Known(.map(nil))
    case .if(let branches, let otherwise):
      var type: StaticType?
      for branch in branches {
        condition(branch.condition, "if")
        let result = guarding([branch.condition]) { block(branch.body).type }
        type = type?.joined(result) ?? result
      }
      let last =
        otherwise.map { body in guarding(branches.map(\.condition)) { block(body).type } } ?? .nil
      return Known(type?.joined(last) ?? last)
    case .block(let body): return block(body)
    case .try(let value): return tries(value)
    case .sweep(let value): return sweep(value)
    default: return .anything
    }
  }

  private func list(_ elements: [Expr]) -> Known {
    var type: StaticType?
    var constants: [Constant]? = elements.count <= Self.constantLimit ? [] : nil
    for element in elements {
      let known = expression(element)
      type = type?.joined(known.type) ?? known.type
      if let constant = known.constant { constants?.append(constant) } else { constants = nil }
    }
    return Known(.list(type ?? .any), constants.map(Constant.list))
  }

  /// Longer lists and ranges are not looked into.
  private static let constantLimit = 1_000

  private func range(
    _ lower: Expr, _ upper: Expr, _ closed: Bool, _ step: Expr?, _ span: Span
  ) -> Known {
    let low = expression(lower)
    let high = expression(upper)
    return range([low, high, step.map { expression($0) } ?? Known(.int, .int(1))], closed, span)
  }

  /// - Parameter bounds: what is known of the start, the end and the step.
  func range(_ bounds: [Known], _ closed: Bool, _ span: Span) -> Known {
    checkRange(bounds, span)
    guard case .int(let from)? = bounds[0].constant, case .int(let to)? = bounds[1].constant,
      case .int(let step)? = bounds[2].constant, step != 0
    else { return Known(bounds.allSatisfy { $0.type == .int } ? .range : .any) }
    return Known(.range, .range(lower: from, upper: to, closed: closed, step: step))
  }

  private func comparison(
    _ operands: [Expr], _ operators: [ComparisonOperator], _ span: Span
  ) -> Known {
    let values = operands.map { expression($0) }
    for (place, op) in operators.enumerated() {
      let pair = [values[place], values[place + 1]]
      switch op {
      case .less, .lessEqual: allows(.less(orEqual: op == .lessEqual), pair, span)
      case .greater, .greaterEqual:
        allows(.less(orEqual: op == .greaterEqual), pair.reversed(), span)
      case .in, .notIn: allows(.contains, pair.reversed(), span)
      case .equal, .notEqual: break
      }
    }
    let isPlain = values.allSatisfy { value in
      switch value.type {
      case .any, .object: false
      default: true
      }
    }
    return Known(isPlain || operators == [.in] || operators == [.notIn] ? .bool : .any)
  }

  private func tries(_ value: Try) -> Known {
    if value.catchBody != nil { caughtDepth += 1 }
    var type = block(value.body).type
    if let body = value.catchBody {
      caughtDepth -= 1
      openScope()
      if let name = value.catchName {
        bind(declare(name, value.catchSpan, .caught), Known(.error))
      }
      type = type.joined(block(body).type)
      closeScope()
    }
    if let body = value.finallyBody {
      let around = flows[flows.count - 1].finallyLoops
      flows[flows.count - 1].finallyLoops = flows[flows.count - 1].loops
      block(body)
      flows[flows.count - 1].finallyLoops = around
    }
    return Known(type)
  }

  private func comprehension(_ clauses: [ComprehensionClause], _ body: () -> Void) {
    var count = 0
    for clause in clauses {
      switch clause {
      case .for(let pattern, let sequence):
        let known = expression(sequence)
        checkIterable(sequence, known)
        takeApart(elementOf: known, pattern)
        openScope()
        count += 1
        declare(pattern, .loop)
        bind(pattern, element(ofSequence: known))
      case .if(let condition): self.condition(condition, "if")
      }
    }
    body()
    for _ in 0..<count { closeScope() }
  }

  private func format(_ pieces: [FormatPart]) {
    for case .value(let value, let spec, let conversion, _) in pieces {
      let known = expression(value)
      format(spec)
      format(known, spec, isRepresented: conversion == .repr, value.span)
    }
  }

  /// `base[subscripts] = …`: a native value says itself, at run time, what it takes.
  func elementSet(_ base: Expr, _ subscripts: [Subscript], _ span: Span) {
    let known = expression(base)
    var index: Known?
    for item in subscripts { index = self.item(item) }
    if case .object = known.type { return }
    _ = element(known, subscripts, index, span)
  }

  /// What is known of an index; nil for a slice.
  private func item(_ item: Subscript) -> Known? {
    switch item {
    case .index(let index): return expression(index)
    case .slice(let start, let stop, let step, _):
      for part in [start, stop, step] { if let part { expression(part) } }
    case .ellipsis: break
    }
    return nil
  }

  private func map(_ entries: [MapEntry]) -> Known {
    var seen: [Spelling: Span] = [:]
    var types: [String: StaticType]? = [:]
    var constants: [String: Constant]? = [:]
    for entry in entries {
      if case .string(let key) = entry.key.kind {
        if let first = seen[key] {
          warn(
            .key, "the key `\(key)` is given twice", entry.key.span,
            other: (first, "this value is lost"))
        }
        seen[key] = entry.key.span
        let known = expression(entry.value)
        types?[key] = known.type
        if let constant = known.constant { constants?[key] = constant } else { constants = nil }
      } else {
        expression(entry.key)
        expression(entry.value)
        types = nil
      }
    }
    return Known(.map(types), types == nil ? nil : constants.map(Constant.map))
  }

  /// Gives the type of what it returns, as far as that is the same for all calls.
  @discardableResult
  func function(_ function: Function) -> StaticType {
    let (handed, runsAtOnce) = (handed, runsAtOnce)
    (self.handed, self.runsAtOnce) = (nil, false)
    openScope(isFunction: !runsAtOnce)
    var seen: [String: Span] = [:]
    for parameter in function.parameters {
      if let value = parameter.defaultValue { expression(value) }
      if parameter.name != "_", let first = seen[parameter.name] {
        error(
          .syntax, "two parameters are called `\(parameter.name)`", parameter.span,
          other: (first, "the first"))
      }
      seen[parameter.name] = parameter.span
      let binding = declare(parameter.name, parameter.span, .parameter)
      if let handed, parameter.span == function.parameters[0].span { bind(binding, Known(handed)) }
    }
    flows.append(Flow(kind: .function))
    var results = [block(function.body).type]
    switch function.body.statements.last?.kind {
    case .return, .throw: results = []
    default: break
    }
    results += flows.removeLast().returned
    closeScope()
    return results.first.map { results.dropFirst().reduce($0) { $0.joined($1) } } ?? .any
  }

  private func sweep(_ value: Sweep) -> Known {
    let elements = axes(value.axes)
    if flows.count == 1 { sweepsAtTop = true }
    openScope(isFunction: true)
    sweepDepth += 1
    for (axis, element) in zip(value.axes, elements) {
      bind(declare(axis.name, axis.span, .axis), element)
    }
    if let condition = value.condition { self.condition(condition, "where") }
    flows.append(Flow(kind: .sweep))
    let trial = block(value.body)
    flows.removeLast()
    sweepDepth -= 1
    closeScope()
    checkTrialValue(value.body, trial)
    checkColumns(value)
    guard let type = environment.judge?.sweepType else { return .anything }
    guard case .map(let keys?) = trial.type else { return Known(.object(type, parts: nil)) }
    // Where a trial fails, its row has the error instead, under a name that no result has.
    var columns = Set(keys.keys).union(value.axes.map(\.name))
    var failure = "error"
    while !columns.insert(failure).inserted { failure = "trial_" + failure }
    return Known(.object(type, parts: columns.union(["trial_error"])))
  }

  /// What is known of the elements of each axis.
  private func axes(_ axes: [Sweep.Axis]) -> [Known] {
    let outer = sweptNames
    defer { sweptNames = outer }
    return axes.map { axis in
      let known = expression(axis.values)
      checkIterable(axis.values, known)
      sweptNames.append(axis.name)
      return element(ofSequence: known)
    }
  }

  /// A key that is called as an axis would take the place of the axis's column.
  private func checkColumns(_ sweep: Sweep) {
    guard case .expression(let result) = sweep.body.statements.last?.kind,
      case .map(let entries) = result.kind
    else { return }
    for entry in entries {
      if case .string("failures") = entry.key.kind {
        error(
          .name, "the table of a sweep has `failures` already: the trials that failed",
          entry.key.span, hint: "call this value something else")
      }
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
  private func checkTrialValue(_ body: Block, _ value: Known) {
    let message = "the body of a sweep must end with a map"
    let hint = "end it with the values to record: `{accuracy: accuracy}`"
    guard let last = body.statements.last else {
      error(.type, message, body.span, label: "it is empty", hint: hint)
      return
    }
    guard case .expression(let result) = last.kind else {
      if case .throw = last.kind { return }
      if case .return = last.kind { return }  // reported where it stands
      error(.type, message, last.span, label: "this statement has no value", hint: hint)
      return
    }
    if let type = certainType(result, value), type != "a map" {
      error(.type, message, result.span, label: "this is \(type)", hint: hint)
    }
    guard case .map(let keys?) = value.type, let judge = environment.judge else { return }
    var spans: [String: Span] = [:]
    if case .map(let entries) = result.kind {
      for entry in entries {
        if case .string(let key) = entry.key.kind { spans[key] = entry.value.span }
      }
    }
    for (key, type) in keys.sorted(by: { $0.key < $1.key }) {
      guard let lost = judge.unrecorded(type) else { continue }
      report(
        Diagnostic(
          .type,
          "`\(key)` of the result cannot be recorded, because \(lost.withArticle) cannot leave the place where it was made: give what is wanted of it as numbers, strings, lists, maps, tensors or tables"
        ),
        at: spans[key] ?? result.span)
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

  /// What a value is, with its article; nil where that is not certain.
  private func certainType(_ value: Expr, _ known: Known) -> String? {
    if let type = Self.literalType(value) { return type }
    guard caughtDepth == 0, known.type.name != nil else { return nil }
    return known.type.withArticle
  }

  /// The same for what must be a bool; nil where it may stand for one.
  private func typeWithoutTruth(_ value: Expr, _ known: Known) -> String? {
    if case .object(let name, _) = known.type,
      environment.judge?.description(ofType: name)?.mayBeScalar ?? true
    {
      return nil
    }
    let type = certainType(value, known)
    return type == "a bool" ? nil : type
  }

  func condition(_ value: Expr, _ word: String) {
    checkBool(value, expression(value), word)
  }

  private func checkBool(_ value: Expr, _ known: Known, _ word: String) {
    guard let type = typeWithoutTruth(value, known) else { return }
    failure(
      .type, "`\(word)` needs a bool", value.span, label: "this is \(type)",
      hint: mayBeMask(known)
        ? "reduce it to one bool with `.any()` or `.all()`"
        : "a condition is a comparison, such as `x != 0` or `len(xs) > 0`")
  }

  /// `not value`: the opposite of a bool, or of a mask element by element.
  private func inverted(_ operand: Expr, _ known: Known, _ whole: Expr) -> Known {
    if case .object = known.type {
      allows(.invert, [known], whole.span)
      return .anything
    }
    checkBool(operand, known, "not")
    return known.type == .any ? .anything : Known(.bool)
  }

  /// Whether a native value may hold bools that `&` and `|` join element by element.
  private func mayBeMask(_ known: Known) -> Bool {
    guard case .object = known.type, let judge = environment.judge else { return false }
    return judge.problem(.binary(.both), [known, known]) == nil
  }

  /// `left and right`, `left or right`; what is known of the left side is there already.
  private func joined(_ left: Expr, _ first: Known, _ right: Expr, _ word: String) -> Known {
    let second = guarding([left]) { expression(right) }
    for (operand, known) in [(left, first), (right, second)] {
      guard let type = typeWithoutTruth(operand, known) else { continue }
      var hint = "each side of `\(word)` is a condition of its own"
      if mayBeMask(known) {
        hint = "masks are joined element by element with `\(word == "or" ? "|" : "&")`"
      } else if word == "or" {
        if case .comparison(let operands, let operators) = left.kind, operators == [.equal] {
          let name = source.text(operands[0].span)
          hint = "write `\(name) == … or \(name) == …`, or `\(name) in […]`"
        } else {
          hint = "for a default where a value is nil write `x ?? y`"
        }
      }
      failure(
        .type, "`\(word)` joins conditions", operand.span, label: "this is \(type)", hint: hint)
    }
    return Known(first.type == .bool && second.type == .bool ? .bool : .any)
  }

  func checkIterable(_ value: Expr, _ known: Known) {
    switch value.kind {
    case .int:
      failure(
        .type, "an int cannot be gone through", value.span,
        hint: "the numbers up to it are `0..\(source.text(value.span))`")
    case .float, .bool, .nil, .lambda:
      failure(
        .type, "\(Self.literalType(value) ?? "this") cannot be gone through", value.span,
        label: "expected a list, range, map or string")
    case .call(let callee, let arguments, false):
      guard case .name("len") = callee.kind, arguments.count == 1, case .global = find("len")
      else { return cannotBeGoneThrough(value, known.type) }
      failure(
        .type, "an int cannot be gone through", value.span,
        hint: "write `0..\(source.text(value.span))` for the indices, or go through the list itself"
      )
    default: cannotBeGoneThrough(value, known.type)
    }
  }

  private func cannotBeGoneThrough(_ value: Expr, _ type: StaticType) {
    switch type {
    case .object(let name, _):
      guard let description = environment.judge?.description(ofType: name), !description.isSequence
      else { return }
      report(Diagnostic(.type, "\(type.withArticle) cannot be gone through"), at: value.span)
    case .int, .float, .bool, .nil, .function, .error:
      report(
        Diagnostic(
          .type, "\(type.withArticle) cannot be gone through",
          hint: type == .int ? "the numbers up to it are `0..\(source.text(value.span))`" : nil),
        at: value.span)
    default: break
    }
  }
}
