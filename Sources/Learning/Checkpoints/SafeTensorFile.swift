import Files
import Foundations
import Tensors

/// An open safetensors file. Only its header is in memory; a tensor is read when it is asked for, straight into its own
/// memory, so that a file that somebody changes or cuts off meanwhile gives an error and never a crash.
public final class SafeTensorFile {
  public var path: String { file.path }
  public let header: SafeTensorHeader
  private let file: OpenedFile
  private let dataStart: Int
  /// Bytes that are read at once where they are converted.
  private static let chunk = 1 << 20

  /// Opens the file and checks its header.
  ///
  /// - Throws: `io` where it cannot be read, `data` where it is not as the format demands.
  public init(_ path: String) throws(DomainError) {
    file = try Door.current.open(path)
    (header, dataStart) = try SafeTensorFile.readHeader(file)
    try file.noteContent()
  }

  public var entries: [SafeTensorEntry] { header.entries }

  /// Reads a tensor.
  ///
  /// - Parameters:
  ///   - name: one of the names of `entries`.
  ///   - dtype: the type of the elements; where nothing is said, the one that holds every value of the stored type: f32
  ///     for F16, BF16 and 8-bit floating point, i64 for the integers but I32.
  /// - Throws: `key` for an unknown name, `type` where the stored type cannot be held (complex and sub-byte numbers),
  ///   `limit` where it is too large or has more than eight axes, `io` and `data` where the file fails or was cut off
  ///   since it was opened.
  public func tensor(_ name: String, as dtype: DType? = nil) throws -> Tensor {
    guard let entry = header[name] else {
      throw DomainError(.key, "\(path) has no tensor `\(name)`")
    }
    guard let native = entry.type.dtype else {
      throw DomainError(
        .type, "tensor `\(name)` of \(path) has elements of type \(entry.type.rawValue)",
        hint: "convert it to F32 with the program that wrote it")
    }
    // A size of zero makes the others harmless for the file, but strides are made of them.
    _ = try Shape(checking: entry.shape.map { max($0, 1) })
    let result = try Tensor.uninitialized(Shape(checking: entry.shape), native)
    try withExtendedLifetime(result) { try read(entry, into: result) }
    try file.requireUnchanged()
    return try dtype.map { try result.cast(to: $0) } ?? result
  }

  private func read(_ entry: SafeTensorEntry, into tensor: Tensor) throws {
    let target = tensor.storage.pointer
    switch entry.type {
    case .f32, .f64, .i32, .i64: try readAll(entry.bytes, entry.name, into: target)
    default:
      let size = entry.type.bits / 8
      let buffer = UnsafeMutableRawPointer.allocate(
        byteCount: SafeTensorFile.chunk, alignment: 64)
      defer { buffer.deallocate() }
      var done = 0
      while done < entry.bytes.count {
        let part = min(SafeTensorFile.chunk, entry.bytes.count - done)
        let start = entry.bytes.lowerBound + done
        try readAll(start..<start + part, entry.name, into: buffer)
        guard
          entry.type.convert(
            buffer, count: part / size, into: target + done / size * tensor.dtype.size)
        else {
          throw DomainError(
            .value, "tensor `\(entry.name)` of \(path) holds integers that do not fit into i64")
        }
        done += part
      }
    }
  }

  private func readAll(
    _ range: Range<Int>, _ name: String, into target: UnsafeMutableRawPointer
  ) throws(DomainError) {
    guard try file.read(from: dataStart + range.lowerBound, range.count, into: target) else {
      throw DomainError(
        .data, "\(path) was cut off inside of tensor `\(name)` since it was opened")
    }
  }

  private static func readHeader(
    _ file: OpenedFile
  ) throws(DomainError) -> (SafeTensorHeader, dataStart: Int) {
    let (path, size) = (file.path, file.size)
    let cutOff = SafeTensorHeader.unsound(
      path, "it ends inside of its header", hint: "the file is cut off: copy or download it again")
    guard size >= 8 else { throw cutOff }
    var length: UInt64 = 0
    let whole = try withUnsafeMutableBytes(of: &length) { (bytes) throws(DomainError) in
      // Eight bytes have an address.
      try file.read(from: 0, 8, into: bytes.baseAddress.unsafelyUnwrapped)
    }
    guard whole else { throw cutOff }
    length = UInt64(littleEndian: length)
    guard length <= UInt64(SafeTensorHeader.largestSize) else {
      throw SafeTensorHeader.unsound(
        path,
        "its header would have \(length) bytes, more than \(SafeTensorHeader.largestSize)")
    }
    let count = Int(length)
    guard count <= size - 8 else { throw cutOff }
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(count, 1))
    defer { buffer.deallocate() }
    guard try file.read(from: 8, count, into: buffer.baseAddress.unsafelyUnwrapped) else {
      throw cutOff
    }
    let json = UnsafeBufferPointer(start: buffer.baseAddress, count: count)
    return (
      try SafeTensorHeader(json, dataByteCount: size - 8 - count, source: path), 8 + count
    )
  }
}
