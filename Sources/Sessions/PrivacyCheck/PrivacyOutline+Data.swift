import Syntax

// Where data come from, as far as expressions show it.

extension PrivacyOutline {
  /// Functions of modules that give what did not come in.
  private static let makers: Set = [
    "zeros", "ones", "full", "arange", "eye", "rand", "randn", "randint", "linspace", "normal",
    "uniform",
  ]
  /// Functions that give what came in in another form.
  private static let forms: Set = ["list", "tensor", "table", "zip"]
  /// Modules whose functions do.
  private static let formModules: Set = ["tensor", "stats", "text", "math"]

  /// The name that an expression takes its data from: `t` of `t[t.age > 3].income`.
  func root(_ expression: Expr) -> String? {
    var expression = expression
    while true {
      switch expression.kind {
      case .name(let name): return name
      case .member(let base, _, _), .index(let base, _), .unary(_, let base): expression = base
      case .binary(_, let left, let right): expression = left.isLiteral ? right : left
      case .listComprehension(_, let clauses):
        guard case .for(_, let sequence)? = clauses.first else { return nil }
        expression = sequence
      case .map(let entries):
        guard let first = entries.first else { return nil }
        expression = first.value
      case .call(let callee, let arguments, let isPiped):
        guard let next = source(of: callee, arguments, isPiped) else { return nil }
        expression = next
      default: return nil
      }
    }
  }

  /// The part of a call that its data come from.
  private func source(of callee: Expr, _ arguments: [Argument], _ isPiped: Bool) -> Expr? {
    if isPiped { return arguments.first?.value }
    switch callee.kind {
    case .name(let name):
      return isGiven(name) && Self.forms.contains(name) ? arguments.first?.value : nil
    case .member(let base, let name, _):
      guard case .name(let module) = base.kind, isGiven(module) else { return base }
      // What comes out of a private operation is private no more, and files hold other data.
      return Self.formModules.contains(module) && !Self.makers.contains(name)
        ? arguments.first?.value : nil
    default: return nil
    }
  }

  /// Whether a name is the language's own: that of a module, or of a function.
  private func isGiven(_ name: String) -> Bool {
    bindings[name] == nil && functions[name] == nil
  }

  /// The name that data go by first: `a` for `b` after `let b = a`.
  func original(_ name: String) -> String {
    var name = name
    for _ in 0..<100 {
      guard let values = bindings[name], values.count == 1, let value = values[0],
        let next = root(value), next != name
      else { break }
      name = next
    }
    return name
  }
}

extension Expr {
  fileprivate var isLiteral: Bool {
    switch kind {
    case .nil, .bool, .int, .float, .string: true
    default: false
    }
  }
}
