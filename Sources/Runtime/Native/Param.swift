import Foundations
import Syntax

/// A rule on the values of a parameter.
public enum Rule: Sendable {
  case positive, nonNegative
  /// Neither infinite nor NaN.
  case finite
  case atLeast(Double)
  case atMost(Double)
  /// Both ends included.
  case within(Double, Double)
  /// Both ends excluded.
  case between(Double, Double)
  case oneOf([String])
  case nonEmpty
  /// The text completes "must be …".
  case custom(String, @Sendable (Value) -> Bool)

  /// As help shows it.
  var text: String {
    switch self {
    case .positive: "> 0"
    case .nonNegative: ">= 0"
    case .finite: "finite"
    case .atLeast(let bound): ">= \(Rule.number(bound))"
    case .atMost(let bound): "<= \(Rule.number(bound))"
    case .within(let low, let high): "from \(Rule.number(low)) to \(Rule.number(high))"
    case .between(let low, let high):
      "between \(Rule.number(low)) and \(Rule.number(high)), exclusive"
    case .oneOf(let names): "one of " + names.map(Quoting.literal).joined(separator: ", ")
    case .nonEmpty: "not empty"
    case .custom(let text, _): text
    }
  }

  /// A bound without a fraction is written without one, whatever the type of what it bounds.
  private static func number(_ bound: Double) -> String {
    bound == bound.rounded() && bound.magnitude < 1e15 ? String(Int(bound)) : bound.defaultText
  }

  /// Lists and nil are checked element by element and not at all; NaN satisfies no numeric rule.
  func accepts(_ value: Value) -> Bool {
    if case .nothing = value { return true }
    if case .object(let reference) = value, reference.kind == .list {
      switch self {
      case .nonEmpty: return reference.list.count > 0
      case .custom(_, let check): return check(value)
      default: return reference.list.values.allSatisfy(accepts)
      }
    }
    switch self {
    case .positive: return value.number.map { $0 > 0 } ?? true
    case .nonNegative: return value.number.map { $0 >= 0 } ?? true
    case .finite: return value.number.map { $0.isFinite } ?? true
    case .atLeast(let bound): return value.number.map { $0 >= bound } ?? true
    case .atMost(let bound): return value.number.map { $0 <= bound } ?? true
    case .within(let low, let high): return value.number.map { $0 >= low && $0 <= high } ?? true
    case .between(let low, let high): return value.number.map { $0 > low && $0 < high } ?? true
    case .oneOf(let names): return value.string.map(names.contains) ?? true
    case .nonEmpty:
      guard case .object(let reference) = value else { return true }
      switch reference.kind {
      case .string: return reference.string.byteLength > 0
      case .map: return reference.map.count > 0
      default: return true
      }
    case .custom(_, let check): return check(value)
    }
  }
}

/// One size of a parameter's shape: a number, or a name that must mean the same size in all arguments of a call.
public enum Extent: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  case size(Int)
  case name(String)
  public init(stringLiteral value: String) { self = .name(value) }
  public init(integerLiteral value: Int) { self = .size(value) }

  var text: String {
    switch self {
    case .size(let size): String(size)
    case .name(let name): name
    }
  }
}

/// A type with sizes that shapes are checked against.
public protocol Shaped {
  var extents: [Int] { get }
}

/// A parameter of a native function: its name, its sentence for help, and what its values must satisfy.
///
/// `T` is a `Bindable`, which the initialisers ask for. The class itself does not: Swift would look for the conformance
/// among all of the program's when each of the parameters' types is first used, a quarter of the program's start.
public final class Param<T>: @unchecked Sendable {
  // Immutable; `T` itself need not be Sendable as long as defaults are plain values, which they are.
  public let name: String
  let summary: String
  @usableFromInline let defaultValue: T?
  let defaultText: String?
  let rules: [Rule]
  let shape: [Extent]
  let extents: ((T) -> [Int])?
  let namedOnly: Bool
  let mutates: Bool
  /// Whether there is anything to check beyond the type.
  @usableFromInline let isChecked: Bool

  fileprivate init(
    name: String, summary: String, defaultValue: T?, defaultText: String?, rules: [Rule],
    shape: [Extent], extents: ((T) -> [Int])?, namedOnly: Bool, mutates: Bool
  ) {
    self.name = name
    self.summary = summary
    self.defaultValue = defaultValue
    self.defaultText = defaultText
    self.rules = rules
    self.shape = shape
    self.extents = extents
    self.namedOnly = namedOnly
    self.mutates = mutates
    isChecked = !rules.isEmpty || !shape.isEmpty || mutates
  }
}

extension Param where T: Bindable {
  /// A required parameter.
  /// - Parameters:
  ///   - named: may be given by name only; then so must all parameters after it.
  ///   - mutates: the native changes the argument, which must belong to the running trial.
  public convenience init(
    _ name: String, _ summary: String = "", _ rules: Rule..., named: Bool = false,
    mutates: Bool = false
  ) {
    self.init(
      name: name, summary: summary, defaultValue: nil, defaultText: nil, rules: rules, shape: [],
      extents: nil, namedOnly: named, mutates: mutates)
  }

