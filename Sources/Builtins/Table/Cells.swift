import Runtime
import Syntax
import Tables
import Tensors

extension Cell {
  /// The plain data of a value outside its heap; natives that stand for no plain value keep their text only.
  public init(_ snapshot: Snapshot) {
    switch snapshot {
    case .nothing: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .float(let value): self = .float(value)
    case .string(let value): self = .string(value)
    case .list(let items): self = .list(items.map(Cell.init))
    case .map(let entries):
      self = .map(entries.map { Entry(key: Cell($0.key), value: Cell($0.value)) })
    case .range(let start, let end, let closed, let step):
      let range = RangeObject(from: start, to: end, closed: closed, step: step)
      if let range, range.count <= 10_000 {
        self = .list((0..<range.count).map { .int(range.element($0)) })
      } else {
        self = .opaque("\(start)..\(closed ? "=" : "")\(end)")
      }
    case .native(let object): self = Cell.plain(object) ?? .opaque(Cell.text(object))
    }
  }

  /// A tensor without dimensions is a number in a table, too.
  private static func plain(_ object: NativeObject) -> Cell? {
    switch object.scalar {
    case .bool(let value)?: return .bool(value)
    case .int(let value)?: return .int(value)
    case .float(let value)?: return .float(value)
    default: break
    }
    switch object {
    case let boxed as Boxed<Table>: return .table(boxed.value.withoutSweep)
    case let boxed as Boxed<Tensor>: return TensorCell(boxed.value).map(Cell.tensor)
    case let boxed as Boxed<Series>: return .list(boxed.value.cells)
    case let boxed as Boxed<Row>: return boxed.value.map
    case let boxed as Boxed<CalendarDate>: return boxed.value.cell
    case let boxed as Boxed<CalendarMoment>: return boxed.value.cell
    default: return nil
    }
  }

  private static func text(_ object: NativeObject) -> String {
    (try? Representation.text(of: Value(object), nil)) ?? "<\(object.typeName)>"
  }

  /// The value as plain data; functions and other things that have none keep their text.
  /// - Throws: a `limit` fault for a value that is nested too deeply, and what ends the run.
  public init(_ value: Value, _ vm: VM) throws {
    do {
      self.init(try vm.snapshot(value))
    } catch let fault as Fault where fault.isCatchable && fault.kind == .value {
      self = .opaque(try Representation.text(of: value, vm))
    }
  }

  public var snapshot: Snapshot {
    switch self {
    case .null: .nothing
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .float(let value): .float(value)
    case .string(let value), .opaque(let value): .string(value)
    case .list(let cells): .list(cells.map(\.snapshot))
    case .map(let entries): .map(entries.map { ($0.key.snapshot, $0.value.snapshot) })
    case .date(let number):
      .native(Boxed(CalendarDate(number: number), CalendarDate.nativeType))
    case .datetime(let number):
      .native(Boxed(CalendarMoment(number: number), CalendarMoment.nativeType))
    case .table(let table): .native(Boxed(table, Table.nativeType))
    case .tensor(let cell):
      (try? Tensor(cell)).map { .native(Boxed($0, Tensor.nativeType)) } ?? .nothing
    }
  }
}

extension TensorCell {
  /// Nil where there is no memory for it.
  init?(_ tensor: Tensor) {
    guard let element = Element(rawValue: tensor.dtype.name),
      let dense = try? tensor.detached.contiguous()
    else { return nil }
    let bytes = withExtendedLifetime(dense) {
      Array(
        UnsafeRawBufferPointer(
          start: dense.storage.pointer + dense.offset * dense.dtype.size,
          count: dense.count * dense.dtype.size))
    }
    self.init(
      element: element, shape: tensor.shape.array, lengths: tensor.lengths?.values.map(Int.init),
      bytes: bytes)
  }
}

extension Tensor {
  init(_ cell: TensorCell) throws {
    let shape = try Shape(checking: cell.shape)
    self = try .uninitialized(shape, try DType(named: cell.element.rawValue))
    withExtendedLifetime(storage) {
      storage.pointer.copyMemory(from: cell.bytes, byteCount: cell.bytes.count)
    }
    lengths = cell.lengths.map { Lengths($0.map { Int32(clamping: $0) }) }
  }
}

extension Cell: ValueEncodable {
  public func encode(_ vm: VM) -> Value {
    switch self {
    case .null: .nothing
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .float(let value): .float(value)
    case .string(let value): vm.makeString(value)
    default: vm.value(of: snapshot)
    }
  }
}

/// One name or a list of names: `by: "method"`, `by: ["method", "seed"]`.
public struct Names: Bindable {
  public var values: [String]
  public init(_ values: [String]) { self.values = values }

  public static var typeName: String { "string or list of string" }
  public static func decode(_ value: Value, _ vm: VM) throws -> Names? {
    if let name = value.string { return Names([name]) }
    return try [String].decode(value, vm).map(Names.init)
  }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    type == .string || [String].mayAccept(type, vm)
  }
  public func encode(_ vm: VM) throws -> Value { try values.encode(vm) }
  public var defaultText: String { values.isEmpty ? "[]" : values.defaultText }
}
