import Files
import JSON
import Spelling
import Tensor

/// Writing of safetensors files, byte for byte as the reference writes them.
public enum SafeTensors {
  /// Writes `tensors` to `path`, atomically (see `AtomicFile`).
  ///
  /// - Parameters:
  ///   - tensors: names, each once, and values of any type and layout.
  ///   - metadata: strings for the header; `("format", "pt")` is what `transformers` expects of a model.
  /// - Throws: `key` where a name appears twice or is `__metadata__`, `limit` where the header grows past the format's limit, `io`
  ///   where the file cannot be written.
  public static func write(
    _ tensors: [(name: String, value: Tensor)],
    metadata: [(name: String, value: String)] = [], to path: String
  ) throws {
    // The widest types first, so that every tensor is aligned; then by the bytes of the names.
    let sorted = tensors.sorted {
      let (a, b) = (SafeTensorType($0.value.dtype), SafeTensorType($1.value.dtype))
      return a == b ? Spelling($0.name) < Spelling($1.name) : a > b
    }
    let header = try header(sorted, metadata)
    try AtomicFile.write(path) { file in
      let length = UInt64(header.count).littleEndian
      try withUnsafeBytes(of: length) { try file.append($0) }
      try file.append(header)
      for (_, value) in sorted {
        let dense = try value.detached.contiguous()
        try withExtendedLifetime(dense) {
          try file.append(
            UnsafeRawBufferPointer(
              start: dense.storage.pointer + dense.offset * dense.dtype.size,
              count: dense.count * dense.dtype.size))
        }
      }
    }
  }

  private static func header(
    _ tensors: [(name: String, value: Tensor)], _ metadata: [(name: String, value: String)]
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
    for (name, value) in tensors {
      guard header[name] == nil, name != "__metadata__" else { throw twice(name) }
      let start = end
      end += value.count * value.dtype.size
      header[name] = .object([
        "dtype": .string(SafeTensorType(value.dtype).rawValue),
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
