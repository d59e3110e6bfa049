import Syntax

/// Remembers where method calls led: per interpreter, because trials run in parallel over the same code.
final class MethodCache {
  private struct Entry {
    var type: UnsafeRawPointer?
    var name: UnsafeRawPointer?
    var function: Unmanaged<NativeFunction>?
  }
  private let entries: UnsafeMutablePointer<Entry>
  private static let size = 512

  init() {
    entries = .allocate(capacity: MethodCache.size)
    entries.initialize(repeating: Entry(), count: MethodCache.size)
  }

  deinit { entries.deallocate() }

  @inline(__always)
  private func slot(_ type: UnsafeRawPointer, _ name: UnsafeRawPointer) -> Int {
    Int(truncatingIfNeeded: (UInt(bitPattern: name) >> 4) ^ (UInt(bitPattern: type) >> 3))
      & (MethodCache.size - 1)
  }

  @inline(__always)
  func find(_ type: UnsafeRawPointer, _ name: UnsafeRawPointer) -> Unmanaged<NativeFunction>? {
    let entry = entries[slot(type, name)]
    return entry.type == type && entry.name == name ? entry.function : nil
  }

  func store(_ type: UnsafeRawPointer, _ name: UnsafeRawPointer, _ function: NativeFunction) {
    entries[slot(type, name)] = Entry(
      type: type, name: name, function: Unmanaged.passUnretained(function))
  }
}

extension VM {
  /// Whether `value(…)` can be called.
  public func isCallable(_ value: Value) -> Bool {
    guard case .object(let reference) = value else { return false }
    switch reference.kind {
    case .closure, .nativeFunction, .boundMethod: return true
    case .module: return reference.module.call != nil
    case .native: return reference.native.type.call != nil
    default: return false
    }
  }

  // MARK: Calls from code

  /// Calls what stands at `place` with the arguments behind it, the last of which have names. A script's function gets
  /// a frame, and the loop goes on there (true); anything else is done, and its result stands at `place`.
  @inline(never)
  func call(_ place: UnsafeMutablePointer<Value>, _ count: Int, names: [String]?) throws(Fault)
    -> Bool
  {
    if machine.pointee.fuel < 0 { machine.pointee.fuel = try poll() }
    guard case .object(let reference) = place.pointee else { throw notCallable(place.pointee) }
    switch reference.kind {
    case .closure:
      try start(reference, place, count, names ?? [])
      return true
    case .nativeFunction:
      place.pointee = try invoke(
        reference.nativeFunction.native, place, count, names, receiver: nil)
    case .boundMethod:
      let method = reference.boundMethod
      place.pointee = try invoke(method.native, place, count, names, receiver: method.receiver)
    case .module:
      guard let function = reference.module.call else { throw notCallable(place.pointee) }
      place.pointee = try invoke(function.native, place, count, names, receiver: nil)
    case .native:
      guard let native = reference.native.type.call else { throw notCallable(place.pointee) }
      place.pointee = try invoke(native, place, count, names, receiver: place.pointee)
    default: throw notCallable(place.pointee)
    }
    return false
  }

  private func notCallable(_ value: Value) -> Fault {
    if value.isMissing { return Fault(.name, "this is used before its declaration") }
    return Fault(.type, "\(Representation.described(value)) cannot be called")
  }

  /// Matches the arguments with a function's parameters and makes its frame.
  private func start(
    _ reference: Unmanaged<Object>, _ place: UnsafeMutablePointer<Value>, _ count: Int,
    _ names: [String]
  ) throws(Fault) {
    let storage = reference.closureStorage
    let arguments = place + 1
    try ensureStack(arguments + max(Int(storage.pointee.registerCount), count))
    guard machine.pointee.frame + 1 < machine.pointee.frameEnd else { throw tooManyFrames() }
    if Int(storage.pointee.plainArgumentCount) != count || !names.isEmpty {
      try match(reference.closure.prototype, arguments, count, names)
    }
    machine.pointee.frame += 1
    machine.pointee.frame.pointee = FrameRecord(
      pc: storage.pointee.code, base: arguments, constants: storage.pointee.constants,
      closure: reference)
  }

