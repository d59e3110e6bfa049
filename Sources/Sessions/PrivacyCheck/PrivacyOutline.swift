import Syntax

/// What `fairlead check --privacy` reads of a script: operations, calls of its functions, ledgers, loops and names.
struct PrivacyOutline: ExprVisitor {
  struct NamedFunction {
    var parameters: [String]
    var span: Span
  }
  struct Block {
    var span: Span
    /// What `with` was given.
    var subject: Expr
  }
  struct Loop {
    var span: Span
    /// The names that are bound to something else each time.
    var names: [String]
  }

  var operations: [(span: Span, data: Expr)] = []
  var calls: [(span: Span, name: String, arguments: [Argument])] = []
  var blocks: [Block] = []
  var loops: [Loop] = []
  var functions: [String: NamedFunction] = [:]
  private var functionNames: Set<String> = []
  /// What names are bound to; a name that is bound twice, or by a pattern, has several or none.
  var bindings: [String: [Expr?]] = [:]
  /// Places of names, by which it is seen what is used inside of a block.
  var names: [(name: String, span: Span)] = []

  mutating func enter(_ statement: Stmt) {
    switch statement.kind {
    case .with(let subject, _, _, let body):
      // `with seed(1)` is no ledger.
      if case .call(let callee, _, _) = subject.kind, case .name("seed") = callee.kind { return }
      blocks.append(Block(span: body.span, subject: subject))
    case .for(let pattern, _, let body):
      loops.append(Loop(span: body.span, names: bind(pattern)))
    case .while(_, let body): loops.append(Loop(span: body.span, names: []))
    case .function(let function): take(function, named: function.name)
    case .let(let pattern, let value, _):
      guard case .name(let name) = pattern.kind else {
        _ = bind(pattern)
        return
      }
      if case .lambda(let function) = value.kind {
        take(function, named: name)
      } else {
        bindings[name, default: []].append(value)
      }
    case .assign(let target, let value):
      if case .name(let name) = target.kind { bindings[name, default: []].append(value) }
    case .param(let param): bindings[param.name, default: []].append(nil)
    default: break
    }
  }

  mutating func enter(_ expression: Expr) {
    switch expression.kind {
    case .name(let name): names.append((name, expression.span))
    case .sweep(let sweep):
      for axis in sweep.axes { bindings[axis.name, default: []].append(nil) }
      loops.append(Loop(span: sweep.body.span, names: sweep.axes.map(\.name)))
    case .listComprehension(_, let clauses), .mapComprehension(_, _, let clauses):
      var bound: [String] = []
      for case .for(let pattern, _) in clauses { bound += bind(pattern) }
      loops.append(Loop(span: expression.span, names: bound))
    case .lambda(let function):
      for parameter in function.parameters { bindings[parameter.name, default: []].append(nil) }
    case .call(let callee, let arguments, _):
      if let data = PrivacyCheck.data(expression) {
        operations.append((expression.span, data))
      } else if case .name(let name) = callee.kind {
        calls.append((expression.span, name, arguments))
      }
    default: break
    }
  }

  private mutating func take(_ function: Function, named name: String?) {
    let parameters = function.parameters.map(\.name)
    for parameter in parameters { bindings[parameter, default: []].append(nil) }
    guard let name else { return }
    // Of several functions with one name none is followed.
    let isFirst = !functionNames.contains(name)
    functionNames.insert(name)
    functions[name] =
      isFirst ? NamedFunction(parameters: parameters, span: function.span) : nil
  }

  private mutating func bind(_ pattern: Pattern) -> [String] {
    switch pattern.kind {
    case .name(let name):
      bindings[name, default: []].append(nil)
      return [name]
    case .list(let parts): return parts.flatMap { bind($0) }
    case .map(let entries): return entries.flatMap { bind($0.pattern) }
    case .ignore: return []
    }
  }

  func isUsedInLedger(_ name: String) -> Bool {
    names.contains { use in use.name == name && blocks.contains { $0.span.contains(use.span) } }
  }
}

extension Span {
  func contains(_ other: Span) -> Bool { start <= other.start && other.end <= end }
}
