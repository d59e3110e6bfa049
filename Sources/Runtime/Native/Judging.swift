import Syntax

extension Interpreter {
  /// What a check of a source asks of it, besides the names that the source may use.
  /// - Parameters:
  ///   - sweepType: the native type of what the host's sweeps give.
  ///   - recordedTypes: the native types that its trials can record.
  public func judge(
    sweepType: String? = nil, recordedTypes: Set<String> = []
  ) -> any ValueJudge {
    InterpreterJudge(interpreter: self, sweepType: sweepType, recordedTypes: recordedTypes)
  }

  /// Runs a check, in which constants become this interpreter's values.
  public func whileChecking<Result>(_ body: () throws -> Result) rethrows -> Result {
    try vm.entering(body)
  }

  /// A native type by the name that scripts see.
  func type(named name: String) -> AnyNativeType? { nativeTypes[name]?() }
}

extension Interpreter {
  /// What `body` says of operands: constants as they are, a sample for one of which only the type is known. Of samples
  /// only errors of the kind `type` count, because others depend on the value. Nil where nothing is certain.
  /// - Parameter isExact: whether all errors of samples count.
  func problem(
    with operands: [Known], isExact: Bool = false, _ body: (VM, [Value]) throws -> Void
  ) -> Diagnostic? {
    guard let vm else { return nil }
    var first: Diagnostic?
    // What is wrong with all samples of a type is wrong with its values.
    for turn in 0..<operands.reduce(1, { max($0, sampleCount(of: $1)) }) {
      guard let found = problem(with: operands, turn, isExact: isExact, vm, body) else {
        return nil
      }
      first = first ?? found
    }
    return first
  }

  /// The same with one sample of each.
  private func problem(
    with operands: [Known], _ turn: Int, isExact: Bool, _ vm: VM,
    _ body: (VM, [Value]) throws -> Void
  ) -> Diagnostic? {
    var samples: [(shown: String, type: String)] = []
    do {
      try vm.calling {
        var values: [Value] = []
        for operand in operands {
          if let constant = operand.constant, let snapshot = Snapshot(constant) {
            values.append(vm.value(of: snapshot))
          } else if let sample = try sample(of: operand.type, turn, vm) {
            samples.append((Representation.described(sample), operand.type.withArticle))
            values.append(sample)
          } else {
            return
          }
        }
        try body(vm, values)
      }
      return nil
    } catch {
      var diagnostic = Fault(error).diagnostic
      switch diagnostic.kind {
      // Limits are those of the run; a check has others.
      case .limit, .interrupt: return nil
      case .type: break
      default: if !samples.isEmpty, !isExact { return nil }
      }
      for (shown, type) in samples {
        diagnostic.message = diagnostic.message.replacing(shown, with: type)
      }
      return diagnostic
    }
  }

  /// How many samples there are of an operand whose value is not known.
  private func sampleCount(of operand: Known) -> Int {
    guard operand.constant == nil, case .object(let name, _) = operand.type else { return 1 }
    return type(named: name)?.sampleCount ?? 1
  }

  /// A value of a type; nil where it is not known, or a native one without samples.
  private func sample(of type: StaticType, _ turn: Int, _ vm: VM) throws -> Value? {
    switch type {
    case .any: nil
    case .object(let name, _): try self.type(named: name)?.sample(turn).map { vm.adopt($0) }
    case .nil: .nothing
    case .bool: .bool(true)
    case .int: .int(65)
    case .float: .float(1.5)
    case .string: vm.makeString("…")
    case .range: vm.value(of: .range(start: 0, end: 1, closed: false, step: 1))
    case .function: native("print")
    case .error: vm.adopt(ErrorObject(Fault(.value, "…")))
    case .list: vm.makeList([])
    case .map: vm.makeMap([])
    }
  }
}

/// Asks the interpreter's own code what it would say of values in a script's text.
private final class InterpreterJudge: ValueJudge, @unchecked Sendable {
  // Used on the thread of the check alone.
  private let interpreter: Interpreter
  let sweepType: String?
  private let recordedTypes: Set<String>
  private var descriptions: [String: TypeDescription] = [:]

