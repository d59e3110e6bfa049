// Mixed private learning: a few public examples start the model, steer the clipping bound and say where gradients lie,
// while noise hides the private ones (AdaMix; Golatkar, Achille, Wang, Roth, Kearns, Soatto 2022, arXiv 2203.11481).
// One step, with N private examples of which a Poisson sample of B is expected, n public ones, and S the bound:
//   g = (Σ_public ∇ℓ + (N/B)·UUᵀ(Σ_sample clip(∇ℓ, S) + σ·S·Z)) / (N + n)
// S is a quantile of the public gradients' norms at the present parameters, U their subspace. Both are functions of
// public data and of what was released before, so that each step is a Poisson-sampled Gaussian mechanism of
// multiplier σ and the run costs what DP-SGD costs (Abadi et al. 2016). The public examples are not protected.
//
// The paper's constants are not public: the quantile, the rank and the number of few-shot passes are parameters.

import Foundation
import Foundations
import Learning
import Tensors

/// How to train with public and private examples. Checked by `AdaMix.init`.
public struct AdaMixOptions {
  /// The budget. Nil where `noiseMultiplier` is given instead.
  public var epsilon: Double?
  public var noiseMultiplier: Double?
  public var delta = 1e-5
  public var accountant = TrainingAccountant.pld
  /// Passes over the private examples.
  public var epochs = 10
  /// The expected number of private examples of a step.
  public var batch = 256
  /// Passes over the public examples before the first private step.
  public var publicEpochs = 20
  /// The clipping bound; nil takes the quantile of the public gradients' norms.
  public var bound: Double?
  public var quantile = 0.9
  /// Whether private gradients are projected onto the subspace of the public ones.
  public var projects = true
  /// Directions of a row's subspace at most; nil takes all.
  public var rank: Int?
  /// The largest norm of all parameters together, to which they are brought back after each step; nil lets them be.
  public var radius: Double?
  public var isSecure = true
  public var key: RandomKey

  public init(key: RandomKey) { self.key = key }

  func check() throws(DomainError) {
    guard delta > 0, delta < 1 else {
      throw DomainError(.value, "delta must be above 0 and below 1, got \(delta)")
    }
    guard quantile > 0, quantile <= 1 else {
      throw DomainError(.value, "a quantile is above 0 and at most 1, got \(quantile)")
    }
    guard publicEpochs >= 0 else {
      throw DomainError(.value, "the public epochs must be at least 0, got \(publicEpochs)")
    }
    if let bound, !PrivateTraining.usualSizes.contains(bound) {
      throw DomainError(.value, "the clipping bound must be from 1e-15 to 1e15, got \(bound)")
    }
    if let rank, rank < 1 { throw DomainError(.value, "a rank is at least 1, got \(rank)") }
    if let radius {
      guard radius > 0, radius < .infinity else {
        throw DomainError(.value, "a radius is above 0 and finite, got \(radius)")
      }
    }
  }
}

/// One run of AdaMix.
public final class AdaMix {
  public let plan: SamplingPlan
  public let noiseMultiplier: Double
  public private(set) var notes: [String] = []
  public let options: AdaMixOptions
  private let publicExamples: any BatchSource
  private let privateExamples: any BatchSource

  /// Bounds below are as good as none: the public examples are fitted.
  private static let leastBound = 1e-6

  /// - Throws: `value` for options that make no promise, or where there is no public example.
  public init(
    public publicExamples: any BatchSource, private privateExamples: any BatchSource,
    _ options: AdaMixOptions
  ) throws {
    try options.check()
    guard publicExamples.count > 0 else {
      throw DomainError(.value, "there are no public examples", hint: "`dp.train` needs none")
    }
    plan = try SamplingPlan(
      examples: privateExamples.count, batch: options.batch, epochs: options.epochs,
      sampling: .poisson)
    let plan = plan
    switch (options.noiseMultiplier, options.epsilon) {
    case (let given?, nil): noiseMultiplier = given
    case (nil, let epsilon?):
      guard epsilon < .infinity else {
        throw DomainError(
          .value, "an infinite epsilon is no budget", hint: "`nn.train` trains without privacy")
      }
      noiseMultiplier = try options.accountant.noiseMultiplier(
        epsilon: epsilon, delta: options.delta
      ) { Self.event(plan, $0, plan.steps) }.noise
    default: throw DomainError(.value, "give either epsilon or a noise multiplier")
    }
    guard noiseMultiplier >= PrivateTraining.leastNoise, noiseMultiplier < 1e6 else {
      throw DomainError(
        .value,
        "noise of \(noiseMultiplier) times the clipping bound is none that 32-bit floats can carry",
        hint: "usual is a multiplier of about 1")
    }
    self.options = options
    self.publicExamples = publicExamples
    self.privateExamples = privateExamples
    notes.append("the \(publicExamples.count) public examples are not protected")
    if !options.isSecure {
      notes.append(
        "the noise comes from a seed: it repeats, and protects nobody who knows the seed")
    }
  }

