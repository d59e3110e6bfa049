import Crypto
import Tensor

extension BatchSource {
  /// A digest of all examples: inputs, their lengths and labels, types and shapes included. Reads the source once.
  func fingerprint() throws -> String {
    var hash = SHA256()
    func add(_ number: Int) {
      withUnsafeBytes(of: Int64(number).littleEndian) { hash.update(bufferPointer: $0) }
    }
    func add(_ tensor: Tensor) throws {
      let dense = try tensor.detached.contiguous()
      hash.update(data: Array("\(dense.dtype.name) \(dense.shape) ".utf8))
      withExtendedLifetime(dense) {
        hash.update(
          bufferPointer: UnsafeRawBufferPointer(
            start: dense.storage.pointer + dense.offset * dense.dtype.size,
            count: dense.count * dense.dtype.size))
      }
    }
    // How examples are padded depends on their batch, so its size is fixed.
    for start in stride(from: 0, to: count, by: 256) {
      let batch = try batch(Array(start..<min(start + 256, count)))
      try add(batch.inputs)
      try add(batch.labels)
      for length in batch.inputs.lengths?.values ?? [] { add(Int(length)) }
    }
    return hash.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count < 2 ? "0" + digits : digits
    }.joined()
  }
}
