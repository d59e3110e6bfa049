import Foundations
import Runtime
import Syntax
import Tables

extension Table: NativeValue {
  public static let typeName = "table"
  public static let nativeType = NativeType<Table>(
    "table", "Named columns of values: the result of a sweep, a summary, recorded results."
  ) { type in
    type.representation = { table, vm in
      let display = vm?.hostServices.display ?? Display()
      let style = TextStyle(
        width: display.width, maximumRows: display.width == nil ? 1000 : 60,
        coloured: display.isColoured)
      return try Cancellation.abandonable { table.text(style) }
    }
    type.byteCount = { table in table.columns.reduce(64) { $0 + 64 + $1.series.byteCount } }
    type.length = { $0.rowCount }
    type.member = { table, name, vm in
      TableRows.notice([name], of: table)
      return table.hasColumn(name) ? vm.box(try table.column(name).series) : nil
    }
    type.dynamicMemberNames = { $0.names }
    type.setMember = { _, name, _, _ in throw TableRows.immutable(name) }
    type.setIndex = { _, subscripts, _, _ in
      var name = "name"
      if case .index(let value)? = subscripts.first, let text = value.string { name = text }
      throw TableRows.immutable(name)
    }
    type.index = TableRows.index
    type.iterate = { table, vm in
      let columns = TableRows.noticeAll(of: table)
      var row = 0
      return IteratorObject("rows") { vm in
        guard row < table.rowCount else { return nil }
        row += 1
        return vm.box(Row(columns: columns, index: row - 1))
      }
    }
    type.contains = { table, value, _ in
      guard let name = value.string else { return false }
      TableRows.notice([name], of: table)
      return table.names.containsSpelling(name)
    }
    type.compare = TableRows.compare
    type.binary = { _, op, left, right in throw TableRows.noArithmetic(op, left, right) }
    type.transfer = .share
    type.hasContent()
    type.insight = TableColumns.insight
    type.foreignNames = ForeignNames.table
    type.field("columns", "The names of its columns.") { $0.names }
    type.field(
      "types", "What each column holds: \"int\", \"float\", \"string\", \"date\" and so on."
    ) {
      table in
      Record(table.shown.map { ($0.name, $0.series.kind.rawValue) })
    }
    type.field("shape", "How many rows and columns it has.") { [$0.rowCount, $0.names.count] }
    type.field("rows", "Its rows, a list; each reads as a map and cannot be changed.") {
      (vm: VM, table: Table) throws -> ListObject in
      let columns = TableRows.noticeAll(of: table)
      return ListObject(
        try (0..<table.rowCount).map { row in
          try vm.checkInterrupt(turn: row)
          return vm.box(Row(columns: columns, index: row))
        })
    }
    type.field(
      "failures",
      "The trials of a sweep that failed, with their swept values and the error. No rows where all went well. Who reads them, or the column `error`, answers for them: a run whose failures nobody looks at ends as failed."
    ) { (vm: VM, table: Table) throws -> Value in
      // A measured column of this name comes first.
      if table.hasColumn("failures") { return vm.box(try table.column("failures").series) }
      TableRows.notice(table.failureColumn.map { [$0.name] } ?? [], of: table)
      return table.failures.encode(vm)
    }
    type.methods(TableBuiltins.choosing)
    type.methods(TableBuiltins.changing)
    type.methods(TableBuiltins.mapping)
    type.methods(TableBuiltins.cleaning)
    type.methods(TableBuiltins.joining)
    type.methods(TableBuiltins.summarising)
    type.methods(TableBuiltins.sampling)
    type.methods(TableBuiltins.writing)
  }
}

/// The rows of tables in scripts: how they are taken out, and who is told that a column of failures was looked at.
enum TableRows {
  static func immutable(_ name: String) -> Fault {
    Fault(
      .type, "a table cannot be changed",
      hint: "make another with the column: `t.with(\"\(name)\", values)`")
  }

