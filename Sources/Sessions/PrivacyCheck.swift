import Foundations
import Syntax

/// `fairlead check --privacy`: private operations on the same data that no ledger adds up.
///
/// It reads names, not values: data that go by two names are taken for two.
struct PrivacyCheck {
  /// The operations, and the argument that names the data: its place, or its name.
  private static let operations: [String: (place: Int, name: String)] = [
    "dp.count": (0, "data"), "dp.sum": (0, "values"), "dp.mean": (0, "values"),
    "dp.variance": (0, "values"), "dp.quantile": (0, "values"), "dp.histogram": (0, "values"),
    "dp.covariance": (0, "table"), "dp.laplace": (0, "values"), "dp.gaussian": (0, "values"),
    "dp.select": (0, "scores"), "dp.sparse_vector": (0, "queries"), "dp.train": (1, "examples"),
    "dp.adamix": (2, "private"), "dp.pate": (0, "votes"), "text.privatize": (0, "texts"),
    "text.adept": (0, "texts"),
  ]

  static func warnings(_ program: Program) -> [Diagnostic] {
    var scopes = LedgerScopes()
    for statement in program.statements { scopes.statement(statement) }
    var uses = PrivateUses(scopes: scopes)
    for statement in program.statements { uses.statement(statement) }
    return uses.order.compactMap { name in
      guard let found = uses.found[name], let last = found.last else { return nil }
      let count = found.count
      guard count > 1 || found.contains(where: \.isRepeated) else { return nil }
      let often = found.contains(where: \.isRepeated) ? "each time that it runs" : "together"
      return Diagnostic(
        .privacy,
        count > 1
          ? "\(count) private operations on `\(name)` that no ledger adds up"
          : "a private operation on `\(name)` that runs repeatedly, and no ledger adds it up",
        severity: .warning,
        labels: [
          Diagnostic.Label(program.source, last.span, "spends \(often) more than its own epsilon")
        ],
        hint: "put them into one budget: `with dp.ledger(epsilon: 2) as ledger { … }`")
    }
  }

  fileprivate static func call(_ expression: Expr) -> (name: String, arguments: [Argument])? {
    guard case .call(let callee, let arguments, _) = expression.kind,
      case .member(let base, let name, _) = callee.kind, case .name(let module) = base.kind
    else { return nil }
    return ("\(module).\(name)", arguments)
  }

  /// The variable that an expression takes its data from: `t` of `t[t.age > 3].income`.
  fileprivate static func root(_ expression: Expr) -> String? {
    var expression = expression
    while true {
      switch expression.kind {
      case .name(let name): return name
      case .member(let base, _, _), .index(let base, _): expression = base
      case .call(let callee, let arguments, let isPiped):
        if isPiped, let first = arguments.first {
          expression = first.value
        } else if case .member = callee.kind {
          expression = callee
        } else {
          return nil
        }
      default: return nil
      }
    }
  }

  fileprivate static func data(_ expression: Expr) -> String? {
    guard let (name, arguments) = call(expression), let operation = operations[name] else {
      return nil
    }
    let positional = arguments.filter { $0.name == nil }
    let argument =
      arguments.first { $0.name == operation.name }?.value
      ?? (operation.place < positional.count ? positional[operation.place].value : nil)
    return argument.flatMap(root)
  }
}

/// Where ledgers are in force, and what runs repeatedly.
private struct LedgerScopes: ExprVisitor {
  var ledgers: [Span] = []
  var repeats: [Span] = []
  /// Functions by name, and the names that stand inside of ledgers' blocks.
  var functions: [String: Span] = [:]
  var namesInLedgers: Set<String> = []

  mutating func enter(_ statement: Stmt) {
    switch statement.kind {
    case .with(let subject, _, _, let body):
      if PrivacyCheck.call(subject)?.name == nil, case .call(let callee, _, _) = subject.kind,
        case .name("seed") = callee.kind
      {
        return
      }
      ledgers.append(body.span)
    case .for(_, _, let body), .while(_, let body): repeats.append(body.span)
    case .function(let function):
      if let name = function.name { functions[name] = function.span }
    case .let(let pattern, let value, _):
      if case .name(let name) = pattern.kind, case .lambda(let function) = value.kind {
        functions[name] = function.span
      }
    default: break
    }
  }

  mutating func enter(_ expression: Expr) {
    switch expression.kind {
    case .sweep(let sweep): repeats.append(sweep.body.span)
    case .listComprehension, .mapComprehension: repeats.append(expression.span)
    case .name(let name) where ledgers.contains(where: { $0.contains(expression.span) }):
      namesInLedgers.insert(name)
    default: break
    }
  }

  /// Whether what stands there runs inside of a ledger's block, itself or as part of a function that is used in one.
  func counts(_ span: Span) -> Bool {
    ledgers.contains { $0.contains(span) }
      || functions.contains { $0.value.contains(span) && namesInLedgers.contains($0.key) }
  }
}

/// The private operations outside of ledgers, by the name of their data.
private struct PrivateUses: ExprVisitor {
  let scopes: LedgerScopes
  var found: [String: [(span: Span, isRepeated: Bool)]] = [:]
  var order: [String] = []

  init(scopes: LedgerScopes) { self.scopes = scopes }

  mutating func enter(_ expression: Expr) {
    guard let data = PrivacyCheck.data(expression), !scopes.counts(expression.span) else { return }
    if found[data] == nil { order.append(data) }
    let isRepeated = scopes.repeats.contains { $0.contains(expression.span) }
    found[data, default: []].append((expression.span, isRepeated))
  }
}

extension Span {
  fileprivate func contains(_ other: Span) -> Bool { start <= other.start && other.end <= end }
}
