import Federated
import Files
import Foundations
import Runtime
import Syntax
import Tables
import Tensors

/// `fed.partition`, `fed.load`, and the methods of devices.
enum DeviceBuiltins {
  static let natives = [partition, load] + PartitionBuiltins.natives

  private static let examples = Runtime.Param<DeviceExamples>(
    "examples",
    "A part of a dataset, rows of a table (`data.tabular`), a map {inputs, labels, …}, or a plain table."
  )
  private static let clients = Runtime.Param<Int?>(
    "clients",
    "How many devices; nil where the rule makes one for each value that it finds.", default: nil,
    .within(1, Double(Int32.max)), named: true)
  private static let rule = Runtime.Param<PartitionRule?>(
    "by",
    "The rule, or a function (example, index) => client. It gives the number of a device where `clients` is given, otherwise its key. Nil is `fed.uniform()`.",
    default: nil, named: true)

  private static let partition = Native(
    "partition",
    "Examples cut into devices. Each example is on one device. Devices hold the numbers of their examples and no copies, so that a million of them are small. They are called 0, 1, …, or by the values of `fed.natural`'s column, and stand in the order of these keys. What is drawn follows from the run's seed.",
    parameters: [examples, clients, rule], returns: "devices",
    seeAlso: ["fed.dirichlet", "fed.natural", "fed.simulate"],
    search: ["federated", "clients", "shards", "non-iid", "heterogeneous", "split"],
    examples: [
      (
        "fed.partition({inputs: [[0.0], [1.0], [2.0], [3.0]], labels: [0, 1, 0, 1]}, clients: 2).sizes",
        "[2, 2]"
      ),
      (
        "fed.partition(table({user: [\"ann\", \"bo\", \"ann\"]}), by: fed.natural(\"user\")).keys",
        "[\"ann\", \"bo\"]"
      ),
    ],
    arguments: { (arguments: inout Arguments) in
      let source = try arguments(examples)
      guard source.count > 0 else {
        throw Fault(.value, "there are no examples in it").atArgument(0)
      }
      let clients = try arguments(clients)
      let rule = try arguments(rule) ?? .rule(UniformPartition())
      return try Partitioning(source, clients, arguments.vm).devices(rule)
    })

  private static let load = Native(
    "load",
    "Devices that `devices.save` wrote, with their examples. A file that is cut off or changed is refused.",
    Runtime.Param<String>("path", "The file."), returns: "devices", seeAlso: ["devices.save"],
    search: ["read", "restore", "partition"],
    context: { (vm: VM, path: String) in
      let file = try DeviceFile(try vm.readablePath(path), shownAs: path)
      return try DeviceSet(file, source: try DeviceExamples(file))
    })

  static let methods = [
    Native(
      "divergence",
      "How far the classes of each two devices are apart. It is a matrix [n, n] of Jensen–Shannon divergences in bits, 0 for the same shares, 1 for no common class, nan for an empty device. Classes are the labels, or what the partition went by where labels are none. For `plot.heatmap`; at most 10,000 devices.",
      Runtime.Param<DeviceSet>("devices"), returns: "tensor [n, n]", seeAlso: ["plot.heatmap"],
      search: ["heterogeneity", "skew", "jensen-shannon", "label shift"],
      examples: [
        (
          "fed.partition({inputs: [[0.0], [1.0]], labels: [0, 1]}, clients: 2).divergence().tolist()",
          "[[0.0, 1.0], [1.0, 0.0]]"
        )
      ]
    ) { set in
      let count = set.leftCount
      return try Tensor(set.divergence(of: set.places), shape: [count, count])
    },
    Native(
      "save",
      "Writes the devices and their examples to one file, whole or not at all, with a checksum. Examples of texts come back as they were, those of `data.tabular` as a map of inputs, labels and the table's columns.",
      Runtime.Param<DeviceSet>("devices"), Runtime.Param<String>("path", "The file."),
      returns: "nil",
      seeAlso: ["fed.load"], search: ["write", "store", "partition"],
      context: { (vm: VM, set: DeviceSet, path: String) -> Void in
        guard let source = set.source as? DeviceExamples else {
          throw Fault(.value, "these devices were not made by `fed.partition`")
        }
        var file = DeviceFile()
        set.write(to: &file)
        try source.write(to: &file)
        try file.write(to: try vm.writablePath(path))
      }),
    Native(
      "forget",
      "Takes a device and its examples away, in place. It is in no round that begins later; what the model has learnt from it stays.",
      Runtime.Param<DeviceSet>("devices", mutates: true),
      Runtime.Param<DeviceKeyValue>("key", "What the device is called."), returns: "nil",
      search: ["remove", "unlearning", "withdraw", "delete"],
      examples: [
        (
          "let d = fed.partition(table({user: [\"ann\", \"bo\"]}), by: fed.natural(\"user\"))\nd.forget(\"ann\")\nd.keys",
          "[\"bo\"]"
        )
      ]
    ) { (set: DeviceSet, key: DeviceKeyValue) -> Void in
      guard set.place(of: key.key) == nil else { return try set.forget(key.key) }
      throw unknown(key.key, set).atArgument(1)
    },
  ]

