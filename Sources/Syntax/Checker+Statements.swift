// Statements: declarations, assignments, control flow, unreachable code.

extension Checker {
  /// A block with a scope of its own; gives what is known of its value.
  @discardableResult
  func block(_ block: Block) -> Known {
    openScope(for: block.statements)
    let value = statements(block.statements, isTopLevel: false)
    closeScope()
    return value
  }

  @discardableResult
  func statements(_ list: [Stmt], isTopLevel: Bool) -> Known {
    var value = Known(.nil, .nil)
    var ending: Stmt?
    for (index, statement) in list.enumerated() {
      if let end = ending, Self.runs(statement) {
        warn(
          .syntax, "this is never reached", firstLine(statement.span),
          other: (firstLine(end.span), "nothing after this runs"))
        ending = nil
      }
      value = self.statement(statement, isTopLevel: isTopLevel)
      if Self.leaves(statement) { ending = statement }
      if index < list.count - 1 { warnOfLostComparison(statement) }
    }
    return value
  }

  /// The part of a span on its first line.
  private func firstLine(_ span: Span) -> Span {
    let line = source.position(of: Int(span.start)).line
    let end = source.lineStarts[line - 1] + source.lineLength(line)
    return Span(Int(span.start), min(Int(span.end), end))
  }

  private static func runs(_ statement: Stmt) -> Bool {
    switch statement.kind {
    case .function, .cell, .test: false
    default: true
    }
  }

  /// Whether nothing after the statement in its block can run.
  private static func leaves(_ statement: Stmt) -> Bool {
    switch statement.kind {
    case .return, .break, .continue, .throw: return true
    case .expression(let value):
      guard case .if(let branches, let otherwise?) = value.kind else { return false }
      return branches.allSatisfy { $0.body.statements.contains(where: leaves) }
        && otherwise.statements.contains(where: leaves)
    default: return false
    }
  }

  private func warnOfLostComparison(_ statement: Stmt) {
    guard case .expression(let value) = statement.kind,
      case .comparison(_, let operators) = value.kind
    else { return }
    warn(
      .syntax, "the result of this comparison is not used", value.span,
      hint: operators == [.equal] ? "an assignment is written `=`, a check `assert …`" : nil)
  }

  /// Gives what is known of the value that a block has where the statement is its last.
  func statement(_ statement: Stmt, isTopLevel: Bool) -> Known {
    switch statement.kind {
    case .expression(let value): return expression(value)
    case .let(let pattern, let value, _):
      if case .lambda(let function) = value.kind { boundLambda = function.span.start }
      let known = expression(value)
      takeApart(known, pattern)
      declare(pattern, .variable)
      bind(pattern, known)
    case .assign(let target, let value):
      expression(value)
      assign(target)
    case .compoundAssign(let target, let op, let value):
      let known = expression(target)
      _ = binary(op, known, expression(value), target)
      assign(target, isVisited: true)
    case .function(let function):
      let binding = declare(function.name ?? "", function.nameSpan, .function)
      let result = self.function(function)
      bind(binding, Known(.function))
      if holdings?.assigned[binding.name] == nil { binding.result = result }
    case .return(let value): returns(value, statement.span)
    case .break: leavesLoop("break", statement.span)
    case .continue: leavesLoop("continue", statement.span)
    case .for(let pattern, let sequence, let body): loop(pattern, sequence, body)
    case .while(let condition, let body):
      self.condition(condition, "while")
      flows[flows.count - 1].loops += 1
      guarding([condition]) { _ = block(body) }
      flows[flows.count - 1].loops -= 1
    case .throw(let value): allows(.throwing, [expression(value)], value.span)
    case .assert(let condition, let message):
      self.condition(condition, "assert")
      if let message { expression(message) }
    case .with(let context, let name, let nameSpan, let body):
      with(context, name, nameSpan, body)
    case .import(let value): imports(value, isTopLevel)
    case .param(let param): self.param(param, isTopLevel, statement.span)
    case .test(_, let body): test(body, isTopLevel, statement.span)
    case .cell: break
    }
    // What follows a statement that leaves is never reached, so its value may be anything.
    return Self.leaves(statement) ? .anything : Known(.nil, .nil)
  }

  private func returns(_ value: Expr?, _ span: Span) {
    let type = value.map { expression($0).type } ?? .nil
    if flows[flows.count - 1].finallyLoops != nil { warnOfLostError("return", span) }
    switch flows[flows.count - 1].kind {
    case .function: flows[flows.count - 1].returned.append(type)
    case .script:
      error(.syntax, "`return` outside a function", span)
    case .test: error(.syntax, "`return` outside a function", span)
    case .sweep:
      error(
        .syntax, "`return` cannot leave the body of a sweep", span,
        hint: "the value of a trial is the last expression of the body")
    }
  }

  private func leavesLoop(_ word: String, _ span: Span) {
    let flow = flows[flows.count - 1]
    if flow.loops > 0 {
      if flow.loops == flow.finallyLoops { warnOfLostError(word, span) }
      return
    }
    error(
      .syntax, "`\(word)` outside a loop", span,
      hint: flow.kind == .sweep ? "leave out a trial with `where` in the header of the sweep" : nil)
  }

  private func warnOfLostError(_ word: String, _ span: Span) {
    warn(
      .syntax, "`\(word)` in `finally` drops an error that is on its way out", span,
      hint: "leave where the `try` has ended, or catch the error")
  }

