import Crypto
import Learning
import Tensor
import Text

/// SHA-256 over content that is named in the keys of caches.
struct ContentHash {
  private var hash: Fingerprint

  init(_ purpose: String) { hash = Fingerprint(purpose) }

  mutating func add(_ text: String) { hash.add(text) }
  mutating func add(_ numbers: [Int32]) { hash.add(numbers) }

  var hexadecimal: String { hash.hexadecimal }

  /// Names a model's parameters: their names, shapes and numbers.
  static func of(_ model: Layer) throws -> String {
    var hash = SHA256()
    for (name, parameter) in model.namedParameters {
      hash.update(data: Array("\(name) \(parameter.shape)\n".utf8))
      let data = try parameter.data.contiguous()
      withExtendedLifetime(data) {
        hash.update(
          bufferPointer: UnsafeRawBufferPointer(start: data.floats, count: data.count * 4))
      }
    }
    return hash.finalize().reduce(into: "") {
      $0 += String($1 >> 4, radix: 16) + String($1 & 15, radix: 16)
    }
  }
}
