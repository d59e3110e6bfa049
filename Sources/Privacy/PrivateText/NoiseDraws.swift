import Foundation
import Foundations

/// Where the randomness of mechanisms on texts comes from.
public enum NoiseSource: Sendable {
  /// The operating system: nothing repeats.
  case secure
  /// A key: the same draws each time, which protect nobody.
  case seeded(RandomKey)

  public var isSecure: Bool {
    if case .secure = self { true } else { false }
  }

  /// The source of one part of the work.
  func derived(_ number: Int) -> NoiseSource {
    switch self {
    case .secure: .secure
    case .seeded(let key): .seeded(key.derived(number))
    }
  }
}

/// Draws for one thing after the other, numbered so that a seeded source gives each the same draws whatever was drawn
/// before. Numbers are 64-bit floats: a continuous distribution up to their 52 bits.
struct NoiseDraws: RandomNumberGenerator {
  private let key: RandomKey?
  private let secure: SecureRandom?
  private var stream = RandomStream(seed: 0)
  private var spare: Double?

  init(_ source: NoiseSource) {
    switch source {
    case .secure: (key, secure) = (nil, SecureRandom())
    case .seeded(let key): (self.key, secure) = (key, nil)
    }
  }

  /// Begins the draws of the thing with this number.
  mutating func begin(_ number: Int) {
    spare = nil
    if let key { stream = key.derived(number).stream }
  }

  mutating func next() -> UInt64 { secure?.next() ?? stream.next() }

  /// In (0, 1): the middles of 2⁵² equal parts.
  mutating func uniform() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

  /// Standard normal (Box and Muller 1958).
  mutating func normal() -> Double {
    if let value = spare {
      spare = nil
      return value
    }
    let radius = (-2 * log(uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }

  /// Gamma with a shape of at least 1 and scale 1, by rejection without error (Marsaglia and Tsang 2000).
  mutating func gamma(shape: Double) -> Double {
    let d = shape - 1 / 3.0
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      if log(uniform()) < x * x / 2 + d - d * v + d * log(v) { return d * v }
    }
  }

  /// Laplace of scale 1.
  mutating func laplace() -> Double {
    let size = -log(uniform())
    return next() & 1 == 0 ? size : -size
  }

  /// A uniform direction: a point of the unit sphere.
  mutating func direction(_ width: Int, into result: UnsafeMutablePointer<Double>) {
    while true {
      var square = 0.0
      for k in 0..<width {
        result[k] = normal()
        square += result[k] * result[k]
      }
      guard square > 0 else { continue }
      let length = square.squareRoot()
      for k in 0..<width { result[k] /= length }
      return
    }
  }
}
