import Foundation
import Foundations

/// Draws from Dirichlet distributions, by gamma variates (Marsaglia, Tsang 2000, "A simple method for generating gamma
/// variables") whose logarithms are kept: with small parameters nearly all variates are too small for a number, and
/// their shares would be 0 / 0.
struct DirichletDraws {
  private var stream: RandomStream

  init(_ key: RandomKey) { stream = key.stream }

  /// One draw; entries with a parameter of 0 are 0.
  mutating func next(_ parameters: [Double]) -> [Double] {
    var logs = parameters.map { $0 > 0 ? logGamma($0) : -Double.infinity }
    let largest = logs.max() ?? 0
    var sum = 0.0
    for index in logs.indices {
      logs[index] = exp(logs[index] - largest)
      sum += logs[index]
    }
    for index in logs.indices { logs[index] /= sum }
    return logs
  }

  /// The logarithm of a gamma variate with scale 1.
  private mutating func logGamma(_ shape: Double) -> Double {
    // A variate of shape a is one of shape a + 1 times U^(1/a).
    if shape < 1 { return logGamma(shape + 1) + log(1 - stream.uniform()) / shape }
    let d = shape - 1 / 3.0
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = stream.normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let cube = root * root * root
      if log(1 - stream.uniform()) < 0.5 * x * x + d * (1 - cube + log(cube)) {
        return log(d) + log(cube)
      }
    }
  }
}
