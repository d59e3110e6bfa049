import Foundations

/// The distinct values of one or several columns, numbered in the order of their first row: what grouping, joining,
/// counting and dropping duplicates are made of.
///
/// Equal are ints and floats of one value (-0 is 0), all `nan`, all missing values, and texts of the same code points.
public struct Codes: Sendable {
  /// The number of each row's value.
  public let rows: [Int32]
  /// The first row of each value.
  public let firsts: [Int]
  public var count: Int { firsts.count }

  /// - Throws: `limit` for more rows than 2³¹, `interrupt`.
  public init(_ columns: [Series], count: Int) throws {
    guard count < Int(Int32.max) else {
      throw DomainError(.limit, "\(count) rows are too many to tell apart")
    }
    guard let first = columns.first else {
      rows = [Int32](repeating: 0, count: count)
      firsts = count > 0 ? [0] : []
      return
    }
    var result = try Codes(first)
    for column in columns.dropFirst() {
      try Cancellation.check()
      let next = try Codes(column)
      let size = UInt64(next.count)
      let pairs = zip(result.rows, next.rows).map { UInt64($0) * size + UInt64($1) }
      result = try Codes(keys: pairs, bound: UInt64(result.count) * size)
    }
    self = result
  }

  public init(_ column: Series) throws {
    try Cancellation.check()
    let missing = column.missing
    func keys<T>(_ items: [T], _ key: (T) -> UInt64) -> [UInt64] { items.map(key) }
    switch column.values {
    case .bool(let items):
      try self.init(keys: keys(items) { $0 ? 1 : 0 }, missing: missing, bound: 2)
    case .int(let items), .datetime(let items):
      if let low = items.min(), let high = items.max(),
        high.subtractingReportingOverflow(low).overflow == false,
        high - low < 4 * items.count + 1024
      {
        try self.init(
          keys: keys(items) { UInt64($0 - low) }, missing: missing, bound: UInt64(high - low) + 1)
      } else {
        try self.init(keys: keys(items) { UInt64(bitPattern: Int64($0)) }, missing: missing)
      }
    case .float(let items):
      try self.init(
        keys: keys(items) { $0.isNaN ? Double.nan.bitPattern : ($0 == 0 ? 0 : $0.bitPattern) },
        missing: missing)
    case .date(let items):
      try self.init(keys: keys(items) { UInt64(UInt32(bitPattern: $0)) }, missing: missing)
    case .category(let codes, let levels):
      try self.init(
        keys: keys(codes) { UInt64($0) }, missing: missing, bound: UInt64(levels.count))
    case .string(let texts): try self.init(texts, missing: missing)
    case .cells(let cells): try self.init(cells)
    }
  }

  private init(_ cells: [Cell]) throws {
    var places: [Cell: Int32] = [:]
    var firsts: [Int] = []
    rows = try cells.enumerated().map { row, cell in
      try Cancellation.check(turn: row)
      let key = cell.groupingKey
      if let known = places[key] { return known }
      let code = Int32(firsts.count)
      places[key] = code
      firsts.append(row)
      return code
    }
    self.firsts = firsts
  }

  /// - Parameter bound: above all keys, where they are small numbers.
  private init(keys: [UInt64], missing: [Bool]? = nil, bound: UInt64? = nil) throws {
    if let bound, bound <= UInt64(4 * keys.count + 4096) {
      self = Codes(direct: keys, missing: missing, bound: Int(bound))
      return
    }
    var missingCode: Int32 = -1
    var table = CodeTable(capacity: 1024)
    var firsts: [Int] = []
    var rows = [Int32](repeating: 0, count: keys.count)
    for row in keys.indices {
      try Cancellation.check(turn: row)
      if let missing, missing[row] {
        if missingCode < 0 {
          missingCode = Int32(firsts.count)
          firsts.append(row)
        }
        rows[row] = missingCode
        continue
      }
      let key = keys[row]
      let hash = Texts.mixed(key ^ 0x9E37_79B9_7F4A_7C15)
      let found = table.find(hash) { keys[firsts[Int($0)]] == key }
      if found >= 0 {
        rows[row] = found
      } else {
        rows[row] = Int32(firsts.count)
        table.insert(hash, Int32(firsts.count))
        firsts.append(row)
      }
    }
    self = Codes(rows, firsts)
  }

