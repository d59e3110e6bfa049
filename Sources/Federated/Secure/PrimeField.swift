import Foundations

/// Whole numbers modulo a prime below 2⁶², with the two Mersenne primes in which secrets are shared made fast.
struct PrimeField: Sendable, Hashable {
  let modulus: UInt64

  /// 2⁶¹ - 1: secrets are shared in chunks of seven bytes.
  static let mersenne61 = PrimeField(modulus: (1 << 61) - 1)
  /// 2³¹ - 1: what LightSecAgg masks vectors in.
  static let mersenne31 = PrimeField(modulus: (1 << 31) - 1)

  /// - Parameter modulus: a prime below 2⁶²; that it is one is the caller's word.
  init(modulus: UInt64) {
    precondition(modulus >= 2 && modulus < 1 << 62, "a prime field below 2⁶²")
    self.modulus = modulus
  }

  func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let sum = a + b
    return sum >= modulus ? sum - modulus : sum
  }

  func subtract(_ a: UInt64, _ b: UInt64) -> UInt64 { a >= b ? a - b : a + modulus - b }

  func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    guard modulus == (1 << 61) - 1 else {
      return modulus.dividingFullWidth((product.high, product.low)).remainder
    }
    // 2⁶¹ is 1.
    let sum = (product.low & modulus) + (product.high << 3 | product.low >> 61)
    return sum >= modulus ? sum - modulus : sum
  }

  func power(_ base: UInt64, _ exponent: UInt64) -> UInt64 {
    var (result, square, left) = (UInt64(1), base % modulus, exponent)
    while left > 0 {
      if left & 1 == 1 { result = multiply(result, square) }
      square = multiply(square, square)
      left >>= 1
    }
    return result
  }

  /// - Precondition: `a` is not 0. By Fermat's little theorem.
  func inverse(_ a: UInt64) -> UInt64 { power(a, modulus - 2) }

  func random(_ source: SecureRandom) -> UInt64 {
    UInt64(EvenDraw.below(Int(modulus)) { source.next() })
  }

  /// What the values of a polynomial at `points` are multiplied by to get its value at `x`, its degree being below
  /// their number (Lagrange).
  /// - Precondition: the points differ.
  func interpolation(_ points: [UInt64], at x: UInt64) -> [UInt64] {
    points.map { point in
      var (above, below) = (UInt64(1), UInt64(1))
      for other in points where other != point {
        above = multiply(above, subtract(x, other))
        below = multiply(below, subtract(point, other))
      }
      return multiply(above, inverse(below))
    }
  }
}
