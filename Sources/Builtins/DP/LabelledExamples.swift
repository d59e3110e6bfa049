import ClassicalModels
import Foundations
import Learning
import Runtime
import Syntax
import Tables
import Tensors
import Text

/// Labelled examples of any kind that training takes, which can be cut and joined with all that belongs to them: the
/// further keys of a map, the further columns of a table.
struct LabelledExamples: Bindable {
  /// What belongs to the examples of a map, one value each.
  enum Entry {
    case tensor(Tensor)
    case cells([Cell])

    var count: Int {
      switch self {
      case .tensor(let tensor): tensor.rank > 0 ? tensor.shape[0] : 0
      case .cells(let cells): cells.count
      }
    }
  }

  enum Kind {
    case texts(Examples)
    case rows(TabularExamples)
    /// `inputs` and `labels` among them, in the map's order.
    case map([(name: String, entry: Entry)])
  }
  let kind: Kind
  let source: any BatchSource

  static let typeName = "examples"

  init(_ kind: Kind) throws {
    self.kind = kind
    switch kind {
    case .texts(let examples): source = ExampleSource(examples)
    case .rows(let rows):
      source = try TensorSource(inputs: rows.inputs, labels: rows.labels ?? .zeros([0]))
    case .map(let entries):
      source = try TensorSource(
        inputs: Self.tensor("inputs", entries), labels: Self.tensor("labels", entries))
    }
  }

  private static func tensor(_ name: String, _ entries: [(name: String, entry: Entry)]) throws
    -> Tensor
  {
    guard case .tensor(let tensor)? = entries.first(where: { $0.name.isSpelt(name) })?.entry else {
      throw Fault(.value, "the examples have no tensor of `\(name)`")
    }
    return tensor
  }

