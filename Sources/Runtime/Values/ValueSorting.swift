/// Stable sorting. Keys of one type are sorted unboxed, by 64 bits that order as the keys do; strings that agree in
/// their first eight bytes are compared afterwards. Whatever is sorted can be stopped.
extension VM {
  /// The values in order.
  /// - Parameters:
  ///   - keys: what the values are ordered by, one a value; nil for the values themselves. Both must be kept alive by
  ///     the caller (natives' parameters are).
  ///   - descending: the largest first; equal ones keep their order.
  /// - Throws: a `type` fault where two keys have no order.
  public func sorted(_ values: [Value], by keys: [Value]? = nil, descending: Bool = false) throws
    -> [Value]
  {
    precondition(keys == nil || keys?.count == values.count, "one key a value")
    guard values.count > 1 else { return values }
    if keys == nil, let numbers = try Sorting.numbers(values, descending, self) { return numbers }
    let keys = keys ?? values
    if let order = try Sorting.order(of: keys, descending, self) {
      return order.map { values[Int($0.index)] }
    }
    var comparisons = 0
    let order = try Sorting.merged(Array(0..<values.count)) { a, b in
      comparisons += 1
      try checkInterrupt(turn: comparisons)
      return try descending ? precedes(keys[b], keys[a]) : precedes(keys[a], keys[b])
    }
    return order.map { values[$0] }
  }

  /// `a < b`, or an error where the two have no order.
  public func precedes(_ a: Value, _ b: Value) throws -> Bool {
    guard let result = try Comparison.less(a, b, self) else {
      throw Fault(
        .type, "\(a.typeWithArticle) and \(b.typeWithArticle) have no order",
        hint: [a, b].contains { $0.typeName == "column" }
          ? "of one column write `t.v.max()`; value by value `t.v.map(x => max(x, 3))`"
          : a.isNothing || b.isNothing
            ? "nil is a missing value: leave it out, `[x for x in xs if x != nil]`; a column puts it last, `t.v.sort()`"
            : "say what to compare by: `key: x => …`")
    }
    return result
  }
}

enum Sorting {
  /// Ints or floats in order, nil for other values, and where two that differ are equal.
  static func numbers(_ values: [Value], _ descending: Bool, _ vm: VM) throws(Fault) -> [Value]? {
    let count = values.count
    guard count >= fewest else { return nil }
    try vm.reserve(count * 2 * MemoryLayout<UInt64>.stride)
    let items = Pair<UInt64>(count)
    var areInts = false
    if case .int = values[0] { areInts = true }
    let flip: UInt64 = descending ? .max : 0
    for index in 0..<count {
      switch values[index] {
      case .int(let int) where areInts: items.source[index] = bits(int) ^ flip
      case .float(let float) where !areInts:
        // A negative zero equals the other one, and what is not a number comes last both ways.
        if float.isNaN || float == 0 && float.sign == .minus { return nil }
        items.source[index] = bits(float) ^ flip
      default: return nil
      }
      try vm.checkInterrupt(turn: index)
    }
    try sort(items, vm) { $0 }
    var result: [Value] = []
    result.reserveCapacity(count)
    for index in 0..<count {
      let pattern = items.source[index] ^ flip
      result.append(areInts ? .int(int(pattern)) : .float(float(pattern)))
      try vm.checkInterrupt(turn: index)
    }
    return result
  }

  /// A key as a whole number in the same order, and where it came from.
  struct Ranked: BitwiseCopyable {
    var rank: UInt64
    var index: UInt32
  }

  /// The order of keys that are all numbers or all strings; nil for others.
  static func order(of keys: [Value], _ descending: Bool, _ vm: VM) throws(Fault) -> [Ranked]? {
    let count = keys.count
    guard count <= UInt32.max else { return nil }
    try vm.reserve(count * 2 * MemoryLayout<Ranked>.stride)
    var areInts = true
    var areStrings = false
    switch keys[0] {
    case .int, .float:
      // Ints beside floats are compared as floats, where that is exact.
      for index in 0..<count {
        guard case .int = keys[index] else {
          areInts = false
          break
        }
      }
    case .object: areStrings = true
    default: return nil
    }
    let items = Pair<Ranked>(count)
    // Turned round by the ranks and not by the order, so that equal keys stay in theirs.
    let flip: UInt64 = descending ? .max : 0
    for index in 0..<count {
      let rank =
        areStrings
        ? prefix(keys[index]) : areInts ? bits(ofInt: keys[index]) : bits(ofFloat: keys[index])
      guard let rank else { return nil }
      // What is not a number comes last both ways.
      let isLast = keys[index].isNaN
      items.source[index] = Ranked(
        rank: isLast ? .max : rank ^ flip, index: UInt32(truncatingIfNeeded: index))
      try vm.checkInterrupt(turn: index)
    }
    try sort(items, vm) { $0.rank }
    var order = Array(UnsafeBufferPointer(start: items.source, count: count))
    if areStrings { try sortRuns(&order, keys, descending, vm) }
    return order
  }

