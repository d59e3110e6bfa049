import Syntax

extension Interpreter {
  /// What a check of a source asks of it, besides the names that the source may use.
  /// - Parameter sweepType: the native type of what the host's sweeps give.
  public func judge(sweepType: String? = nil) -> any ValueJudge {
    InterpreterJudge(interpreter: self, sweepType: sweepType)
  }

  /// Runs a check, in which constants become this interpreter's values.
  public func whileChecking<Result>(_ body: () throws -> Result) rethrows -> Result {
    try vm.entering(body)
  }

  /// A native type by the name that scripts see.
  func type(named name: String) -> AnyNativeType? {
    if nativeTypes.isEmpty {
      for type in listTypes() { nativeTypes[type.name] = type }
    }
    return nativeTypes[name]
  }
}

/// Asks the interpreter's own code what it would say of values in a script's text.
private final class InterpreterJudge: ValueJudge, @unchecked Sendable {
  // Used on the thread of the check alone.
  private let interpreter: Interpreter
  let sweepType: String?
  private var descriptions: [String: TypeDescription] = [:]

  init(interpreter: Interpreter, sweepType: String?) {
    self.interpreter = interpreter
    self.sweepType = sweepType
  }

  // MARK: Types

  func description(ofType name: String) -> TypeDescription? {
    if let known = descriptions[name] { return known }
    guard let made = describe(name) else { return nil }
    descriptions[name] = made
    return made
  }

  private func describe(_ name: String) -> TypeDescription? {
    switch name {
    case "nil", "bool", "int", "float": return TypeDescription()
    case "string": return TypeDescription(methods: methods(of: .string))
    case "list": return TypeDescription(methods: methods(of: .list))
    case "map": return TypeDescription(methods: methods(of: .map))
    case "range": return TypeDescription(methods: methods(of: .range))
    case "function": return TypeDescription(methods: methods(of: .closure))
    case "error":
      return TypeDescription(
        fields: [
          "kind": .string, "message": .string, "data": .any, "hint": .any, "trace": .list(.string),
        ], methods: methods(of: .error))
    default: break
    }
    guard let type = interpreter.type(named: name) else { return nil }
    return TypeDescription(
      fields: Dictionary(type.fields.map { ($0.name, $0.type()) }) { $1 },
      methods: Dictionary(type.methods.map { ($0.name, $0.signature) }) { $1 },
      hasParts: type.hasMembersOfItsOwn, mayBeScalar: type.mayBeScalar, call: type.call?.signature,
      insight: type.insight)
  }

  private func methods(of kind: ObjectKind) -> [String: Signature] {
    (interpreter.methods[kind] ?? [:]).mapValues(\.native.signature)
  }

  // MARK: Values

  /// What `body` says of a constant's value; nil where it says nothing.
  private func problem(_ constants: [Constant], _ body: (VM, [Value]) throws -> Void)
    -> Diagnostic?
  {
    guard let vm = interpreter.vm else { return nil }
    let snapshots = constants.compactMap(Snapshot.init)
    guard snapshots.count == constants.count else { return nil }
    do {
      try vm.calling { try body(vm, snapshots.map(vm.value)) }
      return nil
    } catch {
      let fault = Fault(error)
      return fault.kind == .limit || fault.kind == .interrupt ? nil : fault.diagnostic
    }
  }

  func negated(_ value: Constant) -> Constant? {
    switch value {
    case .int(let int): int == .min ? nil : .int(-int)
    case .float(let float): .float(-float)
    default: nil
    }
  }

  func problem(negating value: Known) -> Diagnostic? {
    if let constant = value.constant {
      return problem([constant]) { vm, values in _ = try vm.negate(values[0]) }
    }
    switch value.type {
    case .any, .object, .int, .float: return nil
    default: return Fault(.type, "`-` does not take \(value.type.withArticle)").diagnostic
    }
  }