  /// An optional parameter.
  /// - Parameter text: the default as help shows it, where the value's own text is not it.
  public convenience init(
    _ name: String, _ summary: String = "", default defaultValue: T, _ rules: Rule...,
    text: String? = nil, named: Bool = false, mutates: Bool = false
  ) {
    self.init(
      name: name, summary: summary, defaultValue: defaultValue,
      defaultText: text ?? defaultValue.defaultText, rules: rules, shape: [], extents: nil,
      namedOnly: named, mutates: mutates)
  }

  @usableFromInline
  func described() -> Signature.Parameter {
    var rule = rules.map(\.text).joined(separator: ", ")
    if !shape.isEmpty {
      let sizes = "shape [" + shape.map(\.text).joined(separator: ", ") + "]"
      rule = rule.isEmpty ? sizes : "\(sizes), \(rule)"
    }
    var parameter = Signature.Parameter(
      name, summary: summary, type: T.typeName, defaultText: defaultText, namedOnly: namedOnly,
      variadic: T.takesRest, rule: rule.isEmpty ? nil : rule)
    parameter.isChanged = mutates
    if !T.takesRest || T.decodesRestItems { parameter.problem = { self.problem($0) } }
    return parameter
  }

  /// What a call would say of an argument of which this is known; nil where it is right, or not certain to be wrong.
  private func problem(_ known: Known) -> Diagnostic? {
    guard let vm = VM.current else { return nil }
    guard let constant = known.constant, let snapshot = Snapshot(constant) else {
      guard !T.mayAccept(known.type, vm) else { return nil }
      return mismatch(known.type.withArticle).diagnostic
    }
    do {
      try vm.calling {
        let value = vm.value(of: snapshot)
        guard try T.decode(value, vm) != nil else {
          throw mismatch(Representation.described(value))
        }
        try checkRules(value)
      }
      return nil
    } catch {
      let fault = Fault(error)
      // Limits are those of the run; a check has others.
      return fault.kind == .limit || fault.kind == .interrupt ? nil : fault.diagnostic
    }
  }

  private func mismatch(_ found: String) -> Fault {
    T.takesRest
      ? Fault(.type, "expected \(Value.withArticle(T.typeName)), found \(found)")
      : Fault.mismatch(name, T.typeName, found)
  }

  /// Rules, ownership and shape; the type has been checked.
  @usableFromInline
  func check(_ decoded: T, _ value: Value, _ index: Int, _ call: inout NativeCall) throws {
    do { try checkRules(value) } catch { throw error.atArgument(index) }
    if mutates, case .object(let reference) = value {
      do throws(Fault) {
        try call.vm.requireChangeable(reference)
        if call.vm.isTrial, reference.kind == .native,
          !reference.native.type.isOwned(reference.native)
        {
          throw call.vm.foreignWrite(reference)
        }
      } catch {
        throw error.atArgument(index)
      }
    }
    guard !shape.isEmpty, let sizes = extents?(decoded) else { return }
    try checkShape(sizes, index, &call)
  }

  private func checkRules(_ value: Value) throws(Fault) {
    for rule in rules where !rule.accepts(value) {
      var hint: String?
      if case .oneOf(let names) = rule {
        hint = value.string.flatMap { Suggest.nearest(to: $0, in: names) }.map {
          "did you mean \(Quoting.literal($0))?"
        }
      }
      throw Fault(
        .value, "`\(name)` must be \(rule.text), got \(Representation.brief(value))", hint: hint)
    }
  }

  private func checkShape(_ sizes: [Int], _ index: Int, _ call: inout NativeCall) throws {
    let expected = "[" + shape.map(\.text).joined(separator: ", ") + "]"
    let found = "[" + sizes.map(String.init).joined(separator: ", ") + "]"
    guard sizes.count == shape.count else {
      throw Fault(.shape, "`\(name)` must have shape \(expected), got \(found)").atArgument(index)
    }
    for (extent, size) in zip(shape, sizes) {
      switch extent {
      case .size(let wanted):
        guard wanted == size else {
          throw Fault(.shape, "`\(name)` must have shape \(expected), got \(found)")
            .atArgument(index)
        }
      case .name(let symbol):
        if let known = call.sizes.first(where: { $0.name == symbol }) {
          guard known.size == size else {
            throw Fault(
              .shape,
              "`\(name)` must have shape \(expected), got \(found); \(symbol) is \(known.size) from `\(known.parameter)`"
            ).atArgument(index)
          }
        } else {
          call.sizes.append((symbol, size, name))
        }
      }
    }
  }
}

extension Param where T: Bindable & Shaped {
  /// A required parameter with a shape: sizes, and names that must agree within the call.
  public convenience init(
    _ name: String, _ summary: String = "", shape: [Extent], _ rules: Rule..., named: Bool = false,
    mutates: Bool = false
  ) {
    self.init(
      name: name, summary: summary, defaultValue: nil, defaultText: nil, rules: rules,
      shape: shape, extents: { $0.extents }, namedOnly: named, mutates: mutates)
  }
}
