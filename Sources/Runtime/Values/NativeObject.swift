import Syntax

/// A value of the domain half (tensor, model, table, ledger …) in a script: a Swift value together with the descriptor
/// of what a script can do with it.
public class NativeObject: Object {
  public final let type: AnyNativeType

  init(type: AnyNativeType) {
    self.type = type
    super.init(.native)
  }

  public override var typeName: String { type.name }
  static let ownByteCount = 96
  override var byteCount: Int { NativeObject.ownByteCount + type.byteCount(self) }
  override func visitChildren(_ visit: (Value) -> Void) { type.visitChildren(self, visit) }

  /// The plain number or bool that it stands for, where it does (a tensor without dimensions).
  public final var scalar: Value? { type.scalar(self) }
}

/// The box of one Swift type. Types that are to be boxed conform to `NativeValue`.
public final class Boxed<T>: NativeObject {
  public var value: T

  public init(_ value: T, _ type: NativeType<T>) {
    self.value = value
    super.init(type: type)
  }
}

/// One part of `x[1:3, :, -1]` at run time.
public enum SubscriptValue {
  case index(Value)
  /// Nil where a part is left out.
  case slice(start: Int?, stop: Int?, step: Int?)
  case ellipsis
}

/// How a native value leaves the trial of a sweep that made it.
public enum Transfer<T> {
  /// It stays in its trial: returning it is an error.
  case refuse
  /// It is immutable or safe to use from several threads.
  case share
  case copy((T) throws -> T)
}

/// A field of a native type.
public struct NativeField: Sendable {
  public let name: String
  public let summary: String
  /// The type of its values.
  let type: @Sendable () -> StaticType
  public var valueType: StaticType { type() }
  let get: @Sendable (NativeObject, VM) throws -> Value
}

/// The descriptor of a native type without the Swift type, as the interpreter uses it.
///
/// Descriptors are made once, as static constants, and never change afterwards.
public class AnyNativeType: @unchecked Sendable {
  public let name: String
  public let summary: String
  public fileprivate(set) var fields: [NativeField] = []
  public fileprivate(set) var methods: [Native] = []
  var fieldIndex: [String: Int] = [:]
  var methodObjects: [String: NativeFunction] = [:]
  /// Whether values stand for something that others share and natives change (a model): owning the box is not owning
  /// that.
  public var isHandle = false
  /// What `object(…)` calls; its first parameter is the object.
  public var call: Native? { didSet { callObject = call.map(NativeFunction.init) } }
  var callObject: NativeFunction?
  /// What other tools call members that the type does not have: hints that say what to write here.
  public var foreignNames: [String: String] = [:]
  /// What to write for `value in list` where somebody means each of its values; nil where it means the whole one.
  public var membershipHint: String?
  /// What the parts of a value (the columns of a table) tell a check of what is taken out of it.
  public var insight: PartsInsight?

  fileprivate init(_ name: String, _ summary: String) {
    self.name = name
    self.summary = summary
  }

