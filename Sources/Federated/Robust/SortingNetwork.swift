/// Sorts columns: the same comparisons for each of many columns at once, which the processor makes several of in one
/// instruction (Batcher's merge exchange for any number of rows, Knuth volume 3, section 5.2.2, algorithm M).
struct SortingNetwork: Sendable {
  /// Pairs of rows of which the first is to get the smaller number.
  private let pairs: [(Int, Int)]

  init(rows: Int) {
    var pairs: [(Int, Int)] = []
    var top = 1
    while top * 2 < rows { top *= 2 }
    var p = rows > 1 ? top : 0
    while p > 0 {
      var (q, r, distance) = (top, 0, p)
      while true {
        for row in 0..<max(0, rows - distance) where row & p == r {
          pairs.append((row, row + distance))
        }
        guard q != p else { break }
        distance = q - p
        q /= 2
        r = p
      }
      p /= 2
    }
    self.pairs = pairs
  }

  /// Sorts each column of `rows` rows of `width` numbers, none of which is nan, in place.
  func sort(_ values: UnsafeMutablePointer<Float>, width: Int) {
    for (low, high) in pairs {
      let (a, b) = (values + low * width, values + high * width)
      var index = 0
      while index + 16 <= width {
        let x = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD16<Float>.self)
        let y = UnsafeRawPointer(b + index).loadUnaligned(as: SIMD16<Float>.self)
        let less = x .< y
        UnsafeMutableRawPointer(a + index).storeBytes(
          of: y.replacing(with: x, where: less), as: SIMD16<Float>.self)
        UnsafeMutableRawPointer(b + index).storeBytes(
          of: x.replacing(with: y, where: less), as: SIMD16<Float>.self)
        index += 16
      }
      while index < width {
        let (x, y) = (a[index], b[index])
        if y < x { (a[index], b[index]) = (y, x) }
        index += 1
      }
    }
  }
}
