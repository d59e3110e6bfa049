#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Operators on plain numbers, inlined into the interpreter's loop. Each stores its result itself, so that the tag of
/// the result is known where it is stored; false where anything unusual comes up.
enum Fast {
  @inline(__always)
  static func add(_ target: UnsafeMutablePointer<Value>, _ left: Value, _ right: Value) -> Bool {
    if case .float(let a) = left {
      if case .float(let b) = right {
        target.pointee = .float(a + b)
        return true
      }
      if case .int(let b) = right {
        target.pointee = .float(a + Double(b))
        return true
      }
    } else if case .int(let a) = left {
      if case .int(let b) = right {
        let (result, overflow) = a.addingReportingOverflow(b)
        if !overflow {
          target.pointee = .int(result)
          return true
        }
      } else if case .float(let b) = right {
        target.pointee = .float(Double(a) + b)
        return true
      }
    }
    return false
  }

  @inline(__always)
  static func subtract(_ target: UnsafeMutablePointer<Value>, _ left: Value, _ right: Value) -> Bool
  {
    if case .float(let a) = left {
      if case .float(let b) = right {
        target.pointee = .float(a - b)
        return true
      }
      if case .int(let b) = right {
        target.pointee = .float(a - Double(b))
        return true
      }
    } else if case .int(let a) = left {
      if case .int(let b) = right {
        let (result, overflow) = a.subtractingReportingOverflow(b)
        if !overflow {
          target.pointee = .int(result)
          return true
        }
      } else if case .float(let b) = right {
        target.pointee = .float(Double(a) - b)
        return true
      }
    }
    return false
  }

  @inline(__always)
  static func multiply(_ target: UnsafeMutablePointer<Value>, _ left: Value, _ right: Value) -> Bool
  {
    if case .float(let a) = left {
      if case .float(let b) = right {
        target.pointee = .float(a * b)
        return true
      }
      if case .int(let b) = right {
        target.pointee = .float(a * Double(b))
        return true
      }
    } else if case .int(let a) = left {
      if case .int(let b) = right {
        let (result, overflow) = a.multipliedReportingOverflow(by: b)
        if !overflow {
          target.pointee = .int(result)
          return true
        }
      } else if case .float(let b) = right {
        target.pointee = .float(Double(a) * b)
        return true
      }
    }
    return false
  }

  @inline(__always)
  static func divide(_ target: UnsafeMutablePointer<Value>, _ left: Value, _ right: Value) -> Bool {
    var a = 0.0
    var b = 0.0
    guard Arithmetic.double(left, &a), Arithmetic.double(right, &b), b != 0 else { return false }
    target.pointee = .float(a / b)
    return true
  }

  @inline(__always)
  static func floorDivide(_ target: UnsafeMutablePointer<Value>, _ left: Value, _ right: Value)
    -> Bool
  {
    guard case .int(let a) = left, case .int(let b) = right,
      let result = Arithmetic.floorDivide(a, b)
    else { return false }
    target.pointee = .int(result)
    return true
  }

  @inline(__always)
  static func modulo(_ target: UnsafeMutablePointer<Value>, _ left: Value, _ right: Value) -> Bool {
    guard case .int(let a) = left, case .int(let b) = right, let result = Arithmetic.modulo(a, b)
    else { return false }
    target.pointee = .int(result)
    return true
  }

  @inline(__always)
  static func power(_ target: UnsafeMutablePointer<Value>, _ left: Value, _ right: Value) -> Bool {
    guard case .float(let a) = left, case .float(let b) = right, a > 0 else { return false }
    target.pointee = .float(pow(a, b))
    return true
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
      // Long ones take a while, after which interrupts are looked at.
      guard a.kind == .string, b.kind == .string, a.stringStorage.pointee.byteCount < 1 << 16
      else { return nil }
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
