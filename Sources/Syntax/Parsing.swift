/// From text to the syntax tree.
public enum Parsing {
  /// The highest tree that `parse` gives: no walk over a tree recurses deeper than this.
  public static let heightLimit = 1_000

  /// Parses a whole source; throws everything that is wrong with it, in the order of the text, at most twenty errors.
  public static func parse(_ source: Source) throws(Diagnostics) -> Program {
    throw Diagnostics([Diagnostic(.syntax, "the parser is not written yet")])
  }

  /// Whether a REPL should run `text`, ask for another line, or show its error.
  public static func completeness(of text: String) -> Completeness { .complete }
}

public enum Completeness: String, Sendable {
  /// Parses as it stands.
  case complete
  /// Ends inside a bracket, a block or a string of several lines, or after an operator: more lines may make it whole.
  case incomplete
  /// No further line can make it right.
  case invalid
}