  func byteCount(_ object: NativeObject) -> Int { 0 }
  func shared(_ object: NativeObject) -> AnyObject? { nil }
  func visitChildren(_ object: NativeObject, _ visit: (Value) -> Void) {}
  func scalar(_ object: NativeObject) -> Value? { nil }
  /// How many samples a check has of the type's values.
  var sampleCount: Int { 1 }
  /// A sample by its number, counted on from the first after the last; nil where there are none.
  func sample(_ index: Int) throws -> NativeObject? { nil }
  /// Whether some values stand for a number or a bool.
  var mayBeScalar: Bool { false }
  /// Whether values have members that only the run knows.
  var hasMembersOfItsOwn: Bool { false }
  /// Whether `for` goes through something in its values.
  var isSequence: Bool { false }
  /// Whether formats mean something else than for its text.
  var formatsItself: Bool { false }
  func representation(_ object: NativeObject, _ vm: VM?) throws -> String { "<\(name)>" }
  func formatted(_ object: NativeObject, _ specification: String, _ vm: VM?) throws -> String? {
    nil
  }
  func member(_ object: NativeObject, _ name: String, _ vm: VM) throws -> Value? { nil }
  func setMember(_ object: NativeObject, _ name: String, _ value: Value, _ vm: VM) throws -> Bool {
    false
  }
  /// The names that `member` knows beyond fields and methods, for completion.
  public func memberNames(_ object: NativeObject) -> [String] { [] }
  func binary(_ vm: VM, _ op: BinaryOperator, _ left: Value, _ right: Value) throws -> Value? {
    nil
  }
  func negated(_ vm: VM, _ object: NativeObject) throws -> Value? { nil }
  func inverted(_ vm: VM, _ object: NativeObject) throws -> Value? { nil }
  /// Whether values may be masks, which `&`, `|` and `not` take element by element.
  var joinsMasks: Bool { false }
  func compared(_ vm: VM, _ op: ComparisonOperator, _ left: Value, _ right: Value) throws -> Value?
  { nil }
  /// Whether two objects of this type are the same value inside lists and maps.
  func equals(_ left: NativeObject, _ right: NativeObject) throws -> Bool { false }
  func index(_ object: NativeObject, _ subscripts: [SubscriptValue], _ vm: VM) throws -> Value? {
    nil
  }
  func setIndex(_ object: NativeObject, _ subscripts: [SubscriptValue], _ value: Value, _ vm: VM)
    throws -> Bool
  { false }
  func length(_ object: NativeObject) throws -> Int? { nil }
  func iterator(_ object: NativeObject, _ vm: VM) throws -> IteratorObject? { nil }
  func contains(_ object: NativeObject, _ value: Value, _ vm: VM) throws -> Bool? { nil }
  func enter(_ object: NativeObject, _ vm: VM) throws -> Value? { nil }
  func exit(_ object: NativeObject, _ fault: Fault?, _ vm: VM) throws {}
  var isContext: Bool { false }
  /// Whether the running trial has made all that a change of the value would change.
  func isOwned(_ object: NativeObject) -> Bool { true }
  /// Takes down what the value is made of.
  func writeContent(of object: NativeObject, to writer: ContentWriter) { writer.incomplete() }
  /// A copy that another heap may hold; nil where the value cannot leave its trial.
  func transferred(_ object: NativeObject) throws -> NativeObject? { nil }
  /// Another box of the same Swift value.
  func rebox(_ object: NativeObject) -> NativeObject { object }
}

/// What a script can do with values of the Swift type `T`. Everything but the name is optional.
///
/// ```swift
/// static let nativeType = NativeType<Ledger>("ledger", "A privacy budget.") { type in
///   type.representation = { ledger, _ in "ledger ε \(ledger.spent) of \(ledger.total)" }
///   type.field("spent", "Epsilon spent so far.") { $0.spent }
///   type.methods([Native("charge", "…", Param<Ledger>("ledger"), Param<Double>("epsilon", .positive)) { … }])
/// }
/// ```
public final class NativeType<T>: AnyNativeType, @unchecked Sendable {
  public typealias Binary = (VM, BinaryOperator, Value, Value) throws -> Value?
  public typealias Comparison = (VM, ComparisonOperator, Value, Value) throws -> Value?

