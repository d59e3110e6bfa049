import Syntax

/// What is thrown where code changes something that was made outside of it.
public struct Refusal: Sendable {
  public var kind: Diagnostic.Kind
  public var message: String
  public var hint: String?
  /// Where it is a variable.
  public var variableHint: String?

  public init(
    _ kind: Diagnostic.Kind, _ message: String, hint: String? = nil, variableHint: String? = nil
  ) {
    self.kind = kind
    self.message = message
    self.hint = hint
    self.variableHint = variableHint ?? hint
  }

  var fault: Fault { Fault(kind, message, hint: hint) }

  static let trial = Refusal(
    .value, "a trial may not change what was made outside the sweep",
    hint: "make a copy inside the sweep's body, or give the change back in its result",
    variableHint: "make a variable of its own inside the sweep's body")
}

/// Sees every native call of an interpreter (`VM.watch`).
public protocol CallWatch: AnyObject {
  /// What the call gives, in place of the native's own result; nil where the native is to run.
  func result(of native: Native, _ call: NativeCall) throws -> Value?
}

extension VM {
  /// Runs `body` so that all functions of the script that it calls can leave nothing behind: they see what was made
  /// outside of each call read-only, as a trial of a sweep does. So no call learns anything from another one.
  /// - Parameter refusal: what is thrown where one changes what is not its own.
  public func sealed<Result>(_ refusal: Refusal, _ body: (VM) throws -> Result) throws -> Result {
    let inner = VM(
      interpreter: interpreter, interrupt: interrupt, random: random, limits: limits,
      isTrial: isTrial, refusal: refusal)
    inner.services = services
    if collectsAlways { inner.collectAlways() }
    inner.stepsLeft = stepsLeft
    defer { stepsLeft = inner.stepsLeft }
    do {
      return try inner.enter { try inner.calling { try body(inner) } }
    } catch {
      let fault = Fault(error)
      // What it carries goes away with the inner heap.
      if case .object = fault.data { _ = fault.withData(.nothing) }
      throw fault
    }
  }
}