  private init(_ rows: [Int32], _ firsts: [Int]) {
    (self.rows, self.firsts) = (rows, firsts)
  }

  private init(direct keys: [UInt64], missing: [Bool]?, bound: Int) {
    var codes = [Int32](repeating: -1, count: bound + 1)
    var firsts: [Int] = []
    var rows = [Int32](repeating: 0, count: keys.count)
    for row in keys.indices {
      let key = missing.map { $0[row] } ?? false ? bound : Int(keys[row])
      if codes[key] < 0 {
        codes[key] = Int32(firsts.count)
        firsts.append(row)
      }
      rows[row] = codes[key]
    }
    (self.rows, self.firsts) = (rows, firsts)
  }

  private init(_ texts: Texts, missing: [Bool]?) throws {
    var missingCode: Int32 = -1
    var table = CodeTable(capacity: 1024)
    var firsts: [Int] = []
    var rows = [Int32](repeating: 0, count: texts.count)
    try texts.withView { view in
      for row in 0..<view.count {
        try Cancellation.check(turn: row)
        if let missing, missing[row] {
          if missingCode < 0 {
            missingCode = Int32(firsts.count)
            firsts.append(row)
          }
          rows[row] = missingCode
          continue
        }
        let text = view[row]
        let hash = Texts.hash(text)
        let found = table.find(hash) { Texts.areEqual(view[firsts[Int($0)]], text) }
        if found >= 0 {
          rows[row] = found
        } else {
          rows[row] = Int32(firsts.count)
          table.insert(hash, Int32(firsts.count))
          firsts.append(row)
        }
      }
    }
    (self.rows, self.firsts) = (rows, firsts)
  }

  /// The rows of each value: those of value `v` are `order[starts[v]..<starts[v + 1]]`, ascending.
  public func gathered() -> (order: [Int], starts: [Int]) {
    var starts = [Int](repeating: 0, count: count + 1)
    for code in rows { starts[Int(code) + 1] += 1 }
    for value in 0..<count { starts[value + 1] += starts[value] }
    var next = starts
    var order = [Int](repeating: 0, count: rows.count)
    for (row, code) in rows.enumerated() {
      order[next[Int(code)]] = row
      next[Int(code)] += 1
    }
    return (order, starts)
  }
}

/// An open hash table from hashes to codes; equal hashes are told apart by its caller.
private struct CodeTable {
  private var slots: [(hash: UInt64, code: Int32)]
  private var filled = 0
  private var mask: Int

  init(capacity: Int) {
    slots = Array(repeating: (0, -1), count: capacity)
    mask = capacity - 1
  }

  @inline(__always)
  func find(_ hash: UInt64, _ matches: (Int32) -> Bool) -> Int32 {
    slots.withUnsafeBufferPointer { slots in
      var place = Int(truncatingIfNeeded: hash) & mask
      while slots[place].code >= 0 {
        if slots[place].hash == hash, matches(slots[place].code) { return slots[place].code }
        place = (place + 1) & mask
      }
      return -1
    }
  }

  mutating func insert(_ hash: UInt64, _ code: Int32) {
    if filled * 2 >= slots.count { grow() }
    place(hash, code)
    filled += 1
  }

  private mutating func place(_ hash: UInt64, _ code: Int32) {
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place].code >= 0 { place = (place + 1) & mask }
    slots[place] = (hash, code)
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: (0, -1), count: 4 * old.count)
    mask = slots.count - 1
    for slot in old where slot.code >= 0 { place(slot.hash, slot.code) }
  }
}
