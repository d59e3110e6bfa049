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
    if let order = order(of: keys, reverse) { return order.map { values[Int($0.index)] } }
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

  /// A key as a whole number in the same order, and where it came from.
  private struct Ranked: BitwiseCopyable {
    var rank: UInt64
    var index: UInt32
  }

  /// The order of keys that are all ints, all floats or all strings; nil for others.
  private static func order(of keys: [Value], _ reverse: Bool) -> [Ranked]? {
    guard keys.count <= UInt32.max else { return nil }
    var ranked: [Ranked] = []
    ranked.reserveCapacity(keys.count)
    var areStrings = false
    switch keys[0] {
    case .int, .float:
      // Ints beside floats are compared as floats, where that is exact.
      let areInts = keys.allSatisfy { if case .int = $0 { true } else { false } }
      for key in keys {
        guard let rank = areInts ? rank(ofInt: key) : rank(ofFloat: key) else { return nil }
        ranked.append(Ranked(rank: rank, index: UInt32(truncatingIfNeeded: ranked.count)))
      }
    case .object:
      areStrings = true
      for key in keys {
        guard let bytes = key.stringBytes else { return nil }
        ranked.append(
          Ranked(rank: prefix(bytes), index: UInt32(truncatingIfNeeded: ranked.count)))
      }
    default: return nil
    }
    // Turned round by the ranks and not by the order, so that equal keys stay in theirs.
    if reverse { for index in ranked.indices { ranked[index].rank = ~ranked[index].rank } }
    sort(&ranked)
    if areStrings { sortRuns(&ranked, keys, reverse) }
    return ranked
  }

  private static func rank(ofInt value: Value) -> UInt64? {
    guard case .int(let int) = value else { return nil }
    return UInt64(bitPattern: Int64(int)) ^ (1 << 63)
  }

  /// The bits of a float in its order. NaN comes last, so that the numbers are in order whatever stands between them.
  private static func rank(ofFloat value: Value) -> UInt64? {
    let float: Double
    switch value {
    case .float(let value): float = value
    case .int(let int) where int.magnitude <= 1 << 53: float = Double(int)
    default: return nil
    }
    if float.isNaN { return .max }
    // Both zeros are equal.
    let bits = (float == 0 ? 0.0 : float).bitPattern
    return bits >> 63 == 1 ? ~bits : bits | (1 << 63)
  }

  /// The first eight bytes of a string in their order: most comparisons need no more.
  private static func prefix(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    guard let start = bytes.baseAddress else { return 0 }
    if bytes.count >= 8 {
      return UInt64(bigEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
    }
    var rank: UInt64 = 0
    for index in 0..<bytes.count { rank |= UInt64(bytes[index]) << (56 - 8 * index) }
    return rank
  }

  /// Stable, by rank: a radix sort by bytes from the last to the first, which leaves out the bytes that all have in common.
  private static func sort(_ ranked: inout [Ranked]) {
    guard ranked.count > 200 else {
      ranked.sort { $0.rank < $1.rank }
      return
    }
    var other = ranked
    var counts = [Int](repeating: 0, count: 8 * 256)
    for item in ranked {
      for byte in 0..<8 { counts[byte << 8 | Int(item.rank >> UInt64(8 * byte) & 0xFF)] += 1 }
    }
    for byte in 0..<8 {
      let shift = UInt64(8 * byte)
      if counts[byte << 8 | Int(ranked[0].rank >> shift & 0xFF)] == ranked.count { continue }
      var place = 0
      for value in 0..<256 {
        let count = counts[byte << 8 | value]
        counts[byte << 8 | value] = place
        place += count
      }
      counts.withUnsafeMutableBufferPointer { counts in
        ranked.withUnsafeBufferPointer { source in
          other.withUnsafeMutableBufferPointer { target in
            for item in source {
              let slot = byte << 8 | Int(item.rank >> shift & 0xFF)
              target[counts[slot]] = item
              counts[slot] += 1
            }
          }
        }
      }
      swap(&ranked, &other)
    }
  }

  /// Orders what is left of strings that have their first eight bytes in common.
  private static func sortRuns(_ ranked: inout [Ranked], _ keys: [Value], _ reverse: Bool) {
    var start = 0
    while start < ranked.count {
      var end = start + 1
      while end < ranked.count, ranked[end].rank == ranked[start].rank { end += 1 }
      if end - start > 1 {
        ranked[start..<end].sort { a, b in
          let first = keys[Int(a.index)].stringBytes
          let second = keys[Int(b.index)].stringBytes
          return reverse ? less(second, first) : less(first, second)
        }
      }
      start = end
    }
  }

  private static func less(
    _ a: UnsafeBufferPointer<UInt8>?, _ b: UnsafeBufferPointer<UInt8>?
  ) -> Bool {
    guard let a, let b, let x = a.baseAddress, let y = b.baseAddress else { return false }
    let order = memcmp(x, y, min(a.count, b.count))
    return order != 0 ? order < 0 : a.count < b.count
  }
}
