/// What a variable of a script holds. No case owns a reference, so that copying a value costs nothing; the objects are
/// kept alive by the heap that made them (`Heap`).
public enum Value: BitwiseCopyable, @unchecked Sendable {
  // Values cross threads only in sweeps, where a trial sees its surroundings read-only (`Object.owner`).
  case nothing
  case bool(Bool)
  case int(Int)
  case float(Double)
  case object(Unmanaged<Object>)

  /// A value that holds `object`. The object must belong to a heap, or outlive the value.
  @inline(__always)
  public init(_ object: Object) { self = .object(Unmanaged.passUnretained(object)) }

  /// The object, where the value is one.
  public var object: Object? {
    if case .object(let reference) = self { return reference.takeUnretainedValue() }
    return nil
  }

  public var isNothing: Bool {
    if case .nothing = self { return true }
    return false
  }

  /// The number as a double: ints, floats and native values that stand for one number (a tensor without dimensions).
  public var number: Double? {
    switch self {
    case .int(let int): return Double(int)
    case .float(let float): return float
    case .object(let reference) where reference.kind == .native:
      switch reference.native.scalar {
      case .int(let int)?: return Double(int)
      case .float(let float)?: return float
      default: return nil
      }
    default: return nil
    }
  }

  /// The text, where the value is a string.
  public var string: String? {
    if case .object(let reference) = self, reference.kind == .string {
      return reference.string.text
    }
    return nil
  }

  /// The type's name as a script and its errors call it: `int`, `string`, `function`, `tensor`.
  public var typeName: String {
    switch self {
    case .nothing: return "nil"
    case .bool: return "bool"
    case .int: return "int"
    case .float: return "float"
    case .object(let reference): return reference.takeUnretainedValue().typeName
    }
  }

  /// `a list`, `an int`: the type with its article, for messages.
  public var typeWithArticle: String { Value.withArticle(typeName) }

  static func withArticle(_ name: String) -> String {
    if name == "nil" { return name }
    // The one type whose name is a plural.
    if name == "groups" { return "a value of type groups" }
    return ("aeiou".contains(name.first ?? "x") ? "an " : "a ") + name
  }

  /// Marks an argument that was not given and a name that is not defined yet. Scripts never see it.
  @inline(__always)
  static var missing: Value { .object(Object.missing) }

  @inline(__always)
  public var isMissing: Bool {
    if case .object(let reference) = self { return reference.toOpaque() == Object.missingAddress }
    return false
  }
}
