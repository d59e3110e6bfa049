import Foundations

/// How two tables are put side by side, and what is promised of their keys.
public struct Join: Sendable {
  public enum How: String, Sendable, CaseIterable {
    case inner, left, right, full, anti, semi
  }

  /// How often a key may stand in each table, the left one first.
  public enum Expectation: String, Sendable, CaseIterable {
    case oneToOne = "one_to_one"
    case oneToMany = "one_to_many"
    case manyToOne = "many_to_one"
    case manyToMany = "many_to_many"

    var leftIsUnique: Bool { self == .oneToOne || self == .oneToMany }
    var rightIsUnique: Bool { self == .oneToOne || self == .manyToOne }
  }

  public var keys: [(left: String, right: String)]
  public var how: How
  public var expectation: Expectation?

  public init(
    keys: [(left: String, right: String)], how: How = .inner, expectation: Expectation? = nil
  ) {
    (self.keys, self.how, self.expectation) = (keys, how, expectation)
  }
}

extension Table {
  /// What names of the other table's columns end in where this one has them as well.
  public static let rightSuffix = "_right"

  /// The rows of both tables whose keys are equal, side by side, in the order of this table's rows (of the other's for
  /// `right`), then of the other's. A missing key meets nothing.
  ///
  /// - Throws: `key` for a column that is not there; `value` where a promise about the keys is broken, and where keys
  ///   of different types can never be equal; `limit` for more rows than memory holds.
  public func joined(_ other: Table, _ join: Join) throws -> Table {
    let leftKeys = try join.keys.map { try column($0.left).series }
    let rightKeys = try join.keys.map { try other.column($0.right).series }
    for (place, key) in join.keys.enumerated() {
      try Table.checkComparable(leftKeys[place], rightKeys[place], key)
    }
    let all = zip(leftKeys, rightKeys).map { $0.appending($1) }
    let codes = try Codes(all, count: rowCount + other.rowCount)
    let leftMissing = Table.missing(leftKeys, rowCount)
    let rightMissing = Table.missing(rightKeys, other.rowCount)
    let matches = try Matches(
      codes, left: rowCount, right: other.rowCount, leftMissing, rightMissing)
    if let expectation = join.expectation {
      try check(expectation, join, matches, leftKeys, rightKeys, other.rowCount)
    }
    switch join.how {
    case .semi: return rows(at: (0..<rowCount).filter { matches.count(left: $0) > 0 })
    case .anti: return rows(at: (0..<rowCount).filter { matches.count(left: $0) == 0 })
    default: break
    }
    let total = matches.total
    guard total < 1 << 31 else {
      throw DomainError(
        .limit, "the join would have \(total) rows",
        hint: "its keys stand in many rows of both tables: `expect: \"many_to_one\"` finds them")
    }
    try MemoryRoom.require(
      total &* 8 &* (columns.count + other.columns.count), for: "a join of \(total) rows")
    let (left, right) = try matches.pairs(join.how)
    return try assembled(other, join, left, right)
  }

  private static func missing(_ keys: [Series], _ count: Int) -> [Bool] {
    var result = [Bool](repeating: false, count: count)
    for key in keys {
      guard let missing = key.missing else { continue }
      for row in 0..<count where missing[row] { result[row] = true }
    }
    return result
  }

  private static func checkComparable(
    _ left: Series, _ right: Series, _ key: (left: String, right: String)
  ) throws {
    let (a, b) = (left.family, right.family)
    guard a == 0 || b == 0 || a == b else {
      throw DomainError(
        .value,
        "the keys never meet: `\(key.left)` holds \(left.kind.rawValue), `\(key.right)` \(right.kind.rawValue)",
        hint: Table.meetingHint(left, right, key))
    }
  }

  /// What makes keys of two types meet.
  private static func meetingHint(
    _ left: Series, _ right: Series, _ key: (left: String, right: String)
  ) -> String {
    func hasTime(_ series: Series) -> Bool { series.kind == .date || series.kind == .datetime }
    if left.texts != nil, hasTime(right) {
      return "read the texts as dates: `t.with(\"\(key.left)\", t.\(key.left).date())`"
    }
    if right.texts != nil, hasTime(left) {
      return
        "read the texts of the second table as dates: `u.with(\"\(key.right)\", u.\(key.right).date())`"
    }
    return
      "change one of them: `u.convert({\(key.right): \"\(left.kind.rawValue)\"})`, or read its file with `types: {\(key.right): \"\(left.kind.rawValue)\"}`"
  }

  private func check(
    _ expectation: Join.Expectation, _ join: Join, _ matches: Matches, _ leftKeys: [Series],
    _ rightKeys: [Series], _ rightCount: Int
  ) throws {
    func failure(_ side: String, _ keys: [Series], _ row: Int, _ count: Int) -> DomainError {
      let key = keys.map { $0[row].sourceText }.joined(separator: ", ")
      return DomainError(
        .value,
        "the join is not \(expectation.rawValue): the \(side) table has the key \(key) \(count) times"
      )
    }
    if expectation.leftIsUnique {
      for row in 0..<rowCount where matches.timesInLeft(left: row) > 1 {
        throw failure("left", leftKeys, row, matches.timesInLeft(left: row))
      }
    }
    if expectation.rightIsUnique {
      for row in 0..<rightCount where matches.timesInRight(right: row) > 1 {
        throw failure("right", rightKeys, row, matches.timesInRight(right: row))
      }
    }
  }

