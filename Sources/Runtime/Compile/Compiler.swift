import Syntax

/// From the syntax tree to bytecode.
///
/// Every expression is compiled into a register that the caller names (`expression(_:to:)`), or into any (`operand`),
/// in which case a local variable is used where it lies. Registers are a stack: locals and intermediate values are
/// freed by resetting `FunctionState.free`.
final class Compiler {
  let interpreter: Interpreter
  let source: Source
  let namespace: Namespace
  var state: FunctionState
  /// Top-level names that are declared before the statement that is being compiled.
  var declared: Set<String>
  /// All top-level names that the program itself declares; its functions see them from the start.
  private let ownNames: Set<String>
  /// Names that some inner function assigns to: a call may change them while an expression is being evaluated.
  let assignedInside: Set<String>
  private let stack: ThreadStack

  private init(_ program: Program, _ interpreter: Interpreter, _ namespace: Namespace) {
    self.interpreter = interpreter
    self.namespace = namespace
    source = program.source
    state = FunctionState(name: "", parent: nil)
    // A cell that failed has left names without values: they still mean what they meant before.
    declared = Set(
      namespace.names.filter { name in
        namespace.slots[name].map { !interpreter.globals[$0].isMissing } ?? false
      })
    ownNames = Set(program.statements.flatMap(Compiler.declaredNames))
    var walker = AssignmentWalker()
    walker.visit(program.statements)
    assignedInside = walker.assignedInside
    stack = ThreadStack.current()
  }

  /// A program as a function without parameters, whose top-level names are slots of `namespace`.
  static func compile(_ program: Program, _ interpreter: Interpreter, _ namespace: Namespace)
    throws(Fault) -> Prototype
  {
    let compiler = Compiler(program, interpreter, namespace)
    for statement in program.statements {
      for name in declaredNames(statement) {
        do { _ = try interpreter.slot(of: name, in: namespace) } catch {
          throw compiler.located(error, statement.span)
        }
      }
    }
    do {
      return try compiler.main(program)
    } catch {
      throw compiler.located(error, Span(0, 0))
    }
  }

  private func main(_ program: Program) throws(Fault) -> Prototype {
    let end = Span(source.bytes.count, source.bytes.count)
    for (index, statement) in program.statements.enumerated() {
      let isLast = program.statements[(index + 1)...].allSatisfy {
        if case .cell = $0.kind { return true }
        return false
      }
      if isLast, case .expression(let expression) = statement.kind {
        try tail(expression)
        break
      }
      try topLevel(statement)
      declared.formUnion(Compiler.declaredNames(statement))
    }
    state.emit(.returnNil, 0, at: end)
    return try finish(parameters: [], doc: nil, isMain: true, end)
  }

  /// The names that a top-level statement declares.
  static func declaredNames(_ statement: Stmt) -> [String] {
    switch statement.kind {
    case .let(let pattern, _, _): return names(in: pattern)
    case .function(let function): return function.name.map { [$0] } ?? []
    case .import(let item): return [item.name]
    case .param(let item): return [item.name]
    default: return []
    }
  }

  static func names(in pattern: Pattern) -> [String] {
    switch pattern.kind {
    case .name(let name): return [name]
    case .list(let items): return items.flatMap(names)
    case .map(let items): return items.flatMap { names(in: $0.pattern) }
    case .ignore: return []
    }
  }

  func located(_ fault: Fault, _ span: Span) -> Fault {
    if fault.labels.isEmpty { fault.located(at: Diagnostic.Label(source, span, fault.detail)) }
    return fault
  }

  func fail(_ kind: Diagnostic.Kind, _ message: String, _ span: Span, hint: String? = nil) -> Fault
  {
    located(Fault(kind, message, hint: hint), span)
  }

  /// Trees may be two thousand levels high; a thread with a small stack gets an error.
  func checkDepth(_ span: Span) throws(Fault) {
    if stack.isNearlyFull { throw fail(.limit, "this code is nested too deeply", span) }
  }

  // MARK: Functions

