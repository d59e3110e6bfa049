import Foundations
import Runtime
import Syntax
import Tables

/// One row of a table, seen where it stands: reading it copies nothing, and it cannot be changed.
public struct Row: Sendable {
  let columns: [Table.Column]
  let index: Int

  func cell(_ name: String) -> Cell? {
    columns.first { $0.name.isSpelt(name) }.map { $0.series[index] }
  }

  var map: Cell {
    .map(columns.map { Cell.Entry(key: .string($0.name), value: $0.series[index]) })
  }
}

extension Row: NativeValue {
  public static let typeName = "row"
  public static let nativeType = NativeType<Row>(
    "row", "A row of a table: read as a map from the columns' names, never changed."
  ) { type in
    type.representation = { row, _ in row.map.sourceText }
    type.length = { $0.columns.count }
    type.member = { row, name, vm in row.cell(name)?.encode(vm) }
    type.dynamicMemberNames = { $0.columns.map(\.name) }
    type.setMember = { _, name, _, _ in throw immutable(name) }
    type.setIndex = { _, _, _, _ in throw immutable("name") }
    type.index = { row, subscripts, vm in
      guard subscripts.count == 1, case .index(let value) = subscripts[0], let name = value.string
      else { throw Fault(.type, "a row is indexed by the name of a column") }
      guard let cell = row.cell(name) else { throw unknown(name, row) }
      return cell.encode(vm)
    }
    type.contains = { row, value, _ in value.string.map { row.cell($0) != nil } ?? false }
    type.iterate = { row, _ in
      var place = 0
      return IteratorObject("row") { vm in
        guard place < row.columns.count else { return nil }
        place += 1
        return vm.makeString(row.columns[place - 1].name)
      }
    }
    type.compare = { vm, op, left, right in
      guard op == .equal || op == .notEqual else { return nil }
      let equal = try Comparison.equal(plain(left, vm), plain(right, vm), vm)
      return .bool(equal == (op == .equal))
    }
    type.equals = { $0.map == $1.map }
    type.transfer = .share
    type.hasContent()
    type.insight = TableColumns.rowInsight
    type.methods(methods)
  }

  static func immutable(_ name: String) -> Fault {
    Fault(
      .type, "a row of a table cannot be changed",
      hint:
        "make a table with another column: `t.with(\"\(name)\", row => …)`; a map that can be changed is `row.map()`"
    )
  }

  private static func unknown(_ name: String, _ row: Row) -> Fault {
    Fault(
      .key, "the row has no column `\(name)`",
      hint: Suggest.hint(for: name, in: row.columns.map(\.name))
        ?? "its columns are \(row.columns.prefix(12).map { "`\($0.name)`" }.joined(separator: ", "))"
    )
  }

  /// A row as the map that it reads as; other values as they are.
  static func plain(_ value: Value, _ vm: VM) throws -> Value {
    try Row.decode(value, vm).map { vm.value(of: $0.map.snapshot) } ?? value
  }

  private static let methods = [
    Native(
      "keys", "The names of its columns.", Param<Row>("row", "A row."), returns: "list of string",
      examples: [("table({a: [1], b: [2]})[0].keys()", "[\"a\", \"b\"]")]
    ) { row in row.columns.map(\.name) },
    Native(
      "values", "Its values, a list.", Param<Row>("row", "A row."), returns: "list",
      examples: [("table({a: [1], b: [2]})[0].values()", "[1, 2]")]
    ) { row in row.columns.map { $0.series[row.index] } },
    Native(
      "items", "Its names with their values, pairs in a list.", Param<Row>("row", "A row."),
      returns: "list of list", examples: [("table({a: [1]})[0].items()", "[[\"a\", 1]]")]
    ) { row in row.columns.map { Cell.list([.string($0.name), $0.series[row.index]]) } },
    Native(
      "get", "The value of a column, or another where there is none.", Param<Row>("row", "A row."),
      Param<String>("name", "The column."),
      Param<Value>("default", "What to give instead.", default: .nothing), returns: "any",
      examples: [("table({a: [1]})[0].get(\"b\", 0)", "0")],
      context: { (vm: VM, row: Row, name: String, other: Value) in
        row.cell(name)?.encode(vm) ?? other
      }),
    Native(
      "map", "The row as a map of its own, which can be changed.", Param<Row>("row", "A row."),
      returns: "map", examples: [("table({a: [1]})[0].map()", "{a: 1}")]
    ) { row in row.map },
  ]
}
