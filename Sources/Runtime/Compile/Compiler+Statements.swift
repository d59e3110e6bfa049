import Syntax

extension Compiler {
  /// A statement of the top level, whose names are global.
  func topLevel(_ statement: Stmt) throws(Fault) {
    let saved = state.free
    defer { state.free = saved }
    switch statement.kind {
    case .let(let pattern, let value, _):
      let register = try push(value.span)
      try named(value, pattern, to: register)
      try assignGlobals(pattern, from: register)
    case .function(let function):
      let register = try push(function.span)
      try closure(function, name: nil, to: register)
      try setGlobal(function.name ?? "", register, function.nameSpan)
    case .import(let item):
      let register = try push(statement.span)
      try importModule(item, to: register, statement.span)
      try setGlobal(item.name, register, item.nameSpan)
    case .param(let item):
      let register = try push(statement.span, count: 3)
      try parameter(item, to: register, statement.span)
      try setGlobal(item.name, register, item.nameSpan)
    default: try self.statement(statement)
    }
  }

  /// A function takes the name that it is bound to.
  private func named(_ value: Expr, _ pattern: Pattern, to register: Int) throws(Fault) {
    if case .lambda(let function) = value.kind, case .name(let name) = pattern.kind {
      try closure(function, name: name, to: register)
    } else {
      try expression(value, to: register)
    }
  }

  private func setGlobal(_ name: String, _ register: Int, _ span: Span) throws(Fault) {
    guard let slot = namespace.slots[name] else {
      throw fail(.name, "`\(name)` is not defined", span)
    }
    state.emitWide(.setGlobal, register, slot, at: span)
  }

  private func assignGlobals(_ pattern: Pattern, from register: Int) throws(Fault) {
    switch pattern.kind {
    case .name(let name): try setGlobal(name, register, pattern.span)
    case .ignore: break
    case .list(let items):
      let base = try push(pattern.span, count: max(1, items.count))
      try emitUnpack(items.count, from: register, to: base, pattern.span)
      for (index, item) in items.enumerated() { try assignGlobals(item, from: base + index) }
      state.free = base
    case .map(let items):
      for (key, item) in items {
        let place = try push(item.span)
        state.emit(.getMember, place, register, 0, at: item.span)
        state.emitWord(state.constant(key))
        try assignGlobals(item, from: place)
        state.free = place
      }
    }
  }

  func emitUnpack(_ count: Int, from register: Int, to base: Int, _ span: Span) throws(Fault) {
    state.emit(.unpack, base, register, count, at: span)
  }

  /// Declares the names of a pattern as local variables; the value stands in `register`, which becomes the variable
  /// where the pattern is a single name.
  func declare(_ pattern: Pattern, from register: Int) throws(Fault) {
    switch pattern.kind {
    case .name(let name): state.declare(name, register)
    case .ignore: break
    case .list(let items):
      let base = try push(pattern.span, count: max(1, items.count))
      try emitUnpack(items.count, from: register, to: base, pattern.span)
      for (index, item) in items.enumerated() { try declare(item, from: base + index) }
    case .map(let items):
      for (key, item) in items {
        let place = try push(item.span)
        state.emit(.getMember, place, register, 0, at: item.span)
        state.emitWord(state.constant(key))
        try declare(item, from: place)
      }
    }
  }

  func statement(_ statement: Stmt) throws(Fault) {
    let saved = state.free
    let span = statement.span
    switch statement.kind {
    case .expression(let value):
      try effect(value)
      state.free = saved
    case .let(let pattern, let value, _):
      // The registers stay in use until the scope ends.
      let register = try push(value.span)
      try named(value, pattern, to: register)
      try declare(pattern, from: register)
    case .function(let function):
      guard let name = function.name, let index = state.local(name) else {
        throw fail(.name, "a function needs a name here", span)
      }
      state.locals[index].isDefined = true
      try closure(function, name: nil, to: state.locals[index].register)
    case .assign(let target, let value):
      try assign(target, value)
      state.free = saved
    case .compoundAssign(let target, let op, let value):
      try compoundAssign(target, op, value, span)
      state.free = saved
    case .return(let value): try returnStatement(value, span)
    case .break: try leave(span, isBreak: true)
    case .continue: try leave(span, isBreak: false)
    case .for(let pattern, let sequence, let body):
      try loop(pattern, sequence, span) { () throws(Fault) in try block(body, to: nil) }
      state.free = saved
    case .while(let condition, let body): try whileLoop(condition, body, span)
    case .throw(let value):
      let register = try operand(value)
      state.emit(.throwValue, register, at: span)
      state.free = saved
    case .assert(let condition, let message): try assertion(condition, message, span)
    case .with(let context, let name, _, let body): try with(context, name, body, span)
    case .import(_): throw fail(.syntax, "`import` belongs at the top level of a file", span)
    case .param(_): throw fail(.syntax, "`param` belongs at the top level of a file", span)
    case .test(let name, let body):
      let register = try push(span)
      try closure(name: name, parameters: [], body: body, doc: nil, span: span, to: register)
      state.emit(.test, register, at: span)
      state.emitWord(statementIndex(.test(name)))
      state.free = saved
    case .cell: break
    }
  }

