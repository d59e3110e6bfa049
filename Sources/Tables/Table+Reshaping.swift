import Foundations

// The same values in other shapes: wide, long, one column a category.

extension Table {
  /// More columns than this are refused: they come from a column of ids more often than from a wish.
  private static let columnLimit = 10_000

  /// One row for each value of `rows`, one column for each value of `columns`, the value of the only row that has both,
  /// or one reduction of several; missing where no row has them.
  public func pivoted(
    rows names: [String], columns name: String, values: String, reduction: Series.Reduction?
  ) throws -> Table {
    let rowCodes = try Codes(try names.map { try column($0).series }, count: rowCount)
    let spread = try column(name).series
    let columnCodes = try Codes(spread)
    guard columnCodes.count <= Table.columnLimit else {
      throw DomainError(
        .limit, "the column `\(name)` has \(columnCodes.count) values, which are too many columns")
    }
    let source = try column(values).series
    let places = try Codes(
      [Series(.int(rowCodes.rows.map(Int.init))), Series(.int(columnCodes.rows.map(Int.init)))],
      count: rowCount)
    let cells: Series
    if let reduction {
      cells = try Grouping(
        Table(columns: [
          Column("place", Series(.int(places.rows.map(Int.init)))), Column("value", source),
        ]),
        by: ["place"]
      ).reduced(source, reduction)
    } else {
      guard places.count == rowCount else {
        throw DomainError(
          .value,
          "several rows have the same \((names + [name]).map { "`\($0)`" }.joined(separator: ", "))",
          hint: "say how they are summarised: `with: \"mean\"`")
      }
      cells = source
    }
    var columns = try names.map { name in
      let column = try column(name)
      return Column(name, column.series.gathered(rowCodes.firsts), role: column.role)
    }
    var found = [[Int]](
      repeating: [Int](repeating: -1, count: rowCodes.count), count: columnCodes.count)
    for (place, row) in places.firsts.enumerated() {
      found[Int(columnCodes.rows[row])][Int(rowCodes.rows[row])] = place
    }
    let order = try spread.gathered(columnCodes.firsts).ordered()
    for code in order {
      let title = spread[columnCodes.firsts[code]].text
      guard !columns.dropFirst(names.count).contains(where: { $0.name.isSpelt(title) }) else {
        throw DomainError(
          .value, "two values of `\(name)` are both written `\(title)`, as the name of one column",
          hint: "make its values one type: `t.convert({\(name): \"string\"})`")
      }
      columns.append(Column(title, cells.gatheredOrMissing(found[code])))
    }
    return try Table(columns: columns, madeBy: "pivot")
  }

  /// One row for each row and each of the named columns: the other columns, the column's name, and its value.
  public func unpivoted(_ names: [String], name: String, value: String) throws -> Table {
    let kept = try without(names).columns
    for (word, title) in [("name", name), ("value", value)] {
      let isTaken =
        kept.contains { $0.name.isSpelt(title) } || word == "value" && title.isSpelt(name)
      guard !isTaken else {
        throw DomainError(
          .value, "`unpivot` makes a column `\(title)`, but there is one of that name already",
          hint: "call it something else: `\(word): \"\(title)_2\"`")
      }
    }
    guard rowCount.multipliedReportingOverflow(by: max(1, names.count)).partialValue < 1 << 31
    else {
      throw DomainError(.limit, "\(rowCount) rows of \(names.count) columns are too many rows")
    }
    var places: [Int] = []
    places.reserveCapacity(rowCount * names.count)
    for row in 0..<rowCount { for _ in names { places.append(row) } }
    var values = Series(.float([]))
    for name in names { values = values.appending(try column(name).series) }
    let count = names.count
    let order = (0..<(rowCount * count)).map { $0 % count * rowCount + $0 / count }
    var titles = Texts()
    for name in names { titles.append(name) }
    return try Table(
      columns: kept.map { Column($0.name, $0.series.gathered(places), role: $0.role) } + [
        Column(name, Series(.string(titles.gathered(order.map { $0 / max(1, rowCount) })))),
        Column(value, values.gathered(order)),
      ])
  }

  /// Instead of a column one of ints for each of its values, `name=value`, 1 where a row has it; all 0 where it is
  /// missing.
  public func oneHot(_ name: String) throws -> Table {
    let column = try column(name)
    guard case .category(let codes, let levels) = try column.series.categorized().values else {
      return self
    }
    guard levels.count <= Table.columnLimit else {
      throw DomainError(
        .limit, "the column `\(name)` has \(levels.count) values, which are too many columns")
    }
    let added = (0..<levels.count).map { level in
      Column(
        "\(name)=\(levels[level])",
        Series(
          .int(
            codes.indices.map { codes[$0] == Int32(level) && !column.series.isMissing($0) ? 1 : 0 })
        ))
    }
    guard let place = columns.firstIndex(where: { $0.name.isSpelt(name) }) else { return self }
    var result = columns
    result.replaceSubrange(place...place, with: added)
    return try Table(columns: result, madeBy: "one_hot")
  }

  /// The rows in which none of the named columns (of all, where none is named) is missing.
  public func droppingMissing(_ names: [String]) throws -> Table {
    let looked = names.isEmpty ? shown : try names.map { try column($0) }
    let flags = looked.compactMap(\.series.missing)
    guard !flags.isEmpty else { return self }
    return rows(at: (0..<rowCount).filter { row in !flags.contains { $0[row] } })
  }

  /// The first of all rows that are equal in the named columns (in all, where none is named).
  public func droppingDuplicates(_ names: [String]) throws -> Table {
    let looked = names.isEmpty ? shown : try names.map { try column($0) }
    return rows(at: try Codes(looked.map(\.series), count: rowCount).firsts)
  }
}
