import Files
import Foundations
import JSONValues
import Tensors

/// Writing of safetensors files, byte for byte as the reference writes them.
public enum SafeTensors {
  /// Writes `tensors` to `path`, atomically (see `AtomicFile`).
  ///
  /// - Parameters:
  ///   - tensors: names, each once, and values of any type and layout.
  ///   - types: how f32 tensors are stored, by name: rounded to the nearest number of that type. Where that type is
  ///     none of fractions, or a number is too large for it, and for all other tensors, it is their own type.
  ///   - metadata: strings for the header; `("format", "pt")` is what `transformers` expects of a model.
  /// - Throws: `key` where a name appears twice or is `__metadata__`, `limit` where the header grows past the format's
  ///   limit, `io` where the file cannot be written.
  public static func write(
    _ tensors: [(name: String, value: Tensor)], types: [String: SafeTensorType] = [:],
    metadata: [(name: String, value: String)] = [], to path: String
  ) throws {
    let typed = try tensors.map { name, value in
      (name: name, value: value, type: try storedType(value, types[name]))
    }
    // The widest types first, so that every tensor is aligned; then by the bytes of the names.
    let sorted = typed.sorted {
      $0.type == $1.type ? Spelling($0.name) < Spelling($1.name) : $0.type > $1.type
    }
    let header = try header(sorted, metadata)
    try AtomicFile.write(path) { file in
      let length = UInt64(header.count).littleEndian
      try withUnsafeBytes(of: length) { try file.append($0) }
      try file.append(header)
      for (_, value, type) in sorted {
        let dense = try value.detached.contiguous()
        try withExtendedLifetime(dense) {
          guard type == SafeTensorType(value.dtype) else {
            return try appendRounded(dense, type, to: file)
          }
          try file.append(
            UnsafeRawBufferPointer(
              start: dense.storage.pointer + dense.offset * dense.dtype.size,
              count: dense.count * dense.dtype.size))
        }
      }
    }
  }

  private static func storedType(_ value: Tensor, _ wanted: SafeTensorType?) throws
    -> SafeTensorType
  {
    let own = SafeTensorType(value.dtype)
    guard let wanted, wanted != own, value.dtype == .f32, let largest = wanted.largestRounded else {
      return own
    }
    let dense = try value.detached.contiguous()
    return try dense.withUnsafeBuffer(Float.self) { numbers in
      numbers.allSatisfy { abs($0) < largest || $0.isNaN || $0.isInfinite && wanted.hasInfinity }
        ? wanted : own
    }
  }

  private static func appendRounded(
    _ dense: Tensor, _ type: SafeTensorType, to file: AtomicFile
  ) throws {
    let size = type.bits / 8
    let piece = 1 << 16
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: piece * size, alignment: 8)
    defer { bytes.deallocate() }
    try dense.withUnsafeBuffer(Float.self) { numbers in
      for start in stride(from: 0, to: numbers.count, by: piece) {
        let part = UnsafeBufferPointer(
          rebasing: numbers[start..<min(start + piece, numbers.count)])
        type.round(part, into: bytes)
        try file.append(UnsafeRawBufferPointer(rebasing: bytes[..<(part.count * size)]))
      }
    }
  }

  private static func header(
    _ tensors: [(name: String, value: Tensor, type: SafeTensorType)],
    _ metadata: [(name: String, value: String)]
  ) throws -> [UInt8] {
    var header = JSON.Object()
    if !metadata.isEmpty {
      var strings = JSON.Object()
      for (name, value) in metadata {
        guard strings[name] == nil else { throw twice(name) }
        strings[name] = .string(value)
      }
      header["__metadata__"] = .object(strings)
    }
    var end = 0
    for (name, value, type) in tensors {
      guard header[name] == nil, name != "__metadata__" else { throw twice(name) }
      let start = end
      end += value.count * type.bits / 8
      header[name] = .object([
        "dtype": .string(type.rawValue),
        "shape": .array(value.shape.map { .integer($0) }),
        "data_offsets": .array([.integer(start), .integer(end)]),
      ])
    }
    var text = Array(try JSON.object(header).text().utf8)
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    guard text.count <= SafeTensorHeader.largestSize,
      tensors.count <= SafeTensorHeader.largestCount
    else {
      throw DomainError(.limit, "\(tensors.count) tensors are too many for one safetensors file")
    }
    return text
  }

  private static func twice(_ name: String) -> DomainError {
    DomainError(.key, "the name `\(name)` cannot be used twice in a safetensors file")
  }
}
