#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Operators on plain numbers, inlined into the interpreter's loop; nil where anything unusual comes up.
enum Fast {
  @inline(__always)
  static func add(_ left: Value, _ right: Value) -> Value? {
    if case .int(let a) = left, case .int(let b) = right {
      let (result, overflow) = a.addingReportingOverflow(b)
      return overflow ? nil : .int(result)
    }
    var a = 0.0
    var b = 0.0
    guard Arithmetic.double(left, &a), Arithmetic.double(right, &b) else { return nil }
    return .float(a + b)
  }

  @inline(__always)
  static func subtract(_ left: Value, _ right: Value) -> Value? {
    if case .int(let a) = left, case .int(let b) = right {
      let (result, overflow) = a.subtractingReportingOverflow(b)
      return overflow ? nil : .int(result)
    }
    var a = 0.0
    var b = 0.0
    guard Arithmetic.double(left, &a), Arithmetic.double(right, &b) else { return nil }
    return .float(a - b)
  }

  @inline(__always)
  static func multiply(_ left: Value, _ right: Value) -> Value? {
    if case .int(let a) = left, case .int(let b) = right {
      let (result, overflow) = a.multipliedReportingOverflow(by: b)
      return overflow ? nil : .int(result)
    }
    var a = 0.0
    var b = 0.0
    guard Arithmetic.double(left, &a), Arithmetic.double(right, &b) else { return nil }
    return .float(a * b)
  }

  @inline(__always)
  static func divide(_ left: Value, _ right: Value) -> Value? {
    var a = 0.0
    var b = 0.0
    guard Arithmetic.double(left, &a), Arithmetic.double(right, &b), b != 0 else { return nil }
    return .float(a / b)
  }

  @inline(__always)
  static func floorDivide(_ left: Value, _ right: Value) -> Value? {
    if case .int(let a) = left, case .int(let b) = right {
      return Arithmetic.floorDivide(a, b).map { .int($0) }
    }
    return nil
  }

  @inline(__always)
  static func modulo(_ left: Value, _ right: Value) -> Value? {
    if case .int(let a) = left, case .int(let b) = right {
      return Arithmetic.modulo(a, b).map { .int($0) }
    }
    return nil
  }

  @inline(__always)
  static func power(_ left: Value, _ right: Value) -> Value? {
    if case .float(let a) = left, case .float(let b) = right, a > 0 { return .float(pow(a, b)) }
    return nil
  }

  @inline(__always)
  static func equal(_ left: Value, _ right: Value) -> Bool? {
    switch (left, right) {
    case (.int(let a), .int(let b)): return a == b
    case (.float(let a), .float(let b)): return a == b
    case (.nothing, .nothing): return true
    case (.nothing, .int), (.nothing, .float), (.nothing, .bool), (.int, .nothing),
      (.float, .nothing),
      (.bool, .nothing):
      return false
    case (.bool(let a), .bool(let b)): return a == b
    case (.object(let a), .object(let b)):
      guard a.kind == .string, b.kind == .string else { return nil }
      return StringObject.equal(a.stringStorage, b.stringStorage)
    default: return nil
    }
  }

  @inline(__always)
  static func less(_ left: Value, _ right: Value) -> Bool? {
    if case .int(let a) = left, case .int(let b) = right { return a < b }
    if case .float(let a) = left, case .float(let b) = right { return a < b }
    return nil
  }

  @inline(__always)
  static func lessEqual(_ left: Value, _ right: Value) -> Bool? {
    if case .int(let a) = left, case .int(let b) = right { return a <= b }
    if case .float(let a) = left, case .float(let b) = right { return a <= b }
    return nil
  }
}
