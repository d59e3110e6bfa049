import Builtins
import Files
import Foundation
import Runtime
import Syntax
import Tables

/// What may stand at the cursor.
public struct Completions: Sendable {
  public struct Candidate: Sendable, Equatable {
    public enum Kind: String, Sendable {
      case argument, variable, function, module, field, keyword, path
    }
    public var text: String
    public var kind: Kind
    /// The call and the first sentence of a function's documentation.
    public var detail: String?

    public init(_ text: String, _ kind: Kind, detail: String? = nil) {
      self.text = text
      self.kind = kind
      self.detail = detail
    }
  }

  /// The bytes of the text that a candidate replaces.
  public var range: Range<Int>
  public var candidates: [Candidate]

  public init(range: Range<Int>, candidates: [Candidate]) {
    self.range = range
    self.candidates = candidates
  }
}

extension Session {
  private static let keywords = [
    "and", "as", "assert", "break", "by", "catch", "continue", "else", "false", "finally", "fn",
    "for", "if", "import", "in", "let", "nil", "not", "or", "param", "return", "sweep", "throw",
    "true", "try", "where", "while", "with",
  ]

  /// The candidates at a byte offset of an unfinished text. Runs no code of the script.
  public func complete(_ text: String, cursor: Int) -> Completions {
    var context = CursorContext(text, cursor: cursor)
    let base = context.base.map { String(decoding: Array(text.utf8)[$0], as: UTF8.self) }
    var candidates: [Completions.Candidate]
    switch context.place {
    case .nothing: candidates = []
    case .string(let content):
      if let columns = context.call.flatMap({ columns(namedIn: $0, of: text) }) {
        // The whole string is a name, slashes included; `-` in front of one sorts downwards.
        context.prefix = content
        context.start = min(cursor, text.utf8.count) - content.utf8.count
        let sign = content.hasPrefix("-") && !columns.contains { $0.hasPrefix("-") } ? "-" : ""
        candidates = Session.typed(columns.map { sign + $0 })
      } else {
        candidates = paths(content)
      }
    case .member(let chain):
      candidates = chain.flatMap(members) ?? base.map { members(of: type(of: $0)) } ?? []
    case .method(let literal): candidates = methods(of: literal.kind)
    case .module(let parts): candidates = modules(below: parts)
    case .key(let chain):
      candidates = chain.flatMap(keys) ?? Session.typed(base.map(partNames) ?? [])
    case .name:
      candidates = context.call.map { arguments($0, in: text) } ?? []
      // Right after the bracket or a comma only what the call takes; from the first letter on everything.
      if candidates.isEmpty || !context.prefix.isEmpty {
        candidates += names(in: text) + Session.keywords.map { .init($0, .keyword) }
      }
    }
    candidates = candidates.filter { $0.text.hasPrefix(context.prefix) }
    if !context.prefix.hasPrefix("_") { candidates.removeAll { $0.text.hasPrefix("_") } }
    var seen: Set<String> = []
    candidates = candidates.filter { seen.insert($0.text).inserted }
    return Completions(range: context.start..<max(context.start, cursor), candidates: candidates)
  }

  // MARK: Where candidates come from

  func entity(_ chain: [String]) -> Entity? {
    guard let first = chain.first, var entity = declared[first] ?? interpreter.entities[first]
    else { return nil }
    for name in chain.dropFirst() {
      guard case .module(let members, _) = entity, let member = members[name] else { return nil }
      entity = member
    }
    return entity
  }

  func value(_ chain: some Collection<String>) -> Value? {
    guard let first = chain.first, var value = interpreter.lookup(first) else { return nil }
    for name in chain.dropFirst() {
      let item =
        switch value.object {
        case let map as MapObject: map[name]
        case let module as ModuleObject: interpreter.member(name, of: module)
        default: nil as Value?
        }
      guard let item else { return nil }
      value = item
    }
    return value
  }

  private func candidate(_ name: String, _ entity: Entity) -> Completions.Candidate {
    switch entity {
    case .function(let signature): .init(name, .function, detail: Session.detail(signature))
    case .module: .init(name, .module)
    case .value: .init(name, .variable)
    }
  }

  static func detail(_ signature: Signature, isMethod: Bool = false) -> String {
    let sentence = HelpText.firstSentence(of: signature.summary)
    return HelpText.call(signature, isMethod: isMethod) + (sentence.isEmpty ? "" : "   " + sentence)
  }

