// Training with differential privacy: a budget becomes a noise schedule, Learning's loop runs it, and the accountant
// says what was spent.
//
// DP-SGD (Abadi et al. 2016, arXiv 1607.00133): Poisson samples of rate q = batch/N, per-example clipping, Gaussian
// noise. eDP-SGD (Dupuy et al. 2022, arXiv 2107.14586): the means of micro-batches are clipped layer by layer, the
// noise decays by epoch. Guarantee: the trained parameters are (epsilon, delta) differentially private with respect to
// adding or removing one example, as long as nothing but the parameters is released: losses, the share of clipped
// gradients and a vocabulary that was counted on the same data are not covered.

import Foundation
import Foundations
import Learning
import Tensors

/// How to train with privacy. Everything is checked by `PrivateTraining.init`.
public struct PrivateTrainingOptions {
  public enum Method: String, Sendable, CaseIterable {
    case dpSGD = "dp-sgd"
    case edpSGD = "edp-sgd"
  }

  public var method = Method.dpSGD
  /// The budget; infinite trains without privacy. Nil where `noiseMultiplier` is given instead.
  public var epsilon: Double?
  public var delta = 1e-5
  /// The noise of the first epoch relative to the clipping bound, in place of a budget.
  public var noiseMultiplier: Double?
  public var epochs = 5
  /// The expected number of examples of a step.
  public var batch = 64
  /// The clipping bound C.
  public var maxGradNorm = 1.0
  public var clipping = ClippingRule.flat
  /// eDP-SGD: micro-batches of a step; nil makes as many as hold eight examples each. One example can change all of its
  /// micro-batch's clipped gradient, so few large micro-batches cost accuracy and many small ones time; the paper
  /// leaves their size open.
  public var microBatches: Int?
  /// Factor of the noise from one epoch to the next; nil takes the method's own (1 for DP-SGD, 0.95 for eDP-SGD).
  public var decay: Double?
  /// eDP-SGD: how the bound is shared out among the layers.
  public var layerScale = LayerScale.weightNorm
  /// eDP-SGD: which epsilon the budget limits.
  public var accounting = MicroBatchAccounting.honest
  /// Where the noise and the samples come from: the operating system's random bits, or a key that repeats and so
  /// protects nobody.
  public var isSecure = true
  /// The order, dropout, and with `isSecure == false` also samples and noise.
  public var key: RandomKey
  /// Examples in memory at a time.
  public var physicalLimit = 4096
  /// See `TrainingOptions.accumulation`.
  public var accumulation = 1
  /// How the learning rate goes over the run.
  public var rateDecay = LearningRateSchedule.Decay.constant
  public var warmup = 0
  /// See `TrainingStep.exampleByExample`.
  public var exampleByExample: Bool?

  public init(key: RandomKey) { self.key = key }

  /// How far one example moves a step's sum, in units of the clipping bound; `accounting` is asked for micro-batches
  /// only.
  func sensitivity(_ accounting: MicroBatchAccounting) -> Double {
    switch method {
    case .dpSGD: 1
    case .edpSGD: accounting.sensitivity
    }
  }
}

/// What a private run did and what it cost.
public struct PrivateTrainingResult: Sendable {
  public var method: PrivateTrainingOptions.Method
  /// What was spent: an upper bound that holds.
  public var epsilon: Double
  /// eDP-SGD: what the paper's accounting gives, for comparison; it takes the sensitivity for half of what it is.
  public var epsilonPaper: Double?
  public var delta: Double
  /// σ of the first epoch.
  public var noiseMultiplier: Double
  public var decay: Double
  public var steps: Int
  public var plannedSteps: Int
  public var sampleRate: Double
  public var seconds: Double
  /// The mean training loss of each epoch. Not private.
  public var losses: [Double]
  /// The validation loss at each look.
  public var validations: [Double]
  /// True where the run was stopped before its last step; `epsilon` is that of the steps made.
  public var isStopped: Bool
  /// True where patience with the validation ran out; `epsilon` is then that of all planned steps: when the run ends
  /// follows from what it released, and a bound that is chosen by what was released need not hold.
  public var isStoppedEarly: Bool
  /// The steps that `epsilon` counts.
  public var accountedSteps: Int { isStoppedEarly ? plannedSteps : steps }
  /// False where the noise can be repeated.
  public var isSecure: Bool
  /// What a reader should know, in sentences.
  public var notes: [String]
}

/// One private training run.
public final class PrivateTraining {
  public let options: PrivateTrainingOptions
  public let plan: SamplingPlan
  /// Nil where epsilon is infinite: then nothing is clipped or noised.
  public let schedule: NoiseSchedule?
  public private(set) var notes: [String] = []
  private let source: any BatchSource
  private let decay: Double
  private let rate: LearningRateSchedule?
  private var accountant = RDPAccountant()

