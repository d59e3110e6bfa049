import Runtime
import Syntax
import Tables

// What a check knows of the columns of tables whose text names them: a sweep's axes and the keys of its trials, a
// literal's keys, and what selecting and summarising leaves of them. Columns that may be there are kept, so that only a
// name that none of them has is reported.

enum TableColumns {
  /// The columns of a table that is known so far.
  static func columns(_ known: Known?) -> Set<String>? {
    if case .object(_, let parts)? = known?.type { parts } else { nil }
  }

  private static func table(_ columns: Set<String>?) -> StaticType {
    .object(Table.nativeType.name, parts: columns)
  }

  private static func interval(_ name: String) -> String { name + Table.intervalSuffix }

  /// The error of a name that is no column; nil where it is one, or may be.
  static func problem(_ name: String, among columns: Set<String>) -> Diagnostic? {
    guard !columns.contains(name) else { return nil }
    let listed = columns.filter { $0 != "error" }.sorted().prefix(12).map { "`\($0)`" }
    return Diagnostic(
      .key, "the table has no column `\(name)`",
      hint: Suggest.hint(for: name, in: columns)
        ?? "its columns are \(listed.joined(separator: ", "))")
  }

  /// A call one of whose arguments names columns of the table or groups before it.
  /// - Parameter result: what it gives, from the columns there are and those that are named, where these are certain.
  static func naming(
    _ parameters: [String], of owner: String = "table",
    result: @escaping @Sendable (Set<String>?, _ named: [String]?) -> StaticType? = { _, _ in nil }
  ) -> CallInsight {
    CallInsight(
      result: { arguments in
        result(columns(arguments[owner]), parameters.first.flatMap { named($0, arguments) })
      },
      problems: { arguments in
        guard let columns = columns(arguments[owner]) else { return [] }
        return parameters.flatMap { parameter in
          (named(parameter, arguments) ?? []).compactMap { name in
            problem(name, among: columns).map { (parameter, $0) }
          }
        }
      }, partNames: (owner, Set(parameters)))
  }

  /// The names that an argument has, and those behind it; nil where they are not all in the text.
  private static func named(_ parameter: String, _ arguments: CallArguments) -> [String]? {
    // Of several positional arguments each is in the rest, and a single one is there as well.
    let values =
      arguments.rest.isEmpty ? [arguments[parameter]].compactMap(\.self) : arguments.rest
    let names = values.map { $0.constant?.names }
    return values.isEmpty || names.contains { $0 == nil } ? nil : names.flatMap { $0 ?? [] }
  }

  /// Rows of the same table.
  static let same = naming([]) { columns, _ in table(columns) }

  /// Rows of the same table that a function chooses.
  static let filtered = CallInsight(result: same.result, handed: handedRow)

  /// A function of the row that gives something else than rows.
  static let handed = CallInsight(handed: handedRow)

  /// Rows of the same table, or none of the named columns missing.
  static let cleaned = naming(["columns"]) { columns, _ in table(columns) }

  private static let handedRow: @Sendable (StaticType) -> StaticType = { receiver in
    row(columns(Known(receiver)))
  }

  static let select = naming(["columns"]) { columns, named in
    guard let columns, let named else { return table(columns) }
    return table(columns.intersection(named + named.map(interval)))
  }

  static let without = naming(["columns"]) { columns, named in
    guard let columns, let named else { return table(columns) }
    return table(columns.subtracting(named + named.map(interval)))
  }

  /// A name with a `-` in front is one, too.
  static let sorted = CallInsight(
    result: same.result,
    problems: { arguments in
      guard let columns = columns(arguments["table"]) else { return [] }
      return (named("by", arguments) ?? []).compactMap { name in
        let plain = name.hasPrefix("-") && !columns.contains(name) ? String(name.dropFirst()) : name
        return problem(plain, among: columns).map { ("by", $0) }
      }
    }, partNames: ("table", ["by"]), handed: handedRow)

  static let grouped = naming(["by"]) { columns, _ in
    .object(Grouping.nativeType.name, parts: columns)
  }

  /// One more column.
  static let with = CallInsight(
    result: { arguments in
      guard let columns = columns(arguments["table"]),
        let name = arguments["name"]?.constant?.string
      else { return table(nil) }
      return table(columns.union([name]))
    }, handed: handedRow)

  static let renamed = CallInsight(
    result: { arguments in
      guard let columns = columns(arguments["table"]), let new = arguments["new"]?.constant?.string,
        let old = arguments["names"]?.constant?.string
      else { return table(nil) }
      return table(columns.subtracting([old]).union([new]))
    }, problems: naming(["names"]).problems, partNames: ("table", ["names"]))

  static let appended = CallInsight(result: { arguments in
    guard let columns = columns(arguments["table"]),
      let more = TableColumns.columns(arguments["other"])
    else {
      return table(nil)
    }
    return table(columns.union(more))
  })

  /// A summary of groups: the keys and the measures.
  static let summary = naming([], of: "groups") { columns, _ in table(columns) }

  /// The same with half widths beside the measures.
  static let mean = naming([], of: "groups") { columns, _ in
    table(columns.map { $0.union($0.map(interval)) })
  }

  static let count = naming([], of: "groups") { columns, _ in
    table(columns?.union(["count"]))
  }

  /// `table([{a: 1}])`, `table({a: [1]})`, where the keys stand in the text.
  static let made = CallInsight(result: { arguments in
    switch arguments["data"]?.type {
    case .map(let keys?), .list(.map(let keys?), _): table(Set(keys.keys))
    case .object(Table.nativeType.name, let parts): table(parts)
    default: nil
    }
  })

  /// Bounds of an interval beside the mean of a column.
  static let estimated = naming(["name"], of: "groups") { columns, named in
    table(
      columns.map { columns in
        columns.union((named ?? []).flatMap { [$0 + "_low", $0 + "_high"] })
      })
  }

  static let drawn = naming([
    "x", "y", "by", "panel", "low", "high", "labels", "scores", "value",
  ])

  private static func row(_ columns: Set<String>?) -> StaticType {
    .object(Row.nativeType.name, parts: columns)
  }

  private static let column = StaticType.object(Series.nativeType.name, parts: nil)

  /// What is taken out of a row.
  static let rowInsight = PartsInsight(
    field: { name, columns in columns.contains(name) ? .any : nil }, element: { _ in .string },
    index: { index, columns in
      (.any, index.constant?.string.flatMap { problem($0, among: columns) })
    })

  /// What is taken out of groups.
  static let groupsInsight = PartsInsight(
    field: { name, columns in name == "tables" ? .list(table(columns)) : nil },
    element: { _ in .any }, index: { _, _ in (.any, nil) })

  /// What is taken out of a table.
  static let insight = PartsInsight(
    field: { name, columns in
      if name == "rows" { return .list(row(columns)) }
      return columns.contains(name) ? column : nil
    },
    element: { row($0) },
    index: { index, columns in
      if index.type == .int { return (row(columns), nil) }
      if let name = index.constant?.string {
        return (column, problem(name, among: columns))
      }
      if let names = index.constant?.names {
        let wrong = names.lazy.compactMap { problem($0, among: columns) }.first
        return (table(columns.intersection(names + names.map(interval))), wrong)
      }
      return (.any, nil)
    })
}
