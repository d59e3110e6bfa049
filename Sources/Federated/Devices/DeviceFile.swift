import Files
import Foundations
import Learning

/// A file of named parts that is whole or refused: a first line, the SHA-256 of all that follows, and the parts, each
/// with its name and length.
public struct DeviceFile {
  public private(set) var parts: [(name: String, bytes: [UInt8])] = []
  /// What errors call it.
  private let path: String

  private static let magic = Array("fairlead devices 1\n".utf8)
  private static let digest = 32

  public init() { path = "" }

  /// Reads a file through the door of the thread.
  /// - Throws: `data` where it is another file, cut off or damaged; `io`.
  public init(_ path: String, shownAs shown: String) throws {
    self.path = shown
    let bytes = try Door.current.open(path).contents(atMost: InputFile.largestSize)
    let body = Self.magic.count + Self.digest
    guard bytes.count >= body, bytes.starts(with: Self.magic) else {
      throw DomainError(
        .data, "\(shown) is no file of devices", hint: "`devices.save(path)` writes one")
    }
    let digest = bytes[Self.magic.count..<body]
    guard digest.elementsEqual(Fingerprint(of: bytes[body...]).bytes) else {
      throw damaged("its checksum is not that of its content")
    }
    var place = body
    while place < bytes.count {
      let name = try take(bytes, &place)
      parts.append((String(decoding: name, as: UTF8.self), Array(try take(bytes, &place))))
    }
  }

  private func damaged(_ what: String) -> DomainError {
    DomainError(
      .data, "\(path) is damaged or cut off: \(what)",
      hint: "partition the examples again, or take another copy of the file")
  }

  /// A length in eight bytes, and so many bytes.
  private func take(_ bytes: [UInt8], _ place: inout Int) throws -> ArraySlice<UInt8> {
    guard bytes.count - place >= 8 else { throw damaged("a part has no length") }
    let length = bytes[place..<place + 8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    place += 8
    guard length <= UInt64(bytes.count - place) else { throw damaged("a part is not all there") }
    defer { place += Int(length) }
    return bytes[place..<place + Int(length)]
  }

  public mutating func add(_ name: String, _ bytes: [UInt8]) { parts.append((name, bytes)) }

  public mutating func add<Number: FixedWidthInteger>(_ name: String, _ numbers: [Number]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * Number.bitWidth / 8)
    for number in numbers {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
    add(name, bytes)
  }

  public func has(_ name: String) -> Bool { parts.contains { $0.name == name } }

  /// - Throws: `data` where there is no such part.
  public func bytes(_ name: String) throws -> [UInt8] {
    guard let part = parts.first(where: { $0.name == name }) else {
      throw damaged("it has no `\(name)`")
    }
    return part.bytes
  }

  public func numbers<Number: FixedWidthInteger>(_ name: String, as type: Number.Type) throws
    -> [Number]
  {
    let bytes = try bytes(name)
    let width = Number.bitWidth / 8
    guard bytes.count % width == 0 else { throw damaged("`\(name)` holds a part of a number") }
    return bytes.withUnsafeBytes { memory in
      (0..<bytes.count / width).map {
        Number(littleEndian: memory.loadUnaligned(fromByteOffset: $0 * width, as: Number.self))
      }
    }
  }

  /// Writes the file, whole or not at all.
  public func write(to path: String) throws {
    var body: [UInt8] = []
    body.reserveCapacity(parts.reduce(0) { $0 + 64 + $1.bytes.count })
    func put(_ bytes: some Collection<UInt8>) {
      withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { body.append(contentsOf: $0) }
      body.append(contentsOf: bytes)
    }
    for part in parts {
      put(Array(part.name.utf8))
      put(part.bytes)
    }
    let digest = Array(Fingerprint(of: body).bytes)
    try AtomicFile.write(path) { file in
      try file.append(Self.magic)
      try file.append(digest)
      try body.withUnsafeBytes { try file.append($0) }
    }
  }
}

extension DeviceSet {
  /// Adds which device holds which example.
  public func write(to file: inout DeviceFile) {
    file.add("offsets", offsets.map { Int64($0) })
    file.add("members", members)
    file.add("forgotten", forgotten.sorted().map { Int64($0) })
    if let classes { file.add("classes", classes) }
    guard let keys else { return }
    // A letter for the kind, then the key's bytes or bits.
    var part = DeviceFile()
    for key in keys {
      switch key {
      case .number(let number): part.add("n", [Int64(number)])
      case .real(let number): part.add("r", [number.bitPattern])
      case .text(let text): part.add("t", Array(text.utf8))
      }
    }
    file.add("key kinds", part.parts.flatMap { Array($0.name.utf8) })
    file.add("key lengths", part.parts.map { Int64($0.bytes.count) })
    file.add("keys", part.parts.flatMap(\.bytes))
  }

  /// The devices of a file.
  /// - Throws: `data` where the file's parts do not fit each other or the source.
  public convenience init(_ file: DeviceFile, source: any BatchSource) throws {
    try self.init(
      source: source, classes: file.has("classes") ? file.numbers("classes", as: Int32.self) : nil,
      keys: file.has("keys") ? DeviceSet.keys(file) : nil,
      offsets: file.numbers("offsets", as: Int64.self).map(Int.init),
      members: file.numbers("members", as: Int32.self),
      forgotten: file.numbers("forgotten", as: Int64.self).map(Int.init))
  }

  private static func keys(_ file: DeviceFile) throws -> [DeviceKey] {
    let bytes = try file.bytes("keys")
    let kinds = try file.bytes("key kinds")
    let lengths = try file.numbers("key lengths", as: Int64.self)
    guard kinds.count == lengths.count,
      lengths.allSatisfy({ $0 >= 0 && $0 <= Int64(bytes.count) })
    else { throw DomainError(.data, "the keys of the devices do not fit each other") }
    var place = 0
    return try zip(kinds, lengths).map { kind, length in
      guard Int(length) <= bytes.count - place else {
        throw DomainError(.data, "the keys of the devices are not all there")
      }
      let part = bytes[place..<place + Int(length)]
      place += Int(length)
      switch kind {
      case UInt8(ascii: "t"): return .text(String(decoding: part, as: UTF8.self))
      case UInt8(ascii: "n"): return .number(Int(Int64(bitPattern: word(part))))
      default: return .real(Double(bitPattern: word(part)))
      }
    }
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