  static func decode(_ value: Value, _ vm: VM) throws -> LabelledExamples? {
    // What training takes is checked where training takes it.
    guard let plain = try TrainingExamples.decode(value, vm) else { return nil }
    if let examples = plain.examples { return try LabelledExamples(.texts(examples)) }
    if let rows = plain.tabular { return try LabelledExamples(.rows(rows)) }
    guard let map = value.object as? MapObject else { return nil }
    var entries: [(name: String, entry: Entry)] = []
    for (key, item) in map {
      guard let name = key.string else { continue }
      let entry: Entry
      if name == "inputs" || name == "labels" || item.typeName == Tensor.typeName {
        guard let tensor = try Tensor.decode(item, vm) else { return nil }
        entry = .tensor(tensor.detached)
      } else if let series = try Series.decode(item, vm) {
        entry = .cells(series.cells)
      } else if let values = try [Value].decode(item, vm) {
        entry = .cells(try values.map { try Cell($0, vm) })
      } else {
        throw Fault(
          .type,
          "`\(name)` of the examples must be a list, a column or a tensor, found \(Representation.described(item))"
        )
      }
      guard entry.count == plain.source.count else {
        throw Fault(
          .shape,
          "there are \(plain.source.count) examples, but \(entry.count) values of `\(name)`")
      }
      entries.append((name, entry))
    }
    return try LabelledExamples(.map(entries))
  }

  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    TrainingExamples.mayAccept(type, vm)
  }

  func encode(_ vm: VM) throws -> Value {
    switch kind {
    case .texts(let examples): examples.encode(vm)
    case .rows(let rows): rows.encode(vm)
    case .map(let entries):
      try Record(
        entries.map { name, entry in
          switch entry {
          case .tensor(let tensor): (name, tensor)
          case .cells(let cells): (name, cells)
          }
        }
      ).encode(vm)
    }
  }

  var count: Int { source.count }

  /// All labels, in order.
  var labels: Tensor {
    get throws { try source.batch(Array(0..<count)).labels }
  }

  func selecting(_ places: [Int]) throws -> LabelledExamples {
    switch kind {
    case .texts(let examples): try LabelledExamples(.texts(examples.selecting(places)))
    case .rows(let rows): try LabelledExamples(.rows(rows.selecting(places)))
    case .map(let entries):
      try LabelledExamples(
        .map(
          entries.map { name, entry in
            switch entry {
            case .cells(let cells): return (name, .cells(places.map { cells[$0] }))
            case .tensor(let tensor):
              let part = try tensor.indexSelected(axis: 0, Tensor(ints: places))
              let lengths = tensor.lengths.map { all in Lengths(places.map { all.values[$0] }) }
              return (name, .tensor(part.with(lengths: lengths)))
            }
          }))
    }
  }

  /// These examples followed by others of their kind.
  /// - Throws: `value` where they are of another kind, or have other keys, features or a vocabulary.
  func joined(_ others: LabelledExamples) throws -> LabelledExamples {
    switch (kind, others.kind) {
    case (.texts(let mine), .texts(let theirs)):
      return try LabelledExamples(.texts(mine.joined(theirs)))
    case (.rows(let mine), .rows(let theirs)):
      guard mine.features == theirs.features, mine.classes == theirs.classes else {
        throw Fault(
          .value, "the tables were prepared in different ways",
          hint: "`e.split(0.8)` gives parts that fit each other, `e.prepare(table)` others")
      }
      let all = try mine.preparing(mine.table.appending(theirs.table))
      guard all.count == mine.count + theirs.count else {
        throw Fault(.value, "some rows were left out where the tables were joined")
      }
      return try LabelledExamples(.rows(all))
    case (.map(let mine), .map(let theirs)):
      return try LabelledExamples(
        .map(
          mine.map { name, entry in
            guard let other = theirs.first(where: { $0.name.isSpelt(name) })?.entry else {
              throw Fault(.value, "some of the examples have no `\(name)`")
            }
            return (name, try LabelledExamples.joined(name, entry, other))
          }))
    default:
      throw Fault(
        .value, "the examples are of two kinds, which cannot be joined",
        hint: "give parts of one dataset, rows of one table, or two maps with the same keys")
    }
  }

  private static func joined(_ name: String, _ first: Entry, _ second: Entry) throws -> Entry {
    switch (first, second) {
    case (.cells(let a), .cells(let b)): return .cells(a + b)
    case (.tensor(let a), .tensor(let b)):
      guard a.rank == b.rank, a.dtype == b.dtype,
        a.shape.array.dropFirst() == b.shape.array.dropFirst()
      else {
        throw Fault(
          .shape,
          "`\(name)` has the shapes \(a.shape) and \(b.shape) of \(a.dtype.name) and \(b.dtype.name), which cannot be joined"
        )
      }
      let all = try Tensor.concatenated([a, b], axis: 0)
      guard a.lengths != nil || b.lengths != nil, a.rank > 1 else { return .tensor(all) }
      func lengths(_ tensor: Tensor) -> [Int32] {
        tensor.lengths?.values.map { $0 }
          ?? [Int32](repeating: Int32(clamping: tensor.shape[1]), count: tensor.shape[0])
      }
      return .tensor(all.with(lengths: Lengths(lengths(a) + lengths(b))))
    default:
      throw Fault(.value, "`\(name)` is a tensor in some of the examples and a list in others")
    }
  }

  /// What the examples' column or key says of each.
  /// - Throws: `key` where there is none.
  func keys(_ name: String) throws -> [Cell] {
    switch kind {
    case .texts(let examples):
      switch name {
      case "label": return examples.labels.map { .int(Int($0)) }
      case "text": return examples.texts.map { .string($0) }
      default:
        throw Fault(
          .key, "examples of texts have a \"text\" and a \"label\", no \(Quoting.literal(name))",
          hint: "give a map {inputs, labels, \(name)}, or rows of a table")
      }
    case .rows(let rows): return try rows.table.column(name).series.cells
    case .map(let entries):
      // Of one example it is the label, of all of them the labels.
      let wanted =
        name == "label" && !entries.contains(where: { $0.name.isSpelt(name) }) ? "labels" : name
      switch entries.first(where: { $0.name.isSpelt(wanted) })?.entry {
      case .cells(let cells): return cells
      case .tensor(let tensor) where tensor.rank == 1:
        return try tensor.dtype.isFloating
          ? tensor.doubles().map { .float($0) }
          : tensor.cast(to: .i64).array(Int64.self).map { .int(Int($0)) }
      case .tensor(let tensor):
        throw Fault(
          .shape, "`\(name)` has shape \(tensor.shape), not one value an example")
      case nil:
        throw Fault(
          .key, "the examples have no key \(Quoting.literal(name))",
          hint: "they have " + entries.map(\.name).joined(separator: ", "))
      }
    }
  }
}
