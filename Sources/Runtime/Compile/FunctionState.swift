import Foundations
import Syntax

/// What the compiler knows of the function that it is compiling.
final class FunctionState {
  struct Local {
    var name: String
    var register: Int
    var isCaptured = false
    /// False for a function's name from the start of its block to its declaration.
    var isDefined = true
  }

  /// A loop: where `break` and `continue` go.
  final class Loop {
    let base: Int
    var hasCaptures = false
    var breaks: [Int] = []
    var continues: [Int] = []
    init(base: Int) { self.base = base }
  }

  /// A `finally` or `with`: every way out passes through it.
  final class Finally {
    enum Exit {
      case leave(Loop)
      case next(Loop)
      case `return`
    }
    /// Says, as an int, how the block was left: 0 at its end, -1 by an error, else an exit's number.
    let action: Int
    /// The error or the value to return.
    let value: Int
    var exits: [Exit] = []
    var jumps: [Int] = []
    init(action: Int, value: Int) {
      self.action = action
      self.value = value
    }
  }

  enum Context {
    case loop(Loop)
    case finally(Finally)
  }

  let parent: FunctionState?
  let name: String
  var locals: [Local] = []
  var captures: [(name: String, capture: Capture)] = []
  var contexts: [Context] = []
  var code: [UInt32] = []
  var spans: [(offset: Int32, span: Span)] = []
  var constants: [Value] = []
  var constantObjects: [Object] = []
  var functions: [Prototype] = []
  var handlers: [HandlerRange] = []
  var callSites: [Int: CallSite] = [:]
  var shapes: [[String]] = []
  var subscripts: [[SubscriptPattern]] = []
  var statements: [HostStatement] = []
  /// Offsets of `return` instructions, which become `returnClosing` where something is captured.
  var returns: [Int] = []
  var hasCapturedLocals = false
  /// The first register that is not in use.
  var free = 0
  var registerCount = 1

  private var constantIndex: [ConstantKey: Int] = [:]
  private enum ConstantKey: Hashable {
    case int(Int)
    case float(UInt64)
    case string(Spelling)
    case object(ObjectIdentifier)
  }

  init(name: String, parent: FunctionState?) {
    self.name = name
    self.parent = parent
  }

  // MARK: Registers

  static let registerLimit = 240

  func push(_ span: Span, count: Int = 1) throws(Fault) -> Int {
    let register = free
    free += count
    if free > FunctionState.registerLimit {
      throw Fault(
        .limit,
        "\(name.isEmpty ? "this code" : "the function `\(name)`") needs more than \(FunctionState.registerLimit) variables and intermediate values",
        hint: "split it into smaller functions")
    }
    registerCount = max(registerCount, free)
    return register
  }

  // MARK: Constants

  func constant(_ value: Int) -> Int { constant(.int(value)) { .int(value) } }
  func constant(_ value: Double) -> Int { constant(.float(value.bitPattern)) { .float(value) } }

  func constant(_ text: String) -> Int {
    constant(.string(Spelling(text))) {
      let object = StringObject(text)
      // Constants are read by all threads, so the hash is there from the start.
      object.storage.pointee.hash = object.hash(cachingFor: 0)
      object.reference.header.pointee.flags = WellKnownName.flag(for: text)
      constantObjects.append(object)
      return Value(object)
    }
  }

  /// A native function or module, which outlives the code.
  func constant(_ value: Value) -> Int {
    guard case .object(let reference) = value else {
      switch value {
      case .int(let int): return constant(int)
      case .float(let float): return constant(float)
      default:
        constants.append(value)
        return constants.count - 1
      }
    }
    return constant(.object(ObjectIdentifier(reference.takeUnretainedValue()))) {
      constantObjects.append(reference.takeUnretainedValue())
      return value
    }
  }

  private func constant(_ key: ConstantKey, _ make: () -> Value) -> Int {
    if let index = constantIndex[key] { return index }
    constants.append(make())
    constantIndex[key] = constants.count - 1
    return constants.count - 1
  }

  // MARK: Code

  @discardableResult
  func emit(_ op: Op, _ a: Int, _ b: Int = 0, _ c: Int = 0, at span: Span) -> Int {
    let offset = code.count
    spans.append((Int32(truncatingIfNeeded: offset), span))
    code.append(Instruction.encode(op, a, b, c))
    return offset
  }

  @discardableResult
  func emitWide(_ op: Op, _ a: Int, _ bx: Int, at span: Span) -> Int {
    emit(op, a, bx & 0xFF, (bx >> 8) & 0xFF, at: span)
  }

  func emitWord(_ word: Int) { code.append(UInt32(truncatingIfNeeded: word)) }

  /// A jump forward; `patch` gives it its target.
  func emitJump(_ op: Op, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, at span: Span) -> Int {
    let offset = emit(op, a, b, c, at: span)
    code.append(0)
    return offset
  }

  func emitLoop(_ op: Op, _ a: Int = 0, to target: Int, at span: Span) {
    emit(op, a, 0, 0, at: span)
    // Counted from behind the second word.
    code.append(UInt32(bitPattern: Int32(truncatingIfNeeded: target - code.count - 1)))
  }

  /// Lets jumps go to the next instruction.
  func patch(_ jumps: [Int]) { for jump in jumps { patch(jump) } }

  func patch(_ jump: Int) {
    code[jump + 1] = UInt32(bitPattern: Int32(truncatingIfNeeded: code.count - jump - 2))
  }

  // MARK: Names

  func declare(_ name: String, _ register: Int) {
    locals.append(Local(name: name, register: register))
  }

  func local(_ name: String) -> Int? { locals.lastIndex { $0.name == name } }

  /// The index of a captured variable; nil where no function around has one of that name.
  func capture(_ name: String) -> Int? {
    if let index = captures.firstIndex(where: { $0.name == name }) { return index }
    guard let parent else { return nil }
    if let index = parent.local(name) {
      parent.markCaptured(index)
      captures.append((name, Capture(fromRegister: true, index: parent.locals[index].register)))
    } else if let index = parent.capture(name) {
      captures.append((name, Capture(fromRegister: false, index: index)))
    } else {
      return nil
    }
    return captures.count - 1
  }

  private func markCaptured(_ index: Int) {
    locals[index].isCaptured = true
    hasCapturedLocals = true
    for case .loop(let loop) in contexts where locals[index].register >= loop.base {
      loop.hasCaptures = true
    }
  }
}

/// What a statement of the host needs to know.
enum HostStatement: Sendable {
  case importModule(Import)
  case parameter(Syntax.Param)
  case sweep(axes: [String])
  case test(String)
}