  private func loop(_ pattern: Pattern, _ sequence: Expr, _ body: Block) {
    let known = expression(sequence)
    checkIterable(sequence, known)
    takeApart(elementOf: known, pattern)
    openScope()
    declare(pattern, .loop)
    bind(pattern, element(ofSequence: known))
    flows[flows.count - 1].loops += 1
    block(body)
    flows[flows.count - 1].loops -= 1
    closeScope()
  }

  private func with(_ context: Expr, _ name: String?, _ nameSpan: Span, _ body: Block) {
    allows(.enter, [expression(context)], context.span)
    openScope()
    if let name { declare(name, nameSpan, .context) }
    block(body)
    closeScope()
  }

  private func imports(_ value: Import, _ isTopLevel: Bool) {
    for entry in value.parameters { expression(entry.value) }
    if !isTopLevel {
      error(.syntax, "`import` stands at the top level of a script", value.pathSpan)
    }
    let binding = declare(value.name, value.nameSpan, .imported)
    do {
      binding.entity = try environment.resolveImport(value.path)
    } catch let failure as Diagnostic {
      var failure = failure
      failure.labels = [.init(source, value.pathSpan)] + failure.labels
      report(failure)
    } catch let failures as Diagnostics {
      for failure in failures.all { report(failure) }
    } catch {
      self.error(.io, "this import cannot be read: \(error)", value.pathSpan)
    }
  }

  private func param(_ param: Param, _ isTopLevel: Bool, _ span: Span) {
    let value = expression(param.defaultValue)
    let domain = param.domain.map { self.domain($0) }
    if let domain { checkDomain(of: param, value, domain) }
    if !isTopLevel {
      error(.syntax, "`param` stands at the top level of a script", span)
    }
    if let first = scopes[scopes.count - 1].bindings[param.name], first.kind == .param {
      error(
        .name, "the param `\(param.name)` is declared twice", param.nameSpan,
        other: (first.span, "first declared here"))
    }
    bind(declare(param.name, param.nameSpan, .param), known(of: param, value, domain))
  }

  private func test(_ body: Block, _ isTopLevel: Bool, _ span: Span) {
    if !isTopLevel {
      error(.syntax, "`test` stands at the top level of a script", span)
    }
    // A test runs when everything of the file has been declared.
    openScope(isFunction: true)
    flows.append(Flow(kind: .test))
    block(body)
    flows.removeLast()
    closeScope()
  }

  // MARK: Assignments

  /// - Parameter isVisited: whether the target has been read as an expression.
  private func assign(_ target: Expr, isVisited: Bool = false) {
    switch target.kind {
    case .name(let name): assign(name, target.span)
    case .list(let targets): for target in targets { assign(target) }
    case .index, .member:
      if !isVisited {
        // What is set need not be there yet, so that the last step is no read.
        switch target.kind {
        case .member(let base, _, _): expression(base)
        case .index(let base, let subscripts): elementSet(base, subscripts, target.span)
        default: expression(target)
        }
      }
      if let (name, binding) = root(of: target), binding.map({ isOutsideSweep($0) }) ?? true {
        outsideSweep(name, target.span, binding)
      }
    default: expression(target)
    }
  }

  /// The name at the start of `a.b[c].d`, with its binding where it has one; nil where there is none to change.
  private func root(of target: Expr) -> (String, Binding?)? {
    var base = target
    while let next = base.chainOperand {
      if case .call = base.kind { return nil }
      base = next
    }
    guard case .name(let name) = base.kind else { return nil }
    switch find(name) {
    case .binding(let binding): return (name, binding)
    case .global: return sweepDepth > 0 ? (name, nil) : nil
    default: return nil
    }
  }

  private func isOutsideSweep(_ binding: Binding) -> Bool { binding.sweepDepth < sweepDepth }

  func outsideSweep(_ name: String, _ span: Span, _ binding: Binding?) {
    guard sweepDepth > 0 else { return }
    error(
      .name, "a trial of a sweep cannot change `\(name)`, which was made outside", span,
      other: binding.map { ($0.span, "made here, outside the sweep") },
      hint: "trials run in any order: return what they find in the map at the end of the body")
  }

  private func assign(_ name: String, _ span: Span) {
    switch find(name) {
    case .binding(let binding):
      binding.isReassigned = true
      switch binding.kind {
      case .imported:
        error(.name, "the import `\(name)` cannot be assigned to", span)
      case .param:
        error(
          .name, "the param `\(name)` keeps the value it is run with", span,
          other: (binding.span, "declared here"), hint: "declare another name with `let`")
      default:
        if isOutsideSweep(binding) { outsideSweep(name, span, binding) }
      }
    case .global:
      if environment.assignable.contains(name) {
        outsideSweep(name, span, nil)
      } else {
        error(
          .name, "`\(name)` is built in and cannot be assigned to", span,
          hint: "declare your own with `let \(name) = …`")
      }
    case .tooEarly(let binding):
      error(
        .name, "`\(name)` is assigned to before its declaration", span,
        other: (binding.span, "declared here"), hint: "move the declaration up")
    case .nothing:
      guard reportedNames.insert(name).inserted else { return }
      let near = Suggest.nearest(to: name, in: visibleNames().subtracting(keywords))
      error(
        .name, "the name `\(name)` is not declared", span,
        hint: near.map { "did you mean `\($0)`? A new name is declared with `let \(name) = …`" }
          ?? "declare it with `let \(name) = …`")
    }
  }
}