  func tooManyFrames() -> Fault {
    Fault(
      .limit, "more than \(limits.frames) calls are running at once",
      hint: "does the recursion end?")
  }

  private func match(
    _ prototype: Prototype, _ arguments: UnsafeMutablePointer<Value>, _ count: Int,
    _ names: [String]
  ) throws(Fault) {
    let parameters = prototype.parameters
    let positional = count - names.count
    let title = prototype.name.isEmpty ? "this function" : "`\(prototype.name)`"
    guard positional <= prototype.positionalCount else {
      throw Fault(
        .type, prototype.signature.excess(positional),
        hint: parameters.first(where: \.namedOnly).map { "name it: `\($0.name): …`" }
      ).atCallArgument(prototype.positionalCount)
    }
    if names.isEmpty {
      for index in positional..<max(positional, parameters.count) { arguments[index] = .missing }
    } else {
      // The named values move out of the way, then to their parameters.
      let values = (0..<names.count).map { arguments[positional + $0] }
      for index in positional..<max(count, parameters.count) { arguments[index] = .missing }
      for (index, name) in names.enumerated() {
        guard let parameter = parameters.firstIndex(where: { $0.name == name }) else {
          throw Fault(
            .name, "\(title) has no argument `\(name)`",
            hint: Suggest.hint(for: name, in: parameters.map(\.name))
          ).atCallArgument(positional + index)
        }
        guard parameter >= positional, arguments[parameter].isMissing else {
          throw Fault(.name, "`\(name)` is given twice").atCallArgument(positional + index)
        }
        arguments[parameter] = values[index]
      }
    }
    for (index, parameter) in parameters.enumerated()
    where !parameter.hasDefault && arguments[index].isMissing {
      throw Fault(.type, "\(title) needs an argument for `\(parameter.name)`")
    }
  }

  // MARK: Natives

  /// Calls a native whose arguments stand in a row, one a parameter.
  @inline(never)
  func invoke(_ native: Native, _ arguments: UnsafeMutablePointer<Value>, _ count: Int)
    throws(Fault) -> Value
  {
    try invoke(native, arguments, count, slots: nil, shift: 0)
  }

  private func invoke(
    _ native: Native, _ arguments: UnsafeMutablePointer<Value>, _ count: Int, slots: [Int]?,
    shift: Int
  ) throws(Fault) -> Value {
    let keptBefore = kept.count
    let wasInNative = isInNative
    isInNative = true
    var call = NativeCall(self, arguments, count, native)
    do {
      let result: Value
      if let watch, let replaced = try watch.result(of: native, call) {
        result = replaced
      } else {
        result = try native.body(&call)
        #if DEBUG
          // What a check relies on is tried wherever natives are.
          try result.requireFit(native.declaredResult, native.signature.name)
        #endif
      }
      try lookAround()
      isInNative = wasInNative
      if kept.count > keptBefore { kept.removeLast(kept.count - keptBefore) }
      return result
    } catch {
      isInNative = wasInNative
      if kept.count > keptBefore { kept.removeLast(kept.count - keptBefore) }
      let fault = Fault(error)
      if wasInNative { keep(fault.data) }
      fault.resolveArgument { parameter, rest in
        // From the parameter to the argument's place in the call.
        let slot =
          rest.map { native.parameterCount - 1 + $0 }
          ?? (parameter > native.restIndex ? parameter - 1 : parameter)
        if let slots { return slots.firstIndex(of: slot).map { $0 - shift } }
        return slot - shift
      }
      throw fault
    }
  }

  /// Runs a hook of a native type: what it makes is kept until it returns.
  func calling<Result>(_ body: () throws -> Result) throws -> Result {
    let keptBefore = kept.count
    let wasInNative = isInNative
    isInNative = true
    defer {
      isInNative = wasInNative
      if kept.count > keptBefore { kept.removeLast(kept.count - keptBefore) }
    }
    return try body()
  }

