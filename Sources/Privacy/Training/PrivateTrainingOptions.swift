import Foundation
import Foundations
import Learning

/// How to train with privacy. Everything is checked by `PrivateTraining.init`.
public struct PrivateTrainingOptions {
  public enum Method: String, Sendable, CaseIterable {
    /// Abadi et al. 2016 (arXiv 1607.00133), by book-keeping.
    case dpSGD = "dp-sgd"
    /// Dupuy et al. 2022 (arXiv 2107.14586).
    case edpSGD = "edp-sgd"
    /// DP-SGD as first published, one backward pass an example: what others' time is compared with.
    case loop
    /// DP-FTRL: every example once a pass, no sampling, noise that later steps take back (Kairouz et al. 2021).
    case dpFTRL = "dp-ftrl"
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
  /// The share of gradients that the clipping bound is to leave as they are: the bound then follows that quantile of
  /// their norms, `maxGradNorm` being the first. Nil keeps the bound.
  public var quantile: Double?
  /// Who computes the epsilon that is reported and that the budget limits.
  public var accountant = TrainingAccountant.pld
  /// DP-FTRL: how the noise of the steps of a pass hangs together.
  public var factorization = NoiseCorrelation.Factorization.tree
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
    case .dpSGD, .loop, .dpFTRL: 1
    case .edpSGD: accounting.sensitivity
    }
  }
}

/// What a private run did and what it cost.
public struct PrivateTrainingResult: Sendable {
  /// How it was trained, as scripts call it.
  public var method: String
  /// What was spent: an upper bound that holds, by `accountant`.
  public var epsilon: Double
  /// The same by Rényi orders, which papers report: never below `epsilon`.
  public var epsilonRDP: Double
  public var accountant: TrainingAccountant
  /// Whose data are protected as one.
  public var unit: PrivacyUnit
  /// eDP-SGD: what the paper's accounting gives, for comparison; it takes the sensitivity for half of what it is.
  public var epsilonPaper: Double?
  public var delta: Double
  /// σ of the first epoch.
  public var noiseMultiplier: Double
  /// The clipping bound of the last step; nil where the bound followed nothing.
  public var clippingBound: Double?
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
