/// Equality and order of values.
public enum Comparison {
  /// Lists and maps nested deeper than this do not compare.
  static let maximumDepth = 400

  /// Structural equality. Native values inside compare by their own `equals`, else by identity.
  /// - Throws: a `limit` fault where the values nest too deeply, and an interrupt.
  public static func equal(_ a: Value, _ b: Value, _ vm: VM?) throws -> Bool {
    var steps = 0
    return try equal(a, b, vm, 0, &steps)
  }

  private static func equal(_ a: Value, _ b: Value, _ vm: VM?, _ depth: Int, _ steps: inout Int)
    throws -> Bool
  {
    switch (a, b) {
    case (.nothing, .nothing): return true
    case (.bool(let a), .bool(let b)): return a == b
    case (.int(let a), .int(let b)): return a == b
    case (.float(let a), .float(let b)): return a == b
    case (.int(let a), .float(let b)), (.float(let b), .int(let a)): return equal(a, b)
    case (.object(let a), .object(let b)): return try equal(a, b, vm, depth, &steps)
    case (.object(let native), let other), (let other, .object(let native)):
      guard native.kind == .native, let scalar = native.native.scalar else { return false }
      return try equal(scalar, other, vm, depth, &steps)
    default: return false
    }
  }

  private static func equal(
    _ a: Unmanaged<Object>, _ b: Unmanaged<Object>, _ vm: VM?, _ depth: Int, _ steps: inout Int
  ) throws -> Bool {
    let kind = a.kind
    guard kind == b.kind else { return false }
    if kind == .string {
      if a.stringStorage.pointee.byteCount > 1 << 16 { try vm?.checkInterrupt() }
      return StringObject.equal(a.stringStorage, b.stringStorage)
    }
    // A list that holds NaN is not equal to itself in principle; as in Python, the same object is.
    if a.toOpaque() == b.toOpaque() { return true }
    steps += 1
    if steps & 0xFFF == 0 { try vm?.checkInterrupt() }
    guard depth < maximumDepth else {
      throw Fault(.limit, "these values are nested too deeply to be compared")
    }
    switch kind {
    case .list:
      let left = a.list
      let right = b.list
      guard left.count == right.count else { return false }
      for index in 0..<left.count where index < min(left.count, right.count) {
        try vm?.checkInterrupt(turn: index)
        guard try equal(left[index], right[index], vm, depth + 1, &steps) else { return false }
      }
      return true
    case .map:
      let left = a.map
      let right = b.map
      guard left.count == right.count else { return false }
      for (key, value) in left {
        guard let other = right[key], try equal(value, other, vm, depth + 1, &steps) else {
          return false
        }
      }
      return true
    case .range:
      let left = a.range
      let right = b.range
      return left.count == right.count
        && (left.count == 0
          || (left.start == right.start && (left.count == 1 || left.step == right.step)))
    case .native:
      let left = a.native
      let right = b.native
      if let x = left.scalar, let y = right.scalar { return try equal(x, y, vm, depth + 1, &steps) }
      guard left.type === right.type else { return false }
      return try left.type.equals(left, right)
    default: return false
    }
  }

  /// Exact, as in Python: an int is not rounded to a float.
  @inline(__always)
  static func equal(_ int: Int, _ float: Double) -> Bool {
    Double(int) == float && Int(exactly: float) == int
  }

  /// Whether `int < float`, exactly.
  static func less(_ int: Int, _ float: Double) -> Bool {
    if float.isNaN { return false }
    if float >= 0x1p63 { return true }
    if float < -0x1p63 { return false }
    let whole = float.rounded(.down)
    // `int < float` just if `int < ceil(float)`, and for a whole float that is itself.
    return whole == float ? int < Int(whole) : int <= Int(whole)
  }

  /// Whether `float < int`, exactly.
  static func less(_ float: Double, _ int: Int) -> Bool {
    if float.isNaN { return false }
    if float < -0x1p63 { return true }
    if float >= 0x1p63 { return false }
    return Int(float.rounded(.down)) < int
  }

  /// Whether `a < b` for numbers, strings and lists; nil where the two have no order.
  public static func less(_ a: Value, _ b: Value, _ vm: VM?) throws -> Bool? {
    try less(a, b, vm, 0)
  }

  private static func less(_ a: Value, _ b: Value, _ vm: VM?, _ depth: Int) throws -> Bool? {
    switch (a, b) {
    case (.int(let a), .int(let b)): return a < b
    case (.float(let a), .float(let b)): return a < b
    case (.int(let a), .float(let b)): return less(a, b)
    case (.float(let a), .int(let b)): return less(a, b)
    case (.bool(let a), .bool(let b)): return !a && b
    case (.object(let a), .object(let b)):
      if a.kind == .string, b.kind == .string {
        if a.stringStorage.pointee.byteCount > 1 << 16 { try vm?.checkInterrupt() }
        return StringObject.compare(a.stringStorage, b.stringStorage) < 0
      }
      if a.kind == .list, b.kind == .list {
        guard depth < maximumDepth else {
          throw Fault(.limit, "these values are nested too deeply to be compared")
        }
        let left = a.list
        let right = b.list
        for index in 0..<min(left.count, right.count) {
          try vm?.checkInterrupt(turn: index)
          if try !equal(left[index], right[index], vm) {
            return try less(left[index], right[index], vm, depth + 1)
          }
        }
        return left.count < right.count
      }
    default: break
    }
    // A native number on one side at least, otherwise the two have no order.
    guard isNative(a) || isNative(b) else { return nil }
    if let x = a.plain, let y = b.plain, !isNative(x), !isNative(y) {
      return try less(x, y, vm, depth + 1)
    }
    // Dates, and whatever else says with one bool which comes first.
    if let vm, let type = a.nativeType ?? b.nativeType,
      case .bool(let result)? = try type.compared(vm, .less, a, b)
    {
      return result
    }
    return nil
  }

  private static func isNative(_ value: Value) -> Bool {
    if case .object(let reference) = value { return reference.kind == .native }
    return false
  }
}