  private static func event(_ plan: SamplingPlan, _ noise: Double, _ steps: Int) -> Event {
    .sampledGaussian(rate: plan.rate, noiseMultiplier: noise, steps: steps)
  }

  /// What all steps spend.
  public var event: Event { Self.event(plan, noiseMultiplier, plan.steps) }

  /// The epsilon of so many steps.
  public func epsilon(after steps: Int, by accountant: TrainingAccountant? = nil) throws -> Double {
    try (accountant ?? options.accountant).epsilon(
      of: Self.event(plan, noiseMultiplier, steps), delta: options.delta)
  }

  /// Trains `model` in place: few-shot on the public examples, then on both.
  ///
  /// - Parameters:
  ///   - optimizer: makes a fresh one for each of the two.
  ///   - callbacks: `onStep`, `onNotice` and `shouldStop` are heeded, of the private steps.
  public func run(
    model: Layer, loss: Loss, optimizer: () throws -> Optimizer,
    _ callbacks: TrainingCallbacks = TrainingCallbacks()
  ) throws -> PrivateTrainingResult {
    let clock = ContinuousClock()
    let start = clock.now
    try learnFromPublic(model, loss, try optimizer())
    let key =
      options.isSecure
      ? RandomKey(seed: SecureRandom.seed()).derived(Int(bitPattern: UInt(SecureRandom.seed())))
      : options.key
    var hidden = try PrivateOptions(
      bound: options.bound ?? 1, noiseMultiplier: noiseMultiplier,
      expectedBatch: Double(plan.batch),
      noise: options.isSecure ? .secure() : .seeded(key.derived("noise")))
    let updating = try optimizer()
    let step = try TrainingStep(
      model: model, loss: loss, optimizer: updating, method: .private(hidden),
      key: key.derived("dropout"))
    step.onNotice = callbacks.onNotice
    let all = try publicExamples.batch(Array(0..<publicExamples.count))
    var losses: [Double] = []
    var steps = 0
    var isStopped = false
    for epoch in 0..<plan.epochs where !isStopped {
      var sum = (loss: 0.0, examples: 0)
      var subspaces: [PublicSubspace]?
      for number in 0..<plan.stepsPerEpoch {
        if callbacks.shouldStop() {
          isStopped = true
          break
        }
        let loss: Double
        let count: Int
        do {
          (loss, count) = try take(
            step, updating, all, &hidden, &subspaces, key.derived("sample", epoch, number))
        } catch {
          // Stopped within the step, before it changed anything: the step has not been.
          guard callbacks.shouldStop() else { throw error }
          isStopped = true
          break
        }
        steps += 1
        if count > 0 { sum = (sum.loss + loss * Double(count), sum.examples + count) }
        try callbacks.onStep(
          TrainingProgress(
            step: steps, steps: plan.steps, epoch: epoch, epochs: plan.epochs, loss: loss,
            examplesDone: steps * plan.batch, seconds: (clock.now - start).inSeconds,
            examplesPerSecond: Double(steps * plan.batch)
              / max((clock.now - start).inSeconds, 1e-9)))
      }
      losses.append(sum.loss / Double(sum.examples))
    }
    return PrivateTrainingResult(
      method: "adamix", epsilon: try epsilon(after: steps),
      epsilonRDP: try epsilon(after: steps, by: .rdp), accountant: options.accountant,
      unit: .example, epsilonPaper: nil, delta: options.delta, noiseMultiplier: noiseMultiplier,
      clippingBound: hidden.bound, decay: 1, steps: steps, plannedSteps: plan.steps,
      sampleRate: plan.rate, seconds: (clock.now - start).inSeconds, losses: losses,
      validations: [], isStopped: isStopped, isStoppedEarly: false, isSecure: options.isSecure,
      notes: notes)
  }

