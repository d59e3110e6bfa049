import Foundations

/// A matrix column by column as trees read it: every feature by the ranks of its values, so that all splits between
/// neighbouring values can be looked at exactly.
///
/// A feature with at most 256 different values is kept as one byte an example (its rank), and a node sums by rank in
/// one pass; of any other feature the examples are kept in the order of its values, and a node walks along its part of
/// them.
struct FeatureColumns: Sendable {
  enum Column: Sendable {
    /// The rank of each example's value, and the values by rank.
    case ranks([UInt8], values: [Double])
    /// The examples in rising order of their values (equal ones in their own order), and each example's value.
    case ordered([Int32], values: [Double])
  }

  let rows: Int
  let columns: [Column]

  /// - Throws: `interrupt`, `limit` for 2³¹ examples or more, or where memory does not suffice.
  init(_ examples: ExampleMatrix) throws {
    guard examples.rows < Int(Int32.max) else {
      throw DomainError(.limit, "a tree takes at most \(Int32.max) examples")
    }
    let (count, width) = (examples.rows, examples.columns)
    try MemoryRoom.require(count * width * 12, for: "a tree over \(count) × \(width) numbers")
    rows = count
    var found = [Column?](repeating: nil, count: width)
    try Cancellation.abandonable {
      found.withUnsafeMutableBufferPointer { found in
        nonisolated(unsafe) let target = found.baseAddress
        Parallel.each(width) { column in
          target?[column] = FeatureColumns.column(
            (0..<count).map { examples.values[$0 * width + column] })
        }
      }
    }
    columns = found.compactMap { $0 }
  }

  private static func column(_ values: [Double]) -> Column {
    var levels: [Double] = []
    for value in values {
      let place = firstPlace(in: levels, notBelow: value)
      if place < levels.count, levels[place] == value { continue }
      levels.insert(value, at: place)
      if levels.count > 256 { break }
    }
    if levels.count <= 256 {
      return .ranks(
        values.map { UInt8(firstPlace(in: levels, notBelow: $0)) }, values: levels)
    }
    let order = (0..<Int32(values.count)).sorted {
      (values[Int($0)], $0) < (values[Int($1)], $1)
    }
    return .ordered(order, values: values)
  }

  /// Where the first of rising numbers stands that is not below `value`.
  private static func firstPlace(in levels: [Double], notBelow value: Double) -> Int {
    var (low, high) = (0, levels.count)
    while low < high {
      let middle = (low + high) / 2
      if levels[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
