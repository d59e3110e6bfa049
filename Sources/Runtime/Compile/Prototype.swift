import Syntax

/// How a closure gets a captured variable when it is made.
struct Capture: Sendable {
  /// From a register of the function around it, else from that function's own cells.
  var fromRegister: Bool
  var index: Int
}

/// Code that runs when an error passes through `start..<end`.
struct HandlerRange: Sendable {
  var start: Int
  var end: Int
  var target: Int
  /// Gets the error object.
  var register: Int
  /// Sees errors that `catch` must not see: interrupts and limits of the run.
  var isFinally: Bool
  /// Only leaves a context, which happens whatever else may not run any more.
  var leavesContext = false
}

/// What a call instruction's arguments are in the source, for errors that underline one of them.
struct CallSite: Sendable {
  var callee: Span
  /// The span of each positional argument, by register; nil for one that was filled in.
  var positional: [Span?]
  /// Named arguments that are matched when the call happens.
  var named: [(name: String, span: Span)]
}

/// A compiled function. Immutable once made, so that trials on several threads share it.
final class Prototype: @unchecked Sendable {
  struct Parameter: Sendable {
    var name: String
    var namedOnly: Bool
    var hasDefault: Bool
  }

  let name: String
  let source: Source
  let code: UnsafeMutablePointer<UInt32>
  let codeCount: Int
  let constants: UnsafeMutablePointer<Value>
  let constantCount: Int
  /// Keeps the constants' objects alive; they belong to no heap.
  let constantObjects: [Object]
  let registerCount: Int
  let parameters: [Parameter]
  let captures: [Capture]
  let functions: [Prototype]
  let handlers: [HandlerRange]
  /// The span of the instruction at each code offset that can fail, ascending.
  let spans: [(offset: Int32, span: Span)]
  let callSites: [Int: CallSite]
  /// The names of named arguments, by index in call instructions.
  let shapes: [[String]]
  let subscripts: [[SubscriptPattern]]
  let statements: [HostStatement]
  let signature: Signature
  let isMain: Bool

  let positionalCount: Int
  let requiredPositionalCount: Int
  /// -1 where a parameter has a default or is named-only.
  let plainArgumentCount: Int

  init(
    name: String, source: Source, code: [UInt32], constants: [Value], constantObjects: [Object],
    registerCount: Int, parameters: [Parameter], captures: [Capture], functions: [Prototype],
    handlers: [HandlerRange], spans: [(offset: Int32, span: Span)], callSites: [Int: CallSite],
    shapes: [[String]], subscripts: [[SubscriptPattern]], statements: [HostStatement],
    signature: Signature, isMain: Bool
  ) {
    self.name = name
    self.source = source
    self.code = .allocate(capacity: max(1, code.count))
    self.code.initialize(from: code, count: code.count)
    codeCount = code.count
    self.constants = .allocate(capacity: max(1, constants.count))
    self.constants.initialize(from: constants, count: constants.count)
    constantCount = constants.count
    self.constantObjects = constantObjects
    self.registerCount = registerCount
    self.parameters = parameters
    self.captures = captures
    self.functions = functions
    self.handlers = handlers
    self.spans = spans
    self.callSites = callSites
    self.shapes = shapes
    self.subscripts = subscripts
    self.statements = statements
    self.signature = signature
    self.isMain = isMain
    positionalCount = parameters.prefix { !$0.namedOnly }.count
    requiredPositionalCount = parameters.prefix { !$0.namedOnly && !$0.hasDefault }.count
    plainArgumentCount =
      parameters.contains { $0.namedOnly || $0.hasDefault } ? -1 : parameters.count
  }

  deinit {
    code.deallocate()
    constants.deallocate()
  }

  /// The span of the instruction that ends before or at a code offset.
  func span(at offset: Int) -> Span {
    var low = 0
    var high = spans.count
    while low < high {
      let middle = (low + high) / 2
      if Int(spans[middle].offset) <= offset { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? Span(0, 0) : spans[low - 1].span
  }

  /// What the bottom frame of an interpreter runs: nothing.
  static let idle = Prototype(
    name: "", source: Source(name: "", text: ""), code: [0], constants: [], constantObjects: [],
    registerCount: 0, parameters: [], captures: [], functions: [], handlers: [], spans: [],
    callSites: [:], shapes: [], subscripts: [], statements: [],
    signature: Signature(name: "", parameters: []), isMain: true)
  nonisolated(unsafe) static let idleClosure = Closure(idle)
}
