import Runtime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Stable sorting of values. Where all keys are ints, floats or strings they are compared without looking at types: that
/// is several times as fast.
enum Sorting {
  static func sorted(_ values: [Value], _ key: Callable?, _ reverse: Bool, _ vm: VM) throws
    -> [Value]
  {
    guard let key else { return try sorted(values, by: values, reverse, vm) }
    CoreBuiltins.keep(values, vm)
    var keys: [Value] = []
    keys.reserveCapacity(values.count)
    for value in values {
      let result = try key.call(value)
      vm.keep(result)
      keys.append(result)
    }
    return try sorted(values, by: keys, reverse, vm)
  }

  private static func sorted(_ values: [Value], by keys: [Value], _ reverse: Bool, _ vm: VM) throws
    -> [Value]
  {
    guard values.count > 1 else { return values }
    if let order = orderOfInts(keys, reverse) ?? orderOfFloats(keys, reverse)
      ?? orderOfStrings(keys, reverse)
    {
      return order.map { values[Int($0)] }
    }
    var indices = Array(0..<values.count)
    var comparisons = 0
    try indices.sort { a, b in
      comparisons += 1
      if comparisons & 0xFFF == 0 { try vm.checkInterrupt() }
      return try reverse
        ? CoreBuiltins.less(keys[b], keys[a], vm) : CoreBuiltins.less(keys[a], keys[b], vm)
    }
    return indices.map { values[$0] }
  }

  private struct Ranked<Key> {
    var key: Key
    var index: UInt32
  }

  private static func orderOfInts(_ keys: [Value], _ reverse: Bool) -> [UInt32]? {
    guard keys.count <= UInt32.max, case .int = keys[0] else { return nil }
    var ranked: [Ranked<Int>] = []
    ranked.reserveCapacity(keys.count)
    for key in keys {
      guard case .int(let int) = key else { return nil }
      ranked.append(Ranked(key: int, index: UInt32(truncatingIfNeeded: ranked.count)))
    }
    if reverse { ranked.sort { $0.key > $1.key } } else { ranked.sort { $0.key < $1.key } }
    return ranked.map(\.index)
  }

  /// NaN comes last, so that the numbers are in order whatever stands between them.
  private static func orderOfFloats(_ keys: [Value], _ reverse: Bool) -> [UInt32]? {
    guard keys.count <= UInt32.max, keys[0].object == nil else { return nil }
    var ranked: [Ranked<Double>] = []
    ranked.reserveCapacity(keys.count)
    for key in keys {
      let value: Double
      switch key {
      case .float(let float): value = float
      // Larger ints are not exact as floats.
      case .int(let int) where int.magnitude <= 1 << 53: value = Double(int)
      default: return nil
      }
      ranked.append(Ranked(key: value, index: UInt32(truncatingIfNeeded: ranked.count)))
    }
    if reverse {
      ranked.sort { $0.key > $1.key || ($1.key.isNaN && !$0.key.isNaN) }
    } else {
      ranked.sort { $0.key < $1.key || ($1.key.isNaN && !$0.key.isNaN) }
    }
    return ranked.map(\.index)
  }

  private struct StringKey {
    /// The first eight bytes in order of significance: most comparisons need no more.
    var prefix: UInt64
    var bytes: UnsafePointer<UInt8>?
    var count: UInt32
    var index: UInt32

    static func less(_ a: StringKey, _ b: StringKey) -> Bool {
      if a.prefix != b.prefix { return a.prefix < b.prefix }
      guard a.count > 8, b.count > 8, let x = a.bytes, let y = b.bytes else {
        return a.count < b.count
      }
      let order = memcmp(x + 8, y + 8, Int(min(a.count, b.count)) - 8)
      return order != 0 ? order < 0 : a.count < b.count
    }
  }

  private static func orderOfStrings(_ keys: [Value], _ reverse: Bool) -> [UInt32]? {
    guard keys.count <= UInt32.max, keys[0].object?.kind == .string else { return nil }
    var ranked: [StringKey] = []
    ranked.reserveCapacity(keys.count)
    for key in keys {
      guard let object = key.object, object.kind == .string else { return nil }
      let bytes = unsafeDowncast(object, to: StringObject.self).utf8
      var prefix: UInt64 = 0
      for index in 0..<min(8, bytes.count) { prefix |= UInt64(bytes[index]) << (56 - 8 * index) }
      ranked.append(
        StringKey(
          prefix: prefix, bytes: bytes.baseAddress, count: UInt32(truncatingIfNeeded: bytes.count),
          index: UInt32(truncatingIfNeeded: ranked.count)))
    }
    if reverse {
      ranked.sort { StringKey.less($1, $0) }
    } else {
      ranked.sort(by: StringKey.less)
    }
    return ranked.map(\.index)
  }
}
