/// An error as a script sees it in `catch e`: `e.kind`, `e.message`, `e.data`, `e.trace`.
public final class ErrorObject: Object {
  public let fault: Fault

  public init(_ fault: Fault) {
    self.fault = fault
    super.init(.error)
  }

  /// What scripts read of an error.
  public static let fields = [
    (
      name: "kind",
      summary: "What went wrong, in a word: \"type\", \"value\" or \"io\", for example."
    ),
    (name: "message", summary: "What went wrong, in a sentence."),
    (name: "data", summary: "The value that was thrown."),
    (name: "hint", summary: "What to do instead; nil where nobody knows."),
    (name: "trace", summary: "The calls that led to it, the innermost first, as texts."),
  ]

  public override var typeName: String { "error" }
  override var byteCount: Int { 256 }
  override func visitChildren(_ visit: (Value) -> Void) { visit(fault.data) }
}
