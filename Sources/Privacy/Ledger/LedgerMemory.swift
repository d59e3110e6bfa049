import Files
import Foundations

/// How many charges each ledger had when its user last saw it on this machine, and the last one's seal: a file that has
/// fewer, or others, was put back.
///
/// It is a second witness only: where its folder cannot be written, a ledger works without.
public struct LedgerMemory: Sendable {
  private let folder: String

  /// - Parameter folder: a folder of the user's own, made where it is missing.
  public init(folder: String) { self.folder = folder }

  /// The number of charges that the ledger of this name was seen with, and the seal of the last; nil where it was never
  /// seen.
  func last(of id: String) -> (count: Int, seal: String)? {
    Door.with(.unrestricted) {
      let bytes = try? Door.current.open("\(folder)/\(id)", counts: false).contents(atMost: 256)
      let words = bytes.map { String(decoding: $0, as: UTF8.self).split(separator: " ") } ?? []
      guard words.count == 2, let count = Int(words[0]), count > 0 else { return nil }
      return (count, String(words[1]))
    }
  }

  func remember(_ id: String, _ count: Int, _ seal: String) {
    // An id is hexadecimal; anything else comes from a file that somebody wrote by hand.
    guard id.utf8.count == 32, id.utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 != 46 }) else {
      return
    }
    Door.with(.unrestricted) {
      try? Folder.make(folder)
      try? AtomicFile.write("\(folder)/\(id)", Array("\(count) \(seal)".utf8))
    }
  }
}
