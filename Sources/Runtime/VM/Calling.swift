import Syntax

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

  /// The elements of a list, range or other finite sequence; nil where the value is none. They are kept alive until the
  /// running native returns.
  public func elements(of value: Value) throws -> [Value]? {
    nil
  }

  /// Calls a function of a script, a native, or anything else that can be called. The result is kept alive until the
  /// running native returns.
  @discardableResult
  public func call(
    _ callee: Value, _ arguments: [Value], named: [(name: String, value: Value)] = []
  ) throws -> Value {
    .nothing
  }

  func enter<Result>(_ body: () throws -> Result) rethrows -> Result { try body() }
  func checkDeadline() throws {}
  static let pollInterval = 5_000
}

extension Interpreter {
  /// Compiles and runs a program in the session's top-level scope. The result is that of its last statement, where that
  /// is an expression.
  /// - Throws: a `Fault`; its `diagnostic` says where.
  public func run(_ program: Program) throws -> Value { .nothing }

  /// The `param` statements of a program with their defaults and domains, in order, without running the rest.
  public func parameters(of program: Program) throws -> [ParameterRequest] { [] }
}