  /// Checks the options and calibrates the noise.
  ///
  /// - Throws: `value` for options that make no promise.
  public init(_ source: any BatchSource, _ options: PrivateTrainingOptions) throws {
    self.source = source
    self.options = options
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
      sampling: isPlain ? .shuffled : .poisson)
    rate = try LearningRateSchedule.over(plan, options.rateDecay, warmup: options.warmup)
    decay = options.decay ?? (options.method == .edpSGD ? 0.95 : 1)
    schedule = isPlain ? nil : try PrivateTraining.schedule(options, plan, decay)
    if let schedule { try PrivateTraining.check(schedule, options, plan) }
    addNotes(isPlain: isPlain)
  }

  /// Noise below this part of the clipping bound is no more than the rounding of 32-bit sums, and promises nothing.
  static let leastNoise = 1e-4

  /// Sizes of gradients and their noise whose squares 32-bit floats hold, with room for the number of parameters.
  static let usualSizes = 1e-15...1e15

  /// Epochs of decaying noise at most: each has a cost of its own.
  static let mostDecayingEpochs = 10_000

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
    for noise in [schedule.initial, last] {
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
    _ options: PrivateTrainingOptions, _ plan: SamplingPlan, _ decay: Double
  ) throws -> NoiseSchedule {
    guard decay == 1 || plan.epochs <= mostDecayingEpochs else {
      throw DomainError(
        .value,
        "noise that decays can have \(mostDecayingEpochs) epochs at most, got \(plan.epochs)",
        hint: "give `decay: 1` for constant noise, or fewer epochs")
    }
    let noise: Double
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
      noise = try NoiseCalibration.initialNoise(
        epsilon: epsilon, delta: options.delta, rate: plan.rate, decay: decay, epochs: plan.epochs,
        stepsPerEpoch: plan.stepsPerEpoch,
        sensitivity: options.sensitivity(options.accounting))
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
    return try NoiseSchedule(
      initial: noise, decay: decay, epochs: plan.epochs, stepsPerEpoch: plan.stepsPerEpoch)
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
      let beyond = Self.deltaOfTheNoiseEnd(schedule, rate: plan.rate)
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

  /// What the end of the noise can add to delta at most. Box and Muller's normal numbers from 32 bits end at √(66·ln
  /// 2); an outcome between there and one sensitivity further tells that the example was in the step.
  static func deltaOfTheNoiseEnd(_ schedule: NoiseSchedule, rate: Double) -> Double {
    let end = (66 * log(2.0)).squareRoot()
    func ofStep(_ epoch: Int) -> Double {
      rate * SpecialFunctions.normalCDF(1 / schedule.noiseMultiplier(epoch: epoch) - end)
    }
    // Constant noise may have any number of epochs.
    if schedule.decay == 1 { return Double(schedule.steps) * ofStep(0) }
    return (0..<schedule.epochs).reduce(0) { $0 + Double(schedule.stepsPerEpoch) * ofStep($1) }
  }

  /// The epsilon spent after `steps` steps.
  ///
  /// - Parameter accounting: for eDP-SGD which of its two epsilons; DP-SGD has but one.
  public func epsilon(after steps: Int, accounting: MicroBatchAccounting = .honest) -> Double {
    guard let schedule else { return steps > 0 ? .infinity : 0 }
    let event = schedule.event(
      rate: plan.rate, sensitivity: options.sensitivity(accounting), steps: steps)
    accountant.reset()
    do {
      try accountant.spend(event)
      return try accountant.epsilon(delta: options.delta).epsilon
    } catch {
      // All numbers were checked when this was made; an unknown cost would be an infinite one.
      return .infinity
    }
  }

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
    training.exampleByExample = options.exampleByExample
    training.isKeySecret = isSecure
    training.noise = schedule.map { "\($0.initial) · \($0.decay)^epoch" }
    let trainer = try Trainer(
      model: model, loss: loss, optimizer: optimizer, method: try trainingMethod(key),
      options: training)
    let history = try trainer.run(source, callbacks, resuming: state)
    let counted = history.isStoppedEarly ? plan.steps : history.steps
    return PrivateTrainingResult(
      method: options.method, epsilon: epsilon(after: counted),
      epsilonPaper: options.method == .edpSGD
        ? epsilon(after: counted, accounting: .asPublished) : nil,
      delta: options.delta, noiseMultiplier: schedule?.initial ?? 0, decay: decay,
      steps: history.steps, plannedSteps: plan.steps, sampleRate: plan.rate,
      seconds: history.seconds, losses: history.epochs.map(\.loss),
      validations: history.validations.map(\.value), isStopped: history.isStopped,
      isStoppedEarly: history.isStoppedEarly, isSecure: isSecure, notes: notes)
  }

  private func trainingMethod(_ key: RandomKey) throws -> TrainingMethod {
    guard let schedule else { return .plain }
    let noise = options.isSecure ? NoiseKey.secure() : .seeded(key.derived("noise"))
    switch options.method {
    case .dpSGD:
      return .private(
        try PrivateOptions(
          bound: options.maxGradNorm, noiseMultiplier: schedule.initial,
          expectedBatch: Double(plan.batch), noise: noise, rule: options.clipping))
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
