import Crypto

/// SHA-256 over parts that each carry their length, so that moving a boundary changes the result.
public struct Fingerprint {
  private var hash = SHA256()

  /// - Parameter purpose: what is hashed, so that equal bytes of different things differ.
  public init(_ purpose: String) { add(purpose) }

  public mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      addLength(bytes.count)
      hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
    }
  }

  public mutating func add(_ numbers: [Int32]) {
    addLength(numbers.count)
    for number in numbers {
      withUnsafeBytes(of: number.littleEndian) { hash.update(bufferPointer: $0) }
    }
  }

  public mutating func add(_ bytes: [UInt8]) {
    addLength(bytes.count)
    hash.update(data: bytes)
  }

  private mutating func addLength(_ count: Int) {
    withUnsafeBytes(of: UInt64(count).littleEndian) { hash.update(bufferPointer: $0) }
  }

  /// The 64 hexadecimal digits.
  public var hexadecimal: String {
    let digits = Array("0123456789abcdef")
    return hash.finalize().reduce(into: "") { text, byte in
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
  }
}
