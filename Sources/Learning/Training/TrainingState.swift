import Files
import Foundations
import Glibc
import Tensors

/// All that a run needs to go on as if it had not been interrupted: tensors (parameters, the optimizer's state),
/// counters, numbers and texts by name. Whoever writes it may add entries whose names begin with "user.", which a run
/// leaves alone.
///
/// The file: 16 bytes that name the format and its version, then the texts, counters, numbers and tensors, each list
/// with its length before it, all little-endian, and the SHA-256 of what came before. It is written to a temporary name
/// and renamed, so that there is always a whole one.
public struct TrainingState: Sendable {
  public var texts: [Spelling: String] = [:]
  public var counters: [Spelling: Int] = [:]
  public var numbers: [Spelling: Double] = [:]
  public var tensors: [Spelling: Tensor] = [:]

  public init() {}

  private static let magic = Array("fairlead state 1".utf8)
  private static let digestSize = 32

  // MARK: Writing

  /// Writes the file at `path`, replacing one that is there. Throws an io error, after which the old file is still
  /// there.
  public func write(to path: String) throws {
    var bytes = TrainingState.magic
    func append(_ value: UInt64) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    func append(_ text: String) {
      append(UInt64(text.utf8.count))
      bytes.append(contentsOf: text.utf8)
    }
    append(UInt64(texts.count))
    for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
      append(name.text)
      append(text)
    }
    append(UInt64(counters.count))
    for (name, counter) in counters.sorted(by: { $0.key < $1.key }) {
      append(name.text)
      append(UInt64(bitPattern: Int64(counter)))
    }
    append(UInt64(numbers.count))
    for (name, number) in numbers.sorted(by: { $0.key < $1.key }) {
      append(name.text)
      append(number.bitPattern)
    }
    append(UInt64(tensors.count))
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      append(name.text)
      append(tensor.dtype.name)
      append(UInt64(tensor.rank))
      for size in tensor.shape { append(UInt64(size)) }
      let dense = try tensor.detached.contiguous()
      withExtendedLifetime(dense) {
        bytes.append(
          contentsOf: UnsafeRawBufferPointer(
            start: dense.storage.pointer + dense.offset * dense.dtype.size,
            count: dense.count * dense.dtype.size))
      }
    }
    bytes.append(contentsOf: TrainingState.digest(bytes[...]))
    try AtomicFile.write(path, bytes)
  }

  static func digest(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array(Fingerprint(of: bytes).bytes)
  }

  // MARK: Reading

  /// Reads a file that `write` made. Throws an io error where it cannot be read, a data error where it is no such file,
  /// cut off or changed.
  public init(contentsOf path: String) throws {
    // A run's own state is no data of its.
    let bytes = try Door.current.open(path, counts: false).contents()
    func damaged(_ what: String) -> DomainError {
      DomainError(.data, "`\(path)` \(what)", hint: "resume from an older checkpoint")
    }
    guard bytes.starts(with: TrainingState.magic) else {
      throw DomainError(.data, "`\(path)` is no training checkpoint of this version of Fairlead")
    }
    guard bytes.count >= TrainingState.magic.count + TrainingState.digestSize,
      TrainingState.digest(bytes.dropLast(TrainingState.digestSize))
        == Array(bytes.suffix(TrainingState.digestSize))
    else { throw damaged("is cut off or was changed: its checksum does not fit its contents") }
    // The checksum fits, yet nothing is taken on trust: whoever can write the file can compute it.
    var at = TrainingState.magic.count
    let end = bytes.count - TrainingState.digestSize
    let malformed = damaged("is malformed")
    func word() throws -> UInt64 {
      guard end - at >= 8 else { throw malformed }
      defer { at += 8 }
      return (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
    }
    func count(_ size: Int) throws -> Int {
      // Each entry takes at least `size` bytes.
      guard let value = Int(exactly: try word()), value <= (end - at) / size else {
        throw malformed
      }
      return value
    }
    func text() throws -> String {
      let length = try count(1)
      defer { at += length }
      guard let text = String(validating: bytes[at..<at + length], as: UTF8.self) else {
        throw malformed
      }
      return text
    }
    for _ in 0..<(try count(16)) { texts[try text()] = try text() }
    for _ in 0..<(try count(16)) {
      counters[try text()] = Int(truncatingIfNeeded: Int64(bitPattern: try word()))
    }
    for _ in 0..<(try count(16)) { numbers[try text()] = Double(bitPattern: try word()) }
    for _ in 0..<(try count(24)) {
      let name = try text()
      let (type, rank) = (try text(), try count(8))
      guard let dtype = DType.allCases.first(where: { $0.name == type && $0 != .bool }),
        rank <= Shape.maximumRank
      else { throw malformed }
      let sizes = try (0..<rank).map { _ in
        guard let size = Int(exactly: try word()) else { throw malformed }
        return size
      }
      let shape = try Shape(checking: sizes)
      guard shape.count <= (end - at) / dtype.size else { throw malformed }
      let tensor = try Tensor.uninitialized(shape, dtype)
      let length = shape.count * dtype.size
      bytes.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(start: tensor.storage.pointer, count: length).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: $0[at..<at + length]))
      }
      at += length
      tensors[name] = tensor
    }
    guard at == end else { throw malformed }
  }

  // MARK: Entries that must be there

  func counter(_ name: String) throws -> Int {
    guard let value = counters[name] else { throw TrainingState.missing(name) }
    return value
  }

  func number(_ name: String) throws -> Double {
    guard let value = numbers[name] else { throw TrainingState.missing(name) }
    return value
  }

  /// A contiguous tensor of this type and shape.
  func tensor(_ name: String, _ dtype: DType, _ shape: Shape) throws -> Tensor {
    guard let value = tensors[name] else { throw TrainingState.missing(name) }
    guard value.dtype == dtype, value.shape == shape else {
      throw DomainError(
        .shape,
        "the checkpoint's `\(name)` is a tensor of \(value.dtype.name) \(value.shape), this run needs \(dtype.name) \(shape)"
      )
    }
    return try value.contiguous()
  }

  /// A list of f64 of any length.
  func doubles(_ name: String) throws -> [Double] {
    guard let value = tensors[name], value.dtype == .f64 else { throw TrainingState.missing(name) }
    return try value.array(Double.self)
  }

  static func missing(_ name: String) -> DomainError {
    DomainError(.key, "the checkpoint has no `\(name)`: it belongs to another model or method")
  }
}
