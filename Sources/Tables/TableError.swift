/// What is wrong with a request to a table or a plot, in the words that a script's author reads.
public struct TableError: Error, Sendable {
  /// The kinds of the language that a table can raise.
  public enum Kind: String, Sendable { case value, key, type, index, io, parse, limit }

  public var kind: Kind
  /// One sentence without a final full stop.
  public var message: String
  public var hint: String?

  public init(_ kind: Kind, _ message: String, hint: String? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }
}
