import Federated
import Foundations
import Learning
import Runtime
import Tensors

/// A script's value as numbers, bit for bit: what a strategy of one's own keeps on devices and on the server lies where
/// native strategies keep theirs, so that checkpoints hold it and its bytes are counted.
enum PackedState {
  private enum Tag: UInt8 {
    case nothing, no, yes, int, float, string, list, map, range, tensor, update
  }

  // MARK: Packing

  /// - Throws: a `value` fault for a value that cannot be kept: functions, models and other natives.
  static func packed(_ value: Value, _ vm: VM) throws -> ParameterVector {
    var bytes: [UInt8] = []
    let snapshot: Snapshot
    do { snapshot = try vm.snapshot(value) } catch let fault as Fault where fault.kind == .value {
      throw refusal(Representation.described(value))
    }
    try write(snapshot, to: &bytes)
    while bytes.count % 4 != 0 { bytes.append(0) }
    let numbers = try Tensor.uninitialized([bytes.count / 4])
    bytes.withUnsafeBytes {
      UnsafeMutableRawPointer(numbers.floats).copyMemory(
        from: $0.baseAddress ?? UnsafeRawPointer(numbers.floats), byteCount: bytes.count)
    }
    return try ParameterVector(numbers, shapes: [[bytes.count / 4]])
  }

  private static func refusal(_ what: String) -> Fault {
    Fault(
      .value, "a strategy cannot keep \(what) between rounds",
      hint:
        "keep numbers, strings, tensors, updates (`model - round.server`), lists and maps of them")
  }

  private static func write(_ value: Snapshot, to bytes: inout [UInt8]) throws {
    func tag(_ tag: Tag) { bytes.append(tag.rawValue) }
    switch value {
    case .nothing: tag(.nothing)
    case .bool(let bool): tag(bool ? .yes : .no)
    case .int(let int):
      tag(.int)
      write(int, to: &bytes)
    case .float(let float):
      tag(.float)
      write(Int(bitPattern: UInt(float.bitPattern)), to: &bytes)
    case .string(let text):
      tag(.string)
      write(text, to: &bytes)
    case .list(let items):
      tag(.list)
      write(items.count, to: &bytes)
      for item in items { try write(item, to: &bytes) }
    case .map(let entries):
      tag(.map)
      write(entries.count, to: &bytes)
      for entry in entries {
        try write(entry.key, to: &bytes)
        try write(entry.value, to: &bytes)
      }
    case .range(let start, let end, let closed, let step):
      tag(.range)
      for number in [start, end, closed ? 1 : 0, step] { write(number, to: &bytes) }
    case .native(let object as Boxed<Tensor>):
      tag(.tensor)
      try write(object.value, to: &bytes)
    case .native(let object as Boxed<ModelUpdate>):
      tag(.update)
      write(object.value.names.count, to: &bytes)
      for (name, part) in zip(object.value.names, try object.value.vector.parts()) {
        write(name, to: &bytes)
        try write(part, to: &bytes)
      }
    case .native(let object): throw refusal("a value of type \(object.typeName)")
    }
  }

  private static func write(_ number: Int, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private static func write(_ text: String, to bytes: inout [UInt8]) {
    write(text.utf8.count, to: &bytes)
    bytes.append(contentsOf: text.utf8)
  }

  private static func write(_ tensor: Tensor, to bytes: inout [UInt8]) throws {
    let tensor = try tensor.detached.contiguous()
    bytes.append(tensor.dtype.rawValue)
    write(tensor.rank, to: &bytes)
    for size in tensor.shape { write(size, to: &bytes) }
    withExtendedLifetime(tensor) {
      bytes.append(
        contentsOf: UnsafeRawBufferPointer(
          start: tensor.storage.pointer + tensor.offset * tensor.dtype.size,
          count: tensor.count * tensor.dtype.size))
    }
  }

  // MARK: Unpacking

  /// What `packed` was given.
  static func value(_ vector: ParameterVector, _ vm: VM) throws -> Value {
    let numbers = vector.tensor
    return try withExtendedLifetime(numbers) {
      var reader = Reader(
        bytes: UnsafeRawBufferPointer(start: numbers.floats, count: numbers.count * 4))
      return vm.value(of: try reader.value())
    }
  }

  /// Reads what `write` wrote; anything else throws.
  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    private var place = 0
    private var depth = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// As deep as a value of a script can be copied.
    private static let deepest = 200
    private static let damage = Fault(.data, "what the strategy kept between rounds is damaged")

    private mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
      guard count >= 0, count <= bytes.count - place else { throw Reader.damage }
      defer { place += count }
      return UnsafeRawBufferPointer(rebasing: bytes[place..<place + count])
    }

    private mutating func int() throws -> Int {
      Int(littleEndian: try take(8).loadUnaligned(as: Int.self))
    }

    /// How many parts follow, of a byte at least each.
    private mutating func count() throws -> Int {
      let count = try int()
      guard count >= 0, count <= bytes.count - place else { throw Reader.damage }
      return count
    }

    private mutating func text() throws -> String {
      String(decoding: try take(try int()), as: UTF8.self)
    }

    private mutating func tensor() throws -> Tensor {
      guard let dtype = DType(rawValue: try take(1)[0]) else { throw Reader.damage }
      let sizes = try (0..<count()).map { _ in try int() }
      let tensor = try Tensor.uninitialized(Shape(checking: sizes), dtype)
      let data = try take(tensor.count * dtype.size)
      if let start = data.baseAddress {
        tensor.storage.pointer.copyMemory(from: start, byteCount: data.count)
      }
      return tensor
    }

    mutating func value() throws -> Snapshot {
      depth += 1
      defer { depth -= 1 }
      guard depth <= Reader.deepest, let tag = Tag(rawValue: try take(1)[0]) else {
        throw Reader.damage
      }
      switch tag {
      case .nothing: return .nothing
      case .no, .yes: return .bool(tag == .yes)
      case .int: return .int(try int())
      case .float: return .float(Double(bitPattern: UInt64(UInt(bitPattern: try int()))))
      case .string: return .string(try text())
      case .list: return .list(try (0..<count()).map { _ in try value() })
      case .map: return .map(try (0..<count()).map { _ in (key: try value(), value: try value()) })
      case .range:
        return .range(start: try int(), end: try int(), closed: try int() == 1, step: try int())
      case .tensor: return .native(Boxed(try tensor(), Tensor.nativeType))
      case .update:
        var (names, parts): ([String], [Tensor]) = ([], [])
        for _ in 0..<(try count()) {
          names.append(try text())
          parts.append(try tensor())
        }
        let vector = try ParameterVector(
          Tensor.concatenated(try parts.map { try $0.reshaped([$0.count]) }, axis: 0),
          shapes: parts.map(\.shape))
        return .native(
          Boxed(ModelUpdate(names: names, vector: vector), ModelUpdate.nativeType))
      }
    }
  }
}
