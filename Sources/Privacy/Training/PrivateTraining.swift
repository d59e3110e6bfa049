// Training with differential privacy: a budget becomes a noise schedule, Learning's loop runs it, and the accountant
// says what was spent.
//
// DP-SGD (Abadi et al. 2016, arXiv 1607.00133): Poisson samples of rate q = batch/N, per-example clipping, Gaussian
// noise. eDP-SGD (Dupuy et al. 2022, arXiv 2107.14586): the means of micro-batches are clipped layer by layer, the
// noise decays by epoch. DP-FTRL (Kairouz et al. 2021, arXiv 2103.00039): each example once a pass, in a step of its
// own draw, with noise that later steps take back. Guarantee: the trained parameters are (epsilon, delta)
// differentially private with respect to adding or removing one example (all examples of one user, where the source is
// of users), as long as nothing but the parameters is released: losses, the share of clipped gradients and a vocabulary
// that was counted on the same data are not covered.

import Foundation
import Foundations
import Learning
import Tensors

/// One private training run.
public final class PrivateTraining {
  public let options: PrivateTrainingOptions
  public let plan: SamplingPlan
  /// Nil where epsilon is infinite: then nothing is clipped or noised.
  public let schedule: NoiseSchedule?
  /// What steps cost.
  let costs: TrainingCosts
  public private(set) var notes: [String] = []
  /// Whose data are protected as one.
  public let unit: PrivacyUnit
  private let source: any BatchSource
  private let decay: Double
  private let rate: LearningRateSchedule?
  private let correlation: NoiseCorrelation?
  var byOrders = RDPAccountant()
  /// What the accountant said of so many steps.
  var knownCosts: [Int: Double] = [:]

  /// Epochs with a noise of their own whose loss distributions are composed; more would take minutes, and are left to
  /// Rényi orders, which bound the same.
  static let mostDistributions = 32

  /// Checks the options and calibrates the noise.
  ///
  /// - Throws: `value` for options that make no promise.
  public init(_ source: any BatchSource, _ options: PrivateTrainingOptions) throws {
    self.source = source
    var options = options
    decay = options.decay ?? (options.method == .edpSGD ? 0.95 : 1)
    let isByOrders =
      options.accountant == .pld && decay != 1 && options.epochs > Self.mostDistributions
    if isByOrders { options.accountant = .rdp }
    self.options = options
    unit = source is UnitSource ? .user : .example
    guard options.maxGradNorm > 0, options.maxGradNorm < .infinity else {
      throw DomainError(
        .value, "the clipping bound must be above 0 and finite, got \(options.maxGradNorm)")
    }
    guard options.delta > 0, options.delta < 1 else {
      throw DomainError(
        .value, "delta must be above 0 and below 1, got \(options.delta)",
        hint: "choose it well below 1 / number of examples, such as 1e-5")
    }
    guard PrivateTraining.usualSizes.contains(options.maxGradNorm) else {
      throw DomainError(
        .value,
        "the clipping bound must be from 1e-15 to 1e15, got \(options.maxGradNorm): squares of other gradients are not numbers of 32 bits"
      )
    }
    let isPlain = options.epsilon == .infinity && options.noiseMultiplier == nil
    plan = try SamplingPlan(
      examples: source.count, batch: options.batch, epochs: options.epochs,
      sampling: isPlain ? .shuffled : options.method == .dpFTRL ? .assigned : .poisson)
    try Self.check(options, unit)
    correlation =
      options.method == .dpFTRL && !isPlain
      ? try NoiseCorrelation(options.factorization, stepsPerPass: plan.stepsPerEpoch) : nil
    rate = try LearningRateSchedule.over(plan, options.rateDecay, warmup: options.warmup)
    let costs = TrainingCosts(options, plan, unit, correlation)
    self.costs = costs
    let planned = isPlain ? nil : try PrivateTraining.schedule(options, plan, decay, costs)
    schedule = planned?.schedule
    if let cost = planned?.cost { knownCosts[plan.steps] = cost }
    if let schedule { try PrivateTraining.check(schedule, options, plan) }
    addNotes(isPlain: isPlain)
    if isByOrders, !isPlain {
      notes.append(
        "the epsilon of \(options.epochs) epochs with noise of their own each is by Rényi orders, an upper bound that is at hand at once"
      )
    }
  }

  /// Noise below this part of the clipping bound is no more than the rounding of 32-bit sums, and promises nothing.
  static let leastNoise = 1e-4

  /// Sizes of gradients and their noise whose squares 32-bit floats hold, with room for the number of parameters.
  static let usualSizes = 1e-15...1e15

  /// Epochs of decaying noise at most: each has a cost of its own.
  static let mostDecayingEpochs = 10_000

