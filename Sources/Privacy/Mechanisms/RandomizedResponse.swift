import Foundation
import Foundations

/// Randomised response with k choices (Warner 1965; Kairouz, Oh, Viswanath 2016): the truth with chance e^ε/(e^ε + k -
/// 1), each other choice with chance 1/(e^ε + k - 1). Whatever the truth, no answer becomes more than e^ε times as
/// likely.
public struct RandomizedResponse: Sendable {
  private let choices: Int
  private let rate: ExactRate

  /// - Throws: `value` for fewer than two choices or an epsilon that is not above 0, `limit` for too small an epsilon.
  public init(choices: Int, epsilon: Double) throws(DomainError) {
    try LaplaceMechanism.checkEpsilon(epsilon)
    guard choices >= 2 else {
      throw DomainError(.value, "a response is one of at least two choices, got \(choices)")
    }
    self.choices = choices
    rate = try ExactRate(epsilon: epsilon, over: 1)
  }

  /// An answer for the choice with this number.
  public func answer(_ truth: Int) -> Int {
    var random = CoinFlips()
    return answer(truth, &random)
  }

  /// All choices come up equally often; those that are not true are kept with chance e^(-ε).
  func answer(_ truth: Int, _ random: inout CoinFlips) -> Int {
    while true {
      let choice = Int(random.uniform(below: UInt64(choices)))
      if choice == truth { return choice }
      if random.bernoulliExponential(UInt128(rate.numerator), over: rate.denominator) {
        return choice
      }
    }
  }
}
