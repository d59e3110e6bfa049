import Foundations

/// Values of Thrift's compact protocol, in which Parquet writes what it says of its data
/// (thrift/doc/specs/thrift-compact-protocol.md).
enum Thrift {
  case bool(Bool)
  case int(Int)
  case double(Double)
  case binary([UInt8])
  case list([Thrift])
  case record([Int: Thrift])

  subscript(field: Int) -> Thrift? {
    if case .record(let fields) = self { fields[field] } else { nil }
  }

  var int: Int? { if case .int(let value) = self { value } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var list: [Thrift]? { if case .list(let items) = self { items } else { nil } }
  var text: String? {
    if case .binary(let bytes) = self { String(validating: bytes, as: UTF8.self) } else { nil }
  }
}

/// What ends the reading of damaged bytes.
struct ParquetProblem: Error {
  var message: String
  init(_ message: String) { self.message = message }
}

struct ThriftReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var place: Int
  private static let deepest = 32

  init(_ bytes: UnsafeRawBufferPointer, from place: Int = 0) {
    self.bytes = bytes
    self.place = place
  }

  private var damaged: ParquetProblem { ParquetProblem("its description is cut off or damaged") }

  private mutating func byte() throws(ParquetProblem) -> UInt8 {
    guard place < bytes.count else { throw damaged }
    defer { place += 1 }
    return bytes[place]
  }

  private mutating func varint() throws(ParquetProblem) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let next = try byte()
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return value }
      shift += 7
    }
    throw damaged
  }

  private mutating func zigzag() throws(ParquetProblem) -> Int {
    let value = try varint()
    return Int(bitPattern: UInt(value >> 1)) ^ -Int(value & 1)
  }

  /// The record that stands here.
  mutating func record(depth: Int = 0) throws(ParquetProblem) -> Thrift {
    guard depth < ThriftReader.deepest else { throw damaged }
    var fields: [Int: Thrift] = [:]
    var number = 0
    while true {
      let head = try byte()
      if head == 0 { return .record(fields) }
      let step = Int(head >> 4)
      number = step == 0 ? try zigzag() : number + step
      guard (0...0x7FFF).contains(number) else { throw damaged }
      let type = head & 0x0F
      fields[number] = type == 1 || type == 2 ? .bool(type == 1) : try value(type, depth)
    }
  }

  private mutating func value(_ type: UInt8, _ depth: Int) throws(ParquetProblem) -> Thrift {
    switch type {
    case 1, 2: return .bool(try byte() == 1)
    case 3: return .int(Int(Int8(bitPattern: try byte())))
    case 4, 5, 6: return .int(try zigzag())
    case 7:
      guard place + 8 <= bytes.count else { throw damaged }
      defer { place += 8 }
      return .double(
        Double(bitPattern: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
    case 8:
      guard let count = Int(exactly: try varint()), count <= bytes.count - place else {
        throw damaged
      }
      defer { place += count }
      return .binary(Array(bytes[place..<place + count]))
    case 9, 10:
      let head = try byte()
      let count = head >> 4 == 15 ? Int(exactly: try varint()) : Int(head >> 4)
      // Each item takes a byte at least.
      guard let count, count <= bytes.count - place, depth < ThriftReader.deepest else {
        throw damaged
      }
      var items: [Thrift] = []
      for _ in 0..<count { items.append(try value(head & 0x0F, depth + 1)) }
      return .list(items)
    case 12: return try record(depth: depth + 1)
    default: throw damaged
    }
  }
}

/// Writes records of the compact protocol.
struct ThriftWriter {
  private(set) var bytes: [UInt8] = []
  private var numbers: [Int] = [0]

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func zigzag(_ value: Int) {
    varint(UInt64(bitPattern: Int64(value << 1 ^ value >> 63)))
  }

  private mutating func head(_ number: Int, _ type: UInt8) {
    // All records here have few fields, so that steps are short.
    bytes.append(UInt8(number - numbers[numbers.count - 1]) << 4 | type)
    numbers[numbers.count - 1] = number
  }

  mutating func int32(_ number: Int, _ value: Int) {
    head(number, 5)
    zigzag(value)
  }

  mutating func int64(_ number: Int, _ value: Int) {
    head(number, 6)
    zigzag(value)
  }

  mutating func bool(_ number: Int, _ value: Bool) { head(number, value ? 1 : 2) }

  mutating func text(_ number: Int, _ value: String) {
    head(number, 8)
    item(value)
  }

  mutating func record(_ number: Int, _ body: (inout ThriftWriter) -> Void) {
    head(number, 12)
    item(body)
  }

  /// A list; its items follow.
  mutating func list(_ number: Int, of type: UInt8, count: Int) {
    head(number, 9)
    if count < 15 {
      bytes.append(UInt8(count) << 4 | type)
    } else {
      bytes.append(0xF0 | type)
      varint(UInt64(count))
    }
  }

  mutating func item(_ value: String) {
    varint(UInt64(value.utf8.count))
    bytes += value.utf8
  }

  mutating func item(int value: Int) { zigzag(value) }

  mutating func item(_ body: (inout ThriftWriter) -> Void) {
    numbers.append(0)
    body(&self)
    bytes.append(0)
    numbers.removeLast()
  }
}
