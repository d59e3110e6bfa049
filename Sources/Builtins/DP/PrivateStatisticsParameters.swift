import Privacy
import Runtime
import Tables

/// Parameters that private statistics share.
enum PrivateStatisticsParameters {
  static let data = Param<PrivateData>(
    "data", "Values in a list, a column or a tensor; or a table.")
  static let table = Param<Table>("table", "The data.")
  static let column = Param<String?>(
    "column", "The table's column; nil for no table.", default: nil)
  static let columns = Param<[String]>("columns", "Columns of numbers.", .nonEmpty)
  static let bounds = Param<[Double]?>(
    "bounds",
    "The least and the greatest value that count: what everybody knows of such values, not what the data say.",
    default: nil, named: true)
  static let manyBounds = Param<[[Double]]?>(
    "bounds", "A pair a column, as for `dp.mean`.", default: nil, named: true)
  static let shareOrColumn = Param<Value>(
    "q", "The share below: 0.5 is the median. Of a table the column's name, and then the share.")
  static let share = Param<Double?>(
    "share", "The share below, where a column comes first.", default: nil, .within(0, 1))
  static let step = Param<Double?>(
    "step",
    "How far apart answers are, such as 1 for whole years; nil is a 2²⁰th of the bounds' width.",
    default: nil, .positive, .finite, named: true)
  static let epsilon = Param<Double>(
    "epsilon", "All that this spends.", .positive, .finite, named: true)
  static let delta = Param<Double?>(
    "delta", "The chance that a rare group's name comes out; needed where `keys` are not given.",
    default: nil, .between(0, 1), named: true)
  static let by = Param<String?>(
    "by", "The column whose values make groups; all of them together spend epsilon.", default: nil,
    named: true)
  static let keys = Param<[Value]?>(
    "keys",
    "The groups that there are. nil takes them from the data. They must be of the column's type, which counts as known; a key of another type than a list's values finds none of them.",
    default: nil, named: true)
  static let isSemidefinite = Param<Bool>(
    "semidefinite",
    "Whether `value` is made positive semi-definite, as the nearest such matrix of columns scaled to their bounds (negative eigenvalues become 0; Higham 1988). That costs nothing, since it looks only at what comes out; an entry may then leave its interval, which still holds what would come out without noise.",
    default: false, named: true)
  static let unit = Param<String?>(
    "unit", "The column that says whose a row is; nil protects rows.", default: nil, named: true)
  static let most = Param<Int>(
    "max_contributions",
    "How many rows of a unit count at most, all groups together, chosen at random. Noise grows with it.",
    default: 1, .within(1, 1_048_576), named: true)
  static let level = Param<Double>(
    "level", "The level of the interval.", default: 0.95, .between(0, 1), named: true)

  static let values: [any AnyParam] = [data, column, bounds]
  static let epsilonAndGroups: [any AnyParam] = [epsilon, by, keys, unit, most, delta, level]

  static func bounds(_ arguments: inout Arguments, of what: String) throws -> ValueBounds {
    guard let bounds = try arguments(Self.bounds) else {
      throw Fault(
        .value, "\(what) needs `bounds`: without them one value could move it by any amount",
        hint: "give what everybody knows of such values, such as `bounds: [0, 120]` for ages")
    }
    return try pair(bounds)
  }

  static func pair(_ bounds: [Double]) throws -> ValueBounds {
    guard bounds.count == 2 else {
      throw Fault(
        .value, "`bounds` are two numbers, the lower first, got \(bounds.count)",
        hint: "write them as `bounds: [low, high]`")
    }
    return try ValueBounds(bounds[0], bounds[1])
  }

  /// A share, or a table's column and a share.
  static func columnAndShare(_ arguments: inout Arguments) throws -> (String?, Double) {
    let first = try arguments(shareOrColumn)
    let second = try arguments(share)
    if let column = first.string {
      guard let second else {
        throw Fault(.value, "a quantile of a column needs the share below it, such as 0.5")
      }
      return (column, second)
    }
    guard let share = first.number, share >= 0, share <= 1, second == nil else {
      throw Fault(
        .value, "`q` must be a share from 0 to 1, got \(Representation.brief(first))",
        hint: "of a table: `dp.quantile(t, \"age\", 0.5, …)`"
      ).atArgument(1)
    }
    return (nil, share)
  }
}
