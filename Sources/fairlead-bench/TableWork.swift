import Foundation
import Foundations
import TableFiles
import Tables

/// One verb on a table of a million rows and five columns: two of floats, one of ints, a thousand keys, names.
final class TableWork: Workload {
  private static let rows = 1_000_000
  private let verb: String
  private let table: Table
  private var last = 0
  private let path =
    NSTemporaryDirectory() + "fairlead-bench-\(ProcessInfo.processInfo.processIdentifier).csv"

  /// - Throws: `Unsupported` for a verb that it does not know.
  init(verb: String) throws {
    guard ["filter", "sort", "group", "column", "join", "load", "save"].contains(verb) else {
      throw Unsupported(message: "the verbs are filter, sort, group, column, join, load, save")
    }
    self.verb = verb
    var generator = SplitMix64(seed: 1)
    let rows = 0..<TableWork.rows
    table = try Table(columns: [
      .init("id", Series(.int(rows.map { _ in generator.below(TableWork.rows) }))),
      .init("x", Series(.float(rows.map { _ in generator.uniform() }))),
      .init("y", Series(.float(rows.map { _ in generator.uniform() * 100 }))),
      .init("k", Series(.string(Texts(rows.map { _ in "key\(generator.below(1000))" })))),
      .init("s", Series(.string(Texts(rows.map { _ in "n \(generator.below(TableWork.rows))" })))),
    ])
    if verb == "load" { _ = try TableFile.write(table, to: path) }
    _ = try run(1)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var facts: [(name: String, value: Double)] { [("rows", Double(TableWork.rows))] }

  /// The rows of the last result.
  var check: Double { Double(last) }

  func run(_ count: Int) throws -> [Double] {
    try (0..<count).map { _ in
      let start = monotonicSeconds()
      last = try result().rowCount
      return monotonicSeconds() - start
    }
  }

  private func result() throws -> Table {
    let x = try table.column("x").series
    switch verb {
    case "filter":
      return try table.rows(where: Series.compared(.greater, x, Series(.float([0.5]))))
    case "load": return try TableFile.read(path).table
    case "save":
      _ = try TableFile.write(table, to: path)
      return table
    case "sort": return try table.sorted(by: ["x"])
    case "group": return try table.group(by: ["k"]).mean()
    case "join":
      let names = (0..<1000).map { "key\($0)" }
      let other = try Table(columns: [
        .init("k", Series(.string(Texts(names)))), .init("z", Series(.int(Array(0..<1000)))),
      ])
      return try table.joined(other, Join(keys: [("k", "k")], how: .left))
    default:
      let sum = try Series.calculated(.add, x, table.column("y").series)
      return try table.with("z", Series.calculated(.multiply, sum, Series(.float([2]))))
    }
  }
}