  /// What `repr(x)` and `print(x)` show.
  public var representation: ((T, VM?) throws -> String)?
  /// What `f"{x:spec}"` shows; nil from it falls back to the scalar or the representation.
  public var format: ((T, String) throws -> String?)?
  /// The int, float or bool that the value stands for wherever one is expected; nil where it is none.
  public var scalar: ((T) -> Value?)?
  /// Small values for all that may be done with one: a check reports what fails with each of them for its type.
  public var samples: [() throws -> T] = []
  /// The bytes behind the value, which count towards the next garbage collection.
  public var byteCount: ((T) -> Int)?
  /// The object that owns those bytes, where several values may share them: they count once.
  public var shared: ((T) -> AnyObject)?
  /// Calls its second argument with every script value that the Swift value holds (without handles).
  public var children: ((T, (Value) -> Void) -> Void)?
  /// Members known only at run time (the columns of a table); nil where there is none of that name.
  public var member: ((T, String, VM) throws -> Value?)?
  public var dynamicMemberNames: ((T) -> [String])?
  /// `x.name = value`; gives false where there is no such member.
  public var setMember: ((inout T, String, Value, VM) throws -> Bool)?
  /// `+ - * / // % @ ** & |` with the value on either side; nil where the operands do not fit.
  public var binary: Binary?
  public var negate: ((T, VM) throws -> Value)?
  /// `not x`, element by element; a type that has it also takes `&` and `|` in `binary`.
  public var invert: ((T, VM) throws -> Value)?
  /// `== != < <= > >=` with the value on either side; nil where the operands do not compare.
  public var compare: Comparison?
  /// Whether two values are the same one inside lists and maps, where `compare` may give something elementwise.
  public var equals: ((T, T) throws -> Bool)?
  public var index: ((T, [SubscriptValue], VM) throws -> Value)?
  /// `x[…] = value`.
  public var setIndex: ((inout T, [SubscriptValue], Value, VM) throws -> Void)?
  public var length: ((T) throws -> Int?)?
  public var iterate: ((T, VM) throws -> IteratorObject)?
  public var contains: ((T, Value, VM) throws -> Bool)?
  /// `with x as name { … }`: what is bound to the name (nil: the value itself).
  public var enter: ((T, VM) throws -> Value?)?
  /// Runs on every way out of `with`; the fault is the error that leaves the block, if one does.
  public var exit: ((T, Fault?, VM) throws -> Void)?
  public var transfer: Transfer<T> = .refuse
  /// Whether the running trial of a sweep has made all that a change of the value would change: its parts may be older
  /// than its box. Nil where a box shares nothing with others.
  public var isOwned: ((T) -> Bool)?
  /// Takes down all that the value is made of, so that a recorded trial which captured it is found again by its
  /// content. Where it is nil, or says that it is incomplete, such a trial is found again only after the very same
  /// script.
  public var content: ((T, ContentWriter) -> Void)?

  public init(
    _ name: String, _ summary: String = "", _ configure: (NativeType<T>) -> Void = { _ in }
  ) {
    super.init(name, summary)
    configure(self)
  }

  /// Declares a field that is computed when it is read.
  /// - Parameter returns: what its values are, where their Swift type does not say it: `{low, high}`.
  public func field<R: ValueEncodable>(
    _ name: String, _ summary: String = "", returns: String = "",
    _ get: @escaping (T) throws -> R
  ) {
    nonisolated(unsafe) let get = get
    add(
      NativeField(name: name, summary: summary, type: { R.staticType.declared(returns) }) {
        object, vm in
        try get(NativeType<T>.unbox(object)).encode(vm)
      })
  }

  /// The same with the running context.
  public func field<R: ValueEncodable>(
    _ name: String, _ summary: String = "", returns: String = "",
    context get: @escaping (VM, T) throws -> R
  ) {
    nonisolated(unsafe) let get = get
    add(
      NativeField(name: name, summary: summary, type: { R.staticType.declared(returns) }) {
        object, vm in
        try get(vm, NativeType<T>.unbox(object)).encode(vm)
      })
  }

  private func add(_ field: NativeField) {
    fieldIndex[field.name] = fields.count
    fields.append(field)
  }

  /// Declares methods; the first parameter of each is the value itself.
  public func methods(_ natives: [Native]) {
    for native in natives {
      native.qualify(with: name)
      methods.append(native)
      methodObjects[native.name] = NativeFunction(native)
    }
  }

  // Only `Boxed<T>` is ever made with a `NativeType<T>`.
  @inline(__always)
  static func unbox(_ object: NativeObject) -> T {
    unsafeDowncast(object, to: Boxed<T>.self).value
  }

