import Foundation
import Foundations
import Learning

/// Who computes what a private training spends.
public enum TrainingAccountant: String, Sendable, CaseIterable {
  /// Privacy loss distributions: the tightest bound, never above that of Rényi orders.
  case pld
  /// Rényi orders (Mironov 2017) with the conversion of Canonne, Kamath, Steinke 2020.
  case rdp

  /// The epsilon of `event` at `delta`.
  ///
  /// - Throws: `value` for bad numbers, `privacy` for an event that the accountant does not know.
  public func epsilon(of event: Event, delta: Double) throws(DomainError) -> Double {
    switch self {
    case .pld:
      var sum = PLDAccountant()
      try sum.spend(event)
      return try sum.epsilon(delta: delta).epsilon
    case .rdp:
      var sum = RDPAccountant()
      try sum.spend(event)
      return try sum.epsilon(delta: delta).epsilon
    }
  }
}

extension TrainingAccountant {
  /// The least noise with which `event(noise)` stays within (epsilon, delta), for events that cost less with more
  /// noise: at most `NoiseCalibration.precision` above it and never below.
  ///
  /// - Returns: the noise, 0 where epsilon is infinite, and the event's epsilon where that was found on the way.
  /// - Throws: `value` for a budget that is no budget or cannot be reached.
  public func noiseMultiplier(epsilon: Double, delta: Double, event: (Double) -> Event)
    throws(DomainError) -> (noise: Double, cost: Double?)
  {
    func cost(_ noise: Double) throws(DomainError) -> Double {
      try self.epsilon(of: event(noise), delta: delta)
    }
    let byOrders = Result { () throws(DomainError) in
      try NoiseCalibration.noiseMultiplier(epsilon: epsilon, delta: delta, event: event)
    }
    guard self != .rdp else { return (try byOrders.get(), nil) }
    if case .success(let start) = byOrders, start > 0,
      let found = try Self.tightened(start, epsilon, cost)
    {
      return (found.noise, found.cost)
    }
    // Budgets that orders know no noise for.
    return (try NoiseCalibration.noiseMultiplier(epsilon: epsilon, delta: delta, spent: cost), nil)
  }

  /// The least noise that keeps `epsilon`, below `start`, which keeps it: few looks, for an accountant of whom each
  /// takes its time. Nil where nothing is learnt from costs, as they are 0.
  private static func tightened(
    _ start: Double, _ epsilon: Double, _ cost: (Double) throws(DomainError) -> Double
  ) throws(DomainError) -> (noise: Double, cost: Double)? {
    var enough = (noise: start, cost: try cost(start))
    guard enough.cost > 0, enough.cost <= epsilon else { return nil }
    var little: (noise: Double, cost: Double)?
    // The logarithm of epsilon falls nearly in a straight line with that of the noise.
    var slope = -1.2
    let precision = NoiseCalibration.precision
    for turn in 0..<60 {
      try Cancellation.check()
      if let little, enough.noise / little.noise <= 1 + precision { break }
      let met = enough.noise * pow(epsilon / enough.cost, 1 / slope)
      // Just above, then just below; now and then the middle, in case the line is none.
      var noise = turn % 2 == 1 ? met * (1 + precision / 3) : met / (1 + precision / 3)
      let bottom = little?.noise ?? enough.noise / 2
      if !(noise > bottom && noise < enough.noise) || turn % 6 == 5 {
        noise = (bottom * enough.noise).squareRoot()
      }
      let found = (noise: noise, cost: try cost(noise))
      if found.cost.isFinite, found.cost > 0, found.cost != enough.cost {
        slope = min(-0.1, log(found.cost / enough.cost) / log(found.noise / enough.noise))
      }
      if found.cost <= epsilon, found.cost > 0 { enough = found } else { little = found }
    }
    return enough
  }
}

/// What the steps of one private run cost.
struct TrainingCosts {
  private let options: PrivateTrainingOptions
  private let plan: SamplingPlan
  private let unit: PrivacyUnit
  private let correlation: NoiseCorrelation?

  init(
    _ options: PrivateTrainingOptions, _ plan: SamplingPlan, _ unit: PrivacyUnit,
    _ correlation: NoiseCorrelation?
  ) {
    self.options = options
    self.plan = plan
    self.unit = unit
    self.correlation = correlation
  }

