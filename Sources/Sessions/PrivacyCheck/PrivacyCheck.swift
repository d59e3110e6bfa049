import Foundations
import Syntax

/// `fairlead check --privacy`: private operations on the same data that no ledger adds up, and ledgers that begin anew
/// for the same data.
///
/// It reads names, not values, and takes the data of an operation for those that their expression begins with: a name
/// that is bound once stands for what it is bound to (`let b = a`, `let b = t.filter(…)`), and a function's parameter
/// for what each of its calls gives. What comes from files and from functions of scripts it takes for other data.
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
    var outline = PrivacyOutline()
    for statement in program.statements { outline.statement(statement) }
    let uses = PrivateUses(outline).all
    var order: [String] = []
    for use in uses where !order.contains(use.data) { order.append(use.data) }
    return order.flatMap { name in
      let own = uses.filter { $0.data == name }
      return [
        unledgered(own.filter { $0.ledger == .none }, name, program.source),
        renewed(own, name, program.source),
      ].compactMap(\.self)
    }
  }

  /// What no ledger adds up.
  private static func unledgered(_ uses: [PrivateUse], _ name: String, _ source: Source)
    -> Diagnostic?
  {
    let isRepeated = uses.contains(where: \.isRepeated)
    guard let last = uses.last, uses.count > 1 || isRepeated else { return nil }
    return Diagnostic(
      .privacy,
      uses.count > 1
        ? "\(uses.count) private operations on `\(name)` that no ledger adds up"
        : "a private operation on `\(name)` that runs repeatedly, and no ledger adds it up",
      severity: .warning,
      labels: [
        Diagnostic.Label(
          source, last.span,
          "spends \(isRepeated ? "each time that it runs" : "together") more than its own epsilon")
      ],
      hint: "put them into one budget: `with dp.ledger(epsilon: 2) as ledger { … }`")
  }

  /// Ledgers that each begin with the whole budget for the same data.
  private static func renewed(_ uses: [PrivateUse], _ name: String, _ source: Source)
    -> Diagnostic?
  {
    var made: [PrivateUse.Ledger] = []
    var isRepeated = false
    var last: Span?
    for use in uses {
      guard case .made(let span, _, let isAgain) = use.ledger else { continue }
      if !made.contains(use.ledger) { made.append(use.ledger) }
      if isAgain { isRepeated = true }
      if made.count > 1 || isAgain { last = span }
    }
    guard let last else { return nil }
    return Diagnostic(
      .privacy,
      isRepeated
        ? "a ledger for `\(name)` that is made anew each time: every one has the whole budget"
        : "\(made.count) ledgers for `\(name)`: each of them has its own budget",
      severity: .warning,
      labels: [Diagnostic.Label(source, last, "counts nothing of what others have spent")],
      hint: "make one ledger before them, or give them one `file:`, which they then share")
  }

  static func call(_ expression: Expr) -> (name: String, arguments: [Argument])? {
    guard case .call(let callee, let arguments, _) = expression.kind,
      case .member(let base, let name, _) = callee.kind, case .name(let module) = base.kind
    else { return nil }
    return ("\(module).\(name)", arguments)
  }

  /// The data of a private operation; nil for another expression.
  static func data(_ expression: Expr) -> Expr? {
    guard let (name, arguments) = call(expression), let operation = operations[name] else {
      return nil
    }
    let positional = arguments.filter { $0.name == nil }
    return arguments.first { $0.name == operation.name }?.value
      ?? (operation.place < positional.count ? positional[operation.place].value : nil)
  }

  /// Whether an expression makes a ledger that no file shares with others.
  static func makesLedger(_ expression: Expr) -> Bool {
    guard let (name, arguments) = call(expression) else { return false }
    return name == "dp.ledger" && !arguments.contains { $0.name == "file" }
  }
}
