import Foundations
import Syntax

/// `import`, `param`, `sweep` and `test`: what the host does for a script.
extension VM {
  private func statement(_ index: Int) -> HostStatement {
    machine.pointee.frame.pointee.closure.closure.prototype.statements[index]
  }

  private var runningSource: Source {
    machine.pointee.frame.pointee.closure.closure.prototype.source
  }

  func importModule(_ index: Int, _ parameters: Value) throws(Fault) -> Value {
    guard case .importModule(let item) = statement(index) else { return .nothing }
    if refusal != nil {
      throw Fault(.value, "a trial cannot import", hint: "import at the top of the file")
    }
    do {
      var given: [(name: String, value: Value)]?
      if case .object(let reference) = parameters, reference.kind == .map {
        given = reference.map.compactMap { entry in entry.key.string.map { ($0, entry.value) } }
      }
      return try interpreter.importModule(item, given, from: runningSource)
    } catch {
      throw Fault(error)
    }
  }

  /// R: the default, and what is after `in` (both ends of a range).
  func parameter(_ index: Int, _ place: UnsafeMutablePointer<Value>) throws(Fault) -> Value {
    guard case .parameter(let item) = statement(index) else { return .nothing }
    do {
      let request = ParameterRequest(
        name: item.name, defaultValue: place[0],
        domain: try item.domain.map { try domain($0, place + 1) }, doc: item.doc,
        source: runningSource, span: item.nameSpan)
      if let module = interpreter.importing.last {
        let value = request.fitted(module.parameters[item.name] ?? request.defaultValue)
        try check(value, for: request)
        return value
      }
      guard let given = try calling({ try host.parameter(request, self) }) else {
        let value = request.fitted(request.defaultValue)
        try check(value, for: request)
        return value
      }
      let value = request.fitted(given)
      do { try check(value, for: request) } catch { throw Fault(error).asMisuse() }
      return value
    } catch {
      throw Fault(error)
    }
  }

  /// The values that the expression after `in` allows; a range's ends stand in a row, anything else is one value.
  fileprivate func domain(_ expression: Expr, _ place: UnsafeMutablePointer<Value>) throws
    -> ParameterRequest.Domain
  {
    guard case .range(_, _, let isClosed, nil) = expression.kind else { return .values(place[0]) }
    let isOfFloats = [place[0], place[1]].contains { if case .float = $0 { true } else { false } }
    if isOfFloats, let lower = place[0].number, let upper = place[1].number {
      guard lower <= upper else {
        throw Fault(
          .value,
          "the range from \(Formatting.float(lower)) to \(Formatting.float(upper)) holds no number")
      }
      return .interval(lower, upper, isClosed: isClosed)
    }
    return .values(try makeRange(place, isClosed ? 1 : 0))
  }

  /// Throws where a parameter cannot have a value.
  fileprivate func check(_ value: Value, for request: ParameterRequest) throws {
    if request.domain == nil { try checkType(of: request, value) }
    try checkDomain(of: request, value)
  }

  /// Throws a `type` fault where a parameter's value is of another kind than its default, so that a slip of the
  /// keyboard does not surface in the middle of a long run. A default of nil says nothing.
  private func checkType(of request: ParameterRequest, _ value: Value) throws {
    func kind(_ value: Value) -> String? {
      switch value {
      case .bool: return "a bool"
      case .int, .float: return "a number"
      case .object(let reference):
        switch reference.kind {
        case .string: return "a string"
        case .list: return "a list"
        case .map: return "a map"
        default: return nil
        }
      default: return nil
      }
    }
    guard let expected = kind(request.defaultValue), kind(value) != expected else { return }
    throw Fault(
      .type,
      "the parameter `\(request.name)` takes \(expected), got \(Representation.described(value))",
      hint: expected == "a list" ? "write `[…]`" : nil)
  }

  /// Throws a `value` fault where a parameter's value is not among those that its `in` allows.
  func checkDomain(of request: ParameterRequest, _ value: Value) throws {
    var hint: String?
    switch request.domain {
    case nil: return
    case .values(let values):
      if try contains(values, value) { return }
      if case .float(let number) = value, case .object(let reference) = values,
        reference.kind == .range, reference.range.step == 1,
        number > Double(reference.range.start), number < Double(reference.range.end)
      {
        hint =
          "a range with a float holds fractions: `\(reference.range.start).0..\(reference.range.isClosed ? "=" : "")\(reference.range.end).0`"
      }
    case .interval(let lower, let upper, let isClosed):
      // A bool is no number here, nor is nan within anything.
      if case .float(let number) = value, number >= lower,
        isClosed ? number <= upper : number < upper
      {
        return
      }
    }
    throw Fault(
      .value,
      "the parameter `\(request.name)` must be in \(request.domain.map { "\($0)" } ?? ""), got \(Representation.brief(value))",
      hint: hint
    )
  }

