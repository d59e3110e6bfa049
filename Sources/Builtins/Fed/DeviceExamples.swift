import Federated
import Foundations
import Learning
import Runtime
import Syntax
import Tables
import Tensors
import Text

/// What `fed.partition` cuts, as the store behind devices: examples that training takes, or rows of a table that it
/// does not, for statistics.
struct DeviceExamples: OrderedSource {
  enum Content {
    case labelled(LabelledExamples)
    case table(Table)
  }
  let content: Content

  init(_ content: Content) { self.content = content }

  var count: Int {
    switch content {
    case .labelled(let examples): examples.count
    case .table(let table): table.rowCount
    }
  }

  func batch(_ indices: [Int]) throws -> Learning.Batch {
    switch content {
    case .labelled(let examples): return try examples.source.batch(indices)
    case .table:
      throw DomainError(
        .value, "the rows of a plain table are no examples to be trained on",
        hint: "partition `data.tabular(table, label: …)` instead")
    }
  }

  func length(_ index: Int) -> Int? {
    switch content {
    case .labelled(let examples): examples.source.length(index)
    case .table: nil
    }
  }

  func selecting(_ places: [Int]) throws -> DeviceExamples {
    switch content {
    case .labelled(let examples): DeviceExamples(.labelled(try examples.selecting(places)))
    case .table(let table): DeviceExamples(.table(table.rows(at: places)))
    }
  }

  /// The values of a column of each.
  /// - Throws: `key` where there is none.
  func cells(_ column: String) throws -> [Cell] {
    switch content {
    case .labelled(let examples): try examples.keys(column)
    case .table(let table): try table.column(column).series.cells
    }
  }

  /// The class numbers where each example has one as its label; nil otherwise.
  func labelNumbers() throws -> [Int]? {
    guard case .labelled(let examples) = content else { return nil }
    if case .texts(let texts) = examples.kind { return texts.labels.map(Int.init) }
    let labels: Tensor
    switch examples.kind {
    case .rows(let rows):
      guard let found = rows.labels else { return nil }
      labels = found
    default: labels = try examples.labels
    }
    guard labels.rank == 1, !labels.dtype.isFloating else { return nil }
    return try labels.cast(to: .i64).contiguous().array(Int64.self).map(Int.init)
  }

  func ranks(by column: String) throws -> [Int32] {
    let cells = try cells(column)
    if let texts = Self.texts(cells) {
      return Self.ranks(texts) { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    }
    let numbers = try cells.enumerated().map { place, cell in
      guard let number = Self.moment(cell), !number.isNaN else {
        throw DomainError(
          .value, "`\(column)` of example \(place) is \(cell.text), which has no place in an order",
          hint: "examples arrive in the order of numbers, dates or texts, all of one kind")
      }
      return number
    }
    return Self.ranks(numbers, by: <)
  }

  private static func texts(_ cells: [Cell]) -> [String]? {
    var texts: [String] = []
    for cell in cells {
      guard case .string(let text) = cell else { return nil }
      texts.append(text)
    }
    return texts
  }

  private static func moment(_ cell: Cell) -> Double? {
    switch cell {
    case .int(let value): Double(value)
    case .float(let value): value
    case .date(let day): Double(day) * 86_400_000_000
    case .datetime(let moment): Double(moment)
    default: nil
    }
  }

  private static func ranks<T: Equatable>(_ values: [T], by precedes: (T, T) -> Bool) -> [Int32] {
    let order = values.indices.sorted { precedes(values[$0], values[$1]) }
    var ranks = [Int32](repeating: 0, count: values.count)
    var rank: Int32 = 0
    for (place, example) in order.enumerated() {
      if place > 0, precedes(values[order[place - 1]], values[example]) { rank += 1 }
      ranks[example] = rank
    }
    return ranks
  }

  /// One example as a script's function gets it: as examples of texts give theirs, a row of a table, or a map of what
  /// belongs to it.
  func item(_ index: Int, _ vm: VM) throws -> Value {
    switch content {
    case .table(let table): return vm.box(Row(columns: table.shown, index: index))
    case .labelled(let examples):
      switch examples.kind {
      case .texts(let texts): return try DataBuiltins.record(texts, index).encode(vm)
      case .rows(let rows): return vm.box(Row(columns: rows.table.shown, index: index))
      case .map(let entries):
        return try Record(
          entries.map { name, entry -> (String, any ValueEncodable) in
            switch entry {
            case .cells(let cells): return (name, cells[index])
            case .tensor(let tensor): return (name, try tensor.selected(axis: 0, index: index))
            }
          }
        ).encode(vm)
      }
    }
  }
}

extension DeviceExamples: Bindable {
  static let typeName = "examples or table"

  static func decode(_ value: Value, _ vm: VM) throws -> DeviceExamples? {
    if let table = try Table.decode(value, vm) { return DeviceExamples(.table(table)) }
    return try LabelledExamples.decode(value, vm).map { DeviceExamples(.labelled($0)) }
  }

  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    Table.mayAccept(type, vm) || LabelledExamples.mayAccept(type, vm)
  }

  func encode(_ vm: VM) throws -> Value {
    switch content {
    case .labelled(let examples): try examples.encode(vm)
    case .table(let table): table.encode(vm)
    }
  }
}

/// Examples put together by a value that they share.
struct KeyedExamples {
  /// In the order of keys.
  let keys: [DeviceKey]
  /// Of each example the place of its key.
  let places: [Int32]

  init(_ found: [DeviceKey]) {
    keys = Set(found).sorted()
    var numbers: [DeviceKey: Int32] = [:]
    for (place, key) in keys.enumerated() { numbers[key] = Int32(truncatingIfNeeded: place) }
    places = found.map { numbers[$0] ?? 0 }
  }

  /// - Parameter what: what errors call the values.
  /// - Throws: `value` for one that nothing can be put together by.
  init(_ cells: [Cell], _ what: String) throws {
    self.init(
      try cells.enumerated().map { place, cell in
        guard let key = DeviceKey(cell) else {
          throw Fault(
            .value,
            "\(what) of example \(place) is \(cell.text), by which nothing can be put together",
            hint:
              "numbers and texts can, also dates and lists of tags; drop examples without one first"
          )
        }
        return key
      })
  }
}

extension DeviceKey {
  /// The key that a value stands for; a list of tags stands for the types of entities in it. Nil for what is no key.
  init?(_ cell: Cell) {
    switch cell {
    case .int(let number): self = .number(number)
    case .float(let number):
      guard number.isFinite else { return nil }
      // 1.0 and 1 are one key.
      self = Int(exactly: number).map { DeviceKey.number($0) } ?? .real(number)
    case .string(let text): self = .text(text)
    case .bool, .date, .datetime: self = .text(cell.text)
    case .list(let tags):
      var names: [String] = []
      for tag in tags {
        guard case .string(let name) = tag else { return nil }
        names.append(name)
      }
      self = .text(EntityTypes.label(names))
    default: return nil
    }
  }

  var cell: Cell {
    switch self {
    case .number(let number): .int(number)
    case .real(let number): .float(number)
    case .text(let text): .string(text)
    }
  }
}

extension DeviceExamples: SelectableExamples {
  func selected(_ places: [Int]) throws -> any ValueEncodable { try selecting(places) }
}
