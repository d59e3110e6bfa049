/// How diagnostics are written for a person.
public enum Rendering {
  public enum Style: Sendable {
    case plain
    /// ANSI colours.
    case terminal
    /// A `<pre>` element whose parts are `<span class="…">`.
    case html
  }

  public static func render(_ diagnostic: Diagnostic, style: Style = .plain, width: Int = 100)
    -> String
  {
    diagnostic.message
  }

  public static func render(_ diagnostics: [Diagnostic], style: Style = .plain, width: Int = 100)
    -> String
  {
    diagnostics.map { render($0, style: style, width: width) }.joined(separator: "\n")
  }
}
