// One walk over the tree with the scopes that the compiler will make. This file holds the state, the scopes and the
// names; see Checker+Statements.swift, Checker+Expressions.swift and Checker+Calls.swift.
//
// A name can be used from the end of its declaration to the end of its block. A function may also use names that are
// declared after it in the blocks around it, since it runs later. What is declared inside hides what is outside.

final class Checker {
  /// Something that a source declares.
  final class Binding {
    enum Kind {
      case variable, function, parameter, loop, caught, context, axis, imported, param
    }
    let name: String
    let span: Span
    let kind: Kind
    /// The function it is bound to, as long as nothing else is assigned to it.
    var function: Function?
    var entity: Entity?
    /// It is bound to a new list or map, whose methods `append`, `pop` … change it.
    var isContainer = false
    var isReassigned = false
    var isRead = false
    /// How many sweeps are around its declaration.
    var sweepDepth = 0
    /// What its value is, whenever it is looked at.
    var known = Known.anything
    /// What calling its function gives; nil as long as that has not been visited.
    var result: StaticType?

    init(_ name: String, _ span: Span, _ kind: Kind) {
      self.name = name
      self.span = span
      self.kind = kind
    }
  }

  struct Scope {
    var bindings: [String: Binding] = [:]
    /// All of them, also those that a later one of the same name hides.
    var all: [Binding] = []
    /// What statements further down in this block will declare.
    var later: [String: Binding] = [:]
    /// The outermost scope of a function: what is inside runs later.
    var isFunction = false
  }

  /// Where `break`, `continue` and `return` lead.
  struct Flow {
    enum Kind { case script, function, sweep, test }
    var kind: Kind
    var loops = 0
    /// What the `return`s of a function give.
    var returned: [StaticType] = []
    /// Inside `finally`: how many loops were around it.
    var finallyLoops: Int?
  }

  struct PendingCall {
    let binding: Binding
    let arguments: [Argument]
    let span: Span
    let calleeSpan: Span
  }

  static let diagnosticLimit = 100

  let program: Program
  let source: Source
  let environment: CheckEnvironment
  let options: Checking.Options
  var diagnostics: [Diagnostic] = []
  var scopes: [Scope] = []
  var flows: [Flow] = [Flow(kind: .script)]
  var sweepDepth = 0
  /// A sweep stands outside of all functions.
  var sweepsAtTop = false
  /// The axes that stand before the one whose values are being checked.
  var sweptNames: [String] = []
  /// The bindings that a scan of a block has made ahead, by where their names stand.
  var prepared: [Int32: Binding] = [:]
  var calls: [PendingCall] = []
  /// The undefined names that have been reported: once each is enough.
  var reportedNames: Set<String> = []
  /// What the rest of the program does to names; nil where nothing is known of values.
  let holdings: Holdings?
  /// Where the lambda stands that the latest `let` gives a name.
  var boundLambda: Int32?
  /// What the function that is visited next is called with, where that is known.
  var handed: StaticType?
  /// The names that the conditions around look at, each condition's by themselves: what they stand for where the code
  /// is reached may be known to the conditions alone.
  private(set) var guarded: [Set<String>] = []
  /// It is called before what stands behind it is reached.
  var runsAtOnce = false
  /// How many `try … catch` are around: what fails there is expected to.
  var caughtDepth = 0

  init(_ program: Program, _ environment: CheckEnvironment, _ options: Checking.Options) {
    self.program = program
    source = program.source
    self.environment = environment
    self.options = options
    holdings = environment.judge.map { _ in
      Holdings(program, isReader: { Checker.isReader($0, environment) })
    }
  }

  func run() {
    openScope(for: program.statements)
    statements(program.statements, isTopLevel: true)
    closeScope(isTopLevel: true)
    for call in calls where !call.binding.isReassigned {
      guard let function = call.binding.function else { continue }
      let signature = Signature(of: function, named: call.binding.name, in: source)
      check(call.arguments, against: signature, call.span, call.calleeSpan)
    }
  }

  // MARK: Diagnostics

  func error(
    _ kind: Diagnostic.Kind, _ message: String, _ span: Span, label: String = "",
    other: (Span, String)? = nil, hint: String? = nil
  ) {
    report(
      Diagnostic(
        kind, message, labels: labels(span, label, other), hint: hint))
  }

  /// An error that is one of the run: where a `catch` waits for it, it is none.
  func failure(
    _ kind: Diagnostic.Kind, _ message: String, _ span: Span, label: String = "",
    hint: String? = nil
  ) {
    if caughtDepth == 0 { error(kind, message, span, label: label, hint: hint) }
  }

  func warn(
    _ kind: Diagnostic.Kind, _ message: String, _ span: Span, label: String = "",
    other: (Span, String)? = nil, hint: String? = nil
  ) {
    guard options.warnings else { return }
    report(
      Diagnostic(
        kind, message, severity: .warning, labels: labels(span, label, other), hint: hint))
  }

  private func labels(
    _ span: Span, _ label: String, _ other: (Span, String)?
  ) -> [Diagnostic.Label] {
    [.init(source, span, label)] + (other.map { [.init(source, $0.0, $0.1)] } ?? [])
  }

  func report(_ diagnostic: Diagnostic) {
    if diagnostics.count < Self.diagnosticLimit { diagnostics.append(diagnostic) }
  }

  func enterGuard(_ names: Set<String>) { guarded.append(names) }
  func leaveGuard() { guarded.removeLast() }

  // MARK: Scopes

  func openScope(for statements: [Stmt] = [], isFunction: Bool = false) {
    var scope = Scope()
    scope.isFunction = isFunction
    for statement in statements {
      for binding in Self.declared(by: statement) {
        prepared[binding.span.start] = binding
        if scope.later[binding.name] == nil { scope.later[binding.name] = binding }
      }
    }
    scopes.append(scope)
  }

