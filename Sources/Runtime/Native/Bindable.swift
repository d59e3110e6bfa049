import Foundations
import Syntax

/// A Swift type whose values can be given to a script.
public protocol ValueEncodable: SendableMetatype {
  /// The script's value. Objects that are made here are kept alive until the running native returns.
  func encode(_ vm: VM) throws -> Value
  /// The type of the script's value, where it is the same for all values of the Swift type.
  static var staticType: StaticType { get }
}

extension ValueEncodable {
  public static var staticType: StaticType { .any }
}

/// A Swift type that can be a parameter of a native function.
public protocol Bindable: ValueEncodable {
  /// What help and errors call the type: `float`, `list of string`, `tensor`.
  static var typeName: String { get }
  /// The Swift value; nil where the script's value is of another type. Throws a `Fault` where a part of it is wrong.
  static func decode(_ value: Value, _ vm: VM) throws -> Self?
  /// Whether the type takes all further positional arguments (`Rest`).
  static var takesRest: Bool { get }
  /// Whether it takes each of them by itself, as `decode` does.
  static var decodesRestItems: Bool { get }
  /// As `decode`, for types that take several arguments.
  static func decodeRest(_ values: UnsafeBufferPointer<Value>, _ vm: VM) throws -> Self?
  /// How a default is written in a script.
  var defaultText: String { get }
  /// Whether `decode` may give something for a value of which only the type is known. False is a promise: a check
  /// reports the argument.
  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool
}

extension Bindable {
  /// As `decode`, and nil too where a part of the value is wrong: for a value that may be of several types. What ends
  /// the run goes on.
  public static func attempt(_ value: Value, _ vm: VM) throws -> Self? {
    do { return try decode(value, vm) } catch {
      let fault = Fault(error)
      guard fault.isCatchable, fault.kind != .limit else { throw fault }
      return nil
    }
  }

  public static var takesRest: Bool { false }
  public static var decodesRestItems: Bool { false }
  public static func decodeRest(_ values: UnsafeBufferPointer<Value>, _ vm: VM) throws -> Self? {
    nil
  }
  public var defaultText: String { "…" }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool { true }
}

/// A Swift type of the domain half that a script can hold. Conforming types become parameters and results of natives by
/// giving their descriptor.
public protocol NativeValue: Bindable {
  static var nativeType: NativeType<Self> { get }
}

extension NativeValue {
  public static var typeName: String { nativeType.name }
  public static func decode(_ value: Value, _ vm: VM) throws -> Self? {
    guard case .object(let reference) = value, reference.kind == .native,
      reference.native.type === nativeType
    else { return nil }
    return NativeType<Self>.unbox(reference.native)
  }
  public func encode(_ vm: VM) -> Value { vm.box(self) }
}

extension Value: Bindable {
  public static var typeName: String { "any" }
  public static func decode(_ value: Value, _ vm: VM) -> Value? { value }
  public func encode(_ vm: VM) -> Value { self }
  public var defaultText: String { (try? Representation.text(of: self, quoted: true, nil)) ?? "…" }
}

extension Int: Bindable {
  public static var typeName: String { "int" }
  public static func decode(_ value: Value, _ vm: VM) -> Int? {
    switch value {
    case .int(let int): return int
    case .object(let reference) where reference.kind == .native:
      if case .int(let int)? = reference.native.scalar { return int }
      return nil
    default: return nil
    }
  }
  public func encode(_ vm: VM) -> Value { .int(self) }
  public var defaultText: String { String(self) }
}

extension Double: Bindable {
  public static var typeName: String { "float" }
  public static func decode(_ value: Value, _ vm: VM) -> Double? {
    if case .float(let float) = value { return float }
    return value.number
  }
  public func encode(_ vm: VM) -> Value { .float(self) }
  public var defaultText: String {
    // `1` reads better than `1.0` where a whole number is meant.
    Int(exactly: self).map { abs($0) < 1_000_000 ? String($0) : Formatting.float(self) }
      ?? Formatting.float(self)
  }
}

extension Float: Bindable {
  public static var typeName: String { "float" }
  public static func decode(_ value: Value, _ vm: VM) -> Float? {
    Double.decode(value, vm).map(Float.init)
  }
  public func encode(_ vm: VM) -> Value { .float(Double(self)) }
  public var defaultText: String { Double(self).defaultText }
}

extension Bool: Bindable {
  public static var typeName: String { "bool" }
  public static func decode(_ value: Value, _ vm: VM) -> Bool? {
    switch value {
    case .bool(let bool): return bool
    case .object(let reference) where reference.kind == .native:
      if case .bool(let bool)? = reference.native.scalar { return bool }
      return nil
    default: return nil
    }
  }
  public func encode(_ vm: VM) -> Value { .bool(self) }
  public var defaultText: String { self ? "true" : "false" }
}

