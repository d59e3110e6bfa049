import Syntax

/// What one running function needs besides its registers.
struct FrameRecord {
  /// Where it goes on; brought up to date before anything that may fail, allocate or re-enter.
  var pc: UnsafePointer<UInt32>
  var base: UnsafeMutablePointer<Value>
  var constants: UnsafePointer<Value>
  var closure: Unmanaged<Object>
}

/// The state of an interpreter that its loop reads: raw memory, because class properties cost checks.
struct Machine {
  var stack: UnsafeMutablePointer<Value>
  /// Registers beyond this are untouched since the last collection; the loop's check of stack space compares with it.
  var stackTouched: UnsafeMutablePointer<Value>
  var stackEnd: UnsafeMutablePointer<Value>
  var frames: UnsafeMutablePointer<FrameRecord>
  /// The running function's frame.
  var frame: UnsafeMutablePointer<FrameRecord>
  var frameEnd: UnsafeMutablePointer<FrameRecord>
  /// Open cells from the top of the stack down.
  var openCells: Unmanaged<Object>?
  /// Turns until the next look at interrupts and limits.
  var fuel: Int
  /// The end of the arguments of a native's call back, which are above the calling function's registers.
  var nativeTop: UnsafeMutablePointer<Value>
}

/// One thread of execution: a stack, a heap, and the way back to the session's interpreter and host. Natives that ask
/// for the running context get this.
public final class VM {
  /// The session's names and code; it owns its main `VM`, and outlives those of trials.
  public unowned let interpreter: Interpreter
  public let heap: Heap
  public let interrupt: InterruptFlag
  /// Where random numbers come from; `with seed(n)` and trials of a sweep set it.
  public var random: RandomState
  /// State that natives keep with the running thread (the ledger that is in force, a tape), by its type. A trial starts
  /// with its parent's.
  public var services: [ObjectIdentifier: AnyObject] = [:]
  /// Whether this runs one trial of a sweep: then all that was made outside is read-only.
  public let isTrial: Bool
  /// What is thrown where the running code changes something that was made outside; nil where it may.
  let refusal: Refusal?
  /// Whether this runs a call that may leave nothing behind (`sealed`).
  public let isSealed: Bool
  /// Asked before every native call, where set.
  public var watch: (any CallWatch)?
  /// Whether `catch` sees errors; otherwise they leave the call that a native made, and `finally` runs.
  public var catchesErrors = true
  public let limits: Limits

  let machine: UnsafeMutablePointer<Machine>
  /// Objects that natives made, kept until the native returns.
  var kept: [Value] = []
  /// Whether a native runs now, so that what is adopted is kept.
  var isInNative = false
  var nativeDepth = 0
  var stepsLeft: Int
  /// Collect at every opportunity, to find values that are not rooted.
  var collectsAlways = false
  /// The methods that calls have found, by receiver's type and name.
  let methodCache: MethodCache
  /// What ends this run, once it has been thrown.
  var stop: Stop?
  /// Whether the next collection has to free what the process takes too much.
  var isMemoryShort = false
  /// Of the thread that runs now; set by `enter`.
  var stackBounds = ThreadStack(low: 0)

  init(
    interpreter: Interpreter, interrupt: InterruptFlag, random: RandomState, limits: Limits,
    isTrial: Bool, refusal: Refusal? = nil
  ) {
    self.interpreter = interpreter
    self.interrupt = interrupt
    self.random = random
    self.limits = limits
    self.isTrial = isTrial
    self.refusal = refusal ?? (isTrial ? .trial : nil)
    isSealed = refusal != nil
    heap = Heap()
    methodCache = MethodCache()
    stepsLeft = limits.steps ?? Int.max
    // Address space only: the system gives memory for what is touched. Typical frames have far fewer registers than the
    // limit, so the stack's end is a second bound of recursion.
    let frameCapacity = max(16, min(limits.frames, 10_000_000)) + 2
    let registerCapacity = max(4_096, min(frameCapacity * 64, 64 << 20))
    // Zeroed, because a collection looks at registers that were never written.
    let stack = VM.zeroedStack(registerCapacity)
    let frames = UnsafeMutablePointer<FrameRecord>.allocate(capacity: frameCapacity)
    machine = .allocate(capacity: 1)
    machine.initialize(
      to: Machine(
        stack: stack, stackTouched: stack, stackEnd: stack + registerCapacity, frames: frames,
        frame: frames, frameEnd: frames + frameCapacity, openCells: nil,
        fuel: min(VM.pollInterval, limits.steps ?? .max), nativeTop: stack))
    frames.initialize(
      to: FrameRecord(
        pc: Prototype.idle.code, base: stack, constants: Prototype.idle.constants,
        closure: Prototype.idleClosure.reference))
  }

