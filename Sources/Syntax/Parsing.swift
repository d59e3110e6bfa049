/// From text to the syntax tree.
public enum Parsing {
  /// How deep brackets, blocks and operators may nest.
  public static let nestingLimit = 256

  /// No tree that `parse` gives is higher than this, counting nested expressions, statements, blocks and the links of
  /// chains (`a + b + c`). Walks follow chains in a loop (`Expr.chainOperand`), and the tree itself can be freed on a
  /// thread with an ordinary stack.
  public static let heightLimit = 1_000

  static let diagnosticLimit = 20

  /// Parses a whole source; throws everything that is wrong with it, in the order of the text, at most twenty errors.
  public static func parse(_ source: Source) throws(Diagnostics) -> Program {
    let stream = Lexer.tokenize(source)
    let brackets = Brackets(stream, source)
    if !brackets.diagnostics.isEmpty || stream.endsInString {
      // A string that does not end swallows the brackets after it.
      throw Diagnostics(
        stream.diagnostics.isEmpty ? brackets.diagnostics : sorted(stream.diagnostics))
    }
    var parser = Parser(source, stream, brackets)
    let program = parser.program()
    let diagnostics = stream.diagnostics + parser.diagnostics
    if !diagnostics.isEmpty { throw Diagnostics(sorted(diagnostics)) }
    return program
  }

  /// Whether a REPL should run `text`, ask for another line, or show its error.
  public static func completeness(of text: String) -> Completeness {
    let source = Source(name: "", text: text)
    let stream = Lexer.tokenize(source)
    if stream.endsInString { return stream.diagnostics.count == 1 ? .incomplete : .invalid }
    if !stream.diagnostics.isEmpty { return .invalid }
    let brackets = Brackets(stream, source)
    if !brackets.unclosed.isEmpty {
      return brackets.diagnostics.count == 1 ? .incomplete : .invalid
    }
    if !brackets.diagnostics.isEmpty { return .invalid }
    var parser = Parser(source, stream, brackets)
    _ = parser.program()
    if parser.diagnostics.isEmpty {
      // A documentation comment belongs to what follows; an empty line ends it.
      let last = text.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
      return last.drop { $0 == " " }.hasPrefix("##") ? .incomplete : .complete
    }
    return parser.diagnostics.count == 1 && parser.wantsMore ? .incomplete : .invalid
  }

  private static func sorted(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    let ordered = diagnostics.enumerated().sorted {
      let first = $0.element.labels.first?.span.start ?? 0
      let second = $1.element.labels.first?.span.start ?? 0
      return first == second ? $0.offset < $1.offset : first < second
    }
    return Array(ordered.map(\.element).prefix(diagnosticLimit))
  }
}

public enum Completeness: String, Sendable {
  /// Parses as it stands.
  case complete
  /// Ends inside a bracket, a block or a string of several lines, or after an operator: more lines may make it whole.
  case incomplete
  /// No further line can make it right.
  case invalid
}