  private static func bits(_ int: Int) -> UInt64 { UInt64(bitPattern: Int64(int)) ^ (1 << 63) }
  private static func int(_ bits: UInt64) -> Int { Int(Int64(bitPattern: bits ^ (1 << 63))) }
  private static func bits(_ float: Double) -> UInt64 {
    let bits = float.bitPattern
    return bits >> 63 == 1 ? ~bits : bits | (1 << 63)
  }
  private static func float(_ bits: UInt64) -> Double {
    Double(bitPattern: bits >> 63 == 1 ? bits & ~(1 << 63) : ~bits)
  }

  private static func bits(ofInt value: Value) -> UInt64? {
    guard case .int(let int) = value else { return nil }
    return bits(int)
  }

  /// Both zeros are equal.
  private static func bits(ofFloat value: Value) -> UInt64? {
    switch value {
    case .float(let float): bits(float == 0 ? 0.0 : float)
    case .int(let int) where int.magnitude <= 1 << 53: bits(Double(int))
    default: nil
    }
  }

  /// The first eight bytes of a string, as a number that orders as they do: most comparisons need no more.
  private static func prefix(_ value: Value) -> UInt64? {
    guard let bytes = value.stringBytes, let start = bytes.baseAddress else { return nil }
    if bytes.count >= 8 {
      return UInt64(bigEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
    }
    var rank: UInt64 = 0
    for index in 0..<bytes.count { rank |= UInt64(bytes[index]) << (56 - 8 * UInt64(index)) }
    return rank
  }

  /// Two blocks of memory between which a sort moves its items.
  private final class Pair<Item: BitwiseCopyable> {
    let count: Int
    var source: UnsafeMutablePointer<Item>
    var target: UnsafeMutablePointer<Item>

    init(_ count: Int) {
      self.count = count
      source = .allocate(capacity: count)
      target = .allocate(capacity: count)
    }

    deinit {
      source.deallocate()
      target.deallocate()
    }
  }

  /// Below this many, sorting by digits does not pay.
  private static let fewest = 200

  /// Sorts `source`, stable, by the bytes of the rank from the last to the first, leaving out those that all have in
  /// common.
  @inline(__always)
  private static func sort<Item: BitwiseCopyable>(
    _ items: Pair<Item>, _ vm: VM, _ rank: (Item) -> UInt64
  ) throws(Fault) {
    let count = items.count
    guard count >= fewest else {
      for index in 1..<count {
        let item = items.source[index]
        var place = index
        while place > 0, rank(item) < rank(items.source[place - 1]) {
          items.source[place] = items.source[place - 1]
          place -= 1
        }
        items.source[place] = item
      }
      return
    }
    let counts = UnsafeMutablePointer<Int>.allocate(capacity: 8 * 256)
    defer { counts.deallocate() }
    counts.initialize(repeating: 0, count: 8 * 256)
    for index in 0..<count {
      let rank = rank(items.source[index])
      for byte in 0..<8 { counts[byte << 8 | Int(rank >> UInt64(8 * byte) & 0xFF)] += 1 }
      try vm.checkInterrupt(turn: index)
    }
    for byte in 0..<8 {
      let shift = UInt64(8 * byte)
      let places = counts + byte << 8
      if places[Int(rank(items.source[0]) >> shift & 0xFF)] == count { continue }
      var place = 0
      for value in 0..<256 {
        let size = places[value]
        places[value] = place
        place += size
      }
      let (source, target) = (items.source, items.target)
      var start = 0
      while start < count {
        let end = min(start + 1 << 18, count)
        for index in start..<end {
          let item = source[index]
          let digit = Int(rank(item) >> shift & 0xFF)
          target[places[digit]] = item
          places[digit] += 1
        }
        start = end
        try vm.checkInterrupt()
      }
      swap(&items.source, &items.target)
    }
  }

  /// Orders what is left of strings that have their first eight bytes in common.
  private static func sortRuns(
    _ order: inout [Ranked], _ keys: [Value], _ descending: Bool, _ vm: VM
  ) throws(Fault) {
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, order[end].rank == order[start].rank { end += 1 }
      if end - start > 1 {
        var comparisons = 0
        let run = try merged(Array(order[start..<end])) { a, b throws(Fault) in
          comparisons += 1
          try vm.checkInterrupt(turn: comparisons)
          guard case .object(let first) = keys[Int(a.index)],
            case .object(let second) = keys[Int(b.index)]
          else { return false }
          let order = StringObject.compare(first.stringStorage, second.stringStorage)
          return descending ? order > 0 : order < 0
        }
        order.replaceSubrange(start..<end, with: run)
      }
      start = end
    }
  }

  /// Stable: merges runs of doubling length, from runs that insertion has sorted.
  static func merged<Element, Failure: Error>(
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
        // Two runs that are in order already stay as they are.
        if right < end, try less(source[right], source[right - 1]) {
          while left < middle, right < end {
            if try less(source[right], source[left]) {
              target.append(source[right])
              right += 1
            } else {
              target.append(source[left])
              left += 1
            }
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

extension Value {
  fileprivate var isNaN: Bool {
    if case .float(let float) = self { return float.isNaN }
    return false
  }
}