  deinit {
    VM.freeStack(machine.pointee.stack)
    machine.pointee.frames.deallocate()
    machine.deallocate()
  }

  public var host: any ScriptHost { interpreter.host }

  // MARK: Making values

  /// Gives an object that was just made to this interpreter's heap.
  @discardableResult
  public func adopt(_ object: Object) -> Value {
    // An object that already has an owner stays where it is (a native may return its own argument).
    if object.owner != 0 || object.kind == .nativeFunction || object.kind == .module {
      return Value(object)
    }
    let value = Value.object(heap.adopt(object, heap.size(of: object)))
    if isInNative { kept.append(value) }
    return value
  }

  public func makeString(_ text: String) -> Value { adopt(StringObject(text)) }
  public func makeList(_ values: some Collection<Value>) -> Value { adopt(ListObject(values)) }
  public func makeMap(_ entries: [(String, Value)]) -> Value {
    let map = MapObject(capacity: entries.count)
    let value = adopt(map)
    for (key, item) in entries { map.set(makeString(key), item) }
    return value
  }
  public func box<T: NativeValue>(_ value: T) -> Value { adopt(Boxed(value, T.nativeType)) }
  public func box<T>(_ value: T, _ type: NativeType<T>) -> Value { adopt(Boxed(value, type)) }

  // MARK: For natives

  /// Keeps a value alive until the running native returns, or the innermost `scope` ends.
  public func keep(_ value: Value) { if case .object = value { kept.append(value) } }

  /// Lets go of what `body` made when it ends. Natives that call a script many times (a training loop) use one a turn.
  public func scope<Result>(_ body: () throws -> Result) rethrows -> Result {
    let count = kept.count
    defer { kept.removeSubrange(count...) }
    return try body()
  }

  /// Throws unless the running code may change the object.
  public func requireOwned(_ object: Object) throws { try requireOwned(object.reference) }

  @inline(__always)
  func requireOwned(_ reference: Unmanaged<Object>) throws(Fault) {
    if reference.owner != heap.id { throw foreignWrite(reference) }
  }

  /// The same for the argument of a native that changes it: the box of a handle may be the running code's own, and what
  /// it stands for not.
  func requireChangeable(_ reference: Unmanaged<Object>) throws(Fault) {
    try requireOwned(reference)
    if isSealed, reference.kind == .native, reference.native.type.isHandle {
      throw foreignWrite(reference)
    }
  }

  @inline(never)
  func foreignWrite(_ reference: Unmanaged<Object>) -> Fault {
    if reference.owner == 0 {
      return Fault(
        .value, "\(Value.object(reference).typeWithArticle) that is built in cannot be changed")
    }
    return (refusal ?? .trial).fault
  }

  /// Throws where the running code may leave nothing behind (`sealed`), nor depend on what other calls of it leave.
  /// - Parameter what: `no file can be written`.
  public func requireUnsealed(_ what: String) throws {
    guard isSealed, let refusal else { return }
    throw Fault(refusal.kind, "\(what) here: \(refusal.message)", hint: refusal.hint)
  }

  /// For natives that run long: throws when the user has interrupted or a limit is reached.
  public func checkInterrupt() throws(Fault) { try lookAround() }

  /// `checkInterrupt`, for every 4096th turn of a loop.
  @inline(__always)
  public func checkInterrupt(turn: Int) throws(Fault) {
    if turn & 0xFFF == 0xFFF { try lookAround() }
  }

  /// Throws where `bytes` more would pass the memory limit; to be asked before a big allocation.
  public func reserve(_ bytes: Int) throws(Fault) {
    let (total, overflow) = heap.byteCount.addingReportingOverflow(bytes)
    if overflow || bytes < 0 || total > memoryLimit {
      throw Fault(.limit, "this needs more memory than the limit of \(VM.megabytes(memoryLimit))")
    }
  }

  var memoryLimit: Int { min(limits.memoryBytes, SystemMemory.usable) }

  static func megabytes(_ bytes: Int) -> String {
    bytes >= 1 << 30
      ? "\(Formatting.fixed(Double(bytes) / Double(1 << 30), 1)) GiB" : "\(bytes >> 20) MiB"
  }

  // MARK: The thread's interpreter

  /// The interpreter that runs on this thread.
  public static var current: VM? { CurrentVM.get() }

  static func requireCurrent() throws -> VM {
    guard let vm = current else {
      throw Fault(.value, "a function of the script cannot be called from here")
    }
    return vm
  }
}
