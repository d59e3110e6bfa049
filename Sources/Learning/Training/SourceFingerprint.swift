import Foundations
import Tensors

extension BatchSource {
  /// A digest of all examples: inputs, their lengths and labels, types and shapes included. Reads the source once.
  public func fingerprint() throws -> String {
    var writer = FingerprintWriter()
    // How examples are padded depends on their batch, so its size is fixed.
    for start in stride(from: 0, to: count, by: 256) {
      let batch = try batch(Array(start..<min(start + 256, count)))
      try writer.add(batch.inputs)
      try writer.add(batch.labels)
      for length in batch.inputs.lengths?.values ?? [] { writer.add(Int(length)) }
    }
    return writer.fingerprint.description
  }
}

extension FingerprintWriter {
  /// A tensor's type, shape and numbers.
  public mutating func add(_ tensor: Tensor) throws {
    let dense = try tensor.detached.contiguous()
    add("\(dense.dtype.name) \(dense.shape)")
    withExtendedLifetime(dense) {
      add(
        bytes: UnsafeRawBufferPointer(
          start: dense.storage.pointer + dense.offset * dense.dtype.size,
          count: dense.count * dense.dtype.size))
    }
  }

  /// Names, shapes and numbers of a model's parameters.
  public mutating func add(_ model: Layer) throws {
    for (name, parameter) in model.namedParameters {
      add(name)
      try add(parameter.data)
    }
  }
}
