import Foundations
import Syntax

/// A module's top-level names and their global slots.
final class Namespace {
  var slots: [String: Int] = [:]
  /// In the order of declaration.
  var names: [String] = []
  /// What a slot is known to hold, for the checker: functions with their signatures, modules.
  var entities: [String: Entity] = [:]
}

/// A session's language: the names that scripts see, what earlier cells have declared, imported modules, and the
/// interpreter that runs them. Not for use from several threads at once; trials of a sweep run on their own `VM`s.
public final class Interpreter {
  public let host: any ScriptHost
  public let interrupt: InterruptFlag
  public let limits: Limits
  /// Finds and parses what an import names. `importer` is the source that the import stands in.
  public var loader: ((Import.Path, _ importer: Source) throws -> Program)?
  /// Gives free memory that is kept for later back to the system.
  public var freesMemory: (() -> Void)?
  /// Ends the process where something passes a limit and does not listen; gets why. May be called from another thread.
  public var lastResort: (@Sendable (Fault) -> Void)?
  /// Looks after the limits of what runs now.
  private(set) var watchdog: Watchdog?
  /// The interpreter's main thread of execution.
  public private(set) var vm: VM!

  /// Natives, modules and constants that every script sees, but for modules that nothing has named yet.
  private var natives: [String: Value] = [:]
  private var nativeEntities: [String: Entity] = [:]
  /// Those modules. To make one of each takes as long as all else at the start of a script, and most scripts name few.
  private var unmade: [String: () -> Module] = [:]
  private var retained: [Object] = []
  /// Gives the native types that scripts can meet, by name; a check asks for those that it needs.
  public var nativeTypes: [String: @Sendable () -> AnyNativeType] = [:]
  /// Methods of the language's own types, by type and name.
  var methods: [ObjectKind: [String: NativeFunction]] = [:]

  /// Top-level variables of all modules; trials read them.
  private(set) var globals: UnsafeMutablePointer<Value>
  private(set) var globalCount = 0
  private var slotNames: [String] = []
  private static let globalCapacity = 1 << 16

  /// What the session's cells have declared.
  let session = Namespace()
  var imported: [Spelling: ModuleObject] = [:]
  /// Scripts that are being imported, the innermost last.
  var importing: [Importing] = []
  /// Compiled code stays: method caches and closures refer to its constants.
  var prototypes: [Prototype] = []

  public init(
    host: any ScriptHost = PlainHost(), interrupt: InterruptFlag = InterruptFlag(),
    seed: UInt64 = .random(in: .min ... .max), limits: Limits = Limits()
  ) {
    precondition(Object.layoutIsAsExpected, "the Swift compiler lays out classes in another way")
    self.host = host
    self.interrupt = interrupt
    self.limits = limits
    // Address space for all globals that code can name, so that the table never moves; what is not used takes no
    // memory.
    globals = VM.zeroedStack(Interpreter.globalCapacity)
    vm = VM(
      interpreter: self, interrupt: interrupt, random: RandomState(key: seed), limits: limits,
      isTrial: false)
    define(CoreNatives.all)
  }

  deinit {
    vm = nil
    VM.freeStack(globals)
  }

  // MARK: Limits

  func startWatching() {
    watchdog = Watchdog.start(limits, interrupt, lastResort: lastResort)
  }

  func endWatching() {
    watchdog?.end()
    watchdog = nil
    if let reason = interrupt.reason, reason != .interrupt { interrupt.lower(reason) }
  }

  // MARK: What scripts see

  /// Makes natives global: `len(x)`.
  public func define(_ natives: [Native]) {
    for native in natives {
      define(native.name, object: NativeFunction(native), .function(native.signature))
    }
  }

  /// Makes a module global: `dp.clip(x)`.
  public func define(_ module: Module) {
    define(module.name, object: moduleObject(module), module.entity)
  }

  /// Makes a module global that is made when a source names it first.
  public func define(module name: String, _ make: @escaping () -> Module) { unmade[name] = make }

  /// Makes the modules that are only declared yet. Before other threads look, who find nothing left to make.
  func makeModules() {
    for name in Array(unmade.keys) { make(name) }
  }

  private func make(_ name: String) {
    if let make = unmade.removeValue(forKey: name) { define(make()) }
  }

  /// A native, module or constant that every script sees.
  func native(_ name: String) -> Value? {
    make(name)
    return natives[name]
  }

  var nativeNames: [String] { Array(natives.keys) + Array(unmade.keys) }

  /// What is known of all that every script sees.
  public var entities: [String: Entity] {
    makeModules()
    return nativeEntities
  }

  /// The same for a check of `source`: of modules whose names it does not hold only those.
  public func entities(for source: Source) -> [String: Entity] {
    for name in Array(unmade.keys) where source.contains(name) { make(name) }
    return nativeEntities.merging(unmade.mapValues { _ in .value }) { known, _ in known }
  }

  /// A module of this name that every script sees.
  public func module(named name: String) -> ModuleObject? { native(name)?.object as? ModuleObject }

