import Files
import Foundations
import Tensors
import Text

/// Role reversal of a text, cut at line ends into documents of about 64 KB that threads share.
final class RoleReversalWork: Workload {
  private static let documentSize = 1 << 16
  private let bytes: [UInt8]
  private let documents: [Range<Int>]
  private let reversal: RoleReversal
  private var results: [[UInt8]]
  private var changed: [Int]

  init(path: String) throws {
    bytes = try InputFile.textBytes(path)
    var documents: [Range<Int>] = []
    var start = 0
    while start < bytes.count {
      let wanted = min(start + RoleReversalWork.documentSize, bytes.count)
      let end = bytes[wanted...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
      documents.append(start..<end)
      start = end
    }
    self.documents = documents
    reversal = .standard
    results = Array(repeating: [], count: documents.count)
    changed = Array(repeating: 0, count: documents.count)
    _ = run(1)
  }

  var facts: [(name: String, value: Double)] { [("bytes", Double(bytes.count))] }

  /// Words that the last run changed.
  var check: Double { Double(changed.reduce(0, +)) }

  func run(_ count: Int) -> [Double] {
    (0..<count).map { _ in
      let start = monotonicSeconds()
      reverse()
      return monotonicSeconds() - start
    }
  }

  private func reverse() {
    bytes.withUnsafeBufferPointer { bytes in
      results.withUnsafeMutableBufferPointer { results in
        changed.withUnsafeMutableBufferPointer { changed in
          // Each document has its own elements.
          nonisolated(unsafe) let slots = results
          nonisolated(unsafe) let counts = changed
          Parallel.each(documents.count) { i in
            var output: [UInt8] = []
            counts[i] = reversal.reverse(
              UnsafeBufferPointer(rebasing: bytes[documents[i]]), into: &output)
            slots[i] = output
          }
        }
      }
    }
  }
}
