// What a check can know of values before the run.

/// The type of a value as far as it is certain. What is not certain is `any`: nothing is ever reported of that.
public indirect enum StaticType: Sendable, Equatable {
  case any
  case `nil`, bool, int, float, string, range, function, error
  /// A list, with the type of all its elements; where their number is known (a pair of `enumerate`), with that of each.
  case list(StaticType, items: [StaticType]? = nil)
  /// A map; where its keys are known, no others can be in it.
  case map([String: StaticType]?)
  /// A native value by the name of its type; where the names of its parts are known (the columns of a table), it has no
  /// others.
  case object(String, parts: Set<String>?)

  /// What scripts call the type; nil where it is not known.
  public var name: String? {
    switch self {
    case .any: nil
    case .nil: "nil"
    case .bool: "bool"
    case .int: "int"
    case .float: "float"
    case .string: "string"
    case .range: "range"
    case .function: "function"
    case .error: "error"
    case .list: "list"
    case .map: "map"
    case .object(let name, _): name
    }
  }

  /// The name with its article, for messages.
  public var withArticle: String {
    guard let name else { return "a value" }
    if self == .nil { return name }
    // The one type whose name is a plural.
    if name == "groups" { return "a value of type groups" }
    return ("aeiou".contains(name.first ?? "x") ? "an " : "a ") + name
  }

  public var isNumber: Bool { self == .int || self == .float }

  /// A value that is one of the two.
  func joined(_ other: StaticType) -> StaticType {
    if self == other { return self }
    switch (self, other) {
    case (.list(let a, let some), .list(let b, let others)):
      guard let some, let others, some.count == others.count else { return .list(a.joined(b)) }
      return .list(a.joined(b), items: zip(some, others).map { $0.joined($1) })
    case (.map, .map): return .map(nil)
    case (.object(let a, let some), .object(let b, let more)) where a == b:
      return .object(a, parts: some.flatMap { parts in more.map(parts.union) })
    default: return .any
    }
  }

  /// A list of so many elements of these types.
  public static func items(_ types: [StaticType]) -> StaticType {
    .list(types.first.map { types.dropFirst().reduce($0) { $0.joined($1) } } ?? .any, items: types)
  }

  /// What going through a value gives.
  public var element: StaticType {
    switch self {
    case .list(let element, _): element
    case .range: .int
    case .string, .map(.some): .string
    default: .any
    }
  }

  /// What stays true of a list or map that may be changed: that it is one.
  var whateverItHolds: StaticType {
    switch self {
    case .list: .list(.any)
    case .map: .map(nil)
    default: self
    }
  }

  /// Reads what a declaration says of a result: `tensor i64`, `list of string`, `{low, high: float}`,
  /// `table {word, count}`. A word that is none of the language's types is the name of a native one. What it does not
  /// understand, such as `int or tensor` and `as given`, is `any`.
  public init(parsing text: String) {
    let text = text.drop { $0 == " " }
    if text.hasPrefix("{") {
      self = .map(StaticType.entries(text))
      return
    }
    if text.hasPrefix("list of ") {
      self = .list(StaticType(parsing: String(text.dropFirst("list of ".count))))
      return
    }
    // Behind the name of a type stands at most what is in it: `tensor i64 [examples]`, `tensor, as …`.
    let end = text.firstIndex { !$0.isLetter && $0 != "_" } ?? text.endIndex
    let rest = text[end...].drop { $0 == " " }
    let isPlain =
      rest.isEmpty
      || ["[", "{", ", as ", "f32", "f64", "i64", "i32", "bool"].contains { rest.hasPrefix($0) }
    guard isPlain else {
      self = .any
      return
    }
    switch text[..<end] {
    case "nil": self = .nil
    case "bool": self = .bool
    case "int": self = .int
    case "float": self = .float
    case "string": self = .string
    case "range": self = .range
    case "function": self = .function
    case "error": self = .error
    case "list", "lists": self = .list(.any)
    case "map": self = .map(nil)
    case "any", "": self = .any
    case let name:
      let parts = rest.hasPrefix("{") ? StaticType.entries(rest).map { Set($0.keys) } : nil
      self = .object(String(name), parts: parts)
    }
  }

  /// The names in braces with their types; nil where they are not closed.
  private static func entries(_ text: Substring) -> [String: StaticType]? {
    guard text.hasSuffix("}") else { return nil }
    var pieces: [String] = [""]
    var depth = 0
    for character in text.dropFirst().dropLast() {
      if character == "{" { depth += 1 }
      if character == "}" { depth -= 1 }
      if character == ",", depth == 0 {
        pieces.append("")
      } else {
        pieces[pieces.count - 1].append(character)
      }
    }
    var entries: [String: StaticType] = [:]
    for piece in pieces {
      let parts = piece.split(separator: ":", maxSplits: 1)
      guard let key = parts.first?.filter({ $0 != " " }), !key.isEmpty else { return nil }
      entries[key] = parts.count > 1 ? StaticType(parsing: String(parts[1])) : .any
    }
    return entries
  }
}

/// A value that stands in the script's text.
public indirect enum Constant: Sendable, Equatable {
  case `nil`
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list([Constant])
  case map([String: Constant])
  case range(lower: Int, upper: Int, closed: Bool, step: Int)
  /// All numbers between two, as only a `param` takes them.
  case interval(lower: Double, upper: Double, closed: Bool)

  public var string: String? { if case .string(let text) = self { text } else { nil } }

  /// One name or a list of names.
  public var names: [String]? {
    switch self {
    case .string(let name): [name]
    case .list(let items):
      items.allSatisfy { $0.string != nil } ? items.compactMap(\.string) : nil
    default: nil
    }
  }
}

