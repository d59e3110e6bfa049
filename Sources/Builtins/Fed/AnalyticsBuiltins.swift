import Federated
import Foundations
import Privacy
import Runtime
import Tables

/// `fed.count`, `fed.histogram`, `fed.quantile`, `fed.heavy_hitters`: what devices hold together, with noise that they
/// make together.
enum AnalyticsBuiltins {
  static let natives = [count, histogram, quantile, heavyHitters]

  private static let devices = Param<DeviceValues>(
    "devices", "A list with the list of values of each device, or devices of `fed.partition`.")
  private static let values = Param<PrivateData?>(
    "values",
    "Of devices of `fed.partition`: one value for each of the examples that were partitioned; nil takes their classes.",
    default: nil, named: true)
  private static let epsilon = Param<Double>(
    "epsilon", "All that this spends.", .positive, .finite, named: true)
  private static let secure = Param<Bool>(
    "secure",
    "True: by `fed.secure_sum` with noise that devices make together. False: a trusted server sees what devices count and adds the noise.",
    default: true, named: true)
  private static let kind = Param<String>(
    "protocol", "Of the secure sum, as for `fed.secure_sum`.", default: "secagg+",
    .oneOf(SecureSum.Kind.allCases.map(\.rawValue)), named: true)
  private static let most = Param<Int>(
    "max_contributions",
    "How many values of a device count at most, chosen at random. Noise grows with it.",
    default: 1, .within(1, 1_048_576), named: true)
  private static let level = Param<Double>(
    "level", "The level of the interval.", default: 0.95, .between(0, 1), named: true)
  private static let common: [any AnyParam] = [
    values, epsilon, secure, SecureBuiltins.threshold, SecureBuiltins.drop, kind, most, level,
    PrivateTextBuiltins.noise,
  ]
  private static let promise =
    "A device is protected: whether its values are there (or others in their place); that it takes part is public. The noise is two-sided geometric, exact, made of a share of each device (Goryczka and Xiong 2017; Balle et al. 2020) and enough where `threshold` honest devices answer. Values of devices that are lost are left out."

  private static let count = Native(
    "count",
    "How many values devices hold, nil left out, at most `max_contributions` each. That is by default how many devices hold any. It gives {value, low, high, epsilon, devices}; low and high are the interval that the noise leaves open, devices those in the sum. \(promise)",
    parameters: [devices] + common, returns: "{value, low, high, epsilon, devices}",
    seeAlso: ["fed.histogram", "dp.count", "fed.secure_sum"],
    search: ["federated analytics", "private", "number"],
    examples: [("fed.count([[1, 2], [], [5]], epsilon: 1000).value", "2")],
    arguments: { (arguments: inout Arguments) -> Record in
      let request = try AnalyticsRequest(&arguments, "fed.count")
      let cells = try request.charged(places: 1)
      let found = try request.statistic.counts(1) { cells[$0].map { _ in 0 } }
      return request.record(found)
    })

  private static let keys = Param<[Value]>(
    "keys", "What is counted: known before, or names would tell what devices hold.", .nonEmpty)

  private static let histogram = Native(
    "histogram",
    "How many values of devices are equal to each of `keys`; others count nowhere. \(promise)",
    parameters: [devices, keys] + common,
    returns: "table {key, value, low, high, epsilon}",
    seeAlso: ["fed.heavy_hitters", "dp.histogram"],
    search: ["federated analytics", "frequencies", "value counts"],
    examples: [
      (
        "fed.histogram([[\"a\"], [\"b\"], [\"a\"]], [\"a\", \"b\", \"c\"], epsilon: 1000).value",
        "[2, 1, 0]"
      )
    ],
    arguments: { (arguments: inout Arguments) -> Table in
      let vm = arguments.vm
      let keys = try arguments(keys).map { try Cell($0, vm) }
      var places: [Cell: Int] = [:]
      for (place, key) in keys.enumerated() { places[key.groupingKey] = place }
      guard places.count == keys.count, !keys.contains(where: \.isNull) else {
        throw Fault(.value, "keys must differ from each other and not be missing")
      }
      let request = try AnalyticsRequest(&arguments, "fed.histogram")
      let cells = try request.charged(places: 1)
      let bins = cells.map { $0.compactMap { places[$0.groupingKey] } }
      let found = try request.statistic.counts(keys.count) { bins[$0] }
      return try request.table([Table.Column("key", keys, role: .axis)], found.values)
    })

  private static let share = Param<Double>(
    "q", "The share below: 0.5 is the median.", .within(0, 1))
  private static let bounds = Param<[Double]>(
    "bounds", "The least and the greatest value that count, known to everybody.", named: true)
  private static let levels = Param<Int>(
    "levels", "Of the tree over the bounds, which has 2^levels leaves.", default: 8,
    .within(2, 16), named: true)

  private static let quantile = Native(
    "quantile",
    "A quantile of the values of devices within bounds; a value beyond a bound counts as the bound. From a binary tree of noisy counts over the bounds, summed at once (Hay et al. 2010): it is the middle of a leaf, found from the root downwards. The interval holds the true quantile at least as often as `level` says. \(promise)",
    parameters: [devices, share, bounds, levels] + common,
    returns: "{value, low, high, epsilon, devices}", seeAlso: ["fed.count", "dp.quantile"],
    search: ["federated analytics", "median", "percentile", "tree"],
    examples: [
      (
        "fed.quantile([[1], [2], [3], [4], [30]], 0.5, bounds: [0, 32], levels: 5, epsilon: 10000).value",
        "3.5"
      )
    ],
    arguments: { (arguments: inout Arguments) -> Record in
      let share = try arguments(share)
      let bounds = try PrivateStatisticsParameters.pair(try arguments(bounds))
      let levels = try arguments(levels)
      let request = try AnalyticsRequest(&arguments, "fed.quantile")
      let cells = try request.charged(places: levels)
      let numbers = try cells.map { try $0.map { try AnalyticsRequest.number($0) } }
      let found = try request.statistic.quantile(share, bounds, levels: levels) { numbers[$0] }
      return request.record(found)
    })

