import Syntax

extension Compiler {
  // MARK: Loops

  /// A `for` over a range of ints, over the pairs of `x.items()`, `enumerate(x)` or `zip(x, y)`, or over anything else.
  /// `body` runs with the pattern's names declared.
  func loop(
    _ pattern: Pattern, _ sequence: Expr, _ span: Span, _ body: () throws(Fault) -> Void
  ) throws(Fault) {
    try checkDepth(span)
    let saved = state.free
    let base = try push(span, count: 4)
    let loop = FunctionState.Loop(base: base + 3)
    var exits: [Int] = []
    var next = Op.next
    var start: Int
    if case .range(let lower, let upper, let closed, let step) = sequence.kind {
      try expression(lower, to: base)
      try expression(upper, to: base + 1)
      if let step { try expression(step, to: base + 2) }
      let flags = (closed ? 1 : 0) | (step == nil ? 0 : 2)
      exits.append(state.emitJump(.rangeStart, base, 0, flags, at: sequence.span))
      next = .rangeNext
      start = state.code.count
    } else if case .list(let items) = pattern.kind, items.count == 2,
      let object = itemsReceiver(sequence)
    {
      try expression(object, to: base)
      state.emit(.iterateItems, base, at: sequence.span)
      _ = try push(span)
      next = .nextPair
      start = state.code.count
      exits.append(state.emitJump(.nextPair, base, at: sequence.span))
    } else if case .list(let items) = pattern.kind, items.count == 2,
      try pairs(of: sequence, to: base)
    {
      next = .nextSideBySide
      start = state.code.count
      exits.append(state.emitJump(.nextSideBySide, base, at: sequence.span))
    } else {
      try expression(sequence, to: base)
      state.emit(.iterate, base, at: sequence.span)
      start = state.code.count
      exits.append(state.emitJump(.next, base, at: sequence.span))
    }
    let locals = state.locals.count
    state.contexts.append(.loop(loop))
    if next == .nextPair || next == .nextSideBySide, case .list(let items) = pattern.kind {
      try declare(items[0], from: base + 3)
      try declare(items[1], from: base + 4)
    } else {
      try declare(pattern, from: base + 3)
    }
    try body()
    state.contexts.removeLast()
    state.patch(loop.continues)
    if loop.hasCaptures { state.emit(.closeCells, base + 3, at: span) }
    if next == .rangeNext {
      state.emitLoop(.rangeNext, base, to: start, at: span)
    } else {
      state.emitLoop(.loop, to: start, at: span)
    }
    state.patch(exits + loop.breaks)
    // A `break` comes here with the variables of its turn still in their registers.
    if loop.hasCaptures { state.emit(.closeCells, base + 3, at: span) }
    state.locals.removeSubrange(locals...)
    state.free = saved
  }

  /// Starts an iteration over `enumerate(…)` or `zip(…)`, which need not make a list for each pair; false where the
  /// sequence is another.
  private func pairs(of sequence: Expr, to base: Int) throws(Fault) -> Bool {
    guard case .call(let callee, let arguments, _) = sequence.kind,
      let function = staticNative(callee), ["enumerate", "zip"].contains(function.native.name)
    else { return false }
    // The second of the pair.
    _ = try push(sequence.span)
    let saved = state.free
    let place = try push(sequence.span)
    try nativeCall(
      function, arguments, place, callee.span, sequence.span, pairsAt: base)
    state.free = saved
    return true
  }

  /// `x` of `x.items()`.
  private func itemsReceiver(_ value: Expr) -> Expr? {
    guard case .call(let callee, let arguments, _) = value.kind, arguments.isEmpty,
      case .member(let object, "items", _) = callee.kind, nativeMember(callee) == nil
    else { return nil }
    return object
  }

  func whileLoop(_ condition: Expr, _ body: Block, _ span: Span) throws(Fault) {
    let loop = FunctionState.Loop(base: state.free)
    let start = state.code.count
    let exits = try self.condition(condition, jumpIf: false)
    state.contexts.append(.loop(loop))
    try block(body, to: nil)
    state.contexts.removeLast()
    state.patch(loop.continues)
    if loop.hasCaptures { state.emit(.closeCells, loop.base, at: span) }
    state.emitLoop(.loop, to: start, at: span)
    state.patch(loop.breaks)
    if loop.hasCaptures { state.emit(.closeCells, loop.base, at: span) }
    state.patch(exits)
  }

  // MARK: Ways out

  func leave(_ span: Span, isBreak: Bool) throws(Fault) {
    for context in state.contexts.reversed() {
      switch context {
      case .loop(let loop):
        let jump = state.emitJump(.jump, at: span)
        if isBreak { loop.breaks.append(jump) } else { loop.continues.append(jump) }
        return
      case .finally(let finally):
        guard let loop = enclosingLoop() else { break }
        exit(finally, isBreak ? .leave(loop) : .next(loop), span)
        return
      }
    }
    throw fail(.syntax, "`\(isBreak ? "break" : "continue")` outside a loop", span)
  }

  private func enclosingLoop() -> FunctionState.Loop? {
    for case .loop(let loop) in state.contexts.reversed() { return loop }
    return nil
  }

