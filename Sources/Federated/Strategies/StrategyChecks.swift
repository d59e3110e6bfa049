import Foundations
import Learning

/// Checks of the numbers that strategies are made with.
enum StrategyChecks {
  /// `value`, where it is finite, at least `low` (or above it) and below `high`.
  static func number(
    _ value: Double, _ what: String, atLeast low: Double? = nil, above: Double? = nil,
    below high: Double? = nil
  ) throws -> Double {
    var wanted: [String] = []
    if let low { wanted.append("at least \(low)") }
    if let above { wanted.append("above \(above)") }
    if let high { wanted.append("below \(high)") }
    // Numbers that overflow f32 would make models of inf.
    let fits = value.isFinite && abs(value) <= Double(Float.greatestFiniteMagnitude)
    guard fits, low.map({ value >= $0 }) ?? true, above.map({ value > $0 }) ?? true,
      high.map({ value < $0 }) ?? true
    else {
      throw DomainError(
        .value,
        "\(what) must be \(wanted.isEmpty ? "finite" : wanted.joined(separator: " and ")), got \(value)"
      )
    }
    return value
  }

  /// The factor of a step on the server: above 0.
  static func rate(_ value: Double) throws -> Double {
    try number(value, "the server's learning rate", above: 0)
  }
}

/// Stochastic gradient descent as clients do it: what the strategies need to know of it that compute with a client's
/// steps.
struct PlainDescent {
  let rate: Double
  let momentum: Double

  /// - Throws: a value error where the clients' optimizer is another, or has what the strategy does not account for.
  init(_ local: LocalTraining, for strategy: String, allowsMomentum: Bool = false) throws {
    let optimizer = local.optimizer
    let numbers = Dictionary(
      optimizer.settings.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    rate = optimizer.rate
    momentum = numbers["momentum"] ?? 0
    let isPlain = (numbers["nesterov"] ?? 0) == 0 && (numbers["dampening"] ?? 0) == 0
    guard optimizer is SGD, isPlain, allowsMomentum || momentum == 0 else {
      let what = optimizer is SGD ? "SGD with momentum of another kind" : optimizer.name
      throw DomainError(
        .value,
        "\(strategy) computes with the clients' plain gradient steps, and they train with \(what)",
        hint: allowsMomentum
          ? "`local: {optimizer: optim.sgd(0.1)}`, with momentum if wanted"
          : "`local: {optimizer: optim.sgd(0.1)}`, without momentum")
    }
    guard rate > 0 else {
      throw DomainError(
        .value, "\(strategy) divides by the clients' learning rate, and that is \(rate)")
    }
  }
}