  func result(_ op: BinaryOperator, _ left: Constant, _ right: Constant) -> Constant? {
    guard let a = InterpreterJudge.number(left), let b = InterpreterJudge.number(right) else {
      if op == .add, let a = left.string, let b = right.string { return .string(a + b) }
      return nil
    }
    switch Arithmetic.fold(op, a, b) {
    case .int(let int)?: return .int(int)
    case .float(let float)?: return .float(float)
    default: return nil
    }
  }

  private static func number(_ constant: Constant) -> Value? {
    switch constant {
    case .int(let int): .int(int)
    case .float(let float): .float(float)
    default: nil
    }
  }

  func problem(_ op: BinaryOperator, _ left: Known, _ right: Known) -> Diagnostic? {
    if let a = left.constant.flatMap(InterpreterJudge.number),
      let b = right.constant.flatMap(InterpreterJudge.number)
    {
      do {
        if try Arithmetic.numeric(op, a, b) != nil { return nil }
      } catch {
        return error.diagnostic
      }
    }
    guard !InterpreterJudge.mayFit(op, left.type, right.type) else { return nil }
    func described(_ known: Known) -> String {
      guard let constant = known.constant, let snapshot = Snapshot(constant),
        let vm = interpreter.vm
      else { return known.type.withArticle }
      return (try? vm.calling { Representation.described(vm.value(of: snapshot)) })
        ?? known.type.withArticle
    }
    return Arithmetic.mismatch(
      op, described(left), described(right),
      hasString: left.type == .string || right.type == .string
    ).diagnostic
  }

  /// Whether an operator may take values of two types; true where it is not known.
  private static func mayFit(_ op: BinaryOperator, _ left: StaticType, _ right: StaticType) -> Bool
  {
    switch (left, right) {
    case (.any, _), (_, .any), (.object, _), (_, .object): return true
    case (let a, let b) where a.isNumber && b.isNumber: return op != .matmul
    case (.string, .string), (.list, .list): return op == .add
    case (.string, .int), (.list, .int), (.int, .string), (.int, .list): return op == .multiply
    default: return false
    }
  }

  func problem(formatting value: Known, _ specification: String) -> Diagnostic? {
    if let constant = value.constant {
      return problem([constant]) { vm, values in
        _ = try Formatting.format(values[0], specification, vm)
      }
    }
    let samples: [Constant]
    switch value.type {
    case .int: samples = [.int(65)]
    case .float: samples = [.float(1.5)]
    case .object(let name, _):
      guard let type = interpreter.type(named: name) else { return nil }
      samples = type.mayBeScalar || type.formatsItself ? [] : [.string("")]
    // Whatever it is, one of these has to fit.
    case .any: samples = [.string(""), .int(65), .float(1.5)]
    default: samples = [.string("")]
    }
    var last: Diagnostic?
    for sample in samples.isEmpty ? [.string(""), .int(65), .float(1.5)] : samples {
      let found = problem([sample]) { vm, values in
        _ = try Formatting.format(values[0], specification, vm)
      }
      guard let found else { return nil }
      last = found
    }
    return last
  }

  func problem(ofParam name: String, _ value: Constant, domain: Constant) -> Diagnostic? {
    // A long range has to be judged too, so that it is not made of snapshots.
    guard let vm = interpreter.vm else { return nil }
    do {
      return try vm.calling {
        guard let domain = InterpreterJudge.domain(domain, vm), let value = Snapshot(value) else {
          return nil
        }
        let request = ParameterRequest(
          name: name, defaultValue: .nothing, domain: domain, doc: nil,
          source: Source(name: "", text: ""), span: Span(0, 0))
        do {
          try vm.checkDomain(of: request, vm.value(of: value))
          return nil
        } catch {
          return Fault(error).diagnostic
        }
      }
    } catch {
      return nil
    }
  }

  private static func domain(_ constant: Constant, _ vm: VM) -> Value? {
    if case .range(let lower, let upper, let closed, let step) = constant {
      return RangeObject(from: lower, to: upper, closed: closed, step: step).map { vm.adopt($0) }
    }
    return Snapshot(constant).map(vm.value)
  }
}
