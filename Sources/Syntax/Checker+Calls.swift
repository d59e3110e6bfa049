// Calls of natives, of members of modules and of functions of the script: names and counts of arguments.

extension Checker {
  /// Checks a call whose chain operand has been visited; gives what is known of its result.
  func call(
    _ whole: Expr, _ callee: Expr, _ arguments: [Argument], _ piped: Bool, _ operand: Known
  ) -> Known {
    var called = operand
    if piped {
      called = expression(callee, isCalled: true)
      warnOfSwallowedPipe(arguments[0].value)
    }
    var values = piped ? [operand] : []
    let calling = functions(handedTo: callee, called)
    for argument in arguments.dropFirst(piped ? 1 : 0) {
      if case .lambda = argument.value.kind { (handed, runsAtOnce) = calling }
      values.append(expression(argument.value))
      (handed, runsAtOnce) = (nil, false)
    }
    let call = Call(
      arguments: arguments, values: values, span: whole.span, calleeSpan: callee.span)
    switch callee.kind {
    case .name(let name):
      switch find(name) {
      case .binding(let binding):
        if case .module(_, let signature?)? = binding.entity {
          return result(of: call, signature)
        } else if binding.function != nil {
          calls.append(
            PendingCall(
              binding: binding, arguments: arguments, span: whole.span, calleeSpan: callee.span))
          return Known(binding.result ?? .any)
        }
        return self.call(value: called, call)
      case .global(let entity): return self.call(entity, name, call)
      default: return .anything
      }
    case .member(let base, let name, _):
      if let entity = module(base), let found = member(name, of: entity) {
        return self.call(found, name, call)
      }
      changesContainer(base, name, whole.span)
      return self.call(value: called, call, field: name)
    case .lambda(let function):
      check(
        arguments, against: Signature(of: function, named: "this function", in: source), whole.span,
        callee.span)
      return .anything
    default:
      if let type = Self.literalType(callee), type != "a function" {
        failure(.type, "\(type) cannot be called", callee.span)
        return .anything
      }
    }
    return self.call(value: called, call)
  }

  private func call(_ entity: Entity, _ name: String, _ call: Call) -> Known {
    switch entity {
    case .function(let signature), .module(_, let signature?):
      return result(of: call, signature)
    case .module(let members, nil):
      let hint = members.keys.sorted().first {
        if case .function? = members[$0] { true } else { false }
      }
      error(
        .type, "the module `\(name)` cannot be called", call.calleeSpan,
        hint: hint.map { "call one of its functions, such as `\(name).\($0)(…)`" })
      return .anything
    case .value: return .anything
    }
  }

  /// What a native calls functions with that it is given, where that is known, and whether it does so at once.
  private func functions(handedTo callee: Expr, _ called: Known) -> (StaticType?, Bool) {
    if let (signature, receiver) = called.method {
      return (
        signature.insight?.handed(receiver),
        Self.callingNatives.contains(
          signature.name.split(separator: ".").last.map(String.init) ?? "")
      )
    }
    guard case .name(let name) = callee.kind, case .global(.function) = find(name) else {
      return (nil, false)
    }
    return (nil, Self.callingNatives.contains(name))
  }

  /// Global functions and methods that call what they are given for each element, and do not keep it.
  private static let callingNatives: Set<String> = [
    "map", "filter", "sorted", "sort", "min", "max", "with",
  ]

  private func warnOfSwallowedPipe(_ value: Expr) {
    guard case .lambda(let function) = value.kind, function.span == value.span else { return }
    warn(
      .syntax, "the function ends before `|>`", value.span, label: "this whole function is piped",
      hint: "to pipe inside it write `x => (… |> …)`")
  }

  /// `xs.append(…)` inside a sweep on a list or map that was visibly made outside.
  private func changesContainer(_ base: Expr, _ method: String, _ span: Span) {
    guard sweepDepth > 0, Self.changingMethods.contains(method),
      case .name(let name) = base.kind, case .binding(let binding) = find(name),
      binding.isContainer, !binding.isReassigned, binding.sweepDepth < sweepDepth
    else { return }
    outsideSweep(name, span, binding)
  }