  /// The event of the first `steps` steps, all where nil.
  ///
  /// Correlated noise: a pass is one Gaussian release. An example moves at most as many nodes of the tree as `steps`
  /// has binary digits, by the bound each; with the noise on each that is sensitivity √digits (Kairouz et al. 2021,
  /// theorem 2; the matrix likewise by its columns' norm, Denisov et al. 2022, theorem 2.1). Each example is in one
  /// step of each pass, drawn for itself; given all draws the bound holds, and so it does over them.
  func event(
    _ schedule: NoiseSchedule, steps: Int? = nil, accounting: MicroBatchAccounting = .honest
  ) -> Event {
    guard let correlation else {
      var event = schedule.event(
        rate: plan.rate, sensitivity: options.sensitivity(accounting), steps: steps)
      event.unit = unit
      return event
    }
    let steps = max(0, min(steps ?? schedule.steps, schedule.steps))
    let (passes, rest) = steps.quotientAndRemainder(dividingBy: correlation.stepsPerPass)
    func pass(_ steps: Int) -> Mechanism {
      .gaussian(noiseMultiplier: schedule.initial / correlation.sensitivity(steps: steps))
    }
    var parts: [Mechanism] = []
    if passes > 0 { parts.append(.repeated(pass(correlation.stepsPerPass), times: passes)) }
    if rest > 0 { parts.append(pass(rest)) }
    return Event(parts.count == 1 ? parts[0] : .composed(parts), unit: unit)
  }

  /// The least noise of the first epoch that keeps the budget.
  ///
  /// The paper's epsilon of eDP-SGD is by Rényi orders, as the paper has it.
  /// - Returns: the noise, and what all steps then cost by the options' accountant where that is known.
  func initialNoise(epsilon: Double, decay: Double) throws -> (noise: Double, cost: Double?) {
    // One schedule checks the numbers; scaling it cannot fail.
    let unit = try NoiseSchedule(
      initial: 1, decay: decay, epochs: plan.epochs, stepsPerEpoch: plan.stepsPerEpoch)
    let accounting = options.method == .edpSGD ? options.accounting : .honest
    let accountant = accounting == .asPublished ? .rdp : options.accountant
    let found = try accountant.noiseMultiplier(epsilon: epsilon, delta: options.delta) { noise in
      var schedule = unit
      schedule.initial = noise
      return event(schedule, accounting: accounting)
    }
    return (found.noise, accounting == .honest ? found.cost : nil)
  }

  /// What the end of the noise can add to delta at most. Box and Muller's normal numbers from 32 bits end at √(66·ln
  /// 2); an outcome between there and one sensitivity further tells that the example was in the step.
  func deltaOfTheNoiseEnd(_ schedule: NoiseSchedule) -> Double {
    let end = (66 * log(2.0)).squareRoot()
    func beyond(_ shift: Double) -> Double { SpecialFunctions.normalCDF(shift - end) }
    if let correlation {
      let shifts = correlation.shifts.map { $0 / schedule.initial }
      return Double(schedule.epochs) * shifts.reduce(0) { $0 + beyond($1) }
    }
    func ofStep(_ epoch: Int) -> Double {
      plan.rate * beyond(1 / schedule.noiseMultiplier(epoch: epoch))
    }
    // A count moves by less of its noise than the gradients of theirs.
    let releases = options.quantile == nil ? 1.0 : 2
    // Constant noise may have any number of epochs.
    if schedule.decay == 1 { return releases * Double(schedule.steps) * ofStep(0) }
    return (0..<schedule.epochs).reduce(0) { $0 + Double(schedule.stepsPerEpoch) * ofStep($1) }
      * releases
  }
}

extension PrivateTraining {
  /// What all planned steps spend, to be known before any data is looked at.
  public var event: Event {
    guard let schedule else { return Event(plan.steps > 0 ? .nonPrivate : .none, unit: unit) }
    return costs.event(schedule)
  }

  /// The epsilon spent after `steps` steps, by the accountant of the options.
  public func epsilon(after steps: Int) -> Double {
    guard let schedule else { return steps > 0 ? .infinity : 0 }
    let steps = max(0, min(steps, plan.steps))
    if let known = knownCosts[steps] { return known }
    do {
      let cost = try options.accountant.epsilon(
        of: costs.event(schedule, steps: steps), delta: options.delta)
      knownCosts[steps] = cost
      return cost
    } catch {
      // All numbers were checked when this was made; an unknown cost would be an infinite one.
      return .infinity
    }
  }

  /// The same by Rényi orders, never below and at once: for what is shown while training.
  ///
  /// - Parameter accounting: for eDP-SGD which of its two epsilons; other methods have but one.
  public func runningEpsilon(after steps: Int, accounting: MicroBatchAccounting = .honest) -> Double
  {
    guard let schedule else { return steps > 0 ? .infinity : 0 }
    byOrders.reset()
    do {
      try byOrders.spend(costs.event(schedule, steps: steps, accounting: accounting))
      return try byOrders.epsilon(delta: options.delta).epsilon
    } catch {
      return .infinity
    }
  }
}
