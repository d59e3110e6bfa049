import Foundations
import Plots
import Runtime
import Syntax

// The types of arguments that only plots have.

/// The ends of axes: `{x: [0, 1]}`, `{y: [0, nil]}`; on an axis of time dates as text.
struct AxisLimits: Bindable {
  var x: (low: Double?, high: Double?) = (nil, nil)
  var y: (low: Double?, high: Double?) = (nil, nil)

  static var typeName: String { "map" }
  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    if case .map = type { true } else { type == .any }
  }

  static func decode(_ value: Value, _ vm: VM) throws -> AxisLimits? {
    guard let map = MapObject.decode(value, vm) else { return nil }
    var limits = AxisLimits()
    for (key, item) in map {
      switch key.string {
      case "x"?: limits.x = try ends(item, "x", vm)
      case "y"?: limits.y = try ends(item, "y", vm)
      default:
        throw Fault(
          .value, "`limits` has ends for x and y, found \(Representation.brief(key))",
          hint: "limits: {x: [0, 1]}")
      }
    }
    return limits
  }

  private static func ends(_ value: Value, _ axis: String, _ vm: VM) throws -> (Double?, Double?) {
    guard let values = try vm.elements(of: value), values.count == 2 else {
      throw Fault(
        .value, "`limits` of \(axis) is a list of two ends, found \(Representation.brief(value))",
        hint: "limits: {\(axis): [0, 1]}; nil leaves an end to the values")
    }
    let ends = try values.map { item -> Double? in
      if case .nothing = item { return nil }
      if let number = item.number ?? item.string.flatMap({ Plot.time($0) }) { return number }
      throw Fault(
        .type,
        "an end of `limits` is a number, a date as text or nil, found \(Representation.described(item))"
      )
    }
    return (ends[0], ends[1])
  }

  func encode(_ vm: VM) throws -> Value {
    try Record([("x", [x.low, x.high]), ("y", [y.low, y.high])]).encode(vm)
  }
  var defaultText: String { "{}" }
}

/// Lines across a plot: `0.5`, `[0.5, 1]`, `{x: 3}`, `{x: [1, 2], y: 0}`.
struct ReferenceLines: Bindable {
  /// Those along the axis of values, whichever that is.
  var values: [Double] = []
  var x: [Double] = []
  var y: [Double] = []

  static var typeName: String { "float, list of float or map" }
  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    if case .map = type { return true }
    return Double.mayAccept(type, vm) || [Double].mayAccept(type, vm)
  }

  static func decode(_ value: Value, _ vm: VM) throws -> ReferenceLines? {
    if let values = try numbers(value, vm) { return ReferenceLines(values: values) }
    guard let map = MapObject.decode(value, vm) else { return nil }
    var lines = ReferenceLines()
    for (key, item) in map {
      guard let values = try numbers(item, vm) else {
        throw Fault(
          .type,
          "a line of `reference` stands at a number, found \(Representation.described(item))")
      }
      switch key.string {
      case "x"?: lines.x += values
      case "y"?: lines.y += values
      default:
        throw Fault(
          .value, "`reference` has lines at x and y, found \(Representation.brief(key))",
          hint: "reference: {y: 0.5}")
      }
    }
    return lines
  }

  private static func numbers(_ value: Value, _ vm: VM) throws -> [Double]? {
    if let time = value.string { return Plot.time(time).map { [$0] } }
    if let number = value.number { return [number] }
    guard MapObject.decode(value, vm) == nil else { return nil }
    return try [Double].attempt(value, vm)
  }

  func encode(_ vm: VM) throws -> Value { try values.encode(vm) }
  var defaultText: String { "[]" }
}

extension PlotOptions.Bins: Bindable {
  public static var typeName: String { "int or list of float" }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    type == .string || Int.mayAccept(type, vm) || [Double].mayAccept(type, vm)
  }
  public static func decode(_ value: Value, _ vm: VM) throws -> PlotOptions.Bins? {
    if value.string == "auto" { return .automatic }
    if let count = Int.decode(value, vm) { return .count(count) }
    guard MapObject.decode(value, vm) == nil, value.string == nil else { return nil }
    return try [Double].decode(value, vm).map(Self.edges)
  }
  public func encode(_ vm: VM) throws -> Value {
    switch self {
    case .automatic: "auto".encode(vm)
    case .count(let count): count.encode(vm)
    case .edges(let edges): try edges.encode(vm)
    }
  }
  public var defaultText: String { "\"auto\"" }
}

extension PlotOptions.Bandwidth: Bindable {
  public static var typeName: String { "float or string" }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    type == .string || Double.mayAccept(type, vm)
  }
  public static func decode(_ value: Value, _ vm: VM) -> PlotOptions.Bandwidth? {
    switch value.string {
    case "scott"?: .scott
    case "silverman"?: .silverman
    case .some: nil
    case nil: Double.decode(value, vm).map(Self.width)
    }
  }
  public func encode(_ vm: VM) throws -> Value {
    switch self {
    case .scott: "scott".encode(vm)
    case .silverman: "silverman".encode(vm)
    case .width(let width): width.encode(vm)
    }
  }
  public var defaultText: String { "\"scott\"" }
}
