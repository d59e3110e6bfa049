/// Where a monotone function reaches a level: by halving, to the last bit, whatever the scale.
enum Inversion {
  /// The least number between `low` and `high` at which a condition holds that stays true from there on; `high` where
  /// it holds nowhere. At most 64 looks, since what is halved is the row of all doubles, not the distance.
  static func least(
    from low: Double, to high: Double, where holds: (Double) -> Bool
  ) -> Double {
    var (below, above) = (place(low), place(high))
    if holds(low) { return low }
    while above - below > 1 {
      let middle = below + (above - below) / 2
      if holds(number(middle)) { above = middle } else { below = middle }
    }
    return number(above)
  }

  /// The least integer from `low` on, as a double.
  /// - Parameter high: where the condition holds; may be infinite.
  static func leastInteger(
    from low: Double, to high: Double, where holds: (Double) -> Bool
  ) -> Double {
    if holds(low) { return low }
    var (below, width) = (low, 1.0)
    while below + width < high, !holds(below + width) {
      below += width
      width *= 2
    }
    // Beyond 2⁵³ neighbouring integers are one double.
    guard below + width < 0x1p53 || high < 0x1p53 else { return min(below + width, high) }
    var above = min(below + width, high)
    while above - below > 1 {
      let middle = (below + (above - below) / 2).rounded(.down)
      if holds(middle) { above = middle } else { below = middle }
    }
    return above
  }

  // Half the range on each side, so that differences of places never overflow.
  private static func place(_ number: Double) -> Int128 {
    let bits = Int64(bitPattern: number.bitPattern)
    return Int128(bits >= 0 ? bits : .min &- bits)
  }

  private static func number(_ place: Int128) -> Double {
    let bits = Int64(place)
    return Double(bitPattern: UInt64(bitPattern: bits >= 0 ? bits : .min &- bits))
  }
}
