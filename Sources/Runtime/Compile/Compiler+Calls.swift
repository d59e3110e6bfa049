import Syntax

extension Compiler {
  /// `f(a, name: b)`. The callee and its arguments stand in consecutive registers, and the result replaces the callee.
  func call(_ callee: Expr, _ arguments: [Argument], to register: Int, _ span: Span) throws(Fault) {
    try checkDepth(span)
    // The last register in use, if it is the result's own, can be the call's first.
    let base = register == state.free - 1 && !isVariable(register) ? register : try push(span)
    if let native = staticNative(callee) {
      try nativeCall(native, arguments, base, callee.span, span)
    } else if case .member(let object, let name, let nameSpan) = callee.kind,
      nativeMember(callee) == nil
    {
      try expression(object, to: base)
      let (count, shape) = try self.arguments(arguments)
      note(callee: nameSpan, arguments)
      state.emit(.callMethod, base, count, 0, at: span)
      let constant = state.constant(name)
      guard constant <= 0xFFFF, shape < 0xFFFF else {
        throw fail(.limit, "this function has more than 65,535 constants", span)
      }
      state.emitWord(constant | (shape + 1) << 16)
    } else {
      try expression(callee, to: base)
      let (count, shape) = try self.arguments(arguments)
      note(callee: callee.span, arguments)
      if shape < 0 {
        state.emit(.call, base, count, 0, at: span)
      } else {
        state.emit(.callNamed, base, count, 0, at: span)
        state.emitWord(shape)
      }
    }
    if base != register { state.emit(.move, register, base, at: span) }
  }

  private func isVariable(_ register: Int) -> Bool {
    state.locals.contains { $0.register == register }
  }

  /// Puts arguments into new registers, positional ones first; gives their number and the shape of the names, or -1.
  private func arguments(_ arguments: [Argument]) throws(Fault) -> (count: Int, shape: Int) {
    for argument in arguments { try expression(argument.value, to: try push(argument.value.span)) }
    let names = arguments.compactMap(\.name)
    if names.isEmpty { return (arguments.count, -1) }
    if let index = state.shapes.firstIndex(of: names) { return (arguments.count, index) }
    state.shapes.append(names)
    return (arguments.count, state.shapes.count - 1)
  }

  /// Remembers where the arguments of the next instruction are.
  private func note(callee: Span, _ arguments: [Argument]) {
    state.callSites[state.code.count] = CallSite(
      callee: callee, positional: arguments.filter { $0.name == nil }.map { .some($0.value.span) },
      named: arguments.compactMap { argument in argument.name.map { ($0, argument.value.span) } })
  }

  // MARK: Natives that are known when the code is compiled

  /// The value that `module.name` has in a native module; nil where that is not known yet.
  func nativeMember(_ value: Expr) -> Value? {
    guard case .member(let object, let name, _) = value.kind, let module = nativeValue(object),
      case .object(let reference) = module, reference.kind == .module,
      case .value(let member)? = reference.module.members[name]
    else { return nil }
    return member
  }

  private func nativeValue(_ value: Expr) -> Value? {
    switch value.kind {
    case .name(let name):
      // Asking for the name must not capture a variable of that name for nothing.
      guard !isShadowed(name), case .native(let value)? = try? resolve(name, value.span) else {
        return nil
      }
      return value
    case .member: return nativeMember(value)
    default: return nil
    }
  }

  private func isShadowed(_ name: String) -> Bool {
    var function: FunctionState? = state
    while let current = function {
      if current.local(name) != nil { return true }
      function = current.parent
    }
    return false
  }

  func staticNative(_ callee: Expr) -> NativeFunction? {
    guard case .object(let reference)? = nativeValue(callee) else { return nil }
    switch reference.kind {
    case .nativeFunction: return reference.nativeFunction
    case .module: return reference.module.call
    default: return nil
    }
  }

  /// A call whose arguments are matched with the parameters here. Each parameter has its register; what is not given
  /// and not last is marked as missing. The result is iterated over in pairs at `pairs`, where that is given.
  func nativeCall(
    _ function: NativeFunction, _ arguments: [Argument], _ base: Int, _ calleeSpan: Span,
    _ span: Span, pairsAt pairs: Int? = nil
  ) throws(Fault) {
    let native = function.native
    let slots: [Int]
    do {
      slots = try ArgumentMatching.slots(
        positional: arguments.filter { $0.name == nil }.count, names: arguments.compactMap(\.name),
        native)
    } catch {
      let argument = error.argument.flatMap { $0 < arguments.count ? arguments[$0] : nil }
      throw located(error, argument.map { $0.name == nil ? $0.value.span : $0.nameSpan } ?? span)
    }
    let count = (slots.max() ?? -1) + 1
    let first = count > 0 ? try push(span, count: count) : base + 1
    for slot in 0..<max(0, count) where !slots.contains(slot) {
      state.emit(.loadMissing, first + slot, at: span)
    }
    var spans = [Span?](repeating: nil, count: count)
    for (argument, slot) in zip(arguments, slots) {
      try expression(argument.value, to: first + slot)
      spans[slot] = argument.value.span
    }
    state.callSites[state.code.count] = CallSite(callee: calleeSpan, positional: spans, named: [])
    if let pairs {
      state.emit(.iteratePairs, base, count, pairs, at: span)
    } else {
      state.emit(.callNative, base, count, 0, at: span)
    }
    state.emitWord(state.constant(Value(function)))
  }
}

/// Matches the arguments of a call with a native's parameters.
enum ArgumentMatching {
  /// The register, counted from the first argument's, of each argument: positional ones first, then the named ones.
  /// What `Rest` takes lies behind all other parameters.
  /// - Parameter receivers: how many of the positional ones a method's receiver is.
  static func slots(positional: Int, names: [String], _ native: Native, receivers: Int = 0)
    throws(Fault) -> [Int]
  {
    let parameters = native.signature.parameters
    let rest = native.restIndex
    var slots: [Int] = []
    slots.reserveCapacity(positional + names.count)
    for index in 0..<positional {
      if index >= rest {
        slots.append(native.parameterCount - 1 + index - rest)
      } else if index < native.positionalCount {
        slots.append(index)
      } else {
        throw Fault(
          .type, native.signature.excess(positional, receivers: receivers),
          hint: native.signature.misuse.excess
            ?? parameters.first(where: \.namedOnly).map { "name it: `\($0.name): …`" }
        ).atArgument(index)
      }
    }
    var given = Set(slots)
    for (index, name) in names.enumerated() {
      guard let parameter = parameters.firstIndex(where: { $0.name == name }), parameter != rest
      else {
        throw Fault(
          .name, "`\(native.signature.name)` has no argument `\(name)`",
          hint: native.signature.hint(
            forArgument: name, in: parameters.filter { !$0.variadic }.map(\.name))
        ).atArgument(positional + index)
      }
      let slot = parameter > rest ? parameter - 1 : parameter
      guard given.insert(slot).inserted else {
        throw Fault(.name, "`\(name)` is given twice").atArgument(positional + index)
      }
      slots.append(slot)
    }
    for (index, parameter) in parameters.enumerated() where parameter.isRequired {
      if !given.contains(index > rest ? index - 1 : index) {
        throw Fault(.type, "`\(native.signature.name)` needs an argument for `\(parameter.name)`")
      }
    }
    return slots
  }
}
