// Code behind a condition: `len(xs) > 0 and xs[0] < 1` reads no first item of an empty list, `if n != 0 { 1 / n }`
// divides by no zero. Of a name that a condition looks at, only the type is certain behind it.

/// The names that an expression reads.
private struct NamesRead: ExprVisitor {
  var names: Set<String> = []

  mutating func enter(_ expression: Expr) {
    if case .name(let name) = expression.kind { names.insert(name) }
  }
}

extension Checker {
  /// Checks what is reached only as the conditions have it.
  func guarding<Result>(_ conditions: [Expr], _ body: () -> Result) -> Result {
    var read = NamesRead()
    for condition in conditions { read.expression(condition) }
    enterGuard(read.names)
    defer { leaveGuard() }
    return body()
  }
}