  func test(_ index: Int, _ body: Value) throws(Fault) {
    guard case .test(let name) = statement(index) else { return }
    do {
      try calling { try host.test(name, Callable(body, self), self) }
    } catch {
      throw Fault(error)
    }
  }

  /// R: body, condition or nil, the values of the axes.
  func sweep(_ index: Int, _ place: UnsafeMutablePointer<Value>, _ count: Int) throws(Fault)
    -> Value
  {
    guard case .sweep(let axes) = statement(index) else { return .nothing }
    if isTrial { throw Fault(.value, "a sweep cannot run inside another sweep's trial") }
    if let refusal { throw refusal.fault }
    interpreter.makeModules()
    let prototype = machine.pointee.frame.pointee.closure.closure.prototype
    let offset = machine.pointee.frame.pointee.pc - UnsafePointer(prototype.code) - 1
    do {
      return try calling {
        var values: [[Value]] = []
        for index in 0..<count {
          let axis = place[2 + index]
          guard let elements = try elements(of: axis) else {
            throw Fault(
              .type,
              "`\(axes[index])` must sweep over a list or range, found \(Representation.described(axis))"
            )
          }
          values.append(elements)
        }
        let combinations = try combine(values, condition: place[1])
        let request = SweepRequest(
          axes: axes, combinations: combinations, body: place[0], source: prototype.source,
          span: prototype.span(at: offset), parent: self)
        return try host.sweep(request, self)
      }
    } catch {
      throw Fault(error)
    }
  }

  /// All combinations that the condition lets through; the last axis changes fastest.
  private func combine(_ axes: [[Value]], condition: Value) throws -> [[Value]] {
    guard axes.allSatisfy({ !$0.isEmpty }) else { return [] }
    var result: [[Value]] = []
    var places = [Int](repeating: 0, count: axes.count)
    var turn = 0
    while true {
      turn += 1
      if turn & 0xFF == 0 { try checkInterrupt() }
      let combination = zip(axes, places).map { $0[$1] }
      if condition.isNothing {
        result.append(combination)
      } else if try scope({ try truth(call(condition, combination)) }) {
        result.append(combination)
      }
      if result.count > SweepRequest.maximumCount {
        throw Fault(.limit, "this sweep has more than \(SweepRequest.maximumCount) trials")
      }
      var axis = axes.count - 1
      while axis >= 0 {
        places[axis] += 1
        if places[axis] < axes[axis].count { break }
        places[axis] = 0
        axis -= 1
      }
      if axis < 0 { return result }
    }
  }
}

extension Interpreter {
  /// Compiles and runs a program in the session's top-level scope. The result is that of its last statement, where that
  /// is an expression; it is valid until the next run (`setVariable` keeps it).
  /// - Throws: a `Fault`; its `diagnostic` says where.
  @discardableResult
  public func run(_ program: Program) throws -> Value {
    try vm.enter {
      let prototype = try Compiler.compile(program, self, session)
      prototypes.append(prototype)
      return try vm.call(vm.adopt(Closure(prototype)), [])
    }
  }

  /// Runs `body` within the limits of one run: what comes before and after a program counts, too.
  public func watching<Result>(_ body: () throws -> Result) throws -> Result {
    try vm.enter(body)
  }

  /// Compiles a program without running it: finds what only the compiler refuses (too many variables).
  public func compile(_ program: Program) throws {
    try vm.enter { _ = try Compiler.compile(program, self, Namespace()) }
  }

  /// The `param` statements of a program, in order, whose defaults and domains are written out (numbers, texts, lists,
  /// arithmetic): nothing of the program runs.
  public func parameters(of program: Program) throws -> [ParameterRequest] {
    let namespace = Namespace()
    var result: [ParameterRequest] = []
    for case .param(let item) in program.statements.map(\.kind) {
      guard item.defaultValue.isWrittenOut, item.domain?.isWrittenOut ?? true,
        let value = try evaluate(item.defaultValue, program.source, namespace)
      else { continue }
      var domain: ParameterRequest.Domain?
      if let expression = item.domain {
        domain = try self.domain(expression, program.source, namespace)
        guard let domain else { continue }
        if case .values(let values) = domain {
          globals[try slot(of: item.name + " in", in: namespace)] = values
        }
      }
      // Global, so that both live as long as the interpreter.
      globals[try slot(of: item.name, in: namespace)] = value
      result.append(
        ParameterRequest(
          name: item.name, defaultValue: value, domain: domain, doc: item.doc,
          source: program.source, span: item.nameSpan))
    }
    return result
  }