  func finish(
    parameters: [Parameter], doc: String?, isMain: Bool, _ span: Span
  ) throws(Fault) -> Prototype {
    let state = self.state
    if state.hasCapturedLocals {
      for offset in state.returns {
        state.code[offset] = state.code[offset] & ~0xFF | UInt32(Op.returnClosing.rawValue)
      }
    }
    guard state.constants.count <= 0xFFFF, state.functions.count <= 0xFFFF else {
      throw fail(.limit, "this function has more than 65,535 constants", span)
    }
    guard state.captures.count <= 0xFF else {
      throw fail(.limit, "this function uses more than 255 variables from around it", span)
    }
    let prototype = Prototype(
      name: state.name, source: source, code: state.code, constants: state.constants,
      constantObjects: state.constantObjects, registerCount: state.registerCount,
      parameters: parameters.map {
        .init(name: $0.name, namedOnly: $0.namedOnly, hasDefault: $0.defaultValue != nil)
      }, captures: state.captures.map(\.capture), functions: state.functions,
      handlers: state.handlers, spans: state.spans, callSites: state.callSites,
      shapes: state.shapes, subscripts: state.subscripts, statements: state.statements,
      signature: Signature(
        name: state.name, summary: doc ?? "",
        parameters: parameters.map { parameter in
          Signature.Parameter(
            parameter.name,
            defaultText: parameter.defaultValue.map { source.text(of: $0.span) },
            namedOnly: parameter.namedOnly)
        }), isMain: isMain)
    try Verifier.verify(prototype)
    return prototype
  }

  /// Compiles a function and leaves a closure of it in `register`.
  func closure(_ function: Function, name: String?, to register: Int) throws(Fault) {
    try closure(
      name: name ?? function.name ?? "", parameters: function.parameters, body: function.body,
      doc: function.doc, span: function.span, to: register)
  }

  func closure(
    name: String, parameters: [Parameter], body: Block, doc: String?, span: Span, to register: Int
  ) throws(Fault) {
    let outer = state
    state = FunctionState(name: name, parent: outer)
    defer { state = outer }
    for parameter in parameters {
      state.declare(
        parameter.name,
        try located(parameter.span) { () throws(Fault) in try state.push(parameter.span) })
    }
    for (index, parameter) in parameters.enumerated() {
      guard let value = parameter.defaultValue else { continue }
      let given = state.emitJump(.jumpIfGiven, index, at: parameter.span)
      // A default sees the parameters before its own.
      let later = Array(state.locals[index...])
      state.locals.removeSubrange(index...)
      try expression(value, to: index)
      state.locals.append(contentsOf: later)
      state.patch(given)
    }
    try functionBody(body)
    let prototype = try finish(parameters: parameters, doc: doc, isMain: false, span)
    outer.functions.append(prototype)
    outer.emitWide(.makeClosure, register, outer.functions.count - 1, at: span)
    guard outer.functions.count <= 0xFFFF else {
      throw fail(.limit, "there are more than 65,535 functions here", span)
    }
  }

  private func functionBody(_ body: Block) throws(Fault) {
    try checkDepth(body.span)
    try hoist(body.statements)
    for (index, statement) in body.statements.enumerated() {
      if index == body.statements.count - 1, case .expression(let expression) = statement.kind {
        try tail(expression)
      } else {
        try self.statement(statement)
      }
    }
    emitReturnNil(body.span)
  }

  func emitReturnNil(_ span: Span) {
    // Closing needs a value in a register.
    let register = state.free
    state.registerCount = max(state.registerCount, register + 1)
    state.emit(.loadNil, register, at: span)
    state.returns.append(state.emit(.return, register, at: span))
  }

  /// The value of a function's last expression is its result.
  func tail(_ expression: Expr) throws(Fault) {
    switch expression.kind {
    case .if(let branches, let otherwise):
      try checkDepth(expression.span)
      for branch in branches {
        let skip = try condition(branch.condition, jumpIf: false)
        try tail(branch.body)
        state.patch(skip)
      }
      if let otherwise { try tail(otherwise) } else { emitReturnNil(expression.span) }
    case .block(let block): try tail(block)
    default:
      let saved = state.free
      let register = try operand(expression)
      state.returns.append(state.emit(.return, register, at: expression.span))
      state.free = saved
    }
  }