  func statementIndex(_ item: HostStatement) -> Int {
    state.statements.append(item)
    return state.statements.count - 1
  }

  /// An expression of which only the effect is wanted.
  private func effect(_ value: Expr) throws(Fault) {
    switch value.kind {
    case .if(let branches, let otherwise):
      try checkDepth(value.span)
      var done: [Int] = []
      for (index, branch) in branches.enumerated() {
        let skip = try condition(branch.condition, jumpIf: false)
        try block(branch.body, to: nil)
        if index < branches.count - 1 || otherwise != nil {
          done.append(state.emitJump(.jump, at: branch.body.span))
        }
        state.patch(skip)
      }
      if let otherwise { try block(otherwise, to: nil) }
      state.patch(done)
    case .block(let block): try self.block(block, to: nil)
    case .try(let item): try tryExpression(item, to: nil, value.span)
    default: _ = try operand(value)
    }
  }

  // MARK: Assignment

  private func assign(_ target: Expr, _ value: Expr) throws(Fault) {
    switch target.kind {
    case .name(let name):
      switch try resolve(name, target.span) {
      case .local(let register):
        if writesOnce(value) {
          try expression(value, to: register)
        } else {
          let place = try push(value.span)
          try expression(value, to: place)
          state.emit(.move, register, place, at: target.span)
        }
      case .captured, .global, .native:
        try store(into: target, from: try operand(value))
      }
    case .index(let object, let subscripts):
      // The object and the subscript are evaluated before the value, from left to right.
      try prepare(object, subscripts, before: value, target.span) { place throws(Fault) in
        try self.storeIndex(place, from: try self.operand(value), target.span)
      }
    case .member(let object, let name, let nameSpan):
      let place = try operand(object, before: value)
      let source = try operand(value)
      state.emit(.setMember, place, source, 0, at: nameSpan)
      state.emitWord(state.constant(name))
    case .list: try store(into: target, from: try operand(value))
    default: throw fail(.syntax, "this cannot be assigned to", target.span)
    }
  }

  /// Stores a value that stands in a register.
  private func store(into target: Expr, from register: Int) throws(Fault) {
    let saved = state.free
    defer { state.free = saved }
    switch target.kind {
    case .name(let name):
      switch try resolve(name, target.span) {
      case .local(let place):
        if place != register { state.emit(.move, place, register, at: target.span) }
      case .captured(let index): state.emit(.setCell, register, index, at: target.span)
      case .global(let slot): state.emitWide(.setGlobal, register, slot, at: target.span)
      case .native:
        throw fail(
          .name, "`\(name)` is built in and cannot be assigned to", target.span,
          hint: "declare a variable of your own: `let \(name) = …`")
      }
    case .index(let object, let subscripts):
      try prepare(object, subscripts, before: nil, target.span) { place throws(Fault) in
        try self.storeIndex(place, from: register, target.span)
      }
    case .member(let object, let name, let nameSpan):
      let place = try operand(object)
      state.emit(.setMember, place, register, 0, at: nameSpan)
      state.emitWord(state.constant(name))
    case .list(let items):
      let base = try push(target.span, count: max(1, items.count))
      try emitUnpack(items.count, from: register, to: base, target.span)
      for (index, item) in items.enumerated() { try store(into: item, from: base + index) }
    default: throw fail(.syntax, "this cannot be assigned to", target.span)
    }
  }

  /// Where `object[…]` is, with all its parts in registers.
  enum IndexPlace {
    case small(object: Int, index: Int)
    case register(object: Int, index: Int)
    case pattern(base: Int, pattern: Int)
  }

  private func prepare(
    _ object: Expr, _ subscripts: [Subscript], before value: Expr?, _ span: Span,
    _ body: (IndexPlace) throws(Fault) -> Void
  ) throws(Fault) {
    if subscripts.count == 1, case .index(let index) = subscripts[0] {
      let source: Int
      if let value {
        source = try operand(object, before: value)
      } else {
        source = try operand(object)
      }
      if case .int(let number) = index.kind, let small = Int8(exactly: number) {
        return try body(.small(object: source, index: Int(small)))
      }
      let place: Int
      if let value { place = try operand(index, before: value) } else { place = try operand(index) }
      return try body(.register(object: source, index: place))
    }
    let base = try push(span)
    try expression(object, to: base)
    let pattern = try subscriptValues(subscripts)
    try body(.pattern(base: base, pattern: pattern))
  }

  private func storeIndex(_ place: IndexPlace, from register: Int, _ span: Span) throws(Fault) {
    switch place {
    case .small(let object, let index): state.emit(.setIndexInt, object, index, register, at: span)
    case .register(let object, let index): state.emit(.setIndex, object, index, register, at: span)
    case .pattern(let base, let pattern):
      state.emit(.setSubscripts, base, 0, register, at: span)
      state.emitWord(pattern)
    }
  }

