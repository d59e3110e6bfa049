import Foundation

/// The probabilities of a binomial distribution where they matter: within twelve standard deviations of the mean, and
/// all of a small one (beyond, Hoeffding 1963 leaves less than a float can tell).
struct BinomialWindow {
  private let trials: Int
  private let chance: Double
  private let range: ClosedRange<Int>
  private let constant: Double

  /// - Parameter chance: of a success, above 0 and below 1.
  init(trials: Int, chance: Double) {
    self.trials = trials
    self.chance = chance
    let n = Double(trials)
    let reach = 12 * (n * chance * (1 - chance)).squareRoot() + 40
    range = max(0, Int(n * chance - reach))...min(trials, Int((n * chance + reach).rounded(.up)))
    constant = lgamma(n + 1)
  }

  func probability(of successes: Int) -> Double {
    guard (0...trials).contains(successes) else { return 0 }
    let (k, n) = (Double(successes), Double(trials))
    return exp(
      constant - lgamma(k + 1) - lgamma(n - k + 1) + k * log(chance) + (n - k) * log1p(-chance))
  }

  func map<Result>(_ transform: (_ successes: Int, _ probability: Double) -> Result) -> [Result] {
    let odds = chance / (1 - chance)
    var probability = probability(of: range.lowerBound)
    return range.map { successes in
      defer { probability *= Double(trials - successes) / Double(successes + 1) * odds }
      return transform(successes, probability)
    }
  }
}