  /// Makes a constant global: `pi`.
  public func define(_ name: String, _ value: Snapshot) {
    switch value {
    case .nothing, .bool, .int, .float: natives[name] = vm.value(of: value)
    default:
      // Constants live as long as the interpreter, in no heap.
      natives[name] = constant(value)
    }
    nativeEntities[name] = .value
  }

  /// Makes methods of the language's own types: string, list, map, range, function (`closure`), error.
  public func define(methods: [Native], on kind: ObjectKind) {
    for native in methods {
      native.qualify(with: kind.typeName)
      self.methods[kind, default: [:]][native.name] = NativeFunction(native)
    }
  }

  /// The natives that are methods of a kind, for help and completion.
  public func methods(of kind: ObjectKind) -> [Native] {
    (methods[kind] ?? [:]).values.map(\.native).sorted { $0.name < $1.name }
  }

  private func define(_ name: String, object: Object, _ entity: Entity) {
    natives[name] = Value(object)
    nativeEntities[name] = entity
    retained.append(object)
  }

  private func moduleObject(_ module: Module) -> ModuleObject {
    let object = ModuleObject(name: module.name, summary: module.summary)
    for native in module.natives { object.define(native.name, object: NativeFunction(native)) }
    for item in module.constants { object.define(item.name, .value(constant(item.value))) }
    for inner in module.modules { object.define(inner.name, object: moduleObject(inner)) }
    if let call = module.call {
      call.qualify(with: module.name)
      object.call = NativeFunction(call)
    }
    return object
  }

  private func constant(_ snapshot: Snapshot) -> Value {
    switch snapshot {
    case .string(let text):
      let object = StringObject(text)
      // All threads read it, so the hash is there from the start.
      object.storage.pointee.hash = object.hash(cachingFor: 0)
      retained.append(object)
      return Value(object)
    case .native(let object):
      retained.append(object)
      return Value(object)
    case .list(let items):
      let object = ListObject(items.map(constant))
      retained.append(object)
      return Value(object)
    case .map(let entries):
      let object = MapObject()
      for (key, item) in entries { object.set(constant(key), constant(item)) }
      retained.append(object)
      return Value(object)
    default: return vm.value(of: snapshot)
    }
  }

  /// Whether code that was compiled here, but for the standard library's, holds this string: as the name of a field, a
  /// key, a literal.
  public func hasCode(naming text: String) -> Bool {
    var open = prototypes.filter { !$0.source.name.hasPrefix("std.") }
    while let prototype = open.popLast() {
      for index in 0..<prototype.constantCount where prototype.constants[index].string == text {
        return true
      }
      open += prototype.functions
    }
    return false
  }

  // MARK: Globals

  /// The slot of a top-level name, made where there is none yet.
  func slot(of name: String, in namespace: Namespace) throws(Fault) -> Int {
    if let slot = namespace.slots[name] { return slot }
    guard globalCount < Interpreter.globalCapacity else {
      throw Fault(.limit, "there are more than \(Interpreter.globalCapacity) top-level names")
    }
    let slot = globalCount
    globals[slot] = .missing
    globalCount += 1
    slotNames.append(name)
    namespace.slots[name] = slot
    namespace.names.append(name)
    return slot
  }

  func retain(_ object: Object) { retained.append(object) }

  func visitGlobals(_ visit: (Value) -> Void) {
    for slot in 0..<globalCount { visit(globals[slot]) }
    for module in importing { module.parameters.values.forEach(visit) }
  }

  func name(ofSlot slot: Int) -> String { slotNames[slot] }

  /// The session's variables in the order of their declaration.
  public var variables: [(name: String, value: Value)] {
    session.names.compactMap { name in
      guard let slot = session.slots[name], !globals[slot].isMissing else { return nil }
      return (name, globals[slot])
    }
  }

  /// A session variable, native, module or constant by name.
  public func lookup(_ name: String) -> Value? {
    if let slot = session.slots[name], !globals[slot].isMissing { return globals[slot] }
    return native(name)
  }

  /// A native constant that is a number, where the session has not given its name to something else.
  func number(named name: String) -> Value? {
    guard session.slots[name] == nil, let value = native(name), value.object == nil,
      value.number != nil
    else { return nil }
    return value
  }

  /// What a module calls `name`; nil where it has no such member (yet).
  public func member(_ name: String, of module: ModuleObject) -> Value? {
    switch module.members[name] {
    case .value(let value)?: value
    case .global(let slot)?: globals[slot].isMissing ? nil : globals[slot]
    case nil: nil
    }
  }

  /// Sets a variable of the session (`_`, the results of earlier cells).
  public func setVariable(_ name: String, _ value: Value) throws {
    let slot = try slot(of: name, in: session)
    globals[slot] = value
  }

  /// Forgets all that cells have declared.
  public func resetSession() {
    for slot in session.slots.values { globals[slot] = .missing }
    session.slots = [:]
    session.names = []
    session.entities = [:]
  }
}

extension ObjectKind {
  /// What scripts call values of this kind.
  var typeName: String {
    switch self {
    case .string: "string"
    case .list: "list"
    case .map: "map"
    case .range: "range"
    case .closure, .nativeFunction, .boundMethod: "function"
    case .module: "module"
    case .error: "error"
    case .native, .cell, .iterator, .missing: "value"
    }
  }
}