  static func noArithmetic(_ op: BinaryOperator, _ left: Value, _ right: Value) -> Fault {
    Fault(
      .type,
      "`\(op.rawValue)` does not take \(left.typeWithArticle) and \(right.typeWithArticle)",
      hint: op == .add
        ? "the rows of both are `t.append(u)`" : "calculate with columns: `t.with(\"x\", t.v * 2)`")
  }

  /// Tells the host where the script names the column of what went wrong.
  static func notice(_ names: [String], of table: Table) {
    guard let column = table.failureColumn, names.contains(column.name),
      case .failure(let sweep) = column.role
    else { return }
    VM.current?.hostServices.sawFailures(ofSweep: sweep)
  }

  /// The same where the script gets whole rows: it has to name the column somewhere to look at it, and then finds it in
  /// the rows of a sweep in which nothing failed, too.
  /// - Returns: what the rows have.
  static func noticeAll(of table: Table) -> [Table.Column] {
    guard let column = table.failureColumn, let vm = VM.current,
      vm.interpreter.hasCode(naming: column.name)
    else { return table.shown }
    notice([column.name], of: table)
    return table.columns
  }

  /// `t[0]` is a row, `t["accuracy"]` a column, `t[["a", "b"]]`, `t[2:5]`, `t[[0, 2]]` and `t[mask]` are tables.
  static func index(_ table: Table, _ subscripts: [SubscriptValue], _ vm: VM) throws -> Value {
    guard subscripts.count == 1 else {
      throw Fault(
        .index, "a table takes one subscript, found \(subscripts.count)",
        hint: "`t[[\"a\", \"b\"]]` are columns, `t[0]` is a row, `t[0].name` a single value")
    }
    switch subscripts[0] {
    case .index(.int(let place)):
      let row = place < 0 ? place + table.rowCount : place
      guard row >= 0, row < table.rowCount else {
        throw Fault(.index, "row \(place) is outside of a table of \(table.rowCount) rows")
      }
      return vm.box(Row(columns: noticeAll(of: table), index: row))
    case .index(let value):
      if let name = value.string {
        notice([name], of: table)
        return vm.box(try table.column(name).series)
      }
      if value.object?.kind == .list, let names = try [String].attempt(value, vm), !names.isEmpty {
        return try table.select(names).encode(vm)
      }
      return table.rows(at: try RowPlaces.rows(value, count: table.rowCount, "table", vm))
        .encode(vm)
    case .slice(let start, let stop, let step):
      return table.rows(
        at: try RowPlaces.places(start, stop, step ?? 1, count: table.rowCount)
      ).encode(vm)
    case .ellipsis: return table.encode(vm)
    }
  }

  /// Two tables are equal when their names and values are, bit for bit.
  static func compare(_ vm: VM, _ op: ComparisonOperator, _ left: Value, _ right: Value) throws
    -> Value?
  {
    guard let a = try Table.decode(left, vm), let b = try Table.decode(right, vm) else {
      return op == .equal ? .bool(false) : (op == .notEqual ? .bool(true) : nil)
    }
    let equal = a.names == b.names && zip(a.shown, b.shown).allSatisfy { $0.series == $1.series }
    switch op {
    case .equal: return .bool(equal)
    case .notEqual: return .bool(!equal)
    default: return nil
    }
  }

  /// What a function of the script gives for each row.
  static func each<T>(_ table: Table, _ vm: VM, _ body: (Value) throws -> T) throws -> [T] {
    let columns = noticeAll(of: table)
    var results: [T] = []
    results.reserveCapacity(table.rowCount)
    for index in 0..<table.rowCount {
      try vm.checkInterrupt()
      results.append(try vm.scope { try body(vm.box(Row(columns: columns, index: index))) })
    }
    return results
  }

  /// The values of a column that a script gives: a column, list, range or tensor, one value for all rows, or a function
  /// of the row.
  static func series(_ value: Value, for table: Table, _ vm: VM) throws -> Series {
    if let function = Callable.decode(value, vm) {
      return Series(cells: try each(table, vm) { try Cell(function.call($0), vm) })
    }
    if let series = try ColumnOperators.series(value, vm) { return series }
    return Series(repeating: try Cell(value, vm), count: table.rowCount)
  }
}