  private static func declared(by statement: Stmt) -> [Binding] {
    switch statement.kind {
    case .let(let pattern, let value, _):
      let bindings = pattern.names.map { Binding($0.name, $0.span, .variable) }
      if case .name = pattern.kind, let binding = bindings.first {
        if case .lambda(let function) = value.kind { binding.function = function }
        switch value.kind {
        case .list, .map, .listComprehension, .mapComprehension: binding.isContainer = true
        default: break
        }
      }
      return bindings
    case .function(let function):
      let binding = Binding(function.name ?? "", function.nameSpan, .function)
      binding.function = function
      return [binding]
    case .import(let value): return [Binding(value.name, value.nameSpan, .imported)]
    case .param(let param): return [Binding(param.name, param.nameSpan, .param)]
    default: return []
    }
  }

  func closeScope(isTopLevel: Bool = false) {
    guard let scope = scopes.popLast(), options.warnings else { return }
    for binding in scope.all where !binding.isRead && !binding.name.hasPrefix("_") {
      // What a file declares at its top may be for others that import it. Nobody imports a file that sweeps: it is an
      // experiment.
      let isOwn = !isTopLevel || options.isMainScript && sweepsAtTop
      let what: String
      switch binding.kind {
      case .variable where isOwn: what = "`\(binding.name)`"
      case .function where isOwn: what = "the function `\(binding.name)`"
      case .imported where options.isMainScript: what = "the import `\(binding.name)`"
      case .param where options.isMainScript: what = "the param `\(binding.name)`"
      case .context: what = "`\(binding.name)`"
      default: continue
      }
      warn(
        .name, "\(what) is never used", binding.span,
        hint: binding.kind == .imported || binding.kind == .param
          ? "delete it" : "delete it, or call it `_\(binding.name)` to keep it")
    }
  }

  @discardableResult
  func declare(_ name: String, _ span: Span, _ kind: Binding.Kind) -> Binding {
    let binding = prepared[span.start] ?? Binding(name, span, kind)
    binding.sweepDepth = sweepDepth
    let top = scopes.count - 1
    scopes[top].bindings[name] = binding
    scopes[top].all.append(binding)
    if scopes[top].later[name] === binding { scopes[top].later[name] = nil }
    return binding
  }

  func declare(_ pattern: Pattern, _ kind: Binding.Kind) {
    var seen: [String: Span] = [:]
    for (name, span) in pattern.names {
      if let first = seen[name] {
        error(.syntax, "the pattern binds `\(name)` twice", span, other: (first, "first here"))
      }
      seen[name] = span
      declare(name, span, kind)
    }
  }

  // MARK: Names

  enum Found {
    case binding(Binding)
    case global(Entity)
    /// Declared further down, and needed before.
    case tooEarly(Binding)
    case nothing
  }

  func find(_ name: String) -> Found {
    var crossedFunction = false
    var later: (binding: Binding, isDeferred: Bool)?
    for scope in scopes.reversed() {
      if let binding = scope.bindings[name] {
        if let later, later.isDeferred { later.binding.isRead = true }
        return .binding(binding)
      }
      if later == nil, let binding = scope.later[name] { later = (binding, crossedFunction) }
      if scope.isFunction { crossedFunction = true }
    }
    if let later, later.isDeferred { return .binding(later.binding) }
    if let entity = environment.globals[name] { return .global(entity) }
    if let later { return .tooEarly(later.binding) }
    return .nothing
  }

  /// A use of a name as a value.
  func use(_ name: String, _ span: Span) -> Known {
    switch find(name) {
    case .binding(let binding):
      binding.isRead = true
      guard guarded.contains(where: { $0.contains(name) }) else { return binding.known }
      if case .object(let type, _) = binding.known.type { return Known(.object(type, parts: nil)) }
      return Known(binding.known.type.whateverItHolds)
    case .global(.function): return Known(.function)
    case .global:
      if let type = environment.known[name] { return Known(type) }
      if let constant = environment.judge?.constant(named: name) {
        return Known(constant.type, constant)
      }
    case .tooEarly(let binding):
      binding.isRead = true
      guard reportedNames.insert(name).inserted else { return .anything }
      error(
        .name, "`\(name)` is used before its declaration", span,
        other: (binding.span, "declared here"), hint: "move the declaration up")
    case .nothing: undefined(name, span)
    }
    return .anything
  }

  private func undefined(_ name: String, _ span: Span) {
    guard reportedNames.insert(name).inserted else { return }
    let modules = environment.globals.filter { member(name, of: $0.value) != nil }.keys.sorted()
    let near = Suggest.hint(for: name, in: visibleNames())
    let hint: String?
    if sweptNames.contains(name) {
      hint =
        "the values of an axis cannot depend on another axis: give it all its values, and leave trials out with `where`"
    } else if let foreign = Suggest.foreign(name) {
      hint = foreign
    } else if !modules.isEmpty {
      let names = modules.prefix(3).map { "`\($0).\(name)`" }
      hint = "did you mean \(names.joined(separator: " or "))?"
    } else {
      hint = near ?? environment.hint(bySearching: name)
    }
    error(.name, "the name `\(name)` is not defined", span, hint: hint)
  }

  func member(_ name: String, of entity: Entity) -> Entity? {
    if case .module(let members, _) = entity { return members[name] }
    return nil
  }

  func visibleNames() -> Set<String> {
    var names = Set(environment.globals.keys)
    for scope in scopes { names.formUnion(scope.bindings.keys) }
    // Of the keywords only those that are values stand where a name can.
    names.formUnion(["true", "false", "nil"])
    return names
  }
}