  /// Checks the values that the host has for parameters of a program, as far as that can be told before anything runs.
  /// - Throws: a `Fault` that is a misuse.
  public func checkParameters(of program: Program, given: (ParameterRequest) throws -> Value?)
    throws
  {
    for request in try parameters(of: program) {
      do {
        try vm.enter {
          if let value = try given(request) { try vm.check(value, for: request) }
        }
      } catch {
        let fault = Fault(error).asMisuse()
        fault.located(at: Diagnostic.Label(request.source, request.span))
        throw fault
      }
    }
  }

  private func domain(_ expression: Expr, _ source: Source, _ namespace: Namespace) throws
    -> ParameterRequest.Domain?
  {
    guard case .range(let lower, let upper, _, nil) = expression.kind else {
      return try evaluate(expression, source, namespace).map { .values($0) }
    }
    guard let lower = try evaluate(lower, source, namespace),
      let upper = try evaluate(upper, source, namespace)
    else { return nil }
    var ends = [lower, upper]
    return try vm.enter {
      try ends.withUnsafeMutableBufferPointer { ends in
        try ends.baseAddress.map { try vm.domain(expression, $0) }
      }
    }
  }

  /// Nil where the expression fails, which the run itself will report.
  private func evaluate(_ expression: Expr, _ source: Source, _ namespace: Namespace) throws
    -> Value?
  {
    let statement = Stmt(.expression(expression), expression.span)
    let program = Program(source: source, statements: [statement], doc: nil)
    do {
      return try vm.enter {
        let prototype = try Compiler.compile(program, self, namespace)
        prototypes.append(prototype)
        return try vm.call(vm.adopt(Closure(prototype)), [])
      }
    } catch let fault as Fault {
      if !fault.isCatchable { throw fault }
      return nil
    }
  }

  // MARK: Imports

  /// A script that is being imported.
  struct Importing {
    let name: String
    let parameters: [String: Value]
  }

  /// Runs what an import names, once; with parameters, each time.
  func importModule(
    _ item: Import, _ given: [(name: String, value: Value)]?, from importer: Source
  ) throws -> Value {
    guard let loader else { throw Fault(.io, "nothing can be imported here") }
    let program = try loader(item.path, importer)
    let name = program.source.name
    if given == nil, let module = imported[name] { return Value(module) }
    if let start = importing.firstIndex(where: { $0.name.isSpelt(name) }) {
      let circle = (importing[start...].map(\.name) + [name]).joined(separator: " → ")
      throw Fault(.name, "`\(name)` imports itself: \(circle)")
    }
    let parameters = program.statements.compactMap { statement in
      if case .param(let item) = statement.kind { item.name } else { nil as String? }
    }
    for (key, _) in given ?? [] where !parameters.contains(key) {
      throw Fault(
        .name, "`\(name)` has no parameter `\(key)`", hint: Suggest.hint(for: key, in: parameters))
    }
    let namespace = Namespace()
    let prototype = try Compiler.compile(program, self, namespace)
    prototypes.append(prototype)
    importing.append(
      Importing(
        name: name,
        parameters: Dictionary(given ?? [], uniquingKeysWith: { $1 })))
    defer { importing.removeLast() }
    try vm.scope { _ = try vm.call(vm.adopt(Closure(prototype)), []) }
    let module = ModuleObject(name: item.name, summary: program.doc ?? "")
    for name in namespace.names where !name.hasPrefix("_") {
      if let slot = namespace.slots[name] { module.define(name, .global(slot)) }
    }
    retain(module)
    if given == nil { imported[name] = module }
    return Value(module)
  }
}

extension Expr {
  /// Whether its value can be told without calling anything.
  fileprivate var isWrittenOut: Bool {
    switch kind {
    case .nil, .bool, .int, .float, .string: true
    case .name(let name): ["inf", "nan", "pi"].contains(name)
    case .unary(_, let operand): operand.isWrittenOut
    case .binary(_, let left, let right): left.isWrittenOut && right.isWrittenOut
    case .list(let items): items.allSatisfy(\.isWrittenOut)
    case .map(let entries): entries.allSatisfy { $0.key.isWrittenOut && $0.value.isWrittenOut }
    case .range(let lower, let upper, _, let step):
      lower.isWrittenOut && upper.isWrittenOut && step?.isWrittenOut ?? true
    default: false
    }
  }
}