  /// Checks that the options do not contradict each other.
  private static func check(_ options: PrivateTrainingOptions, _ unit: PrivacyUnit)
    throws(DomainError)
  {
    if options.method == .dpFTRL, let decay = options.decay, decay != 1 {
      throw DomainError(
        .value,
        "the noise of \"dp-ftrl\" hangs together over a pass and does not decay, got \(decay)")
    }
    guard let quantile = options.quantile else {
      return try check(units: unit, options)
    }
    guard quantile >= 0, quantile <= 1 else {
      throw DomainError(.value, "a quantile is within 0 and 1, got \(quantile)")
    }
    guard options.method == .dpSGD || options.method == .loop, options.clipping == .flat else {
      throw DomainError(
        .value,
        "a bound that follows a quantile goes with \"dp-sgd\" and \"loop\" and with flat clipping, not with \"\(options.method.rawValue)\" and \"\(options.clipping.rawValue)\""
      )
    }
    try check(units: unit, options)
  }

  private static func check(units unit: PrivacyUnit, _ options: PrivateTrainingOptions)
    throws(DomainError)
  {
    guard unit == .example || options.method != .edpSGD else {
      throw DomainError(
        .value, "\"edp-sgd\" protects examples: its micro-batches do not know whose they are",
        hint: "take \"dp-sgd\" or \"dp-ftrl\" to protect users")
    }
  }

  /// Checks that the noise of every step is one that 32-bit floats can carry.
  private static func check(
    _ schedule: NoiseSchedule, _ options: PrivateTrainingOptions, _ plan: SamplingPlan
  ) throws(DomainError) {
    guard schedule.initial > 0 else { return }
    let last = schedule.noiseMultiplier(epoch: max(0, plan.epochs - 1))
    guard last >= leastNoise else {
      throw DomainError(
        .value,
        "noise that decays by \(schedule.decay) an epoch is \(last) times the clipping bound in the last of \(plan.epochs), so little that rounding swallows it",
        hint: "take a larger `decay`, or fewer epochs")
    }
    let range = options.quantile == nil ? 1 : QuantileClipping.range
    for noise in [schedule.initial * range, last / range] {
      let deviation = noise * options.maxGradNorm / Double(plan.batch)
      guard usualSizes.contains(deviation) else {
        throw DomainError(
          .value,
          "a noise multiplier of \(noise) with a clipping bound of \(options.maxGradNorm) is noise of \(deviation) in a step of \(plan.batch) examples, not from 1e-15 to 1e15, as 32-bit floats carry it",
          hint: "usual are a multiplier and a bound of about 1")
      }
    }
  }

  private static func schedule(
    _ options: PrivateTrainingOptions, _ plan: SamplingPlan, _ decay: Double,
    _ costs: TrainingCosts
  ) throws -> (schedule: NoiseSchedule, cost: Double?) {
    guard decay == 1 || plan.epochs <= mostDecayingEpochs else {
      throw DomainError(
        .value,
        "noise that decays can have \(mostDecayingEpochs) epochs at most, got \(plan.epochs)",
        hint: "give `decay: 1` for constant noise, or fewer epochs")
    }
    let noise: Double
    var cost: Double?
    switch (options.noiseMultiplier, options.epsilon) {
    case (let given?, nil):
      guard given >= 0, given < .infinity else {
        throw DomainError(
          .value, "the noise multiplier must be at least 0 and finite, got \(given)")
      }
      guard given == 0 || given >= leastNoise else {
        throw DomainError(
          .value,
          "a noise multiplier of \(given) is so little that rounding swallows the noise",
          hint: "take 0 for no noise, or at least \(leastNoise)")
      }
      noise = given
    case (nil, let epsilon?):
      (noise, cost) = try costs.initialNoise(epsilon: epsilon, decay: decay)
      guard noise >= leastNoise else {
        throw DomainError(
          .value,
          "an epsilon of \(epsilon) asks for so little noise (\(noise) times the clipping bound) that rounding swallows it",
          hint: "`epsilon: inf` trains without privacy")
      }
    default:
      throw DomainError(
        .value,
        "give either epsilon or a noise multiplier, not \(options.epsilon == nil ? "none" : "both")"
      )
    }
    let schedule = try NoiseSchedule(
      initial: noise, decay: decay, epochs: plan.epochs, stepsPerEpoch: plan.stepsPerEpoch)
    return (schedule, cost)
  }