/// What is known of an expression's value.
public struct Known: Sendable {
  public var type: StaticType
  /// The value itself, where it stands in the text.
  public var constant: Constant?
  /// What is called where this is: a method, with the value that it belongs to.
  var method: (signature: Signature, receiver: StaticType)?

  public init(_ type: StaticType, _ constant: Constant? = nil) {
    self.type = type
    self.constant = constant
  }

  public static var anything: Known { Known(.any) }
}

/// The arguments of a call by the names of their parameters; those that were not given are missing.
public struct CallArguments: Sendable {
  var values: [String: Known]
  /// What further positional arguments are, in order.
  public var rest: [Known] = []
  public subscript(_ name: String) -> Known? { values[name] }
}

/// What a declaration's words cannot say of a call.
public struct CallInsight: Sendable {
  /// The type of the result, where it depends on the arguments; nil leaves what is declared.
  public var result: @Sendable (CallArguments) -> StaticType?
  /// What is wrong with arguments that are right each by itself: the parameter and the error, without a place.
  public var problems: @Sendable (CallArguments) -> [(parameter: String, error: Diagnostic)]
  /// The arguments whose strings name parts of another argument (columns of a table): that one's parameter, and theirs.
  public var partNames: (owner: String, parameters: Set<String>)?
  /// What a function among the arguments of a method is called with, from the type of the value that has the method.
  public var handed: @Sendable (_ receiver: StaticType) -> StaticType

  public init(
    result: @escaping @Sendable (CallArguments) -> StaticType? = { _ in nil },
    problems: @escaping @Sendable (CallArguments) -> [(parameter: String, error: Diagnostic)] = {
      _ in []
    }, partNames: (owner: String, parameters: Set<String>)? = nil,
    handed: @escaping @Sendable (StaticType) -> StaticType = { _ in .any }
  ) {
    self.result = result
    self.problems = problems
    self.partNames = partNames
    self.handed = handed
  }
}

/// What can be done with the values of a type.
public struct TypeDescription: Sendable {
  public var fields: [String: StaticType]
  /// The methods, without the parameter for the value itself.
  public var methods: [String: Signature]
  /// The values have members beyond these: their parts.
  public var hasParts: Bool
  /// A value may stand for a number or a bool.
  public var mayBeScalar: Bool
  /// `for x in value` goes through something.
  public var isSequence: Bool
  /// What calling a value does; nil where it cannot be called.
  public var call: Signature?
  public var insight: PartsInsight?
  /// What other tools call members that the values do not have, with hints.
  public var foreignNames: [String: String]

  public init(
    fields: [String: StaticType] = [:], methods: [String: Signature] = [:], hasParts: Bool = false,
    mayBeScalar: Bool = false, isSequence: Bool = false, call: Signature? = nil,
    insight: PartsInsight? = nil, foreignNames: [String: String] = [:]
  ) {
    self.fields = fields
    self.methods = methods
    self.hasParts = hasParts
    self.mayBeScalar = mayBeScalar
    self.isSequence = isSequence
    self.call = call
    self.insight = insight
    self.foreignNames = foreignNames
  }
}

/// What a type's parts tell of what is taken out of its values.
public struct PartsInsight: Sendable {
  public var field: @Sendable (_ name: String, _ parts: Set<String>) -> StaticType?
  /// What `for x in value` goes through.
  public var element: @Sendable (_ parts: Set<String>) -> StaticType
  /// What `value[index]` gives, and what is wrong with it.
  public var index: @Sendable (_ index: Known, _ parts: Set<String>) -> (StaticType, Diagnostic?)

  public init(
    field: @escaping @Sendable (String, Set<String>) -> StaticType?,
    element: @escaping @Sendable (Set<String>) -> StaticType,
    index: @escaping @Sendable (Known, Set<String>) -> (StaticType, Diagnostic?)
  ) {
    self.field = field
    self.element = element
    self.index = index
  }
}

/// What may fail for the values that it is done with.
public enum JudgedOperation: Sendable, Equatable {
  case negate
  /// `not a`.
  case invert
  case binary(BinaryOperator)
  /// `a < b`, `a <= b`.
  case less(orEqual: Bool)
  /// `b in a`.
  case contains
  /// `a[b]`.
  case index
  /// `let [x, y] = a` with so many names.
  case unpack(Int)
  /// `a..b by c`.
  case range
  /// `with a { … }`.
  case enter
  case throwing
}

/// What a check asks of the half that runs scripts, so that it says of a value in the text what the run would say.
/// Diagnostics come without a place.
public protocol ValueJudge: Sendable {
  /// What can be done with values of a type, native or not; nil where there is none of that name.
  func description(ofType name: String) -> TypeDescription?
  func negated(_ value: Constant) -> Constant?
  func result(_ op: BinaryOperator, _ left: Constant, _ right: Constant) -> Constant?
  /// What is wrong with the operands of an operation.
  func problem(_ operation: JudgedOperation, _ operands: [Known]) -> Diagnostic?
  /// What a native global is, where it is a plain number (`inf`, `pi`).
  func constant(named name: String) -> Constant?
  /// What is wrong with `f"{value:specification}"`.
  func problem(formatting value: Known, _ specification: String) -> Diagnostic?
  /// What is wrong with `param name = value in domain`.
  func problem(ofParam name: String, _ value: Constant, domain: Constant) -> Diagnostic?
  /// What a trial of a sweep cannot record of a value of this type: the type itself, or one inside; nil where nothing
  /// is certain to be lost.
  func unrecorded(_ type: StaticType) -> StaticType?
  /// The type of what a sweep gives, a native one with its columns as parts.
  var sweepType: String? { get }
}