  private func tail(_ block: Block) throws(Fault) {
    let scope = try openScope(block)
    for (index, statement) in block.statements.enumerated() {
      if index == block.statements.count - 1, case .expression(let expression) = statement.kind {
        try tail(expression)
        // What it declared is closed by the return.
        state.locals.removeSubrange(scope.locals...)
        state.free = scope.free
        return
      }
      try self.statement(statement)
    }
    emitReturnNil(block.span)
    state.locals.removeSubrange(scope.locals...)
    state.free = scope.free
  }

  // MARK: Scopes

  struct Scope {
    let locals: Int
    let free: Int
  }

  func openScope(_ block: Block) throws(Fault) -> Scope {
    try checkDepth(block.span)
    let scope = Scope(locals: state.locals.count, free: state.free)
    try hoist(block.statements)
    return scope
  }

  /// Functions of a block may call each other, so their names exist from its start.
  func hoist(_ statements: [Stmt]) throws(Fault) {
    for case .function(let function) in statements.lazy.map(\.kind) {
      guard let name = function.name else { continue }
      let register = try located(function.nameSpan) { () throws(Fault) in
        try state.push(function.nameSpan)
      }
      state.emit(.loadMissing, register, at: function.nameSpan)
      state.declare(name, register)
      state.locals[state.locals.count - 1].isDefined = false
    }
  }

  /// Ends a scope: captured variables leave their registers.
  func close(_ scope: Scope, _ span: Span) {
    if state.locals[scope.locals...].contains(where: \.isCaptured) {
      state.emit(.closeCells, scope.free, at: span)
    }
    state.locals.removeSubrange(scope.locals...)
    state.free = scope.free
  }

  /// Compiles a block; its value goes to `register`, where one is wanted.
  func block(_ block: Block, to register: Int?) throws(Fault) {
    let scope = try openScope(block)
    var hasValue = false
    for (index, statement) in block.statements.enumerated() {
      if let register, index == block.statements.count - 1,
        case .expression(let value) = statement.kind
      {
        try expression(value, to: register)
        hasValue = true
      } else {
        try self.statement(statement)
      }
    }
    if let register, !hasValue { state.emit(.loadNil, register, at: block.span) }
    close(scope, block.span)
  }

  func located<R>(_ span: Span, _ body: () throws(Fault) -> R) throws(Fault) -> R {
    do { return try body() } catch { throw located(error, span) }
  }

  func push(_ span: Span, count: Int = 1) throws(Fault) -> Int {
    do { return try state.push(span, count: count) } catch { throw located(error, span) }
  }

  // MARK: Names

  enum Name {
    case local(Int)
    case captured(Int)
    case global(Int)
    case native(Value)
  }

  func resolve(_ name: String, _ span: Span) throws(Fault) -> Name {
    if let index = state.local(name) {
      guard state.locals[index].isDefined else {
        throw fail(.name, "`\(name)` is used before its declaration", span)
      }
      return .local(state.locals[index].register)
    }
    if let index = state.capture(name) { return .captured(index) }
    let slot = namespace.slots[name]
    // Before a name is declared at the top level, it still means the native.
    if let slot,
      declared.contains(name) || (state.parent != nil && ownNames.contains(name))
        || interpreter.native(name) == nil
    {
      return .global(slot)
    }
    if let value = interpreter.native(name) { return .native(value) }
    throw fail(
      .name, "`\(name)` is not defined", span,
      hint: Suggest.hint(for: name, in: visibleNames()))
  }

  private func visibleNames() -> [String] {
    var names = namespace.names + interpreter.nativeNames
    var function: FunctionState? = state
    while let current = function {
      names += current.locals.map(\.name)
      function = current.parent
    }
    return names
  }
}

