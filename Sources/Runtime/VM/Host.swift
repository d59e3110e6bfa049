import Syntax

/// What a script needs from the program around it. Methods may be called from several threads while a sweep runs.
public protocol ScriptHost: AnyObject, Sendable {
  /// Standard output; the text ends with its newline.
  func print(_ text: String)
  /// The value of `param`, from the command line, a notebook or a batch job; nil for the default.
  func parameter(_ request: ParameterRequest, _ vm: VM) throws -> Value?
  /// Runs all trials of a sweep and gives its value (a table).
  func sweep(_ request: SweepRequest, _ vm: VM) throws -> Value
  /// Called for each `test "name" { … }` when it is reached; nothing happens unless the host runs it.
  func test(_ name: String, _ body: Callable, _ vm: VM) throws
}

/// A host that prints to standard output, uses all defaults, and gives a sweep's results as a list of maps.
extension ScriptHost {
  public func print(_ text: String) { Swift.print(text, terminator: "") }
  public func parameter(_ request: ParameterRequest, _ vm: VM) throws -> Value? { nil }
  public func sweep(_ request: SweepRequest, _ vm: VM) throws -> Value {
    try request.runInOrder(vm)
  }
  public func test(_ name: String, _ body: Callable, _ vm: VM) throws {}
}

/// The host where nothing else is given.
public final class PlainHost: ScriptHost {
  public init() {}
}

/// A `param` statement that was reached.
public struct ParameterRequest {
  public let name: String
  public let defaultValue: Value
  /// What stands after `in`.
  public let domain: Domain?
  public let doc: String?
  public let source: Source
  public let span: Span

  /// The values that `in` allows.
  public enum Domain {
    /// A list, a range of ints, or another sequence.
    case values(Value)
    /// A range with a float at one end at least: all numbers between the two.
    case interval(Double, Double, isClosed: Bool)
  }

  /// A number in the type of the range that it must lie in: 2.0 is an int in `1..=50`, 1 a float in `0.0..=1.0`.
  public func fitted(_ value: Value) -> Value {
    switch (domain, value) {
    case (.interval, .int(let int)): return .float(Double(int))
    case (.values(.object(let reference)), .float(let float)) where reference.kind == .range:
      return Int(exactly: float).map { .int($0) } ?? value
    default: return value
    }
  }
}

extension ParameterRequest.Domain: CustomStringConvertible {
  public var description: String {
    switch self {
    case .values(let value): Representation.brief(value)
    case .interval(let lower, let upper, let isClosed):
      "\(Formatting.float(lower))..\(isClosed ? "=" : "")\(Formatting.float(upper))"
    }
  }
}

/// Bounds of a run; each ends in an error of the kind `limit`.
public struct Limits: Sendable {
  /// Functions that may be running at once.
  public var frames = 10_000
  /// Natives that call back scripts that call natives … at once. The thread's stack may be the tighter bound.
  public var nativeDepth = 1_000
  public var memoryBytes = Int.max
  /// Whether the process runs nothing else, so that all it takes of the machine counts against `memoryBytes`, and what
  /// is left of the machine, its control group and the shell's limits bounds it too.
  public var bindsProcess = false
  /// Backward jumps and calls.
  public var steps: Int?
  public var seconds: Double?
  public init() {}
}

/// Where random numbers come from: a key that a seed or a trial fixes, and how many streams were drawn from it.
public struct RandomState: Sendable {
  public var key: UInt64
  public var counter: UInt64
  public init(key: UInt64, counter: UInt64 = 0) {
    self.key = key
    self.counter = counter
  }
}
