import Foundations
import Runtime
import Statistics
import Syntax

extension [Double?] {
  /// The numbers that are there: nil is missing and skipped.
  var present: [Double] { compactMap { $0 } }

  /// The same of a list of which something is needed.
  func present(atLeast least: Int, of parameter: String) throws -> [Double] {
    let values = present
    guard values.count >= least else {
      throw Fault(
        .value,
        "`\(parameter)` needs at least \(least) \(least == 1 ? "number" : "numbers") that are not nil, got \(values.count)"
      )
    }
    return values
  }
}

/// What belongs together in two lists of one length, without the pairs of which either is missing.
struct CompletePairs<First, Second> {
  var first: [First] = []
  var second: [Second] = []

  init(_ a: [First?], _ b: [Second?], names: (String, String) = ("a", "b")) throws {
    guard a.count == b.count else {
      throw Fault(
        .value,
        "`\(names.0)` and `\(names.1)` belong together one by one, but have \(a.count) and \(b.count) values"
      )
    }
    for (x, y) in zip(a, b) {
      guard let x, let y else { continue }
      first.append(x)
      second.append(y)
    }
  }
}

/// A number or many, to which the same is done.
enum NumberOrNumbers: Bindable {
  case one(Double)
  case many([Double?])

  static let typeName = "float or list of float"

  static func decode(_ value: Value, _ vm: VM) throws -> NumberOrNumbers? {
    if let number = Double.decode(value, vm) { return .one(number) }
    return try [Double?].decode(value, vm).map(NumberOrNumbers.many)
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .one(let number): number.encode(vm)
    case .many(let numbers): try numbers.encode(vm)
    }
  }

  /// All that are there.
  var numbers: [Double] {
    switch self {
    case .one(let number): [number]
    case .many(let numbers): numbers.compactMap { $0 }
    }
  }

  func map(_ transform: (Double) -> Double) throws -> NumberOrNumbers {
    switch self {
    case .one(let number): return .one(transform(number))
    case .many(let numbers):
      return .many(
        try numbers.enumerated().map { turn, number in
          try Cancellation.check(turn: turn)
          return number.map(transform)
        })
    }
  }
}

/// Rows of counts, or counts of single categories.
enum Counts: Bindable {
  case table([[Double]])
  case list([Double])

  static let typeName = "list of counts or of rows of counts"

  static func decode(_ value: Value, _ vm: VM) throws -> Counts? {
    if let rows = try [[Double]].attempt(value, vm), !rows.isEmpty { return .table(rows) }
    return try [Double].decode(value, vm).map(Counts.list)
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .table(let rows): try rows.encode(vm)
    case .list(let counts): try counts.encode(vm)
    }
  }
}

/// Classes of examples: ints, bools or strings; nil is missing.
struct ClassLabels: Bindable {
  var values: [ClassLabel?]

  static let typeName = "list of classes"

  static func decode(_ value: Value, _ vm: VM) throws -> ClassLabels? {
    guard value.string == nil, let items = try vm.elements(of: value) else { return nil }
    return ClassLabels(
      values: try items.enumerated().map { index, item in
        try vm.checkInterrupt(turn: index)
        if case .nothing = item { return nil }
        if let bool = Bool.decode(item, vm) { return .number(bool ? 1 : 0) }
        if let number = Double.decode(item, vm), !number.isNaN {
          // 0.0 and -0.0 are one class.
          return .number(number == 0 ? 0 : number)
        }
        if let text = item.string { return .text(text) }
        throw Fault(
          .type,
          "a class is an int, a bool or a string, but item \(index) is \(Representation.described(item))"
        )
      })
  }

  func encode(_ vm: VM) throws -> Value {
    try values.map { label -> Value in
      switch label {
      case .number(let number)?: Int(exactly: number).map(Value.int) ?? .float(number)
      case .text(let text)?: vm.makeString(text)
      case nil: .nothing
      }
    }.encode(vm)
  }

  /// Whether each is of the positive class: 1 or true, else the greater of two.
  static func positives(_ labels: [ClassLabel]) throws -> [Bool] {
    let classes = Set(labels).sorted()
    guard classes.count <= 2 else {
      throw Fault(
        .value, "scores are of one class against another, but the labels have \(classes.count)",
        hint: "compare one class with the others: `labels.map(label => label == \"…\")`")
    }
    let positive: ClassLabel? =
      classes.allSatisfy { $0 == .number(0) || $0 == .number(1) } ? .number(1) : classes.last
    return labels.map { $0 == positive }
  }
}

/// A statistic by its name, or a function of the script.
enum StatisticChoice: Bindable {
  case named(SampleStatistic)
  case function(Callable)

  static let typeName = "string or function"
  private static let names = SampleStatistic.allCases.map(\.rawValue)

  static func decode(_ value: Value, _ vm: VM) throws -> StatisticChoice? {
    guard let name = value.string else {
      return Callable.decode(value, vm).map(StatisticChoice.function)
    }
    guard let statistic = SampleStatistic(rawValue: name) else {
      let known = names.map(Quoting.literal).joined(separator: ", ")
      throw Fault(
        .value, "`statistic` must be one of \(known) or a function, got \(Quoting.literal(name))",
        hint: Suggest.nearest(to: name, in: names).map { "did you mean \(Quoting.literal($0))?" })
    }
    return .named(statistic)
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .named(let statistic): vm.makeString(statistic.rawValue)
    case .function(let function): function.value
    }
  }

  var defaultText: String {
    if case .named(let statistic) = self { Quoting.literal(statistic.rawValue) } else { "…" }
  }
}

/// Parameters that several natives of `stats` have.
enum StatsParameters {
  static let first = Param<[Double?]>("a", "The first sample; nil is skipped.")
  static let second = Param<[Double?]>("b", "The second sample; nil is skipped.")
  static let level = Param<Double>(
    "level", "The level of the interval.", default: 0.95, .between(0, 1), named: true)
  static let alternative = Param<String>(
    "alternative",
    "\"less\" and \"greater\" ask whether `a` lies below or above only.",
    default: "two-sided", .oneOf(Alternative.allCases.map(\.rawValue)), named: true)
  static let seed = Param<Int?>(
    "seed", "Draws the same again; nil goes on with the run's random numbers.", default: nil,
    named: true)

  /// The rule of the parameter admits only names that exist.
  static func alternative(_ name: String) -> Alternative {
    Alternative(rawValue: name) ?? .twoSided
  }

  static func key(_ seed: Int?, _ purpose: String, _ vm: VM) -> RandomKey {
    seed.map { RandomKey(seed: UInt64(bitPattern: Int64($0))).derived(purpose) }
      ?? vm.randomKey(purpose)
  }
}
