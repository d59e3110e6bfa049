import ClassicalModels
import Federated
import Foundations
import Runtime
import Tables
import Tensors
import Text

/// One call of `fed.partition`.
struct Partitioning {
  private let source: DeviceExamples
  private let clients: Int?
  private let vm: VM
  private let key: RandomKey

  init(_ source: DeviceExamples, _ clients: Int?, _ vm: VM) {
    self.source = source
    self.clients = clients
    self.vm = vm
    key = vm.randomKey("partition")
  }

  func devices(_ rule: PartitionRule) throws -> DeviceSet {
    switch rule {
    case .function(let function): return try devices(calling: function)
    case .rule(let natural as NaturalPartition):
      guard clients == nil else {
        throw Fault(
          .value, "`fed.natural` makes a device for each value of its column",
          hint: "leave `clients` away")
      }
      return try devices(
        keyed: KeyedExamples(source.cells(natural.column), "`\(natural.column)`"))
    case .rule(let rule):
      guard let clients else {
        throw Fault(
          .value, "`fed.\(rule.fingerprint)` needs to know how many devices to make",
          hint: "`clients: 100`")
      }
      let found = try classes(of: rule)
      let assigned = try rule.assign(source.count, clients: clients, classes: found, random: key)
      // What devices differ by: what the rule went by, unless that are groups beside the labels.
      let known = try goesByClasses(rule.grouping) ? found : labels()
      return try DeviceSet(
        source: source, assignments: assigned, count: clients, classes: known ?? found)
    }
  }

  private func goesByClasses(_ grouping: ExampleGrouping) -> Bool {
    switch grouping {
    case .labels, .column: true
    case .none, .clusters: false
    }
  }

  private func devices(keyed: KeyedExamples) throws -> DeviceSet {
    try DeviceSet(
      source: source, assignments: keyed.places, count: keyed.keys.count, keys: keyed.keys,
      classes: labels())
  }

  private func devices(calling function: Callable) throws -> DeviceSet {
    let takesIndex = function.arity.map { $0.upperBound > 1 } ?? true
    func answer<R: Bindable>(_ index: Int, as type: R.Type) throws -> R {
      try vm.scope {
        let example = try source.item(index, vm)
        guard takesIndex else { return try function.call(example, as: type) }
        return try function.call(example, index, as: type)
      }
    }
    guard let clients else {
      let keys = try (0..<source.count).map { try answer($0, as: DeviceKeyValue.self).key }
      return try devices(keyed: KeyedExamples(keys))
    }
    let assigned = try (0..<source.count).map { index in
      let client = try answer(index, as: Int.self)
      guard client >= 0, client < clients else {
        throw Fault(
          .value,
          "the function gives device \(client) for example \(index), but devices go from 0 to \(clients - 1)"
        )
      }
      return Int32(client)
    }
    return try DeviceSet(
      source: source, assignments: assigned, count: clients, classes: labels())
  }

  /// The labels as classes from 0, those that occur in ascending order; nil without such.
  private func labels() throws -> [Int32]? {
    try source.labelNumbers().map(ClassNumbers.dense)
  }

  /// What the rule goes by.
  private func classes(of rule: any Partitioner) throws -> [Int32]? {
    switch rule.grouping {
    case .none: return nil
    case .labels:
      guard let labels = try labels() else {
        throw Fault(
          .value, "the labels of these examples are no classes to be spread by",
          hint:
            "`label:` names a column or a further entry with a class for each example, such as its tags or its source; `fed.clusters` finds groups"
        )
      }
      return labels
    case .column(let name): return try KeyedExamples(source.cells(name), "`\(name)`").places
    case .clusters(let count):
      let points = try points((rule as? ClusterPartition)?.vectors)
      guard count <= points.rows else {
        throw Fault(.value, "\(points.rows) examples cannot form \(count) clusters")
      }
      return try KMeans(points, clusters: count, key: key.derived("clusters")).labels.map {
        Int32(truncatingIfNeeded: $0)
      }
    }
  }