  /// Goes to the finally block, which goes on with `exit` when it is done.
  private func exit(
    _ finally: FunctionState.Finally, _ exit: FunctionState.Finally.Exit, _ span: Span
  ) {
    finally.exits.append(exit)
    state.emitWide(.loadInt, finally.action, finally.exits.count, at: span)
    finally.jumps.append(state.emitJump(.jump, at: span))
  }

  func returnStatement(_ value: Expr?, _ span: Span) throws(Fault) {
    for case .finally(let finally) in state.contexts.reversed() {
      if let value {
        let saved = state.free
        let place = try push(value.span)
        try expression(value, to: place)
        state.emit(.move, finally.value, place, at: span)
        state.free = saved
      } else {
        state.emit(.loadNil, finally.value, at: span)
      }
      exit(finally, .return, span)
      return
    }
    if let value {
      try tail(value)
    } else {
      emitReturnNil(span)
    }
  }

  /// Emits the block that `body` compiles so that it runs on every way out of what `protected` compiles.
  private func protect(
    _ span: Span, leavesContext: Bool = false, protected: (_ value: Int) throws(Fault) -> Void,
    body: (_ action: Int, _ value: Int) throws(Fault) -> Void
  ) throws(Fault) {
    let saved = state.free
    let action = try push(span)
    let value = try push(span)
    let finally = FunctionState.Finally(action: action, value: value)
    state.contexts.append(.finally(finally))
    let start = state.code.count
    try protected(value)
    let end = state.code.count
    state.contexts.removeLast()
    state.emitWide(.loadInt, action, 0, at: span)
    let done = state.emitJump(.jump, at: span)
    state.handlers.append(
      HandlerRange(
        start: start, end: end, target: state.code.count, register: value, isFinally: true,
        leavesContext: leavesContext))
    state.emitWide(.loadInt, action, -1, at: span)
    state.patch(done)
    state.patch(finally.jumps)
    try body(action, value)
    // Go on as the block was left.
    let isError = state.emitJump(.jumpEqualInt, action, -1, 0, at: span)
    state.emit(.rethrow, value, at: span)
    state.patch(isError)
    guard finally.exits.count <= 120 else {
      throw fail(.limit, "there are more than 120 ways out of this block", span)
    }
    for (index, exit) in finally.exits.enumerated() {
      let skip = state.emitJump(.jumpEqualInt, action, index + 1, 0, at: span)
      try go(exit, value, span)
      state.patch(skip)
    }
    state.free = saved
  }

  private func go(_ exit: FunctionState.Finally.Exit, _ value: Int, _ span: Span) throws(Fault) {
    // The next finally outwards comes first, where there is one inside the loop.
    for context in state.contexts.reversed() {
      switch (context, exit) {
      case (.finally(let outer), _):
        if case .return = exit { state.emit(.move, outer.value, value, at: span) }
        self.exit(outer, exit, span)
        return
      case (.loop(let loop), .leave(let target)) where loop === target:
        loop.breaks.append(state.emitJump(.jump, at: span))
        return
      case (.loop(let loop), .next(let target)) where loop === target:
        loop.continues.append(state.emitJump(.jump, at: span))
        return
      default: continue
      }
    }
    state.returns.append(state.emit(.return, value, at: span))
  }

  // MARK: try and with

  func tryExpression(_ item: Try, to register: Int?, _ span: Span) throws(Fault) {
    try checkDepth(span)
    guard let finallyBody = item.finallyBody else {
      return try tryCatch(item, to: register, span)
    }
    try protect(span) { _ throws(Fault) in
      try tryCatch(item, to: register, span)
    } body: { _, _ throws(Fault) in
      try block(finallyBody, to: nil)
    }
  }

  private func tryCatch(_ item: Try, to register: Int?, _ span: Span) throws(Fault) {
    guard let catchBody = item.catchBody else { return try block(item.body, to: register) }
    let saved = state.free
    // The error's place is below all that the body declares.
    let error = try push(span)
    let start = state.code.count
    try block(item.body, to: register)
    let end = state.code.count
    let done = state.emitJump(.jump, at: span)
    state.handlers.append(
      HandlerRange(
        start: start, end: end, target: state.code.count, register: error, isFinally: false))
    let locals = state.locals.count
    if let name = item.catchName { state.declare(name, error) }
    try block(catchBody, to: register)
    if state.locals[locals...].contains(where: \.isCaptured) {
      state.emit(.closeCells, error, at: span)
    }
    state.locals.removeSubrange(locals...)
    state.patch(done)
    state.free = saved
  }

  func with(_ context: Expr, _ name: String?, _ body: Block, _ span: Span) throws(Fault) {
    let saved = state.free
    let place = try push(context.span)
    try expression(context, to: place)
    let bound = try push(context.span)
    state.emit(.enterContext, place, bound, at: context.span)
    try protect(span, leavesContext: true) { _ throws(Fault) in
      let locals = state.locals.count
      if let name { state.declare(name, bound) }
      try block(body, to: nil)
      if state.locals[locals...].contains(where: \.isCaptured) {
        state.emit(.closeCells, bound, at: span)
      }
      state.locals.removeSubrange(locals...)
    } body: { action, value throws(Fault) in
      state.emit(.exitContext, place, value, action, at: context.span)
    }
    state.free = saved
  }
}