  /// One step on the sample of a key; returns its mean loss and how many private examples it had.
  private func take(
    _ step: TrainingStep, _ optimizer: Optimizer, _ all: Batch, _ hidden: inout PrivateOptions,
    _ subspaces: inout [PublicSubspace]?, _ key: RandomKey
  ) throws -> (loss: Double, examples: Int) {
    let examples = try step.exampleGradients(all)
    hidden.bound = options.bound ?? Self.bound(examples, options.quantile)
    // Those of an epoch's first step serve all of it.
    if options.projects, subspaces == nil {
      subspaces = try examples.map { try PublicSubspace($0, rank: options.rank) }
    }
    var stream = key.stream
    let batch = try privateExamples.batch(
      stream.poissonSample(plan.examples, probability: plan.rate))
    let (noised, loss) = try step.noisedGradient(batch, hidden)
    try optimizer.step(Array(zip(step.parameters, try mix(examples, noised, subspaces))))
    try keepWithinRadius(step.parameters)
    return (loss, batch.count)
  }

  private func learnFromPublic(_ model: Layer, _ loss: Loss, _ optimizer: Optimizer) throws {
    guard options.publicEpochs > 0 else { return }
    let plan = try SamplingPlan(
      examples: publicExamples.count, batch: 16, epochs: options.publicEpochs, sampling: .shuffled)
    _ = try Trainer(
      model: model, loss: loss, optimizer: optimizer,
      options: TrainingOptions(plan: plan, key: options.key.derived("public"))
    ).run(publicExamples)
  }

  /// The quantile of the norms of examples' gradients, each over all parameters.
  static func bound(_ gradients: [Tensor], _ quantile: Double) -> Double {
    guard let count = gradients.first?.shape[0], count > 0 else { return leastBound }
    let norms = (0..<count).map { example in
      gradients.reduce(0.0) { sum, all in
        let size = all.count / count
        let start = all.floats + example * size
        return (0..<size).reduce(sum) { $0 + Double(start[$1]) * Double(start[$1]) }
      }.squareRoot()
    }.sorted()
    let place = Int((quantile * Double(count)).rounded(.up)) - 1
    let norm = norms[min(max(place, 0), count - 1)]
    return norm.isFinite ? min(max(norm, leastBound), 1e6) : 1
  }

  /// (Σ of the public gradients + N·the private mean, projected) / (N + n) of each parameter.
  private func mix(_ examples: [Tensor], _ noised: [Tensor], _ subspaces: [PublicSubspace]?) throws
    -> [Tensor]
  {
    let total = Float(plan.examples + publicExamples.count)
    return try noised.enumerated().map { index, gradient in
      let kept = try subspaces?[index].project(gradient) ?? gradient
      let result = try Tensor.zeros(gradient.shape)
      let size = gradient.count
      let rows = examples[index].shape[0]
      for i in 0..<size {
        var sum: Float = 0
        for row in 0..<rows { sum += examples[index].floats[row * size + i] }
        result.floats[i] = (sum + Float(plan.examples) * kept.floats[i]) / total
      }
      return result
    }
  }

  private func keepWithinRadius(_ parameters: [Parameter]) throws {
    guard let radius = options.radius else { return }
    let squares = parameters.reduce(0.0) { sum, parameter in
      let data = parameter.data
      return (0..<parameter.count).reduce(sum) {
        $0 + Double(data.floats[$1]) * Double(data.floats[$1])
      }
    }
    let norm = squares.squareRoot()
    guard norm > radius else { return }
    let factor = Float(radius / norm)
    for parameter in parameters {
      try parameter.update { values in for i in values.indices { values[i] *= factor } }
    }
  }
}

extension Duration {
  fileprivate var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