  private static let length = Param<Int>(
    "length",
    "Bytes of a text; longer ones count by their beginning. Epsilon is shared by as many levels.",
    default: 8, .within(1, 64), named: true)
  private static let kept = Param<Int>(
    "most", "How many prefixes stay on a level.", default: 32, .within(1, 1024), named: true)
  private static let least = Param<Double>(
    "least", "The least noisy count of a text or prefix.", default: 0, .nonNegative, .finite,
    named: true)

  private static let heavyHitters = Native(
    "heavy_hitters",
    "Texts that many devices hold, without a list of candidates. They are found by a tree of prefixes, byte by byte, as TrieHH (Zhu et al. 2020), with noise on the count of each continuation in place of the paper's sampling. Each device counts for its different texts. What is below `least`, or what noise alone reaches (with chance 1 - level in all), goes no further. By falling count. \(promise)",
    parameters: [devices, length, kept, least] + common,
    returns: "table {text, value, low, high, epsilon}", seeAlso: ["fed.histogram"],
    search: ["federated analytics", "frequent", "triehh", "words", "discovery"],
    examples: [
      (
        "fed.heavy_hitters([[[\"hi\", \"yes\", \"yes\"][i % 3]] for i in 0..30], length: 3, epsilon: 3000, least: 5).text",
        "[\"yes\", \"hi\"]"
      )
    ],
    arguments: { (arguments: inout Arguments) -> Table in
      let (length, most, least) = (
        try arguments(length), try arguments(kept), try arguments(least)
      )
      let request = try AnalyticsRequest(&arguments, "fed.heavy_hitters")
      let cells = try request.charged(places: 1, parts: length)
      let texts = try cells.map { try $0.map { try AnalyticsRequest.text($0) } }
      let found = try request.statistic.heavyHitters(
        length: length, most: most, threshold: least
      ) { texts[$0] }
      return try request.table(
        [Table.Column("text", found.found.map { Cell.string($0.text) }, role: .axis)],
        found.found.map(\.count))
    })

  /// What all of them ask for.
  struct AnalyticsRequest {
    private let devices: DeviceValues
    private let values: PrivateData?
    let statistic: FederatedStatistic
    private let operation: String
    private let vm: VM

    init(_ arguments: inout Arguments, _ operation: String) throws {
      vm = arguments.vm
      self.operation = operation
      devices = try arguments(AnalyticsBuiltins.devices)
      values = try arguments(AnalyticsBuiltins.values)
      try devices.check(values)
      let kind = SecureSum.Kind(rawValue: try arguments(AnalyticsBuiltins.kind)) ?? .secagg
      let settings = try SecureSettings(
        kind, threshold: try arguments(SecureBuiltins.threshold),
        drop: try arguments(SecureBuiltins.drop))
      let noise = try vm.noiseSource(try arguments(PrivateTextBuiltins.noise), operation)
      statistic = try FederatedStatistic(
        PrivateCounters(
          settings: try arguments(AnalyticsBuiltins.secure) ? settings : nil,
          contributions: try arguments(AnalyticsBuiltins.most), neighbours: vm.neighbours,
          noise: noise,
          key: vm.randomKey(operation)),
        devices: devices.count, epsilon: try arguments(AnalyticsBuiltins.epsilon),
        level: try arguments(AnalyticsBuiltins.level))
    }

    /// Charges, then looks at the data.
    /// - Parameters:
    ///   - places: how many counters a value raises.
    ///   - parts: how many sums share epsilon.
    func charged(places: Int, parts: Int = 1) throws -> [[Cell]] {
      try statistic.checkNoise(places: places, parts: parts)
      try vm.charge(statistic.event, operation)
      return try devices.cells(values, vm)
    }

    static func number(_ cell: Cell) throws -> Double {
      guard let number = cell.number else {
        throw Fault(.type, "a quantile is one of numbers, but a device holds something else")
      }
      return number
    }

    static func text(_ cell: Cell) throws -> String {
      guard case .string(let text) = cell else {
        throw Fault(.type, "heavy hitters are texts, but a device holds something else")
      }
      return text
    }

    func record(_ found: FederatedStatistic.Counts) -> Record {
      let result = found.values[0]
      var value: any ValueEncodable = result.value
      if operation == "fed.count", let whole = Int(exactly: result.value) { value = whole }
      return Record([
        ("value", value),
        ("low", result.low), ("high", result.high), ("epsilon", statistic.epsilon),
        ("devices", found.devices),
      ])
    }

    func table(_ first: [Table.Column], _ values: [PrivateValue]) throws -> Table {
      try Table(
        columns: first + [
          Table.Column("value", Series(.int(values.map { Int($0.value) }))),
          Table.Column("low", Series(.float(values.map(\.low)))),
          Table.Column("high", Series(.float(values.map(\.high)))),
          Table.Column(
            "epsilon", Series(.float([Double](repeating: statistic.epsilon, count: values.count)))
          ),
        ])
    }
  }
}