  private func compoundAssign(
    _ target: Expr, _ op: BinaryOperator, _ value: Expr, _ span: Span
  ) throws(Fault) {
    switch target.kind {
    case .name:
      // As `x = x op value`, which evaluates nothing twice.
      try assign(target, Expr(.binary(op, target, value), span))
    case .index(let object, let subscripts):
      try prepare(object, subscripts, before: value, target.span) { place throws(Fault) in
        if self.isPure(value), try self.update(place, op, value, target.span) { return }
        let current = try self.push(span)
        switch place {
        case .small(let object, let index):
          self.state.emit(.getIndexInt, current, object, index, at: target.span)
        case .register(let object, let index):
          self.state.emit(.getIndex, current, object, index, at: target.span)
        case .pattern(let base, let pattern):
          self.state.emit(.getSubscripts, current, base, 0, at: target.span)
          self.state.emitWord(pattern)
        }
        let operand = try self.operand(value)
        self.state.emit(Compiler.opcode(op), current, current, operand, at: span)
        try self.storeIndex(place, from: current, target.span)
      }
    case .member(let object, let name, let nameSpan):
      let place = try operand(object, before: value)
      let current = try push(span)
      state.emit(.getMember, current, place, 0, at: nameSpan)
      state.emitWord(state.constant(name))
      let operand = try operand(value)
      state.emit(Compiler.opcode(op), current, current, operand, at: span)
      state.emit(.setMember, place, current, 0, at: nameSpan)
      state.emitWord(state.constant(name))
    default: throw fail(.syntax, "this cannot be assigned to", target.span)
    }
  }

  /// One instruction for `x[i] op= value`, where evaluating the value first changes nothing.
  private func update(
    _ place: IndexPlace, _ op: BinaryOperator, _ value: Expr, _ span: Span
  ) throws(Fault) -> Bool {
    switch place {
    case .small(let object, let index):
      state.emit(.updateIndexInt, object, index, try operand(value), at: span)
    case .register(let object, let index):
      state.emit(.updateIndex, object, index, try operand(value), at: span)
    case .pattern: return false
    }
    state.emitWord(op.code)
    return true
  }

  /// Whether evaluating an expression can have no effect but an error.
  private func isPure(_ value: Expr) -> Bool {
    switch value.kind {
    case .nil, .bool, .int, .float, .string, .name: return true
    case .unary(_, let operand): return isPure(operand)
    case .binary(_, let left, let right): return isPure(left) && isPure(right)
    case .member(let object, _, _): return isPure(object)
    case .index(let object, let subscripts):
      return isPure(object)
        && subscripts.allSatisfy {
          if case .index(let index) = $0 { return isPure(index) }
          return false
        }
    default: return false
    }
  }

  // MARK: Host statements

  private func importModule(_ item: Import, to register: Int, _ span: Span) throws(Fault) {
    if item.parameters.isEmpty {
      state.emit(.loadNil, register, at: span)
    } else {
      try expression(Expr(.map(item.parameters), span), to: register)
    }
    state.emit(.importModule, register, at: item.pathSpan)
    state.emitWord(statementIndex(.importModule(item)))
  }

  private func parameter(_ item: Syntax.Param, to register: Int, _ span: Span) throws(Fault) {
    try expression(item.defaultValue, to: register)
    switch item.domain?.kind {
    case .range(let lower, let upper, _, nil):
      // Its ends, because a parameter's range may be one of floats, which is no value.
      try expression(lower, to: register + 1)
      try expression(upper, to: register + 2)
    default:
      if let domain = item.domain { try expression(domain, to: register + 1) }
    }
    state.emit(.parameter, register, at: item.nameSpan)
    state.emitWord(statementIndex(.parameter(item)))
  }

  private func assertion(_ condition: Expr, _ message: Expr?, _ span: Span) throws(Fault) {
    let saved = state.free
    let holds = try self.condition(condition, jumpIf: true)
    let register = try push(span)
    if let message { try expression(message, to: register) }
    state.emit(.assertionFailed, register, message == nil ? 0 : 1, at: condition.span)
    state.patch(holds)
    state.free = saved
  }

  func sweep(_ item: Sweep, to register: Int, _ span: Span) throws(Fault) {
    try checkDepth(span)
    let base = try push(span, count: 2 + item.axes.count)
    let parameters = item.axes.map {
      Parameter(name: $0.name, span: $0.span, defaultValue: nil, namedOnly: false)
    }
    for (index, axis) in item.axes.enumerated() {
      try expression(axis.values, to: base + 2 + index)
    }
    try closure(
      name: "sweep", parameters: parameters, body: item.body, doc: nil, span: span, to: base)
    if let condition = item.condition {
      let body = Block([Stmt(.expression(condition), condition.span)], condition.span)
      try closure(
        name: "where", parameters: parameters, body: body, doc: nil, span: condition.span,
        to: base + 1)
    } else {
      state.emit(.loadNil, base + 1, at: span)
    }
    state.emit(.sweep, base, item.axes.count, at: span)
    state.emitWord(statementIndex(.sweep(axes: item.axes.map(\.name))))
    state.emit(.move, register, base, at: span)
  }
}