  /// The columns of both for pairs of rows; -1 where a side has none.
  private func assembled(_ other: Table, _ join: Join, _ left: [Int], _ right: [Int]) throws
    -> Table
  {
    let keyPlaces = Dictionary(
      join.keys.map { (Spelling($0.left), $0.right) }, uniquingKeysWith: { first, _ in first })
    let dropped = Set(spelt: join.keys.filter { $0.left.isSpelt($0.right) }.map(\.right))
    var result: [Column] = []
    let lacksLeft = left.contains { $0 < 0 }
    for column in columns {
      var series = column.series.gatheredOrMissing(left)
      // A key that both call the same is filled from the right where there is no left row.
      if lacksLeft, let name = keyPlaces[column.name], dropped.contains(name) {
        let keys = try other.column(name).series.gatheredOrMissing(right)
        let count = series.count
        series = series.appending(keys).gathered(
          left.indices.map { left[$0] < 0 ? count + $0 : $0 })
      }
      result.append(Column(column.name, series, role: column.role))
    }
    let names = Set(spelt: columns.map(\.name))
    for column in other.columns where !dropped.contains(column.name) {
      let name = names.contains(column.name) ? column.name + Table.rightSuffix : column.name
      result.append(Column(name, column.series.gatheredOrMissing(right), role: column.role))
    }
    return try Table(columns: result)
  }
}

/// Which rows of two tables have the same key.
private struct Matches {
  let codes: Codes
  let left: Int
  let right: Int
  let leftMissing: [Bool]
  let rightMissing: [Bool]
  /// The right rows of each key behind each other, ascending.
  private let order: [Int]
  private let starts: [Int]
  private let leftCounts: [Int]

  init(
    _ codes: Codes, left: Int, right: Int, _ leftMissing: [Bool], _ rightMissing: [Bool]
  ) throws {
    (self.codes, self.left, self.right) = (codes, left, right)
    (self.leftMissing, self.rightMissing) = (leftMissing, rightMissing)
    var starts = [Int](repeating: 0, count: codes.count + 1)
    for row in 0..<right where !rightMissing[row] { starts[Int(codes.rows[left + row]) + 1] += 1 }
    for key in 0..<codes.count { starts[key + 1] += starts[key] }
    var next = starts
    var order = [Int](repeating: 0, count: starts[codes.count])
    for row in 0..<right where !rightMissing[row] {
      let key = Int(codes.rows[left + row])
      order[next[key]] = row
      next[key] += 1
    }
    var counts = [Int](repeating: 0, count: codes.count)
    for row in 0..<left where !leftMissing[row] { counts[Int(codes.rows[row])] += 1 }
    (self.order, self.starts, leftCounts) = (order, starts, counts)
  }

  func count(left row: Int) -> Int {
    if leftMissing[row] { return 0 }
    let key = Int(codes.rows[row])
    return starts[key + 1] - starts[key]
  }

  func timesInLeft(left row: Int) -> Int {
    leftMissing[row] ? 0 : leftCounts[Int(codes.rows[row])]
  }

  func timesInRight(right row: Int) -> Int {
    if rightMissing[row] { return 0 }
    let key = Int(codes.rows[left + row])
    return starts[key + 1] - starts[key]
  }

  /// How many pairs of rows an outer join has at most; saturated.
  var total: Int {
    var total = left + right
    for row in 0..<left {
      let (sum, overflow) = total.addingReportingOverflow(count(left: row))
      if overflow { return .max }
      total = sum
    }
    return total
  }

  func pairs(_ how: Join.How) throws -> (left: [Int], right: [Int]) {
    if how == .right { return try rightPairs() }
    var (a, b): ([Int], [Int]) = ([], [])
    var isMet = [Bool](repeating: false, count: how == .full ? right : 0)
    for row in 0..<left {
      try Cancellation.check(turn: row)
      let key = Int(codes.rows[row])
      if count(left: row) == 0 {
        if how == .inner { continue }
        a.append(row)
        b.append(-1)
        continue
      }
      for place in starts[key]..<starts[key + 1] {
        a.append(row)
        b.append(order[place])
        if how == .full { isMet[order[place]] = true }
      }
    }
    for row in 0..<(how == .full ? right : 0) where !isMet[row] {
      a.append(-1)
      b.append(row)
    }
    return (a, b)
  }

  private func rightPairs() throws -> (left: [Int], right: [Int]) {
    var lefts: [Int: [Int]] = [:]
    for row in 0..<left where !leftMissing[row] {
      lefts[Int(codes.rows[row]), default: []].append(row)
    }
    var (a, b): ([Int], [Int]) = ([], [])
    for row in 0..<right {
      try Cancellation.check(turn: row)
      let met = rightMissing[row] ? [] : lefts[Int(codes.rows[left + row])] ?? []
      for match in met.isEmpty ? [-1] : met {
        a.append(match)
        b.append(row)
      }
    }
    return (a, b)
  }
}
