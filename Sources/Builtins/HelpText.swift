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
  public func text(of value: Value, named name: String?, _ interpreter: Interpreter) -> String {
    guard let object = value.object else { return plain(value) }
    switch object {
    case let function as NativeFunction: return text(function.native.signature)
    case let closure as Closure: return text(closure.signature)
    case let method as BoundMethod:
      return text(method.signature)
    case let module as ModuleObject:
      return text(module, interpreter.entities[name ?? module.name], interpreter)
    case let native as NativeObject: return text(native.type)
    default:
      let methods = interpreter.methods(of: object.kind)
      return methods.isEmpty
        ? plain(value)
        : heading(object.typeName, "") + "\n" + list(methods.map(\.signature), areMethods: true)
    }
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
      let examples = signature.examples.map { example in
        "  " + dim("> ") + example.code + "\n" + indented(example.result, "  ")
      }
      parts.append(examples.joined(separator: "\n"))
    }
    if !signature.seeAlso.isEmpty {
      parts.append(dim("see also: ") + signature.seeAlso.joined(separator: ", "))
    }
    return parts.joined(separator: "\n\n")
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

  /// What there is: the functions that need no module, and the modules.
  func overview(_ interpreter: Interpreter) -> String {
    var functions: [String] = []
    var modules: [(name: String, count: Int)] = []
    for (name, entity) in interpreter.entities.sorted(by: { $0.key < $1.key }) {
      switch entity {
      case .function: functions.append(name)
      case .module(let members, _): modules.append((name, members.count))
      case .value: break
      }
    }
    let nameWidth = modules.map { DisplayWidth.of($0.name) }.max() ?? 0
    let list = modules.map { module in
      let summary = interpreter.module(named: module.name)?.summary ?? ""
      return "  " + DisplayWidth.padded(module.name, to: nameWidth) + "  "
        + dim(DisplayWidth.cut(summary, to: width - nameWidth - 4))
    }
    return [
      bold("functions"), wrapped(functions.joined(separator: ", "), indent: 2), bold("modules"),
      list.joined(separator: "\n"),
      dim("`help(nn)` shows a module, `help(nn.linear)` or `?nn.linear` a function."),
    ].joined(separator: "\n\n")
  }

  private func text(
    _ module: ModuleObject, _ entity: Entity?, _ interpreter: Interpreter
  ) -> String {
    var parts = [heading(module.name, module.summary)]
    guard case .module(let members, let callable)? = entity else {
      // A script's: its functions are known by their values.
      let functions = module.memberNames.compactMap { name in
        (interpreter.member(name, of: module)?.object as? Closure)?.signature
      }
      let others = module.memberNames.filter { name in !functions.contains { $0.name == name } }
      if !functions.isEmpty { parts.append(list(functions)) }
      if !others.isEmpty { parts.append(wrapped(others.joined(separator: ", "), indent: 2)) }
      return parts.joined(separator: "\n\n")
    }
    if let callable { parts.append(text(callable)) }
    var functions: [Signature] = []
    var others: [String] = []
    for (name, member) in members.sorted(by: { $0.key < $1.key }) {
      if case .function(let signature) = member {
        functions.append(signature)
      } else {
        others.append("\(module.name).\(name)")
      }
    }
    if !functions.isEmpty { parts.append(list(functions)) }
    if !others.isEmpty { parts.append(wrapped(others.joined(separator: ", "), indent: 2)) }
    return parts.joined(separator: "\n\n")
  }

  private func text(_ type: AnyNativeType) -> String {
    var parts = [heading(type.name, type.summary)]
    if !type.fields.isEmpty {
      let nameWidth = type.fields.map { DisplayWidth.of($0.name) }.max() ?? 0
      parts.append(
        type.fields.map { field in
          ("  ." + DisplayWidth.padded(field.name, to: nameWidth) + "  " + field.summary)
            .trimmingTrailingSpaces()
        }.joined(separator: "\n"))
    }
    if !type.methods.isEmpty { parts.append(list(type.methods.map(\.signature), areMethods: true)) }
    return parts.joined(separator: "\n\n")
  }

  private func heading(_ name: String, _ summary: String) -> String {
    bold(name) + (summary.isEmpty ? "" : "\n\n" + wrapped(summary, indent: 2))
  }

  /// One line a function: its call and the first sentence of what it does.
  private func list(_ signatures: [Signature], areMethods: Bool = false) -> String {
    signatures.map { signature in
      let call = (areMethods ? "." : "") + HelpText.call(signature, isMethod: areMethods)
      let sentence = signature.summary.split(separator: ". ").first.map(String.init) ?? ""
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

extension String {
  fileprivate func trimmingTrailingSpaces() -> String {
    var result = self[...]
    while result.last == " " { result = result.dropLast() }
    return String(result)
  }
}

/// `help(x)`.
enum HelpBuiltins {
  static let natives = [
    Native(
      "help", "Shows what a function, module or value is and how to use it.",
      Param<Value>(
        "what", "A function, a module, or any value; without one, an overview of what there is.",
        default: Value.nothing, text: "nil"), seeAlso: ["print"],
      search: ["documentation", "manual", "doc"],
      context: { (vm: VM, what: Value) -> Void in
        let display = vm.hostServices.display
        let help = HelpText(width: display.width ?? 100, isColoured: display.isColoured)
        let text =
          what.isNothing
          ? help.overview(vm.interpreter) : help.text(of: what, named: nil, vm.interpreter)
        vm.host.print(text + "\n")
      })
  ]
}
