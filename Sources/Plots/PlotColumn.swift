import Foundations
import Tables

/// What plots read of a table's column. Only this file knows how tables keep their cells.
struct PlotColumn: Sendable {
  enum Content { case numbers, time, texts }

  let name: String
  let content: Content
  /// Of each row; nil where there is none. Times are seconds since 1970.
  let numbers: [Double?]
  /// The intervals of a column of estimates: nil elsewhere.
  let lows: [Double?]?
  let highs: [Double?]?
  private let cells: [Cell]
  /// The place of each row's level in a column of categories, which have an order of their own (bins).
  private let levels: [Int32]?

  init(_ column: Table.Column) throws {
    name = column.name
    cells = column.series.cells
    if case .category(let codes, _) = column.series.values { levels = codes } else { levels = nil }
    var numbers: [Double?] = []
    numbers.reserveCapacity(cells.count)
    var (hasNumbers, hasOthers, hasIntervals) = (false, false, false)
    for (row, cell) in cells.enumerated() {
      try Cancellation.check(turn: row)
      let number = cell.number ?? PlotColumn.part("value", of: cell)
      hasNumbers = hasNumbers || number != nil
      if number == nil, !cell.isNull { hasOthers = true }
      if case .map = cell, number != nil { hasIntervals = true }
      numbers.append(number)
    }
    if !hasNumbers, hasOthers, let times = try PlotColumn.times(cells) {
      content = .time
      self.numbers = times
    } else {
      content = hasOthers ? .texts : .numbers
      self.numbers = numbers
    }
    lows = hasIntervals ? cells.map { PlotColumn.part("low", of: $0) } : nil
    highs = hasIntervals ? cells.map { PlotColumn.part("high", of: $0) } : nil
  }

  /// A number within an estimate {value, low, high}.
  private static func part(_ name: String, of cell: Cell) -> Double? {
    guard case .map(let entries) = cell else { return nil }
    for entry in entries {
      if case .string(let key) = entry.key, key.isSpelt(name) { return entry.value.number }
    }
    return nil
  }

  /// A column of dates, or of texts all of which are dates, is one of times.
  private static func times(_ cells: [Cell]) throws -> [Double?]? {
    var result: [Double?] = []
    for (row, cell) in cells.enumerated() {
      try Cancellation.check(turn: row)
      switch cell {
      case .null: result.append(nil)
      case .string(let text):
        guard let time = TickTime.parse(text) else { return nil }
        result.append(time)
      case .date(let day): result.append(Double(day) * 86400)
      case .datetime(let moment): result.append(Double(moment) / 1e6)
      default: return nil
      }
    }
    return result
  }

  var count: Int { cells.count }

  /// What a row holds, as a legend or a category says it.
  func text(_ row: Int) -> String { cells[row].text }

  /// The different cells in an order of their own: numbers and truth values ascending, categories by their levels,
  /// texts as they come first.
  /// - Returns: their texts, and for each row the place of its cell; nil where it is missing.
  /// - Parameters:
  ///   - most: more than these are an error.
  ///   - purpose: what they are wanted for.
  func categories(atMost most: Int, for purpose: String = "an axis") throws -> (
    names: [String], places: [Int?]
  ) {
    var known: [Spelling: Int] = [:]
    var firsts: [Int] = []
    var places: [Int?] = []
    places.reserveCapacity(cells.count)
    for row in cells.indices {
      try Cancellation.check(turn: row)
      if cells[row].isNull {
        places.append(nil)
        continue
      }
      // 1 and 1.0 are one.
      let text = numberText(row) ?? text(row)
      if let place = known[text] {
        places.append(place)
      } else {
        known[text] = firsts.count
        places.append(firsts.count)
        firsts.append(row)
        if firsts.count > most { throw tooMany(most, purpose) }
      }
    }
    let names = firsts.map { numberText($0) ?? text($0) }
    guard content != .texts || levels != nil else { return (names, places) }
    let order = firsts.indices.sorted { left, right in
      if let levels { return levels[firsts[left]] < levels[firsts[right]] }
      let (a, b) = (numbers[firsts[left]] ?? .nan, numbers[firsts[right]] ?? .nan)
      return a.isNaN || b.isNaN ? !a.isNaN && b.isNaN : a < b
    }
    var rank = [Int](repeating: 0, count: order.count)
    for (place, index) in order.enumerated() { rank[index] = place }
    return (order.map { names[$0] }, places.map { $0.map { rank[$0] } })
  }

  private func numberText(_ row: Int) -> String? {
    switch cells[row] {
    case .int, .float: cells[row].number.map { TickLabels.category($0) }
    default: nil
    }
  }

  private func tooMany(_ most: Int, _ purpose: String) -> DomainError {
    let known = Set(spelt: cells.lazy.filter { !$0.isNull }.map(\.text))
    return DomainError(
      .value,
      "the column `\(name)` holds \(known.count) different \(content == .texts ? "texts" : "values"), too many for \(purpose) (\(most) at most)"
    )
  }

  /// Whether all of its numbers are ints.
  var isWhole: Bool {
    cells.allSatisfy { cell in
      if case .int = cell { true } else { cell.isNull }
    }
  }

  /// Whether there is anything but missing values.
  var hasNumbers: Bool { numbers.contains { $0 != nil } }
}

extension TickLabels {
  /// A number as the name of a category.
  static func category(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : NumberText.shortest(value)
  }
}