  /// The examples as points: given vectors, words of texts, or the numbers that they are.
  private func points(_ vectors: Tensor?) throws -> ExampleMatrix {
    if let vectors {
      guard vectors.rank == 2, vectors.shape[0] == source.count else {
        throw Fault(
          .shape,
          "`vectors` must have shape [\(source.count), width], one row for each example, got \(vectors.shape)"
        )
      }
      return try ExampleMatrix(
        vectors.doubles(), rows: vectors.shape[0], columns: vectors.shape[1])
    }
    guard case .labelled(let examples) = source.content else {
      throw Fault(
        .value, "rows of a plain table have no vectors to be clustered by",
        hint: "give `vectors:`, or partition `data.tabular(table, label: …)`")
    }
    if case .texts(let texts) = examples.kind { return try bags { texts.tokens(of: $0) } }
    let inputs: Tensor
    switch examples.kind {
    case .rows(let rows): inputs = rows.inputs
    default: inputs = try examples.source.batch(Array(0..<source.count)).inputs
    }
    guard inputs.dtype.isFloating else { return try bags(of: inputs) }
    let columns = inputs.rank == 1 ? 1 : inputs.count / max(1, inputs.shape[0])
    return try ExampleMatrix(inputs.contiguous().doubles(), rows: source.count, columns: columns)
  }

  private func bags(_ tokens: (Int) throws -> ArraySlice<Int32>) throws -> ExampleMatrix {
    try ExampleMatrix(
      BagFeatures.points(source.count, tokens: tokens), rows: source.count,
      columns: BagFeatures.width)
  }

  /// Token numbers [examples, time]; without lengths, those behind the last that is not 0 are padding.
  private func bags(of inputs: Tensor) throws -> ExampleMatrix {
    guard inputs.rank == 2 else {
      throw Fault(
        .shape,
        "inputs of shape \(inputs.shape) that are whole numbers have no vectors to be clustered by",
        hint: "give `vectors:`, [\(source.count), width]")
    }
    let width = inputs.shape[1]
    let tokens = try inputs.cast(to: .i32).contiguous().array(Int32.self)
    let lengths = inputs.lengths?.values
    return try bags { example in
      let row = tokens[example * width..<(example + 1) * width]
      if let lengths { return row.prefix(Int(lengths[example])) }
      return row.prefix((row.lastIndex { $0 != 0 } ?? row.startIndex - 1) + 1 - row.startIndex)
    }
  }
}

/// Labels of any value as classes from 0.
enum ClassNumbers {
  /// The widest range of labels that a table is made for.
  private static let widest = 1 << 20

  /// The place of each label among those that occur, in ascending order.
  static func dense(_ labels: [Int]) -> [Int32] {
    guard let least = labels.min(), let most = labels.max() else { return [] }
    let (width, overflow) = most.subtractingReportingOverflow(least)
    guard !overflow, width < widest else {
      return KeyedExamples(labels.map { DeviceKey.number($0) }).places
    }
    var places = [Int32](repeating: -1, count: width + 1)
    for label in labels { places[label - least] = 0 }
    var next: Int32 = 0
    for place in places.indices where places[place] == 0 {
      places[place] = next
      next += 1
    }
    return labels.map { places[$0 - least] }
  }
}

/// Feature shift: clusters take the place of labels.
struct ClusterPartition: Partitioner {
  let shift: DirichletPartition
  /// What is clustered, a row for each example; nil: the examples' own features.
  let vectors: Tensor?

  var grouping: ExampleGrouping { shift.grouping }
  var fingerprint: String { shift.fingerprint }

  func assign(_ examples: Int, clients: Int, classes: [Int32]?, random: RandomKey) throws -> [Int32]
  {
    try shift.assign(examples, clients: clients, classes: classes, random: random)
  }
}