  override func byteCount(_ object: NativeObject) -> Int {
    max(0, byteCount?(NativeType.unbox(object)) ?? 0)
  }
  override func shared(_ object: NativeObject) -> AnyObject? {
    shared?(NativeType.unbox(object))
  }
  override func visitChildren(_ object: NativeObject, _ visit: (Value) -> Void) {
    children?(NativeType.unbox(object), visit)
  }
  override func scalar(_ object: NativeObject) -> Value? { scalar?(NativeType.unbox(object)) }
  override var sampleCount: Int { max(1, samples.count) }
  override func sample(_ index: Int) throws -> NativeObject? {
    samples.isEmpty ? nil : Boxed(try samples[index % samples.count](), self)
  }
  override var mayBeScalar: Bool { scalar != nil }
  override var hasMembersOfItsOwn: Bool { member != nil }
  override var formatsItself: Bool { format != nil }
  override var isSequence: Bool { iterate != nil }
  override func representation(_ object: NativeObject, _ vm: VM?) throws -> String {
    try representation?(NativeType.unbox(object), vm) ?? "<\(name)>"
  }
  override func formatted(_ object: NativeObject, _ specification: String, _ vm: VM?) throws
    -> String?
  {
    try format?(NativeType.unbox(object), specification)
  }
  override func member(_ object: NativeObject, _ name: String, _ vm: VM) throws -> Value? {
    try member?(NativeType.unbox(object), name, vm)
  }
  override func setMember(_ object: NativeObject, _ name: String, _ value: Value, _ vm: VM) throws
    -> Bool
  {
    guard let setMember else { return false }
    return try setMember(&unsafeDowncast(object, to: Boxed<T>.self).value, name, value, vm)
  }
  public override func memberNames(_ object: NativeObject) -> [String] {
    dynamicMemberNames?(NativeType.unbox(object)) ?? []
  }
  override func binary(_ vm: VM, _ op: BinaryOperator, _ left: Value, _ right: Value) throws
    -> Value?
  {
    try binary?(vm, op, left, right)
  }
  override func negated(_ vm: VM, _ object: NativeObject) throws -> Value? {
    try negate?(NativeType.unbox(object), vm)
  }
  override func inverted(_ vm: VM, _ object: NativeObject) throws -> Value? {
    try invert?(NativeType.unbox(object), vm)
  }
  override var joinsMasks: Bool { invert != nil }
  override func compared(_ vm: VM, _ op: ComparisonOperator, _ left: Value, _ right: Value) throws
    -> Value?
  {
    try compare?(vm, op, left, right)
  }
  override func equals(_ left: NativeObject, _ right: NativeObject) throws -> Bool {
    try equals?(NativeType.unbox(left), NativeType.unbox(right)) ?? false
  }
  override func index(_ object: NativeObject, _ subscripts: [SubscriptValue], _ vm: VM) throws
    -> Value?
  {
    try index?(NativeType.unbox(object), subscripts, vm)
  }
  override func setIndex(
    _ object: NativeObject, _ subscripts: [SubscriptValue], _ value: Value, _ vm: VM
  ) throws -> Bool {
    guard let setIndex else { return false }
    try setIndex(&unsafeDowncast(object, to: Boxed<T>.self).value, subscripts, value, vm)
    return true
  }
  override func length(_ object: NativeObject) throws -> Int? {
    try length?(NativeType.unbox(object))
  }
  override func iterator(_ object: NativeObject, _ vm: VM) throws -> IteratorObject? {
    try iterate?(NativeType.unbox(object), vm)
  }
  override func contains(_ object: NativeObject, _ value: Value, _ vm: VM) throws -> Bool? {
    try contains?(NativeType.unbox(object), value, vm)
  }
  override func enter(_ object: NativeObject, _ vm: VM) throws -> Value? {
    try enter?(NativeType.unbox(object), vm)
  }
  override func exit(_ object: NativeObject, _ fault: Fault?, _ vm: VM) throws {
    try exit?(NativeType.unbox(object), fault, vm)
  }
  override var isContext: Bool { enter != nil || exit != nil }
  override func isOwned(_ object: NativeObject) -> Bool {
    isOwned?(NativeType.unbox(object)) ?? true
  }
  override func writeContent(of object: NativeObject, to writer: ContentWriter) {
    writer.write(name)
    if let content {
      content(NativeType.unbox(object), writer)
    } else {
      writer.incomplete()
    }
  }
  override func rebox(_ object: NativeObject) -> NativeObject {
    Boxed(NativeType.unbox(object), self)
  }
  override func transferred(_ object: NativeObject) throws -> NativeObject? {
    switch transfer {
    case .refuse: return nil
    case .share: return Boxed(NativeType.unbox(object), self)
    case .copy(let copy): return Boxed(try copy(NativeType.unbox(object)), self)
    }
  }
}

extension Value {
  /// The plain value that this is or that, as a native one, it stands for (a tensor of one number); nil for all other
  /// objects.
  var plain: Value? {
    guard case .object(let reference) = self else { return self }
    return reference.kind == .native ? reference.native.scalar : nil
  }
}
