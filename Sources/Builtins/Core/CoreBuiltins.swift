import Foundations
import Runtime
import Syntax

/// The natives of the language itself: printing, conversions, sequences, mathematics on numbers, and the methods of
/// strings, lists and maps.
public enum CoreBuiltins {
  /// Computes a global function for values that are no plain numbers or lists (tensors): the function's name (`exp`,
  /// `sum`, `max`, `abs`, …) and its arguments; nil where it knows nothing of such values.
  public typealias Overload =
    @Sendable (_ function: String, _ arguments: [Value], _ vm: VM) throws -> Value?

  /// Makes all of them known to an interpreter. `overload` lets global functions take other values too.
  public static func install(
    into interpreter: Interpreter, overload: @escaping Overload = { _, _, _ in nil }
  ) {
    for natives in globals(overload) { interpreter.define(natives) }
    for (name, constant) in constants { interpreter.define(name, .float(constant.value)) }
    interpreter.define(methods: stringMethods.flatMap(\.self), on: .string)
    interpreter.define(methods: listMethods.flatMap(\.self), on: .list)
    interpreter.define(methods: mapMethods, on: .map)
  }

  /// All global functions, in groups as help lists them.
  static func globals(_ overload: @escaping Overload) -> [[Native]] {
    let computing = [
      conversions, characters, lengths(overload), rounding(overload), exponentials(overload),
      trigonometry(overload), specialFunctions(overload), tests(overload),
    ]
    return [output, extremes(overload), sequences, functional]
      + computing.map { $0.map { $0.evaluated() } }
  }

  static let constants: [String: (value: Double, summary: String)] = [
    "inf": (.infinity, "Infinity: larger than any other number."),
    "nan": (
      .nan, "No number: the result of what has none, unequal to everything; `isnan(x)` finds it."
    ),
    "pi": (.pi, "The circumference of a circle whose diameter is 1."),
  ]

  static var stringMethods: [[Native]] {
    [searching, splitting, cases, trimming, classes].map { $0.map { $0.evaluated() } }
  }

  static var listMethods: [[Native]] { [listChanges, listQueries] }
}

/// A string parameter as its object, decoded without copying the text.
struct StringArgument: Bindable {
  let object: StringObject

  static var typeName: String { "string" }
  static func decode(_ value: Value, _ vm: VM) -> StringArgument? {
    guard let object = value.object, object.kind == .string else { return nil }
    return StringArgument(object: unsafeDowncast(object, to: StringObject.self))
  }
  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool { String.mayAccept(type, vm) }
  static var staticType: StaticType { .string }
  func encode(_ vm: VM) -> Value { Value(object) }
  var defaultText: String { Quoting.literal(object.text) }

  var bytes: UnsafeBufferPointer<UInt8> { object.utf8 }
}

/// A list parameter as its object.
struct List: Bindable {
  let object: ListObject

  static var typeName: String { "list" }
  static func decode(_ value: Value, _ vm: VM) -> List? {
    guard let object = value.object, object.kind == .list else { return nil }
    return List(object: unsafeDowncast(object, to: ListObject.self))
  }
  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    switch type {
    case .any, .list: true
    default: false
    }
  }
  static var staticType: StaticType { .list(.any) }
  func encode(_ vm: VM) -> Value { Value(object) }
}

/// A map parameter as its object.
struct Map: Bindable {
  let object: MapObject

  static var typeName: String { "map" }
  static func decode(_ value: Value, _ vm: VM) -> Map? {
    guard let object = value.object, object.kind == .map else { return nil }
    return Map(object: unsafeDowncast(object, to: MapObject.self))
  }
  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    switch type {
    case .any, .map: true
    default: false
    }
  }
  static var staticType: StaticType { .map(nil) }
  func encode(_ vm: VM) -> Value { Value(object) }
}

/// The elements of whatever can be gone through: lists, ranges, the keys of maps, the characters of strings, rows.
struct Elements: Bindable {
  let values: [Value]

  static var typeName: String { "list" }
  static func decode(_ value: Value, _ vm: VM) throws -> Elements? {
    if let list = List.decode(value, vm) { return Elements(values: try vm.values(of: list.object)) }
    if let elements = try vm.elements(of: value) { return Elements(values: elements) }
    throw Fault(
      .type, "expected a list or another sequence, found \(Representation.brief(value))",
      hint: value.number.map { _ in "the numbers up to n are `0..n`" })
  }
  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool { [Value].mayAccept(type, vm) }
  func encode(_ vm: VM) throws -> Value { try vm.makeCheckedList(values) }
}
