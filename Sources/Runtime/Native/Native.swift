import Synchronization
import Syntax

/// A native function, declared once: its name, parameters, documentation and Swift body. The call's checks, help,
/// completion and the reference pages all come from this value.
///
/// ```swift
/// Native("clip", "Scale `vector` so that its L2 norm is at most `bound`.",
///   Param<Tensor>("vector", "The vector to clip.", shape: ["n"]),
///   Param<Double>("bound", "Largest L2 norm allowed.", default: 1, .positive),
///   returns: "[n]", seeAlso: ["gaussian"], search: ["norm", "sensitivity"],
///   examples: [("dp.clip(tensor([3.0, 4.0]), bound: 1.0)", "tensor([0.6, 0.8])")]
/// ) { vector, bound in Clipping.l2(vector, bound: bound) }
/// ```
public final class Native: @unchecked Sendable {
  // All is immutable but what `resolve` computes once and what `qualify` sets, both under a lock: sessions on several
  // threads may declare the same native at once. `knowing`, `hinting` and `running` belong to the declaration.

  /// The name without its module.
  public let name: String
  private let qualifiedName: Mutex<String>
  @usableFromInline private(set) var body: @Sendable (inout NativeCall) throws -> Value

  /// Asked for late: a type's methods name the type itself as their first parameter while it is still being described.
  private let describeParameters: @Sendable () -> [Signature.Parameter]
  /// The type of the body's Swift result.
  private let resultType: @Sendable () -> StaticType
  private var insight: CallInsight?
  private var misuse = Signature.Misuse()
  private let isResolved = Atomic<Bool>(false)
  private let lock = Mutex(())
  private var storedSignature: Signature
  private var storedPositionalCount = 0
  private var storedParameterCount = 0
  private var storedRestIndex = Int.max

  /// Of decoded parameters; the public initialisers write `parameters` and the decoding in `body`.
  @usableFromInline
  init(
    _ name: String, _ summary: String,
    parameters: @autoclosure @escaping @Sendable () -> [Signature.Parameter],
    result: @autoclosure @escaping @Sendable () -> StaticType = .any, returns: String,
    seeAlso: [String], search: [String], examples: [(String, String)],
    body: @escaping @Sendable (inout NativeCall) throws -> Value
  ) {
    self.name = name
    qualifiedName = Mutex(name)
    describeParameters = parameters
    resultType = result
    storedSignature = Signature(
      name: name, summary: summary, parameters: [], returns: returns,
      examples: examples.map { Signature.Example($0.0, $0.1) }, seeAlso: seeAlso, search: search)
    self.body = body
  }

  /// A native whose parameters are known only at run time: the body takes the arguments as they come.
  public convenience init(
    _ name: String, _ summary: String, dynamic parameters: [Signature.Parameter],
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    body: @escaping @Sendable (inout NativeCall) throws -> Value
  ) {
    self.init(
      name, summary, parameters: parameters, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples, body: body)
  }

  @inline(__always)
  private func resolve() { if !isResolved.load(ordering: .acquiring) { resolveNow() } }

  @inline(never)
  private func resolveNow() {
    // Described outside the lock, because that may describe other natives.
    let parameters = describeParameters()
    let result = resultType().declared(storedSignature.returns)
    lock.withLock { _ in
      guard !isResolved.load(ordering: .relaxed) else { return }
      storedSignature.parameters = parameters
      storedSignature.result = result
      storedPositionalCount = parameters.prefix { !$0.namedOnly }.count
      storedParameterCount = parameters.count
      storedRestIndex = parameters.firstIndex(where: \.variadic) ?? .max
      isResolved.store(true, ordering: .releasing)
    }
  }

  public var signature: Signature {
    resolve()
    var signature = storedSignature
    signature.name = qualifiedName.withLock { $0 }
    signature.insight = insight
    signature.misuse = misuse
    return signature
  }

  /// The type of all results.
  var declaredResult: StaticType {
    resolve()
    return storedSignature.result
  }

  /// Lets a check call it with the values that stand in the text: for natives that are quick, change nothing and depend
  /// on nothing else.
  /// - Parameter condition: the calls for which that is so.
  public func evaluated(
    when condition: @escaping @Sendable (CallArguments) -> Bool = { _ in true }
  ) -> Native {
    let before = insight
    return knowing(
      CallInsight(
        result: { arguments in before?.result(arguments) },
        problems: { [unowned self] arguments in
          if let found = before?.problems(arguments), !found.isEmpty { return found }
          guard condition(arguments), let found = self.problem(calling: arguments) else {
            return []
          }
          return [found]
        }, partNames: before?.partNames))
  }

  private func problem(calling arguments: CallArguments) -> (parameter: String, error: Diagnostic)?
  {
    guard let vm = VM.current else { return nil }
    let parameters = signature.parameters
    if let rest = parameters.first(where: \.variadic) {
      return problem(calling: arguments.rest, rest.name, missing: parameters.count - 1)
    }
    let given = parameters.prefix { arguments[$0.name] != nil }
    // What stands behind a default that is not given cannot be passed on in a row.
    guard
      parameters.dropFirst(given.count).allSatisfy({ arguments[$0.name] == nil && !$0.isRequired }),
      !given.contains(where: { isLarge(arguments[$0.name]?.constant) })
    else { return nil }
    var wrong = 0
    let problem = vm.interpreter.problem(with: given.compactMap { arguments[$0.name] }) {
      vm, values in
      do {
        try withUnsafeTemporaryAllocation(of: Value.self, capacity: max(1, values.count)) {
          buffer in
          _ = buffer.initialize(from: values)
          guard let address = buffer.baseAddress else { return }
          _ = try vm.invoke(self, address, values.count)
        }
      } catch {
        wrong = (error as? Fault)?.callArgument ?? 0
        throw error
      }
    }
    guard let problem else { return nil }
    return (given.indices.contains(wrong) ? given[wrong].name : "", problem)
  }

