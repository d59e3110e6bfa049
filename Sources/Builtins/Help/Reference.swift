import Runtime
import Syntax

/// All that scripts can use, from the declarations themselves: a page of the functions and constants that need no
/// module, and one for each module and each type of values.
public struct Reference {
  public struct Field: Sendable {
    public let name: String
    public let summary: String
    /// The type of its values where it is always the same.
    public var type: String?
  }

  public struct Page: Sendable {
    public enum Subject: String, Sendable {
      case globals, module, type
    }

    public let subject: Subject
    public let name: String
    public let summary: String
    /// What calling the module does, or a value of the type: its signature.
    public var call: Signature?
    /// Fields of a type; constants among the globals.
    public var fields: [Field] = []
    /// Functions, of a type its methods, by name.
    public var functions: [Signature] = []
  }

  /// The globals first, then the modules, then the types.
  public let pages: [Page]

  public init(of interpreter: Interpreter) {
    let entities = interpreter.entities.sorted { $0.key < $1.key }
    var globals = Page(
      subject: .globals, name: "globals", summary: "Functions and constants that need no module.")
    var modules: [Page] = []
    for (name, entity) in entities {
      switch entity {
      case .function(let signature): globals.functions.append(signature)
      case .value:
        globals.fields.append(
          Field(name: name, summary: CoreBuiltins.constants[name]?.summary ?? "", type: "float"))
      case .module(let members, let call):
        modules.append(
          Page(
            subject: .module, name: name, summary: interpreter.module(named: name)?.summary ?? "",
            call: call, functions: Reference.functions(of: members)))
      }
    }
    let own = LanguageType.all.map { type in
      Page(
        subject: .type, name: type.name, summary: type.summary,
        fields: type.fields.map { Field(name: $0.name, summary: $0.summary) },
        functions: type.kind.map(interpreter.methods)?.map(\.signature) ?? [])
    }
    let native = interpreter.nativeTypes.values.map { describe in
      let type = describe()
      return Page(
        subject: .type, name: type.name, summary: type.summary, call: type.call?.signature,
        fields: type.fields.map {
          Field(name: $0.name, summary: $0.summary, type: $0.valueType.name)
        },
        functions: type.methods.map(\.signature).sorted { $0.name < $1.name })
    }
    pages = [globals] + modules + (own + native).sorted { $0.name < $1.name }
  }

  /// The functions of a module, those of modules inside of it too.
  private static func functions(of members: [String: Entity]) -> [Signature] {
    members.sorted { $0.key < $1.key }.flatMap { _, entity -> [Signature] in
      switch entity {
      case .function(let signature): [signature]
      case .module(let inner, _): functions(of: inner)
      case .value: []
      }
    }
  }

  public enum Entry: Sendable {
    case page(Page)
    /// A function; a method as it is called, without the value before its point.
    case function(Signature)
    case field(Field, of: Page)
    case form(SyntaxForm)
  }

  /// What stands under a path such as `table`, `dp.train`, `list.append`, `fit.losses` or `sweep`; a type's spaces may
  /// be written as underscores.
  public func entries(named path: String) -> [Entry] {
    let path = path.replacing(" ", with: "_")
    var found = SyntaxForm.all.filter { $0.names.contains(path) }.map { Entry.form($0) }
    for page in pages {
      let name = page.name.replacing(" ", with: "_")
      if path == name { found.append(.page(page)) }
      found += page.functions.filter { $0.name.replacing(" ", with: "_") == path }.map {
        .function(page.subject == .type ? $0.withoutReceiver : $0)
      }
      found += page.fields.filter {
        path == (page.subject == .globals ? $0.name : "\(name).\($0.name)")
      }.map { .field($0, of: page) }
    }
    return found
  }

  /// All paths that lead somewhere, with underscores for spaces.
  public var paths: [String] {
    SyntaxForm.all.flatMap(\.names)
      + pages.flatMap { page -> [String] in
        let fields = page.fields.map {
          page.subject == .globals ? $0.name : page.name + "." + $0.name
        }
        return ([page.name] + page.functions.map(\.name) + fields).map {
          $0.replacing(" ", with: "_")
        }
      }
  }
}

extension Signature {
  /// Of a method as it is called: without its first parameter, the value before the point.
  public var withoutReceiver: Signature {
    var signature = self
    signature.parameters.removeFirst()
    return signature
  }
}

/// A type of the language itself.
struct LanguageType {
  /// Nil for what is no object and has no methods.
  var kind: ObjectKind?
  let name: String
  let summary: String
  var fields: [(name: String, summary: String)] = []

  static let all = [
    LanguageType(
      name: "int",
      summary:
        "A whole number of 64 bits: `42`, `1_000`, `0x1f`. A result that does not fit is an error. `/` of two ints is a float, `//` and `%` round down, `**` is a power; `int(x)` makes one, `f\"{n:,}\"` writes one."
    ),
    LanguageType(
      name: "float",
      summary:
        "A number of double precision (IEEE 754): `3.0`, `1e-5`, `inf`, `nan`. It prints in the shortest form that reads back the same; `float(x)` makes one, `f\"{x:.3f}\"` writes one, and `isnan`, `isinf`, `isfinite`, `round`, `sqrt` and their like take one."
    ),
    LanguageType(
      name: "bool",
      summary:
        "True or false, and what conditions take. Comparisons give one, `and`, `or` and `not` combine them; `bool(x)` makes one."
    ),
    LanguageType(
      kind: .range, name: "range",
      summary:
        "Whole numbers in a row, made when they are wanted: `0..10`, `1..=5`, `0..10 by 2`. The end of `..` is left out, that of `..=` is not."
    ),
    LanguageType(
      kind: .string, name: "string",
      summary: "Text that never changes; indices, lengths and slices count characters."),
    LanguageType(
      kind: .list, name: "list", summary: "Values in a row, changed in place: `[1, \"two\", nil]`."),
    LanguageType(
      kind: .map, name: "map",
      summary: "Values by key, in the order in which they came: `{name: \"x\", \"any key\": 1}`."),
    LanguageType(
      kind: .error, name: "error", summary: "What `catch` gives a name: `try { … } catch e { … }`.",
      fields: ErrorObject.fields),
  ]
}
