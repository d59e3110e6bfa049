/// What a person is told when something is wrong: the one error type from the lexer to the natives.
public struct Diagnostic: Error, Sendable {
  /// The kinds that a script can see as `e.kind`.
  public enum Kind: String, Sendable, CaseIterable {
    case syntax, name, type, value, shape, index, key, io, parse, data, privacy, limit, interrupt,
      assert, user
  }

  public enum Severity: String, Sendable { case error, warning }

  /// A place in a source with what is to be said about it (several lines are allowed; empty for a bare underline).
  public struct Label: Sendable {
    public var source: Source
    public var span: Span
    public var text: String

    public init(_ source: Source, _ span: Span, _ text: String = "") {
      self.source = source
      self.span = span
      self.text = text
    }
  }

  /// One step of a call trace: the function that was running and where it had got to.
  public struct Frame: Sendable {
    public var function: String
    public var source: Source
    public var span: Span
    /// Calls further in that a deep trace leaves out between this one and the one before it.
    public var omitted = 0

    public init(function: String, source: Source, span: Span) {
      self.function = function
      self.source = source
      self.span = span
    }
  }

  public var kind: Kind
  public var severity: Severity
  /// One sentence without a final full stop: what is wrong, with the values.
  public var message: String
  /// The first label is the place of the error; none where there is no place (a missing script file).
  public var labels: [Label]
  /// What to type instead, where that is known: "did you mean `dropout`?".
  public var hint: String?
  /// The call trace, innermost call first.
  public var trace: [Frame]

  public init(
    _ kind: Kind, _ message: String, severity: Severity = .error, labels: [Label] = [],
    hint: String? = nil,
    trace: [Frame] = []
  ) {
    self.kind = kind
    self.severity = severity
    self.message = message
    self.labels = labels
    self.hint = hint
    self.trace = trace
  }
}

/// Several diagnostics thrown together (a parse or a check finds more than one).
public struct Diagnostics: Error, Sendable {
  public var all: [Diagnostic]
  public init(_ all: [Diagnostic]) { self.all = all }
}
