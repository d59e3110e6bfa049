/// Whole numbers below a bound, every one equally likely, from random bits (Lemire 2019, arXiv 1805.10941, algorithm
/// 5).
public enum EvenDraw {
  /// A number in `0..<bound`; most calls take one word and divide nothing.
  /// - Parameters:
  ///   - bound: at least 1.
  ///   - next: gives 64 fresh random bits.
  @inlinable
  public static func below(_ bound: Int, _ next: () -> UInt64) -> Int {
    precondition(bound > 0, "an integer below a positive bound")
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }
}