  init(interpreter: Interpreter, sweepType: String?, recordedTypes: Set<String>) {
    self.interpreter = interpreter
    self.sweepType = sweepType
    self.recordedTypes = recordedTypes
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
      hasParts: type.hasMembersOfItsOwn, mayBeScalar: type.mayBeScalar,
      isSequence: type.isSequence, call: type.call?.signature,
      insight: type.insight, foreignNames: type.foreignNames)
  }

  private func methods(of kind: ObjectKind) -> [String: Signature] {
    (interpreter.methods[kind] ?? [:]).mapValues(\.native.signature)
  }

  // MARK: Values

  func problem(_ operation: JudgedOperation, _ operands: [Known]) -> Diagnostic? {
    guard !InterpreterJudge.isSurelyRight(operation, operands) else { return nil }
    return interpreter.problem(with: operands) { vm, values in
      switch operation {
      case .negate: _ = try vm.negate(values[0])
      case .invert: _ = try vm.invert(values[0])
      case .binary(let op): _ = try vm.binary(op, values[0], values[1])
      case .less(let orEqual): _ = try vm.less(values[0], values[1], orEqual: orEqual)
      case .contains: _ = try vm.contains(values[0], values[1])
      case .index: _ = try vm.getIndex(values[0], values[1])
      case .unpack(let count): try vm.requireCount(of: values[0], count)
      case .range:
        var bounds = values
        _ = try bounds.withUnsafeMutableBufferPointer { buffer in
          guard let start = buffer.baseAddress else { return }
          _ = try vm.makeRange(start, 2)
        }
      // A context is not entered for a sample; what is none is refused before.
      case .enter: _ = try vm.enterContext(values[0])
      case .throwing:
        let fault = vm.thrown(values[0])
        if fault.kind == .type, values[0].string == nil { throw fault }
      }
    }
  }

  /// What need not be tried: it is usual, or would make something large.
  private static func isSurelyRight(_ operation: JudgedOperation, _ operands: [Known]) -> Bool {
    let types = operands.map(\.type)
    switch operation {
    case .negate: return types[0].isNumber
    case .throwing: return types[0] == .error || types[0] == .string
    case .range: return operands.allSatisfy { $0.type == .int && $0.constant != .int(0) }
    case .less: return types.allSatisfy(\.isNumber) || types == [.string, .string]
    case .binary(.multiply):
      // Repeating makes as much as it says.
      if types.contains(.int), types.contains(where: { !$0.isNumber }) {
        return types.contains { type in
          if case .list = type { true } else { type == .string }
        }
      }
    default: break
    }
    guard case .binary(let op) = operation, op != .matmul, !op.isLogical else { return false }
    return types == [.string, .string] && op == .add
      || types.allSatisfy(\.isNumber) && operands.contains { $0.constant == nil }
  }

  func negated(_ value: Constant) -> Constant? {
    switch value {
    case .int(let int): int == .min ? nil : .int(-int)
    case .float(let float): .float(-float)
    default: nil
    }
  }

  func result(_ op: BinaryOperator, _ left: Constant, _ right: Constant) -> Constant? {
    if case .bool(let a) = left, case .bool(let b) = right,
      case .bool(let result)? = Arithmetic.logical(op, .bool(a), .bool(b))
    {
      return .bool(result)
    }
    guard let a = InterpreterJudge.number(left), let b = InterpreterJudge.number(right) else {
      guard op == .add, let a = left.string, let b = right.string,
        a.utf8.count + b.utf8.count < 10_000
      else { return nil }
      return .string(a + b)
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

  func constant(named name: String) -> Constant? {
    switch interpreter.number(named: name) {
    case .float(let float)?: .float(float)
    case .int(let int)?: .int(int)
    default: nil
    }
  }

  func unrecorded(_ type: StaticType) -> StaticType? {
    switch type {
    case .function, .error: return type
    case .object(let name, _):
      let isLost =
        !recordedTypes.contains(name) && interpreter.type(named: name)?.mayBeScalar == false
      return isLost ? type : nil
    case .list(let element, _): return unrecorded(element)
    case .map(let keys): return keys?.values.lazy.compactMap(unrecorded).first
    default: return nil
    }
  }

  func problem(formatting value: Known, _ specification: String) -> Diagnostic? {
    let candidates: [Known]
    switch value.type {
    case .object(let name, _):
      guard let type = interpreter.type(named: name) else { return nil }
      candidates =
        type.mayBeScalar || type.formatsItself ? InterpreterJudge.formatted : [Known(.string)]
    // Whatever it is, it shows as one of these.
    case .any: candidates = InterpreterJudge.formatted
    case .bool, .int, .float, .string: candidates = [value]
    default: candidates = [Known(.string)]
    }
    var last: Diagnostic?
    for candidate in candidates {
      let found = interpreter.problem(with: [candidate], isExact: true) { vm, values in
        _ = try Formatting.format(values[0], specification, vm)
      }
      guard let found else { return nil }
      last = found
    }
    return last
  }

  private static let formatted = [Known(.string), Known(.int), Known(.float)]

  func problem(ofParam name: String, _ value: Constant, domain: Constant) -> Diagnostic? {
    // A long range has to be judged too, so that it is not made of snapshots.
    guard let vm = interpreter.vm else { return nil }
    do {
      return try vm.calling { () -> Diagnostic? in
        guard let domain = InterpreterJudge.domain(domain, vm), let value = Snapshot(value) else {
          return nil
        }
        let request = ParameterRequest(
          name: name, defaultValue: .nothing, domain: domain, doc: nil,
          source: Source(name: "", text: ""), span: Span(0, 0))
        do {
          try vm.checkDomain(of: request, request.fitted(vm.value(of: value)))
          return nil
        } catch {
          return Fault(error).diagnostic
        }
      }
    } catch {
      return nil
    }
  }

  private static func domain(_ constant: Constant, _ vm: VM) -> ParameterRequest.Domain? {
    if case .interval(let lower, let upper, let closed) = constant {
      return lower <= upper ? .interval(lower, upper, isClosed: closed) : nil
    }
    if case .range(let lower, let upper, let closed, let step) = constant {
      return RangeObject(from: lower, to: upper, closed: closed, step: step)
        .map { .values(vm.adopt($0)) }
    }
    return Snapshot(constant).map { .values(vm.value(of: $0)) }
  }
}
