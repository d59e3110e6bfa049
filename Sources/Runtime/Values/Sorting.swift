/// Stable sorting. Keys of one type are sorted unboxed, by 64 bits that order as the keys do; strings that agree in
/// their first eight bytes are compared afterwards.
extension VM {
  /// The values in order.
  /// - Parameters:
  ///   - keys: what the values are ordered by, one a value; nil for the values themselves. Both must be kept alive by the
  ///     caller (natives' parameters are).
  ///   - descending: the largest first; equal ones keep their order.
  /// - Throws: a `type` fault where two keys have no order.
  public func sorted(_ values: [Value], by keys: [Value]? = nil, descending: Bool = false) throws
    -> [Value]
  {
    precondition(keys == nil || keys?.count == values.count, "one key a value")
    guard values.count > 1 else { return values }
    // Reversed twice, equal values keep their order.
    var order = try Sorting.order(
      of: descending ? (keys ?? values).reversed() : keys ?? values, self)
    if descending {
      order.reverse()
      let last = values.count - 1
      return order.map { values[last - $0] }
    }
    return order.map { values[$0] }
  }

  /// Sorts a list in place. A list that is changed while its elements are compared ends up with the elements that it had
  /// at the start.
  public func sort(_ list: ListObject, descending: Bool = false) throws {
    let values = Array(list.values)
    if isInNative, !Sorting.isPlain(values) { for value in values { keep(value) } }
    let result = try sorted(values, descending: descending)
    list.replaceAll(with: result)
  }
}

enum Sorting {
  private struct Entry {
    var bits: UInt64
    var index: Int
  }

  /// Whether comparing cannot call back a script or native.
  static func isPlain(_ values: [Value]) -> Bool {
    values.allSatisfy { value in
      if case .object(let reference) = value { return reference.kind == .string }
      return true
    }
  }

  /// The indices of the values in ascending order.
  static func order(of values: [Value], _ vm: VM) throws -> [Int] {
    var ints = 0
    var floats = 0
    var strings = 0
    for value in values {
      switch value {
      case .int: ints += 1
      case .float: floats += 1
      case .object(let reference) where reference.kind == .string: strings += 1
      default: break
      }
    }
    let count = values.count
    if ints == count { return radix(values) { bits($0) }.map(\.index) }
    if floats == count { return radix(values) { bits($0) }.map(\.index) }
    if strings == count { return stringOrder(values) }
    return try mergeSort(Array(0..<count)) { a, b in
      try vm.truth(vm.less(values[a], values[b], orEqual: false))
    }
  }

  private static func bits(_ value: Value) -> UInt64 {
    switch value {
    case .int(let int): return UInt64(bitPattern: Int64(int)) ^ (1 << 63)
    case .float(let float):
      // NaN comes last, whatever its sign; both zeros are one.
      if float.isNaN { return .max }
      let pattern = (float == 0 ? 0.0 : float).bitPattern
      return pattern >> 63 == 1 ? ~pattern : pattern | (1 << 63)
    default: return 0
    }
  }

  /// The first eight bytes, as a number that orders as they do.
  private static func prefix(_ value: Value) -> UInt64 {
    guard case .object(let reference) = value else { return 0 }
    let storage = reference.stringStorage.pointee
    let count = Int(storage.byteCount)
    if count >= 8 {
      return UInt64(bigEndian: UnsafeRawPointer(storage.bytes).loadUnaligned(as: UInt64.self))
    }
    var result: UInt64 = 0
    for index in 0..<count { result |= UInt64(storage.bytes[index]) << (56 - 8 * UInt64(index)) }
    return result
  }

  private static func stringOrder(_ values: [Value]) -> [Int] {
    var entries = radix(values, prefix)
    // Those that agree so far are compared as a whole.
    var start = 0
    while start < entries.count {
      var end = start + 1
      while end < entries.count, entries[end].bits == entries[start].bits { end += 1 }
      if end - start > 1 {
        let run = entries[start..<end].map(\.index)
        let sorted = mergeSort(run) { a, b in
          guard case .object(let first) = values[a], case .object(let second) = values[b] else {
            return false
          }
          return StringObject.compare(first.stringStorage, second.stringStorage) < 0
        }
        for (offset, index) in sorted.enumerated() { entries[start + offset].index = index }
      }
      start = end
    }
    return entries.map(\.index)
  }

  /// Sorts by the bits, least significant byte first, leaving out bytes that are the same everywhere.
  private static func radix(_ values: [Value], _ bits: (Value) -> UInt64) -> [Entry] {
    let count = values.count
    var entries = [Entry](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count { buffer[index] = Entry(bits: bits(values[index]), index: index) }
      initialized = count
    }
    if count < 256 { return mergeSort(entries) { $0.bits < $1.bits } }
    var different: UInt64 = 0
    for entry in entries { different |= entry.bits ^ entries[0].bits }
    var target = entries
    for shift in stride(from: UInt64(0), to: 64, by: 8) where (different >> shift) & 0xFF != 0 {
      entries.withUnsafeBufferPointer { source in
        target.withUnsafeMutableBufferPointer { target in
          withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { places in
            places.initialize(repeating: 0)
            for entry in source { places[Int((entry.bits >> shift) & 0xFF)] += 1 }
            var place = 0
            for byte in 0..<256 {
              let size = places[byte]
              places[byte] = place
              place += size
            }
            for entry in source {
              let byte = Int((entry.bits >> shift) & 0xFF)
              target[places[byte]] = entry
              places[byte] += 1
            }
          }
        }
      }
      swap(&entries, &target)
    }
    return entries
  }

  /// Merges runs of doubling length, from runs that insertion has sorted.
  private static func mergeSort<Element, Failure: Error>(
    _ elements: [Element], _ less: (Element, Element) throws(Failure) -> Bool
  ) throws(Failure) -> [Element] {
    var source = elements
    let count = source.count
    let run = 8
    for start in stride(from: 0, to: count, by: run) {
      for index in start..<min(count, start + run) {
        let element = source[index]
        var place = index
        while place > start, try less(element, source[place - 1]) {
          source[place] = source[place - 1]
          place -= 1
        }
        source[place] = element
      }
    }
    var width = run
    while width < count {
      var target: [Element] = []
      target.reserveCapacity(count)
      for start in stride(from: 0, to: count, by: 2 * width) {
        let middle = min(count, start + width)
        let end = min(count, start + 2 * width)
        var left = start
        var right = middle
        while left < middle, right < end {
          if try less(source[right], source[left]) {
            target.append(source[right])
            right += 1
          } else {
            target.append(source[left])
            left += 1
          }
        }
        target.append(contentsOf: source[left..<middle])
        target.append(contentsOf: source[right..<end])
      }
      source = target
      width *= 2
    }
    return source
  }
}
