/// The check of a whole program before its first line runs.
public enum Checking {
  public struct Options: Sendable {
    /// The source is a script that is run, not imported: a top-level name that is never used is reported.
    public var isMainScript: Bool
    /// Whether to warn of unused names, unreachable code and the like.
    public var warnings: Bool
    /// Another source imports it, which may change the lists and maps that it exports.
    public var isImported: Bool
    /// Whether values are judged; without it types alone are found, and nothing that a script calls is asked.
    var judges = true
    public init(isMainScript: Bool = false, warnings: Bool = true, isImported: Bool = false) {
      self.isMainScript = isMainScript
      self.warnings = warnings
      self.isImported = isImported
    }
  }

  /// What is wrong with `program`, in the order of the text. Errors mean that it must not run; warnings do not stop it.
  public static func check(
    _ program: Program, in environment: CheckEnvironment, options: Options = Options()
  ) -> [Diagnostic] {
    let checker = Checker(program, environment, options)
    checker.run()
    return checker.diagnostics.enumerated().sorted {
      let first = $0.element.labels.first?.span.start ?? 0
      let second = $1.element.labels.first?.span.start ?? 0
      return first == second ? $0.offset < $1.offset : first < second
    }.map(\.element)
  }

  /// The type of the value of `program`, a single expression, as far as it is certain before a run; `any` for all else.
  /// Nothing is called to find it.
  public static func type(of program: Program, in environment: CheckEnvironment) -> StaticType {
    guard program.statements.count == 1, case .expression(let value) = program.statements[0].kind
    else { return .any }
    var options = Options(warnings: false)
    options.judges = false
    let checker = Checker(program, environment, options)
    checker.openScope(for: program.statements)
    return checker.expression(value).type
  }

  /// What an import of `program` gives: its top-level names that do not start with `_`.
  public static func exports(of program: Program) -> [String: Entity] {
    topLevel(of: program).filter { !$0.key.hasPrefix("_") }
  }

  /// All top-level names of `program`, and the names from outside that it assigns to (as `.value`): what a session adds
  /// to `CheckEnvironment.globals` and `assignable` after a cell.
  public static func declarations(of program: Program) -> [String: Entity] {
    var entities = topLevel(of: program)
    for name in Assignments.names(in: program) where entities[name] == nil {
      entities[name] = .value
    }
    return entities
  }

  private static func topLevel(of program: Program) -> [String: Entity] {
    var entities: [String: Entity] = [:]
    let assigned = Assignments.names(in: program)
    for statement in program.statements {
      switch statement.kind {
      case .function(let function):
        guard let name = function.name else { continue }
        entities[name] =
          assigned.contains(name)
          ? .value : .function(Signature(of: function, named: name, in: program.source))
      case .let(let pattern, let value, let doc):
        for (name, _) in pattern.names { entities[name] = .value }
        if case .name(let name) = pattern.kind, case .lambda(var function) = value.kind,
          !assigned.contains(name)
        {
          function.doc = doc
          entities[name] = .function(Signature(of: function, named: name, in: program.source))
        }
      case .param(let param): entities[param.name] = .value
      case .import(let value): entities[value.name] = .value
      default: break
      }
    }
    return entities
  }
}

extension Pattern {
  /// The names that the pattern binds, with their spans.
  public var names: [(name: String, span: Span)] {
    switch kind {
    case .name(let name): [(name, span)]
    case .ignore: []
    case .list(let parts): parts.flatMap(\.names)
    case .map(let parts): parts.flatMap { $0.pattern.names }
    }
  }
}

extension Expr {
  /// The operand that a long chain of operators, calls, elements and fields grows on (`a` in `a + b`, `a.b`, `a(b)`,
  /// `a |> f`); nil for all else. A walk over a tree follows these in a loop, so that it recurses no deeper than
  /// brackets and blocks nest.
  public var chainOperand: Expr? {
    switch kind {
    case .binary(_, let left, _), .and(let left, _), .or(let left, _), .coalesce(let left, _):
      left
    case .member(let base, _, _), .index(let base, _): base
    case .call(let callee, let arguments, let piped): piped ? arguments.first?.value : callee
    default: nil
    }
  }
}
