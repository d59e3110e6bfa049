import Syntax

/// An error while a script runs. It becomes an `error` value in `catch`, and a `Diagnostic` where nobody catches it.
public struct Fault: Error, @unchecked Sendable {
  // One reference, so that throwing it costs one word; the body is not shared once it is thrown.
  private final class Body {
    var kind: Diagnostic.Kind
    var message: String
    var hint: String?
    var detail = ""
    var data: Value = .nothing
    var labels: [Diagnostic.Label] = []
    var trace: [Diagnostic.Frame] = []
    /// Where it happened, as long as nobody has asked for labels and trace: most errors are caught and never shown.
    var calls: [Call] = []
    var argument: Int?
    var restItem: Int?
    var callArgument: Int?
    var isCatchable = true
    var isFinal = false
    var isMisuse = false
    var hasTrace = false
    var partialResult: Snapshot?

    init(_ kind: Diagnostic.Kind, _ message: String, _ hint: String?) {
      self.kind = kind
      self.message = message
      self.hint = hint
    }
  }
  private let body: Body

  /// - Parameters:
  ///   - message: one sentence without a full stop, with the values.
  ///   - detail: what is said at the underlined place; several lines are allowed.
  ///   - hint: what to type instead.
  public init(_ kind: Diagnostic.Kind, _ message: String, detail: String = "", hint: String? = nil)
  {
    body = Body(kind, message, hint)
    body.detail = detail
  }

  public var kind: Diagnostic.Kind { body.kind }
  public var message: String { body.message }
  public var hint: String? { body.hint }
  /// What the script gave to `error(kind, message, data)`. Valid until the interpreter runs again.
  public var data: Value { body.data }
  /// Where it happened; the first is the place of the error.
  public var labels: [Diagnostic.Label] {
    describeCalls()
    return body.labels
  }
  /// The functions that were running, innermost first.
  public var trace: [Diagnostic.Frame] {
    describeCalls()
    return body.trace
  }
  /// False for an interrupt and for the limits of a run: `catch` does not see them, `finally` does.
  public var isCatchable: Bool { body.isCatchable }
  /// The time that `finally` blocks have is over: only contexts see it.
  var isFinal: Bool { body.isFinal }

  /// What interrupted work had got so far; a prompt keeps it as its last result.
  public var partialResult: Snapshot? { body.partialResult }

  /// Whether who started the script is to blame, not the script: a parameter of a wrong value.
  public var isMisuse: Bool { body.isMisuse }

  var detail: String { body.detail }
  var argument: Int? { body.argument }
  var hasTrace: Bool { body.hasTrace }

  /// Says which argument of the native call is wrong, so that the error underlines it. An argument that is already
  /// known stays.
  public func atArgument(_ index: Int) -> Fault {
    if body.argument == nil && !body.hasTrace { body.argument = index }
    return self
  }

  /// Says which of the further arguments (`Rest`) is wrong.
  func atRestItem(_ index: Int) -> Fault {
    if !body.hasTrace { body.restItem = index }
    return self
  }

  /// Says which argument is wrong, counted as the call wrote them: positional ones first, then the named ones.
  func atCallArgument(_ index: Int) -> Fault {
    if !body.hasTrace { body.callArgument = index }
    return self
  }

  /// Turns the parameter that is wrong into the argument of the call.
  func resolveArgument(_ resolve: (_ parameter: Int, _ restItem: Int?) -> Int?) {
    guard let argument = body.argument, body.callArgument == nil, !body.hasTrace else { return }
    body.callArgument = resolve(argument, body.restItem)
  }

  /// -1 is a method's receiver.
  var callArgument: Int? { body.callArgument }

  func withData(_ data: Value) -> Fault {
    body.data = data
    return self
  }

  func uncatchable() -> Fault {
    body.isCatchable = false
    return self
  }

  func final() -> Fault {
    body.isCatchable = false
    body.isFinal = true
    return self
  }

  /// What stopped for the user's sake, as it looks to natives, was stopped for a limit.
  func became(_ limit: Fault) {
    guard kind == .interrupt else { return }
    body.kind = limit.kind
    body.message = limit.message + (message == "interrupted" ? "" : ": " + message)
  }

  /// A function that was running, and how far it had got.
  struct Call {
    let prototype: Prototype
    let offset: Int
    /// Calls between this one and the one before it that are left out.
    var omitted: Int
  }

  func asMisuse() -> Fault {
    body.isMisuse = true
    return self
  }

  /// Says where in a source it is, before anything runs.
  func located(at label: Diagnostic.Label) {
    if body.labels.isEmpty { body.labels = [label] }
    body.hasTrace = true
  }

  /// Says which functions were running, the innermost first.
  func located(_ calls: [Call]) {
    body.calls = calls
    body.hasTrace = true
  }

  private func describeCalls() {
    guard !body.calls.isEmpty else { return }
    let calls = body.calls
    body.calls = []
    if body.labels.isEmpty, let call = calls.first {
      let span = place(in: call) ?? call.prototype.span(at: call.offset)
      body.labels = [Diagnostic.Label(call.prototype.source, span, detail)]
    }
    guard body.trace.isEmpty else { return }
    for call in calls where !call.prototype.isMain || !body.trace.isEmpty {
      let prototype = call.prototype
      var frame = Diagnostic.Frame(
        function: prototype.isMain
          ? "top level" : prototype.name.isEmpty ? "function" : prototype.name,
        source: prototype.source, span: prototype.span(at: call.offset))
      frame.omitted = call.omitted
      body.trace.append(frame)
    }
  }

  /// The span of the argument that is wrong, where that is known.
  private func place(in call: Call) -> Span? {
    guard let argument = callArgument,
      let start = call.prototype.instructionStart(at: call.offset),
      let site = call.prototype.callSites[start]
    else { return nil }
    if argument < 0 { return site.callee }
    if argument < site.positional.count { return site.positional[argument] }
    let named = argument - site.positional.count
    return named < site.named.count ? site.named[named].span : nil
  }

  public var diagnostic: Diagnostic {
    Diagnostic(kind, message, labels: labels, hint: hint, trace: trace)
  }
}

extension Fault: CustomStringConvertible {
  public var description: String { "\(kind.rawValue): \(message)" }
}

/// An error type of the domain half that has a kind of the language. `Builtins` lets the domain errors conform, so that
/// natives may throw them as they are.
public protocol FaultConvertible: Error {
  var fault: Fault { get }
}

extension Fault {
  /// Any error as a fault.
  init(_ error: any Error) {
    switch error {
    case let fault as Fault: self = fault
    case let convertible as any FaultConvertible: self = convertible.fault
    case let diagnostic as Diagnostic:
      self.init(diagnostic.kind, diagnostic.message, hint: diagnostic.hint)
      body.labels = diagnostic.labels
    case let diagnostics as Diagnostics where !diagnostics.all.isEmpty:
      self.init(diagnostics.all[0] as any Error)
    case is CancellationError: self = Fault(.interrupt, "interrupted").uncatchable()
    default: self.init(.value, "\(error)")
    }
  }

  /// An argument of another type than its parameter takes.
  static func mismatch(_ parameter: String, _ expected: String, _ found: String) -> Fault {
    Fault(.type, "`\(parameter)` must be \(Value.withArticle(expected)), found \(found)")
  }

  /// The user has interrupted the run; `message` says how far it had got.
  public static func interrupted(
    _ message: String = "interrupted", partialResult: Snapshot? = nil
  ) -> Fault {
    let fault = Fault(.interrupt, message).uncatchable()
    fault.body.partialResult = partialResult
    return fault
  }
}