extension String: Bindable {
  public static var typeName: String { "string" }
  public static func decode(_ value: Value, _ vm: VM) -> String? { value.string }
  public func encode(_ vm: VM) -> Value { vm.makeString(self) }
  public var defaultText: String { Quoting.literal(self) }
}

extension Optional: ValueEncodable where Wrapped: ValueEncodable {
  public func encode(_ vm: VM) throws -> Value { try self?.encode(vm) ?? .nothing }
}

extension Optional: Bindable where Wrapped: Bindable {
  public static var typeName: String { "\(Wrapped.typeName) or nil" }
  public static func decode(_ value: Value, _ vm: VM) throws -> Wrapped?? {
    if case .nothing = value { return .some(nil) }
    guard let wrapped = try Wrapped.decode(value, vm) else { return nil }
    return .some(wrapped)
  }
  public var defaultText: String { self?.defaultText ?? "nil" }
}

extension Array: ValueEncodable where Element: ValueEncodable {
  public func encode(_ vm: VM) throws -> Value {
    if count > 1 << 16 { try vm.reserve(count * MemoryLayout<Value>.stride) }
    let list = ListObject(capacity: count)
    let value = vm.adopt(list)
    for (index, element) in enumerated() {
      let before = vm.kept.count
      list.append(try element.encode(vm))
      // The list keeps what is in it.
      if vm.kept.count > before { vm.kept.removeLast(vm.kept.count - before) }
      try vm.checkInterrupt(turn: index)
    }
    return value
  }
}

extension Array: Bindable where Element: Bindable {
  public static var typeName: String {
    Element.self == Value.self ? "list" : "list of \(Element.typeName)"
  }
  public static func decode(_ value: Value, _ vm: VM) throws -> [Element]? {
    // A text where texts are wanted is one text too few, not one text for each of its characters.
    if Element.self == String.self, value.string != nil { return nil }
    guard let values = try vm.elements(of: value) else { return nil }
    var result: [Element] = []
    result.reserveCapacity(values.count)
    for (index, item) in values.enumerated() {
      guard let element = try Element.decode(item, vm) else {
        throw Fault(
          .type,
          "expected a \(typeName), but item \(index) is \(Representation.described(item))")
      }
      result.append(element)
      try vm.checkInterrupt(turn: index)
    }
    return result
  }
  public var defaultText: String { "[" + map(\.defaultText).joined(separator: ", ") + "]" }
}

extension Dictionary: ValueEncodable where Key == Spelling, Value: ValueEncodable {
  /// In the order of the keys, because a dictionary has none of its own.
  public func encode(_ vm: VM) throws -> Runtime.Value {
    try Record(sorted { $0.key < $1.key }.map { ($0.key.text, $0.value) }).encode(vm)
  }
}

extension Dictionary: Bindable where Key == Spelling, Value: Bindable {
  public static var typeName: String { "map" }
  public static func decode(_ value: Runtime.Value, _ vm: VM) throws -> [Spelling: Value]? {
    guard case .object(let reference) = value, reference.kind == .map else { return nil }
    var result: [Spelling: Value] = [:]
    for (key, item) in reference.map {
      guard let name = key.string, let element = try Value.decode(item, vm) else {
        throw Fault(
          .type,
          "expected a map from strings to \(Value.typeName), but it holds \(Representation.brief(key)): \(Representation.brief(item))"
        )
      }
      result[name] = element
    }
    return result
  }
  public var defaultText: String {
    "{"
      + sorted { $0.key < $1.key }.map { "\($0.key.text): \($0.value.defaultText)" }
      .joined(separator: ", ") + "}"
  }
}

/// A map with named entries in a fixed order, as a result: `Record([("epsilon", 1.5), ("delta", 1e-5)])`.
public struct Record: ValueEncodable {
  public var entries: [(String, any ValueEncodable)]
  public init(_ entries: [(String, any ValueEncodable)]) { self.entries = entries }

  public func encode(_ vm: VM) throws -> Value {
    let map = MapObject(capacity: entries.count)
    let value = vm.adopt(map)
    for (name, item) in entries { map.set(vm.makeString(name), try item.encode(vm)) }
    return value
  }
}

/// All further positional arguments: `Param<Rest<Value>>("values", "What to print.")`.
public struct Rest<Element> {
  public var values: [Element]
  public init(_ values: [Element]) { self.values = values }
}