  private static let changingMethods: Set<String> = [
    "append", "pop", "insert", "remove", "sort", "reverse", "extend", "update", "clear",
  ]

  // MARK: Members

  /// The module that an expression names; nil where it is none that is known.
  func module(_ base: Expr) -> Entity? {
    let entity: Entity?
    switch base.kind {
    case .name(let name):
      switch find(name) {
      case .binding(let binding): entity = binding.isReassigned ? nil : binding.entity
      case .global(let found): entity = found
      default: entity = nil
      }
    case .member(let outer, let name, _):
      entity = module(outer).flatMap { member(name, of: $0) }
    default: entity = nil
    }
    guard let entity, case .module = entity else { return nil }
    return entity
  }

  /// A name that a module does not have.
  func missingMember(_ base: Expr, _ name: String, _ nameSpan: Span, of members: [String: Entity]) {
    let moduleName = source.text(base.span)
    let elsewhere = environment.globals.filter { member(name, of: $0.value) != nil }.keys.sorted()
    let hint =
      Suggest.foreignMembers(of: moduleName)[name]
      ?? Suggest.nearest(to: name, in: members.keys).map { "did you mean `\(moduleName).\($0)`?" }
      ?? elsewhere.first.map { "did you mean `\($0).\(name)`?" }
      ?? environment.hint(bySearching: name, first: moduleName)
    error(.name, "`\(moduleName)` has no `\(name)`", nameSpan, hint: hint)
  }

  // MARK: Arguments

  /// Checks the arguments of a call as the call itself will, as far as names and counts go; whether all is well.
  @discardableResult
  func check(
    _ arguments: [Argument], against signature: Signature, _ span: Span, _ calleeSpan: Span
  ) -> Bool {
    let found = diagnostics.count
    let positional = signature.parameters.filter { !$0.namedOnly && !$0.variadic }
    let isVariadic = signature.parameters.contains { $0.variadic }
    var given: [String: Span] = [:]
    var count = 0
    // What is said of a call that is made from habit says all.
    var isMisuse = false
    for argument in arguments {
      if let name = argument.name {
        guard signature.parameters.contains(where: { $0.name == name && !$0.variadic }) else {
          unknownArgument(name, argument.nameSpan, signature)
          isMisuse = isMisuse || signature.misuse.argument(name) != nil
          continue
        }
        if let first = given[name] {
          error(
            .type, "the argument `\(name)` is given twice", argument.nameSpan,
            other: (first, "first given here"), hint: "`\(signature.usage)`")
        }
        given[name] = argument.nameSpan
        continue
      }
      if count < positional.count {
        given[positional[count].name] = argument.value.span
      } else if count == positional.count, !isVariadic {
        tooMany(arguments, argument.value.span, signature)
        isMisuse = isMisuse || signature.misuse.excess != nil
      }
      count += 1
    }
    let missing = signature.parameters.filter { $0.isRequired && given[$0.name] == nil }
    guard !missing.isEmpty, !isMisuse else { return diagnostics.count == found }
    let names = missing.map { "`\($0.name)`" }.joined(separator: " and ")
    error(
      .type, "`\(signature.name)` needs the argument\(missing.count > 1 ? "s" : "") \(names)",
      calleeSpan, hint: "`\(signature.usage)`")
    return false
  }

  private func tooMany(
    _ arguments: [Argument], _ span: Span, _ signature: Signature
  ) {
    error(
      .type, signature.excess(arguments.count { $0.name == nil }), span, label: "one too many",
      hint: signature.excessHint)
  }

  private func unknownArgument(_ name: String, _ span: Span, _ signature: Signature) {
    let names = signature.parameters.filter { !$0.variadic }.map(\.name)
    error(
      .type, "`\(signature.name)` has no argument `\(name)`", span,
      hint: signature.hint(forArgument: name, in: names))
  }
}
