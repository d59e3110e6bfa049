// The names that a program assigns to anywhere: a light walk that knows no scopes, for what other sources may rely on.

struct Assignments: ExprVisitor {
  private(set) var found: Set<String> = []

  static func names(in program: Program) -> Set<String> {
    var walk = Assignments()
    for statement in program.statements { walk.statement(statement) }
    return walk.found
  }

  mutating func enter(_ statement: Stmt) {
    switch statement.kind {
    case .assign(let target, _), .compoundAssign(let target, _, _): collect(target)
    default: break
    }
  }

  private mutating func collect(_ target: Expr) {
    switch target.kind {
    case .name(let name): found.insert(name)
    case .list(let targets): for target in targets { collect(target) }
    default: break
    }
  }
}