extension Rest: ValueEncodable, Bindable where Element: Bindable {
  public static var typeName: String { Element.typeName }
  public static var takesRest: Bool { true }
  public static var decodesRestItems: Bool { true }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    Element.mayAccept(type, vm)
  }
  public static func decode(_ value: Value, _ vm: VM) throws -> Rest? {
    try Element.decode(value, vm).map { Rest([$0]) }
  }
  public static func decodeRest(_ values: UnsafeBufferPointer<Value>, _ vm: VM) throws -> Rest? {
    var result: [Element] = []
    result.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard let element = try Element.decode(value, vm) else {
        throw Fault(
          .type,
          "expected \(Runtime.Value.withArticle(Element.typeName)), found \(Representation.described(value))"
        ).atRestItem(index)
      }
      result.append(element)
    }
    return Rest(result)
  }
  public func encode(_ vm: VM) throws -> Value { try values.encode(vm) }
}

extension StringObject: ValueEncodable {
  public func encode(_ vm: VM) -> Value { vm.adopt(self) }
}
extension ListObject: ValueEncodable {
  public func encode(_ vm: VM) -> Value { vm.adopt(self) }
}
extension MapObject: ValueEncodable {
  public func encode(_ vm: VM) -> Value { vm.adopt(self) }
}
extension RangeObject: ValueEncodable {
  public func encode(_ vm: VM) -> Value { vm.adopt(self) }
}
extension IteratorObject: ValueEncodable {
  public func encode(_ vm: VM) -> Value { vm.adopt(self) }
}
extension ErrorObject: ValueEncodable {
  public func encode(_ vm: VM) -> Value { vm.adopt(self) }
}

// Parameters that take the objects themselves, for natives that change them or must not copy them.
extension StringObject: Bindable {
  public static var typeName: String { "string" }
  public static func decode(_ value: Value, _ vm: VM) -> Self? { value.object as? Self }
}
extension ListObject: Bindable {
  public static var typeName: String { "list" }
  public static func decode(_ value: Value, _ vm: VM) -> Self? { value.object as? Self }
}
extension MapObject: Bindable {
  public static var typeName: String { "map" }
  public static func decode(_ value: Value, _ vm: VM) -> Self? { value.object as? Self }
}
extension RangeObject: Bindable {
  public static var typeName: String { "range" }
  public static func decode(_ value: Value, _ vm: VM) -> Self? { value.object as? Self }
}
extension ErrorObject: Bindable {
  public static var typeName: String { "error" }
  public static func decode(_ value: Value, _ vm: VM) -> Self? { value.object as? Self }
}

/// A script's function (or anything else that can be called) in the hands of a native. It stays alive as long as this
/// value does, and may be kept (a model's forward function).
public struct Callable: Bindable, @unchecked Sendable {
  public let value: Value
  private let handle: Handle

  init(_ value: Value, _ vm: VM) {
    self.value = value
    handle = Handle(value, vm.heap.handles)
  }

  public static var typeName: String { "function" }
  public static func decode(_ value: Value, _ vm: VM) -> Callable? {
    vm.isCallable(value) ? Callable(value, vm) : nil
  }
  public func encode(_ vm: VM) -> Value { value }

  /// How many positional arguments it takes at least and at most; nil where it is not known.
  public var arity: ClosedRange<Int>? { Callable.arity(of: value) }

  /// Calls it on the interpreter that runs on this thread.
  @discardableResult
  public func call(_ arguments: any ValueEncodable...) throws -> Value {
    try call(arguments)
  }

  /// The same with the arguments in an array.
  public func call(_ arguments: [any ValueEncodable]) throws -> Value {
    let vm = try VM.requireCurrent()
    var values: [Value] = []
    values.reserveCapacity(arguments.count)
    for argument in arguments { values.append(try argument.encode(vm)) }
    return try vm.call(value, values)
  }

  /// Calls it and decodes the result; what the call made is not kept alive beyond that.
  public func call<R: Bindable>(_ arguments: any ValueEncodable..., as type: R.Type) throws -> R {
    let vm = try VM.requireCurrent()
    return try vm.scope {
      let value = try call(arguments)
      guard let result = try R.decode(value, vm) else {
        throw Fault(
          .type,
          "the function must give \(Value.withArticle(R.typeName)), it gave \(Representation.described(value))"
        )
      }
      return result
    }
  }

  static func arity(of value: Value) -> ClosedRange<Int>? {
    guard case .object(let reference) = value else { return nil }
    switch reference.kind {
    case .closure:
      let prototype = reference.closure.prototype
      let positional = prototype.positionalCount
      return min(prototype.requiredPositionalCount, positional)...positional
    case .nativeFunction:
      let parameters = reference.nativeFunction.native.signature.parameters
      if parameters.contains(where: \.variadic) { return 0...Int.max }
      let positional = parameters.prefix { !$0.namedOnly }
      return positional.prefix { $0.isRequired }.count...positional.count
    default: return nil
    }
  }
}