  /// The same with further positional arguments alone: they lie behind the registers of all other parameters.
  private func problem(
    calling rest: [Known], _ name: String, missing: Int
  ) -> (parameter: String, error: Diagnostic)? {
    guard let vm = VM.current, !rest.contains(where: { isLarge($0.constant) }) else { return nil }
    return vm.interpreter.problem(with: rest) { vm, values in
      var registers = [Value](repeating: .missing, count: missing) + values
      try registers.withUnsafeMutableBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return }
        _ = try vm.invoke(self, start, buffer.count)
      }
    }.map { (name, $0) }
  }

  /// A number that may mean a size.
  private func isLarge(_ constant: Constant?) -> Bool {
    if case .int(let int)? = constant { int.magnitude > 10_000 } else { false }
  }

  /// Says what a check can know of a call from its arguments together.
  public func knowing(_ insight: CallInsight) -> Native {
    self.insight = insight
    return self
  }

  /// Says what to write instead of calls that do not fit, which people make from habit.
  /// - Parameters:
  ///   - argument: the hint for an argument of a name that no parameter has; nil shows the usage.
  ///   - excess: the hint for more arguments than there are parameters.
  public func hinting(
    argument: @escaping @Sendable (_ name: String) -> String? = { _ in nil }, excess: String? = nil
  ) -> Native {
    misuse = Signature.Misuse(argument: argument, excess: excess)
    return self
  }

  /// Has every call run within `scope`.
  public func running(in scope: @escaping @Sendable (() throws -> Value) throws -> Value) -> Native
  {
    let inner = body
    body = { call in try scope { try inner(&call) } }
    return self
  }

  var positionalCount: Int {
    resolve()
    return storedPositionalCount
  }

  var parameterCount: Int {
    resolve()
    return storedParameterCount
  }

  /// The parameter that takes all further positional arguments; `Int.max` where there is none.
  var restIndex: Int {
    resolve()
    return storedRestIndex
  }

  /// The name with that of the module or type.
  public var fullName: String { qualifiedName.withLock { $0 } }

  /// Puts the module's or the type's name before the own one.
  func qualify(with prefix: String) {
    qualifiedName.withLock { name in
      if !name.hasPrefix(prefix + ".") { name = "\(prefix).\(self.name)" }
    }
  }
}

/// One call of a native: the running interpreter and the arguments, one a parameter.
public struct NativeCall {
  public let vm: VM
  @usableFromInline let arguments: UnsafeMutablePointer<Value>
  /// How many argument registers there are; a parameter beyond them has its default.
  @usableFromInline let count: Int
  unowned(unsafe) let native: Native
  private let restIndex: Int
  /// The sizes that shape names stand for, so far.
  var sizes: [(name: String, size: Int, parameter: String)] = []

  init(_ vm: VM, _ arguments: UnsafeMutablePointer<Value>, _ count: Int, _ native: Native) {
    self.vm = vm
    self.arguments = arguments
    self.count = count
    self.native = native
    restIndex = native.restIndex
  }

  /// The arguments as they stand, one a parameter, those of a `Rest` behind; some may be missing.
  public var values: UnsafeBufferPointer<Value> {
    UnsafeBufferPointer(start: arguments, count: count)
  }

  /// What the native gives for other arguments.
  public func result(with values: [Value]) throws -> Value {
    var values = values
    return try values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return .nothing }
      var call = NativeCall(vm, start, buffer.count, native)
      return try native.body(&call)
    }
  }

  /// The argument of a parameter as it is; nil where it was not given.
  public func argument(_ index: Int) -> Value? {
    // What `Rest` takes lies behind all other parameters' registers.
    let slot = index > restIndex ? index - 1 : index
    return slot < count && !arguments[slot].isMissing ? arguments[slot] : nil
  }

  @inlinable
  mutating func take<T: Bindable>(_ parameter: Param<T>, _ index: Int) throws -> T {
    guard let value = argument(index), !T.takesRest else {
      // Here and not in `absent`, which is not compiled for each type.
      if !T.takesRest, let value = parameter.defaultValue { return value }
      return try absent(parameter, index)
    }
    let decoded: T
    do {
      guard let result = try T.decode(value, vm) else { throw mismatch(T.typeName, value, index) }
      decoded = result
    } catch let fault as Fault {
      throw fault.atArgument(index)
    }
    if parameter.isChecked { try parameter.check(decoded, value, index, &self) }
    return decoded
  }

  @usableFromInline
  func absent<T: Bindable>(_ parameter: Param<T>, _ index: Int) throws -> T {
    if T.takesRest {
      let start = min(count, native.parameterCount - 1)
      let values = UnsafeBufferPointer(start: arguments + start, count: count - start)
      do {
        if let result = try T.decodeRest(values, vm) { return result }
      } catch let fault as Fault {
        throw fault.atArgument(index)
      }
    }
    if let value = parameter.defaultValue { return value }
    throw Fault(.type, "`\(native.signature.name)` needs an argument for `\(parameter.name)`")
  }

  @usableFromInline
  func mismatch(_ expected: String, _ value: Value, _ index: Int) -> Fault {
    let name = native.signature.parameters[index].name
    return Fault.mismatch(name, expected, Representation.described(value)).atArgument(index)
  }
}
