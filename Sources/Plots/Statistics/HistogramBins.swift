import Foundation
import Foundations
import Statistics
import Tables

/// The edges of a histogram's bins, and how many values lie between them: [a, b), the last one [a, b].
struct HistogramBins: Sendable, Equatable {
  /// Ascending, at least two.
  let edges: [Double]

  static let most = 10_000

  /// - Parameters:
  ///   - values: finite.
  ///   - isWhole: whether all are whole numbers of a column of them; their bins are at least 1 wide.
  /// - Throws: `DomainError` of kind `value` for no bins, too many, or edges that do not ascend.
  init(_ values: [Double], _ bins: PlotOptions.Bins, isWhole: Bool = false) throws {
    switch bins {
    case .edges(let edges):
      guard edges.count >= 2, edges.count <= HistogramBins.most + 1,
        edges.allSatisfy(\.isFinite), zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 })
      else {
        throw DomainError(
          .value, "the edges of `bins` must be finite and ascend, two of them at least",
          hint: "bins: [0, 10, 20]")
      }
      self.edges = edges
    case .count(let count):
      guard count >= 1, count <= HistogramBins.most else {
        throw DomainError(
          .value, "a histogram has 1 to \(HistogramBins.most) bins, found \(count)")
      }
      edges = HistogramBins.equal(values, count)
    case .automatic:
      edges = HistogramBins.equal(values, HistogramBins.automatic(values, isWhole: isWhole))
    }
  }

  /// NumPy's "auto" (`numpy.histogram_bin_edges`): the narrower of the bins of Sturges (1926), range / (log₂n + 1),
  /// and of Freedman and Diaconis (1981), 2 · IQR / ∛n, the latter no narrower than half of range / √n, so that a few
  /// far values do not make millions of them.
  private static func automatic(_ values: [Double], isWhole: Bool) -> Int {
    guard let low = values.min(), let high = values.max(), low < high else { return 1 }
    let range = high - low
    guard range.isFinite else { return 10 }
    let count = Double(values.count)
    let sturges = range / (log2(count) + 1)
    let quartiles = Sample.quantile(values, 0.75) - Sample.quantile(values, 0.25)
    let freedmanDiaconis = 2 * quartiles / cbrt(count)
    var width = min(max(freedmanDiaconis, range / count.squareRoot() / 2), sturges)
    if isWhole { width = max(1, width) }
    let bins = (range / width).rounded(.up)
    return bins.isFinite ? max(1, min(Int(min(bins, 1e9)), most)) : 1
  }

  private static func equal(_ values: [Double], _ count: Int) -> [Double] {
    BinEdges.equal(from: values.min() ?? 0, to: values.max() ?? 1, count: count)
  }

  /// How many of the values lie in each bin, and how many in none.
  func counts(_ values: [Double]) throws -> (bins: [Int], outside: Int) {
    var counts = [Int](repeating: 0, count: edges.count - 1)
    var outside = 0
    for (index, value) in values.enumerated() {
      try Cancellation.check(turn: index)
      if let bin = BinEdges.bin(of: value, in: edges) {
        counts[bin] += 1
      } else {
        outside += 1
      }
    }
    return (counts, outside)
  }
}