  /// The error for a key that no device has.
  private static func unknown(_ key: DeviceKey, _ set: DeviceSet) -> Fault {
    var hint: String?
    if case .text(let text) = key {
      let near = Suggest.nearest(
        to: text,
        in: set.places.lazy.compactMap { place -> String? in
          if case .text(let name) = set.key(place) { name } else { nil }
        })
      hint = near.map { "did you mean \(Quoting.literal($0))?" }
    }
    if hint == nil, set.leftCount > 0 {
      let (first, last) = (
        set.key(set.place(ofLeft: 0)), set.key(set.place(ofLeft: set.leftCount - 1))
      )
      hint = "their keys go from \(first.quoted) to \(last.quoted)"
    }
    return Fault(.key, "there is no device with the key \(key.quoted)", hint: hint)
  }

  /// `devices[3]`, `devices[-1]`, and `devices[:10]` as a list.
  static func item(_ set: DeviceSet, _ subscripts: [SubscriptValue], _ vm: VM) throws -> Value {
    guard subscripts.count == 1 else { throw Fault(.type, "devices have one index") }
    func device(_ index: Int) -> Device { Device(set: set, place: set.place(ofLeft: index)) }
    switch subscripts[0] {
    case .ellipsis: return vm.box(set)
    case .slice(let start, let stop, let step):
      return try DataBuiltins.indices(start, stop, step, set.leftCount).map(device).encode(vm)
    case .index(let value):
      guard let place = Int.decode(value, vm) else {
        throw Fault(
          .type, "a device's index is an int, found \(Representation.brief(value))",
          hint: "`devices.keys` says which device has which key")
      }
      let index = place < 0 ? place + set.leftCount : place
      guard index >= 0, index < set.leftCount else {
        throw Fault(.index, "index \(place) is out of range for \(set.leftCount) devices")
      }
      return vm.box(device(index))
    }
  }
}

/// A device's key as a script gives it.
struct DeviceKeyValue: Bindable {
  let key: DeviceKey

  static let typeName = "int, float or string"

  static func decode(_ value: Value, _ vm: VM) throws -> DeviceKeyValue? {
    let cell = try Cell(value, vm)
    if case .list = cell { return nil }
    return DeviceKey(cell).map(DeviceKeyValue.init)
  }

  func encode(_ vm: VM) throws -> Value { key.cell.encode(vm) }
}

/// A rule of `fed.partition`: one of the module, or a script's function.
enum PartitionRule: Bindable {
  case rule(any Partitioner)
  case function(Callable)

  static let typeName = "federated rule or function"

  static func decode(_ value: Value, _ vm: VM) throws -> PartitionRule? {
    if let rule = try FedRule.decode(value, vm) {
      guard case .partition(let partitioner) = rule.role else {
        throw Fault(
          .value, "`\(rule.text)` is no rule for `by`; it goes with `\(rule.role.parameter)`")
      }
      return .rule(partitioner)
    }
    return Callable.decode(value, vm).map { .function($0) }
  }

  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    FedRule.mayAccept(type, vm) || Callable.mayAccept(type, vm)
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .rule(let rule):
      FedRule(text: "fed.\(rule.fingerprint)", role: .partition(rule)).encode(vm)
    case .function(let function): function.value
    }
  }
}