  private func addNotes(isPlain: Bool) {
    if isPlain {
      notes.append(
        "epsilon is infinite: trained without clipping and without noise"
      )
      return
    }
    if options.delta * Double(plan.examples) >= 1 {
      notes.append(
        "delta \(options.delta) is not below 1/\(plan.examples): publishing one whole example would be within it"
      )
    }
    if !options.isSecure {
      notes.append(
        "the noise comes from a seed: it repeats, and protects nobody who knows the seed")
    }
    if let schedule, schedule.initial > 0 {
      let beyond = costs.deltaOfTheNoiseEnd(schedule)
      if beyond > options.delta / 10 {
        let amount = String(format: "%.1e", beyond)
        notes.append(
          "noise of 32-bit floats ends at 6.8 standard deviations, which may add \(amount) to delta \(options.delta)"
        )
      }
    }
    if options.method == .edpSGD, options.accounting == .asPublished {
      notes.append(
        "the budget limits the paper's epsilon, which takes the sensitivity for half of what it is; the epsilon spent is larger"
      )
    }
  }

  /// What a run says whose patience ran out.
  public static let noteOnStoppingEarly =
    "the run ended early by its validation; epsilon is that of all planned steps, as when to end was found by what training gave"

  /// Trains `model` in place.
  ///
  /// - Parameters:
  ///   - callbacks: as for any training; `onEpochStart` runs after the epoch's noise has been set.
  ///   - state: a checkpoint of the same run to go on from, see `Trainer.run`; also its noise must be the same.
  /// - Throws: what the loop throws. `onStep` has then been told of every step that spent something.
  public func run(
    model: Layer, loss: Loss, optimizer: Optimizer,
    _ callbacks: TrainingCallbacks = TrainingCallbacks(), resuming state: TrainingState? = nil
  ) throws -> PrivateTrainingResult {
    var callbacks = callbacks
    let isSecure = options.isSecure && schedule != nil
    let key =
      isSecure
      ? RandomKey(seed: SecureRandom.seed()).derived(Int(bitPattern: UInt(SecureRandom.seed())))
      : options.key
    if let schedule {
      let before = callbacks.onEpochStart
      callbacks.onEpochStart = { epoch, step in
        step.method.noiseMultiplier = schedule.noiseMultiplier(epoch: epoch)
        try before(epoch, step)
      }
    }
    var training = TrainingOptions(
      plan: plan, key: key, physicalLimit: options.physicalLimit,
      accumulation: options.accumulation, schedule: rate)
    training.exampleByExample = options.method == .loop ? true : options.exampleByExample
    training.isKeySecret = isSecure
    training.noise = schedule.map { "\($0.initial) · \($0.decay)^epoch" }
    let trainer = try Trainer(
      model: model, loss: loss, optimizer: optimizer, method: try trainingMethod(key),
      options: training)
    let history = try trainer.run(source, callbacks, resuming: state)
    let counted = history.isStoppedEarly ? plan.steps : history.steps
    return PrivateTrainingResult(
      method: options.method.rawValue, epsilon: epsilon(after: counted),
      epsilonRDP: runningEpsilon(after: counted), accountant: options.accountant, unit: unit,
      epsilonPaper: options.method == .edpSGD
        ? runningEpsilon(after: counted, accounting: .asPublished) : nil,
      delta: options.delta, noiseMultiplier: schedule?.initial ?? 0,
      clippingBound: trainer.clippingBound, decay: decay,
      steps: history.steps, plannedSteps: plan.steps, sampleRate: plan.rate,
      seconds: history.seconds, losses: history.epochs.map(\.loss),
      validations: history.validations.map(\.value), isStopped: history.isStopped,
      isStoppedEarly: history.isStoppedEarly, isSecure: isSecure, notes: notes)
  }

  private func trainingMethod(_ key: RandomKey) throws -> TrainingMethod {
    guard let schedule else { return .plain }
    let noise = options.isSecure ? NoiseKey.secure() : .seeded(key.derived("noise"))
    switch options.method {
    case .dpSGD, .loop, .dpFTRL:
      var step = try PrivateOptions(
        bound: options.maxGradNorm, noiseMultiplier: schedule.initial,
        expectedBatch: Double(plan.batch), noise: noise, rule: options.clipping)
      step.correlation = correlation
      if let quantile = options.quantile {
        // The authors' 0.05·B, and enough for the count to take no more than a sixteenth of the budget.
        step.quantile = try QuantileClipping(
          target: quantile, countNoise: max(0.05 * Double(plan.batch), 2 * schedule.initial),
          noise: options.isSecure ? .secure() : .seeded(key.derived("noise of counts")))
      }
      return .private(step)
    case .edpSGD:
      return .microBatch(
        try MicroBatchOptions(
          microBatches: options.microBatches ?? min(4096, (plan.batch + 7) / 8),
          bound: options.maxGradNorm,
          noiseMultiplier: schedule.initial, expectedBatch: Double(plan.batch), noise: noise,
          assignment: key.derived("micro-batches"), rule: options.clipping,
          scale: options.layerScale))
    }
  }
}