  /// The members of what a chain of names is; nil where that is no value which is there already.
  private func members(_ chain: [String]) -> [Completions.Candidate]? {
    if case .module(let members, _)? = entity(chain) {
      return members.sorted { $0.key < $1.key }.map { candidate($0.key, $0.value) }
    }
    guard let object = value(chain)?.object else { return nil }
    var result: [Completions.Candidate] = []
    if let map = object as? MapObject {
      for (key, item) in map {
        guard let name = key.string, Session.isName(name) else { continue }
        let isCalled = interpreter.vm.isCallable(item)
        // Its value where there is no call; a call means the method, unless the value can be called.
        let method = isCalled ? nil : interpreter.methods(of: .map).first { $0.name == name }
        result.append(
          .init(
            name, isCalled ? .function : .field,
            detail: method.map { "a key; \(name)() is the method: " + $0.signature.summary }))
      }
    }
    if let native = object as? NativeObject {
      result += members(of: native.type) {
        native.type.memberNames(native).filter(Session.isName)
      }
    }
    if object is ErrorObject {
      result += ErrorObject.fields.map { .init($0.name, .field, detail: $0.summary) }
    }
    return result + methods(of: object.kind)
  }

  func methods(of kind: ObjectKind) -> [Completions.Candidate] {
    interpreter.methods(of: kind).map {
      .init($0.name, .function, detail: Session.detail($0.signature, isMethod: true))
    }
  }

  /// The keys of a map, or the columns of a table, for `m["`; nil where the names are no value which is there already.
  private func keys(of chain: [String]) -> [Completions.Candidate]? {
    guard let object = value(chain)?.object else { return nil }
    switch object {
    case let map as MapObject: return Session.typed(map.compactMap { $0.key.string })
    case let table as Boxed<Table>: return Session.typed(table.value.names)
    default: return nil
    }
  }

  /// Names inside of a string: what needs escapes is not typed at a prompt.
  private static func typed(_ names: [String]) -> [Completions.Candidate] {
    names.filter { name in
      name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\"" && $0 != "\\" }
    }.map { .init($0, .field) }
  }

  /// The next parts of the standard library's modules: behind `import std.`.
  private func modules(below parts: [String]) -> [Completions.Candidate] {
    if parts.isEmpty { return [.init("std.", .module)] }
    return StandardLibrary.moduleNames.compactMap { name in
      let path = ["std"] + name.split(separator: ".").map(String.init)
      guard path.count > parts.count, path.starts(with: parts) else { return nil }
      return .init(path[parts.count], .module)
    }
  }

  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, CursorContext.isNameStart(first) else { return false }
    return text.utf8.allSatisfy(CursorContext.isNamePart)
  }

  /// `name: ` for the parameters of the enclosing call that were not given yet.
  private func arguments(
    _ call: CursorContext.Call, in text: String
  ) -> [Completions.Candidate] {
    let all = parameters(of: call, in: text)
    let given = all.filter { !$0.namedOnly && !$0.variadic }.prefix(max(0, call.position))
    let parameters = all.filter { parameter in !given.contains { $0.name == parameter.name } }
    return parameters.filter { !$0.variadic && !call.names.contains($0.name) }.map { parameter in
      let notes = [parameter.type, parameter.summary, parameter.rule.map { "(\($0))" } ?? ""]
      return .init(
        parameter.name + ": ", .argument,
        detail: notes.filter { !$0.isEmpty }.joined(separator: "  "))
    }
  }

  /// All names in scope, those that the unfinished text itself declares among them.
  private func names(in text: String) -> [Completions.Candidate] {
    var result = declared.sorted { $0.key < $1.key }.map { candidate($0.key, $0.value) }
    result += interpreter.entities.sorted { $0.key < $1.key }.map { candidate($0.key, $0.value) }
    var previous: Substring = ""
    for word in text.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") }) {
      if ["let", "fn", "for", "param", "as"].contains(previous), Session.isName(String(word)) {
        result.append(.init(String(word), previous == "fn" ? .function : .variable))
      }
      previous = word
    }
    return result
  }

  private func paths(_ content: String) -> [Completions.Candidate] {
    let slash = content.lastIndex(of: "/")
    let folder = slash.map { String(content[...$0]) } ?? ""
    let directory = Sandbox.absolute(folder.isEmpty ? "." : folder, below: options.workingDirectory)
    let typed = slash.map { content[content.index(after: $0)...] } ?? content[...]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { typed.hasPrefix(".") || !$0.hasPrefix(".") }.sorted().map { name in
      var isDirectory: ObjCBool = false
      _ = FileManager.default.fileExists(
        atPath: directory + "/" + name, isDirectory: &isDirectory)
      return .init(isDirectory.boolValue ? name + "/" : name, .path)
    }
  }
}
