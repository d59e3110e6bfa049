import Foundations
import Runtime
import Syntax
import Tables

/// What `help` and `?name` show, all of it from the declarations.
public struct HelpText {
  public let width: Int
  public let isColoured: Bool

  public init(width: Int = 100, isColoured: Bool = false) {
    self.width = max(40, min(width, 120))
    self.isColoured = isColoured
  }

  private func bold(_ text: String) -> String { isColoured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  private func dim(_ text: String) -> String { isColoured ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  /// The help of whatever a value is.
  public func text(of value: Value, _ interpreter: Interpreter) -> String {
    switch value.object {
    case let function as NativeFunction: return text(function.native.signature)
    case let closure as Closure: return text(closure.signature)
    case let method as BoundMethod: return text(method.signature.withoutReceiver)
    case let module as ModuleObject:
      return page(.module, module.name, interpreter) ?? text(ofScript: module, interpreter)
    case let object?: return page(.type, object.typeName, interpreter) ?? plain(value)
    case nil: return page(.type, value.typeName, interpreter) ?? plain(value)
    }
  }

  /// The help of a name, as of `dp.train`, `list.append` or `sweep`; nil where there is none.
  public func text(named path: String, _ interpreter: Interpreter) -> String? {
    let found = Reference(of: interpreter).entries(named: path)
    return found.isEmpty ? nil : found.map(text).joined(separator: "\n\n")
  }

  private func page(_ subject: Reference.Page.Subject, _ name: String, _ interpreter: Interpreter)
    -> String?
  {
    Reference(of: interpreter).pages.first { $0.subject == subject && $0.name == name }.map(text)
  }

  /// What the reference says at one place.
  public func text(_ entry: Reference.Entry) -> String {
    switch entry {
    case .page(let page): text(page)
    case .function(let signature): text(signature)
    case .field(let field, let page):
      heading(
        (page.subject == .globals ? "" : page.name + ".") + field.name
          + (field.type.map { " -> " + $0 } ?? ""), field.summary)
    case .form(let form):
      heading(form.form, form.summary) + "\n\n" + example(form.example)
    }
  }

  /// A module or a type: what it is, its fields and a line for each function.
  public func text(_ page: Reference.Page) -> String {
    var parts = [heading(page.name, page.summary)]
    if let call = page.call {
      parts.append(text(page.subject == .type ? call.ofValue(page.name) : call))
    }
    if !page.fields.isEmpty { parts.append(fields(page.fields, of: page)) }
    if !page.functions.isEmpty {
      parts.append(list(page.functions, areMethods: page.subject == .type))
    }
    return parts.joined(separator: "\n\n")
  }

  private func fields(_ fields: [Reference.Field], of page: Reference.Page) -> String {
    let nameWidth = fields.map { DisplayWidth.of($0.name) }.max() ?? 0
    let point = page.subject == .type ? "." : ""
    return fields.map { field in
      let head = "  " + point + DisplayWidth.padded(field.name, to: nameWidth) + "  "
      let body = wrapped(field.summary, indent: DisplayWidth.of(head)).drop { $0 == " " }
      return (head + body).trimmingTrailingSpaces()
    }.joined(separator: "\n")
  }

  /// A module that a script is: its functions are known by their values.
  private func text(ofScript module: ModuleObject, _ interpreter: Interpreter) -> String {
    var parts = [heading(module.name, module.summary)]
    let functions = module.memberNames.compactMap { name in
      (interpreter.member(name, of: module)?.object as? Closure)?.signature
    }
    let others = module.memberNames.filter { name in !functions.contains { $0.name == name } }
    if !functions.isEmpty { parts.append(list(functions)) }
    if !others.isEmpty { parts.append(wrapped(others.joined(separator: ", "), indent: 2)) }
    return parts.joined(separator: "\n\n")
  }

  private func plain(_ value: Value) -> String {
    Value.withArticleCapitalised(value.typeName) + ": " + Representation.brief(value)
  }

  /// A function: its call, what it does, its parameters, an example.
  public func text(_ signature: Signature) -> String {
    var parts = [bold(HelpText.call(signature))]
    if !signature.summary.isEmpty { parts.append(wrapped(signature.summary, indent: 2)) }
    if !signature.parameters.isEmpty { parts.append(parameters(signature.parameters)) }
    if !signature.examples.isEmpty {
      parts.append(signature.examples.map { example(($0.code, $0.result)) }.joined(separator: "\n"))
    }
    if !signature.seeAlso.isEmpty {
      parts.append(dim("see also: ") + signature.seeAlso.joined(separator: ", "))
    }
    return parts.joined(separator: "\n\n")
  }

  private func example(_ example: (code: String, result: String)) -> String {
    let lines = example.code.split(separator: "\n").map { "  " + dim("> ") + $0 }
    let result = example.result.isEmpty ? [] : [indented(example.result, "  ")]
    return (lines + result).joined(separator: "\n")
  }

  /// A text up to its first full stop that ends a sentence: one with a space or a new line behind it, and no
  /// abbreviation before it.
  public static func firstSentence(of text: String) -> String {
    let flowing = text.replacing("\n", with: " ")
    let end = flowing.ranges(of: ". ").first { range in
      !["et al", "e.g", "i.e", "vs", "cf"].contains(where: flowing[..<range.lowerBound].hasSuffix)
    }
    guard let end else { return flowing }
    return String(flowing[..<end.lowerBound]) + "."
  }

  /// Words broken into lines of the help's width.
  public func paragraph(_ text: String) -> String { wrapped(text, indent: 0) }

  /// `dp.clip(vector, bound = 1) -> [n]`; named-only parameters follow a `*`-free comma with their colon.
  /// - Parameter isMethod: written after a value and a point, without the module and the first parameter.
  public static func call(_ signature: Signature, isMethod: Bool = false) -> String {
    let parameters = signature.parameters.dropFirst(isMethod ? 1 : 0).map { parameter -> String in
      if parameter.variadic { return parameter.name + "…" }
      if parameter.namedOnly {
        return parameter.name + ":" + (parameter.defaultText.map { " " + $0 } ?? "")
      }
      return parameter.name + (parameter.defaultText.map { " = " + $0 } ?? "")
    }
    let result = signature.returns.isEmpty ? "" : " -> " + signature.returns
    let name = isMethod ? signature.name.split(separator: ".").last.map(String.init) : nil
    return (name ?? signature.name) + "(" + parameters.joined(separator: ", ") + ")" + result
  }

  private func parameters(_ parameters: [Signature.Parameter]) -> String {
    let nameWidth = parameters.map { DisplayWidth.of($0.name) }.max() ?? 0
    let typeWidth = min(24, parameters.map { DisplayWidth.of($0.type) }.max() ?? 0)
    return parameters.map { parameter in
      let notes = [parameter.summary, parameter.rule.map { "(\($0))" } ?? ""].filter { !$0.isEmpty }
      let head =
        "  " + DisplayWidth.padded(parameter.name, to: nameWidth) + "  "
        + DisplayWidth.padded(parameter.type, to: typeWidth) + "  "
      let indent = nameWidth + typeWidth + 6
      let body = wrapped(notes.joined(separator: " "), indent: indent).drop { $0 == " " }
      return (head + body).trimmingTrailingSpaces()
    }.joined(separator: "\n")
  }

  /// What there is: the functions that need no module, the modules and the types.
  func overview(_ interpreter: Interpreter) -> String {
    let pages = Reference(of: interpreter).pages
    let functions = pages.filter { $0.subject == .globals }.flatMap(\.functions).map(\.name)
    return [
      bold("functions"), wrapped(functions.joined(separator: ", "), indent: 2), bold("modules"),
      lines(pages.filter { $0.subject == .module }), bold("types"),
      lines(pages.filter { $0.subject == .type }),
      dim(
        "`help(nn)` shows a module, `help(nn.linear)` or `?nn.linear` a function, `?table` a type, `?sweep` a word."
      ),
    ].joined(separator: "\n\n")
  }

  private func lines(_ pages: [Reference.Page]) -> String {
    let nameWidth = pages.map { DisplayWidth.of($0.name) }.max() ?? 0
    return pages.map { page in
      "  " + DisplayWidth.padded(page.name, to: nameWidth) + "  "
        + dim(DisplayWidth.cut(page.summary, to: width - nameWidth - 4))
    }.joined(separator: "\n")
  }

  private func heading(_ name: String, _ summary: String) -> String {
    bold(name) + (summary.isEmpty ? "" : "\n\n" + wrapped(summary, indent: 2))
  }

  /// One line a function: its call and the first sentence of what it does.
  private func list(_ signatures: [Signature], areMethods: Bool = false) -> String {
    signatures.map { signature in
      let call = (areMethods ? "." : "") + HelpText.call(signature, isMethod: areMethods)
      let sentence = HelpText.firstSentence(of: signature.summary)
      let column = 34
      if DisplayWidth.of(call) + 4 > column {
        return "  " + call + "\n" + String(repeating: " ", count: column)
          + dim(DisplayWidth.cut(sentence, to: width - column))
      }
      return "  " + DisplayWidth.padded(call, to: column - 2)
        + dim(DisplayWidth.cut(sentence, to: width - column))
    }.joined(separator: "\n")
  }

  private func indented(_ text: String, _ indent: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { indent + $0 }
      .joined(separator: "\n")
  }

  /// The paragraphs of a text: lines belong together unless one is empty, indented or begins with a sign or a number.
  private func paragraphs(_ text: String) -> [String] {
    var result: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let last = result.last, !last.isEmpty, line.first?.isLetter == true {
        result[result.count - 1] = last + " " + line
      } else {
        result.append(String(line))
      }
    }
    return result
  }

  /// Words broken into lines, paragraphs kept.
  private func wrapped(_ text: String, indent: Int) -> String {
    let room = max(20, width - indent)
    let space = String(repeating: " ", count: indent)
    return paragraphs(text).map { paragraph in
      var lines: [String] = []
      var line = ""
      for word in paragraph.split(separator: " ") {
        if !line.isEmpty, DisplayWidth.of(line) + 1 + DisplayWidth.of(String(word)) > room {
          lines.append(space + line)
          line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
      }
      lines.append(line.isEmpty ? "" : space + line)
      return lines.joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

extension Value {
  fileprivate static func withArticleCapitalised(_ name: String) -> String {
    name.prefix(1).uppercased() + name.dropFirst()
  }
}

extension Signature {
  /// Of what calling a value of a type does, as a call of the value.
  func ofValue(_ type: String) -> Signature {
    var signature = withoutReceiver
    signature.name = type
    return signature
  }
}

extension String {
  fileprivate func trimmingTrailingSpaces() -> String {
    var result = self[...]
    while result.last == " " { result = result.dropLast() }
    return String(result)
  }
}