  /// Calls a native with arguments as a script wrote them: some may have names, and a method has its receiver in front.
  private func invoke(
    _ native: Native, _ place: UnsafeMutablePointer<Value>, _ count: Int, _ names: [String]?,
    receiver: Value?
  ) throws(Fault) -> Value {
    try safePoint()
    let shift = receiver == nil ? 0 : 1
    if names == nil, receiver == nil {
      if count <= native.positionalCount && native.restIndex == .max
        || native.restIndex == native.parameterCount - 1
      {
        return try invoke(native, place + 1, count)
      }
    }
    let positional = count - (names?.count ?? 0)
    let slots: [Int]
    do {
      slots = try ArgumentMatching.slots(
        positional: positional + shift, names: names ?? [], native, receivers: shift)
    } catch {
      error.resolveArgument { index, _ in index - shift }
      throw error
    }
    let size = (slots.max() ?? -1) + 1
    // The caller's registers keep the values alive.
    let result: Result<Value, Fault> = withUnsafeTemporaryAllocation(
      of: Value.self, capacity: max(1, size)
    ) { buffer in
      guard let matched = buffer.baseAddress else { return .success(.nothing) }
      matched.initialize(repeating: .missing, count: size)
      if let receiver { matched[slots[0]] = receiver }
      for index in 0..<count { matched[slots[index + shift]] = place[1 + index] }
      do throws(Fault) {
        return .success(try invoke(native, matched, size, slots: slots, shift: shift))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  // MARK: Methods

  /// Calls the method `name` of the receiver at `place`; see `call`.
  @inline(never)
  func callMethod(
    _ place: UnsafeMutablePointer<Value>, _ count: Int, _ name: Value, shape: Int
  ) throws(Fault) -> Bool {
    guard case .object(let nameReference) = name else { throw notCallable(name) }
    guard case .object(let receiver) = place.pointee else {
      throw noMember(place.pointee, nameReference.string.text, isCall: true)
    }
    let kind = receiver.kind
    if kind == .list, count == 1, shape < 0,
      nameReference.header.pointee.flags == WellKnownName.append
    {
      try requireOwned(receiver)
      try append(place[1], to: receiver.list)
      place.pointee = .nothing
      return false
    }
    let names =
      shape < 0 ? nil : machine.pointee.frame.pointee.closure.closure.prototype.shapes[shape]
    let type: UnsafeRawPointer
    switch kind {
    case .map:
      let entry = MapObject.find(
        receiver.mapStorage, name, nameReference.stringStorage.pointee.hash)
      if entry >= 0, let entries = receiver.mapStorage.pointee.entries {
        let member = entries[entry].value
        if isCallable(member) {
          place.pointee = member
          return try call(place, count, names: names)
        }
        if method(nameReference, of: kind) == nil {
          throw Fault(
            .type,
            "`\(nameReference.string.text)` of this map is \(Representation.described(member)), which cannot be called"
          )
        }
      }
      type = UnsafeRawPointer(bitPattern: Int(kind.rawValue) + 1).unsafelyUnwrapped
    case .module:
      place.pointee = try getMember(place.pointee, name)
      return try call(place, count, names: names)
    case .native: type = UnsafeRawPointer(Unmanaged.passUnretained(receiver.native.type).toOpaque())
    // The kind is at least 0, so the address is not null; it is only compared.
    default: type = UnsafeRawPointer(bitPattern: Int(kind.rawValue) + 1).unsafelyUnwrapped
    }
    let function: NativeFunction
    if let known = methodCache.find(type, nameReference.toOpaque()) {
      function = known.takeUnretainedValue()
    } else if kind == .native {
      if let method = receiver.native.type.methodObjects[nameReference.string.text] {
        methodCache.store(type, nameReference.toOpaque(), method)
        function = method
      } else {
        // A field that holds something to call.
        let field = try getMember(place.pointee, name)
        guard isCallable(field) else {
          let text = nameReference.string.text
          throw Fault(
            .type,
            "`\(text)` of \(place.pointee.typeWithArticle) is \(Representation.described(field)), which cannot be called",
            hint: "it is a field: write `.\(text)` without `(…)`")
        }
        place.pointee = field
        return try call(place, count, names: names)
      }
    } else if let method = method(nameReference, of: kind) {
      methodCache.store(type, nameReference.toOpaque(), method)
      function = method
    } else {
      throw noMember(place.pointee, nameReference.string.text, isCall: true)
    }
    if machine.pointee.fuel < 0 { machine.pointee.fuel = try poll() }
    let native = function.native
    if names == nil, count < native.positionalCount, native.restIndex == .max {
      try safePoint()
      place.pointee = try invoke(native, place, count + 1, slots: nil, shift: 1)
    } else {
      place.pointee = try invoke(native, place, count, names, receiver: place.pointee)
    }
    return false
  }

  func method(_ name: Unmanaged<Object>, of kind: ObjectKind) -> NativeFunction? {
    let kind: ObjectKind = kind == .nativeFunction || kind == .boundMethod ? .closure : kind
    return interpreter.methods[kind]?[name.string.text]
  }

  // MARK: Calls from natives and the host

  /// Calls a function of a script, a native, or anything else that can be called. The result is kept alive until the
  /// running native returns.
  @discardableResult
  public func call(
    _ callee: Value, _ arguments: [Value], named: [(name: String, value: Value)] = []
  ) throws -> Value {
    if VM.current !== self { return try enter { try call(callee, arguments, named: named) } }
    guard nativeDepth < limits.nativeDepth, !stackBounds.isNearlyFull else {
      throw Fault(
        .limit, "functions and natives call each other too deeply (\(nativeDepth) times)",
        hint: "does the recursion end?")
    }
    let top = self.top
    let count = arguments.count + named.count
    try ensureStack(top + 1 + count)
    top[0] = callee
    for (index, argument) in arguments.enumerated() { top[1 + index] = argument }
    for (index, argument) in named.enumerated() {
      top[1 + arguments.count + index] = argument.value
    }
    let wasInNative = isInNative
    let nativeTop = machine.pointee.nativeTop
    let keptBefore = kept.count
    isInNative = false
    nativeDepth += 1
    machine.pointee.nativeTop = top + 1 + count
    defer {
      isInNative = wasInNative
      nativeDepth -= 1
      machine.pointee.nativeTop = nativeTop
    }
    let entry = machine.pointee.frame + 1
    // A native that calls back without end has no loop that counts.
    machine.pointee.fuel -= 1
    do {
      let result: Value
      if try call(top, count, names: named.isEmpty ? nil : named.map(\.name)) {
        result = try run(entry)
      } else {
        result = top[0]
      }
      if wasInNative { keep(result) }
      return result
    } catch {
      let fault = error
      if kept.count > keptBefore { kept.removeLast(kept.count - keptBefore) }
      if wasInNative { keep(fault.data) }
      locate(fault)
      throw fault
    }
  }

  /// The first register above all that is in use.
  var top: UnsafeMutablePointer<Value> {
    let frame = machine.pointee.frame.pointee
    let end = frame.base + Int(frame.closure.closureStorage.pointee.registerCount)
    return end > machine.pointee.nativeTop ? end : machine.pointee.nativeTop
  }

  func ensureStack(_ end: UnsafeMutablePointer<Value>) throws(Fault) {
    guard end > machine.pointee.stackTouched else { return }
    guard end <= machine.pointee.stackEnd else {
      throw Fault(
        .limit, "the calls that are running need too many variables",
        hint: "does the recursion end?")
    }
    let wanted = end + 1_024
    machine.pointee.stackTouched =
      wanted < machine.pointee.stackEnd ? wanted : machine.pointee.stackEnd
  }

  /// The same for what runs no code of a script: a check.
  func entering<Result>(_ body: () throws -> Result) rethrows -> Result {
    let previous = VM.current
    CurrentVM.set(self)
    defer { CurrentVM.set(previous) }
    return try body()
  }

  /// Makes this the thread's interpreter while `body` runs.
  func enter<Result>(_ body: () throws -> Result) throws -> Result {
    let previous = VM.current
    let bounds = stackBounds
    CurrentVM.set(self)
    stackBounds = ThreadStack.current()
    // An interpreter that is sealed within a run is watched with it.
    let isRun = previous?.interpreter !== interpreter && !isTrial
    if isRun { interpreter.startWatching() }
    defer {
      CurrentVM.set(previous)
      stackBounds = bounds
      if isRun {
        interpreter.endWatching()
        stop = nil
      }
    }
    return try body()
  }
}

/// Names that the interpreter knows without looking them up, marked in the header of a constant string.
enum WellKnownName {
  static let append: UInt16 = 1

  static func flag(for name: String) -> UInt16 { name == "append" ? append : 0 }
}
