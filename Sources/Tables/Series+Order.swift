import Foundations

// Sorting: each key's values become unsigned numbers that order as they do, and rows are sorted by those, the last key
// first; every step keeps equal rows in their order.

/// One column to sort by.
public struct SortKey: Sendable {
  public var name: String
  public var descending: Bool

  public init(_ name: String, descending: Bool = false) {
    self.name = name
    self.descending = descending
  }
}

extension Series {
  /// The rows in the order of their values, equal ones in their old order. What is missing or no number (`nan`) comes
  /// last, whichever way: missing after `nan`.
  public func ordered(descending: Bool = false) throws -> [Int] {
    try sorted(Array(0..<count), descending: descending)
  }

  /// The given rows, sorted by this column's values.
  func sorted(_ rows: [Int], descending: Bool) throws -> [Int] {
    if case .cells(let cells) = values {
      return try Series.sorted(rows, cells, descending: descending)
    }
    var keys = try orderKeys()
    let last = UInt64.max
    if descending {
      for row in keys.indices where keys[row] < last - 1 { keys[row] = last - 2 - keys[row] }
    }
    return try Series.radixSorted(rows, keys)
  }

  /// Numbers that order as the values do; the two greatest are for `nan` and for missing values.
  private func orderKeys() throws -> [UInt64] {
    let last = UInt64.max
    var keys: [UInt64]
    switch values {
    case .bool(let items): keys = items.map { $0 ? 1 : 0 }
    case .int(let items), .datetime(let items):
      // Two values of 2⁶⁴ are lost to `nan` and missing; where they occur, ranks stand for the values.
      if items.contains(where: { $0 >= Int.max - 1 }) { return try rankKeys() }
      keys = items.map { UInt64(bitPattern: Int64($0)) ^ (1 << 63) }
    case .float(let items):
      keys = items.map { value in
        if value.isNaN { return last - 1 }
        let bits = (value == 0 ? 0 : value).bitPattern
        return bits >> 63 == 1 ? ~bits : bits | 1 << 63
      }
    case .date(let items): keys = items.map { UInt64(UInt32(bitPattern: $0) ^ (1 << 31)) }
    case .string: return try rankKeys()
    // Levels have an order of their own: that of a column's bins is their edges'.
    case .category(let codes, _): keys = codes.map { UInt64($0) }
    case .cells: return []
    }
    if let missing {
      for row in keys.indices where missing[row] { keys[row] = last }
    }
    return keys
  }

  /// The rank of each row's value among the distinct ones.
  private func rankKeys() throws -> [UInt64] {
    let codes = try Codes(self)
    var order = Array(0..<codes.count)
    switch values {
    case .string(let texts): Series.sort(&order, texts.gathered(codes.firsts))
    case .int(let items), .datetime(let items):
      order.sort { items[codes.firsts[$0]] < items[codes.firsts[$1]] }
    default: break
    }
    var ranks = [UInt64](repeating: 0, count: codes.count)
    for (rank, code) in order.enumerated() { ranks[code] = UInt64(rank) }
    for code in ranks.indices where isMissing(codes.firsts[code]) { ranks[code] = .max }
    return codes.rows.map { ranks[Int($0)] }
  }

  /// Sorts places of texts by their code points.
  private static func sort(_ order: inout [Int], _ texts: Texts) {
    texts.withView { view in
      var items = order.map { (prefix: view.prefix($0), place: $0) }
      items.sort { left, right in
        if left.prefix != right.prefix { return left.prefix < right.prefix }
        let difference = Texts.order(view[left.place], view[right.place])
        return difference != 0 ? difference < 0 : left.place < right.place
      }
      order = items.map(\.place)
    }
  }

  private static func sorted(_ rows: [Int], _ cells: [Cell], descending: Bool) throws -> [Int] {
    var turn = 0
    let places = try (0..<rows.count).sorted { left, right in
      turn &+= 1
      try Cancellation.check(turn: turn)
      let (a, b) = (cells[rows[left]], cells[rows[right]])
      if a.hasNoPlace || b.hasNoPlace {
        if a.hasNoPlace, b.hasNoPlace {
          return a.isNull == b.isNull ? left < right : b.isNull
        }
        return b.hasNoPlace
      }
      if descending ? Cell.precedes(b, a) : Cell.precedes(a, b) { return true }
      if descending ? Cell.precedes(a, b) : Cell.precedes(b, a) { return false }
      return left < right
    }
    return places.map { rows[$0] }
  }

  /// Stable, by digits of eleven bits, the lowest first; digits that are the same in all keys are passed over.
  private static func radixSorted(_ rows: [Int], _ keys: [UInt64]) throws -> [Int] {
    guard rows.count > 64 else {
      return (0..<rows.count).sorted {
        let (a, b) = (keys[rows[$0]], keys[rows[$1]])
        return a != b ? a < b : $0 < $1
      }.map { rows[$0] }
    }
    let size = 2048
    var items = rows.map { (key: keys[$0], row: $0) }
    var spare = items
    var counts = [Int](repeating: 0, count: 6 * size)
    for item in items {
      for digit in 0..<6 {
        counts[
          digit * size + Int(truncatingIfNeeded: item.key >> UInt64(11 * digit)) & (size - 1)] += 1
      }
    }
    for digit in 0..<6 {
      try Cancellation.check()
      let shift = UInt64(11 * digit)
      let base = digit * size
      if counts[base + Int(truncatingIfNeeded: items[0].key >> shift) & (size - 1)] == items.count {
        continue
      }
      var place = 0
      for value in 0..<size {
        let count = counts[base + value]
        counts[base + value] = place
        place += count
      }
      items.withUnsafeBufferPointer { items in
        spare.withUnsafeMutableBufferPointer { spare in
          for item in items {
            let slot = base + Int(truncatingIfNeeded: item.key >> shift) & (size - 1)
            spare[counts[slot]] = item
            counts[slot] += 1
          }
        }
      }
      swap(&items, &spare)
    }
    return items.map(\.row)
  }
}
