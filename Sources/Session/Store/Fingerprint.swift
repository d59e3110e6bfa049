import CSystem
import Crypto
import Foundation

/// What names a run or a trial: the SHA-256 of everything that its result depends on.
public struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
  public let bytes: Data

  /// The fingerprint of a list of parts. Each part is hashed with its length, so that no two lists give the same input.
  public init(_ parts: [Data]) {
    var hash = SHA256()
    for part in parts {
      withUnsafeBytes(of: UInt64(part.count).littleEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: part)
    }
    bytes = Data(hash.finalize())
  }

  public init(_ parts: [String]) { self.init(parts.map { Data($0.utf8) }) }

  init(bytes: Data) { self.bytes = bytes }

  public var description: String { hexadecimal(bytes) }

  /// The first 64 bits, as the key of a random stream.
  var word: UInt64 { bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

  /// What tells this build of Fairlead from all others: results of another build are not taken over.
  public static let build: String = {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = fairlead_build_id(&bytes, bytes.count)
    return hexadecimal(bytes.prefix(count))
  }()
}

/// Two digits a byte. `String(format:)` would load locales, a tenth of the program's start.
private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