/// Finds the names that functions inside others assign to.
private struct AssignmentWalker {
  var assignedInside: Set<String> = []
  private var depth = 0

  mutating func visit(_ statements: [Stmt]) { for statement in statements { visit(statement) } }
  private mutating func visit(_ block: Block) { visit(block.statements) }

  private mutating func visit(_ statement: Stmt) {
    switch statement.kind {
    case .expression(let value), .throw(let value): visit(value)
    case .let(_, let value, _): visit(value)
    case .assign(let target, let value), .compoundAssign(let target, _, let value):
      note(target)
      visit(target)
      visit(value)
    case .function(let function): visit(function)
    case .return(let value): if let value { visit(value) }
    case .break, .continue, .import, .cell: break
    case .for(_, let sequence, let body):
      visit(sequence)
      visit(body)
    case .while(let condition, let body):
      visit(condition)
      visit(body)
    case .assert(let condition, let message):
      visit(condition)
      if let message { visit(message) }
    case .with(let context, _, _, let body):
      visit(context)
      visit(body)
    case .param(let item): visit(item.defaultValue)
    case .test(_, let body):
      depth += 1
      visit(body)
      depth -= 1
    }
  }

  private mutating func note(_ target: Expr) {
    switch target.kind {
    case .name(let name): if depth > 0 { assignedInside.insert(name) }
    case .list(let items): for item in items { note(item) }
    default: break
    }
  }

  private mutating func visit(_ function: Function) {
    depth += 1
    for parameter in function.parameters { if let value = parameter.defaultValue { visit(value) } }
    visit(function.body)
    depth -= 1
  }

  private mutating func visit(_ expression: Expr) {
    switch expression.kind {
    case .nil, .bool, .int, .float, .string, .name: break
    case .format(let parts): visit(parts)
    case .list(let items): for item in items { visit(item) }
    case .map(let entries):
      for entry in entries {
        visit(entry.key)
        visit(entry.value)
      }
    case .range(let lower, let upper, _, let step):
      visit(lower)
      visit(upper)
      if let step { visit(step) }
    case .listComprehension(let value, let clauses):
      visit(value)
      visit(clauses)
    case .mapComprehension(let key, let value, let clauses):
      visit(key)
      visit(value)
      visit(clauses)
    case .unary(_, let value): visit(value)
    case .binary(_, let left, let right), .and(let left, let right), .or(let left, let right),
      .coalesce(let left, let right):
      visit(left)
      visit(right)
    case .comparison(let operands, _): for operand in operands { visit(operand) }
    case .call(let callee, let arguments, _):
      visit(callee)
      for argument in arguments { visit(argument.value) }
    case .index(let value, let subscripts):
      visit(value)
      for item in subscripts {
        switch item {
        case .index(let index): visit(index)
        case .slice(let start, let stop, let step, _):
          for part in [start, stop, step] { if let part { visit(part) } }
        case .ellipsis: break
        }
      }
    case .member(let value, _, _): visit(value)
    case .lambda(let function): visit(function)
    case .if(let branches, let otherwise):
      for branch in branches {
        visit(branch.condition)
        visit(branch.body)
      }
      if let otherwise { visit(otherwise) }
    case .block(let block): visit(block)
    case .try(let item):
      visit(item.body)
      if let block = item.catchBody { visit(block) }
      if let block = item.finallyBody { visit(block) }
    case .sweep(let sweep):
      for axis in sweep.axes { visit(axis.values) }
      depth += 1
      if let condition = sweep.condition { visit(condition) }
      visit(sweep.body)
      depth -= 1
    }
  }

  private mutating func visit(_ parts: [FormatPart]) {
    for case .value(let value, let specification, _, _) in parts {
      visit(value)
      visit(specification)
    }
  }

  private mutating func visit(_ clauses: [ComprehensionClause]) {
    for clause in clauses {
      switch clause {
      case .for(_, let sequence): visit(sequence)
      case .if(let condition): visit(condition)
      }
    }
  }
}
