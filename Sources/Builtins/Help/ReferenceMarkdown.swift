import Syntax

/// The reference as Markdown, a text for each page, as DocC and other readers of Markdown show it.
public enum ReferenceMarkdown {
  /// The name of the file that a page is written into.
  public static func fileName(of page: Reference.Page) -> String {
    let name = page.name.replacing(" ", with: "-")
    return page.subject == .type ? "type-\(name).md" : "\(name).md"
  }

  /// The whole text of a page; ends with a line break.
  public static func text(of page: Reference.Page) -> String {
    let title = page.subject == .globals ? "Globals" : "\(page.name) (\(page.subject.rawValue))"
    var parts = ["# \(title)", page.summary]
    if let call = page.call {
      parts.append("## Calling it")
      parts += description(
        of: page.subject == .type ? call.ofValue(page.name) : call, areMethods: false)
    }
    if !page.fields.isEmpty {
      parts.append(page.subject == .globals ? "## Constants" : "## Fields")
      parts.append(
        page.fields.map { field in
          let type = field.type.map { " (\($0))" } ?? ""
          return
            "- `\(page.subject == .type ? "." : "")\(field.name)`\(type): \(flowing(field.summary))"
        }.joined(separator: "\n"))
    }
    if !page.functions.isEmpty {
      parts.append(page.subject == .type ? "## Methods" : "## Functions")
      for function in page.functions {
        let name = function.name.split(separator: ".").last.map(String.init) ?? function.name
        parts.append("### " + (page.subject == .type ? "." + name : function.name))
        parts += description(of: function, areMethods: page.subject == .type)
      }
    }
    return parts.joined(separator: "\n\n") + "\n"
  }

  /// A table of contents: the globals, the modules and the types with their first sentences.
  public static func index(of pages: [Reference.Page]) -> String {
    func list(_ subject: Reference.Page.Subject) -> String {
      pages.filter { $0.subject == subject }.map { page in
        let name = fileName(of: page).dropLast(".md".count)
        return "- <doc:\(name)>: \(flowing(page.summary))"
      }.joined(separator: "\n")
    }
    return [
      "# Reference",
      "All functions, modules and types of values, written by `fairlead doc --markdown` from their declarations.",
      list(.globals), "## Modules", list(.module), "## Types", list(.type),
    ].joined(separator: "\n\n") + "\n"
  }

  private static func description(of signature: Signature, areMethods: Bool) -> [String] {
    var parts = [
      "```\n\(areMethods ? "." : "")\(HelpText.call(signature, isMethod: areMethods))\n```"
    ]
    if !signature.summary.isEmpty { parts.append(signature.summary) }
    let parameters = signature.parameters.dropFirst(areMethods ? 1 : 0)
    if !parameters.isEmpty {
      parts.append(
        parameters.map { parameter in
          let notes = [parameter.summary, parameter.rule.map { "(\($0))" } ?? ""]
          let text = notes.filter { !$0.isEmpty }.joined(separator: " ")
          return "- `\(parameter.name)` (\(parameter.type)): \(flowing(text))"
        }.joined(separator: "\n"))
    }
    for example in signature.examples {
      parts.append("```\n> \(example.code)\n\(example.result)\n```")
    }
    if !signature.seeAlso.isEmpty {
      parts.append("See also " + signature.seeAlso.map { "`\($0)`" }.joined(separator: ", ") + ".")
    }
    return parts
  }

  /// A text on one line, as the item of a list needs it.
  private static func flowing(_ text: String) -> String { text.replacing("\n", with: " ") }
}
