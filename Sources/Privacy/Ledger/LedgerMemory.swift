import Files
import Foundations

/// How many charges each ledger had when this machine last saw it: a file that has fewer was put back.
///
/// It is a second witness only: where its folder cannot be written, a ledger works without.
public struct LedgerMemory: Sendable {
  private let folder: String

  /// - Parameter folder: a folder of the user's own, made where it is missing.
  public init(folder: String) { self.folder = folder }

  /// The charges that the ledger of this name was seen with; 0 where it was never seen.
  func count(of id: String) -> Int {
    Door.with(.unrestricted) {
      let bytes = try? Door.current.open("\(folder)/\(id)", counts: false).contents(atMost: 64)
      return bytes.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
    }
  }

  func remember(_ id: String, _ count: Int) {
    // An id is hexadecimal; anything else comes from a file that somebody wrote by hand.
    guard id.utf8.count == 32, id.utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 != 46 }) else {
      return
    }
    Door.with(.unrestricted) {
      try? Folder.make(folder)
      try? AtomicFile.write("\(folder)/\(id)", Array("\(count)".utf8))
    }
  }
}
