import Foundations
import Learning
import Privacy
import Runtime
import Tables
import Tensors

/// The parameters of `dp.train` that `nn.train` lacks, and the options that they make.
enum DPTrainingOptions {
  static let epsilon = Param<Double?>(
    "epsilon",
    "The privacy budget; `inf` trains without privacy, and a note names what was given that then counts for nothing: no error, so that a sweep may go through `inf`.",
    default: nil, .positive,
    named: true)
  static let delta = Param<Double>(
    "delta",
    "The chance that the promise fails; well below 1 / examples. Inside a ledger its own, unless given.",
    default: 1e-5, .between(0, 1), named: true)
  static let batch = Param<Int>(
    "batch", "The expected number of examples (users, with `unit`) of a step.", default: 64,
    .positive, named: true)
  static let maxGradNorm = Param<Double>(
    "max_grad_norm",
    "The clipping bound: one example's influence on a step. The first one, where it follows a quantile.",
    default: 1, .positive, .finite, named: true)
  static let noiseMultiplier = Param<Double?>(
    "noise_multiplier", "Noise relative to the clipping bound, in place of epsilon.", default: nil,
    .nonNegative, .finite, named: true)
  static let method = Param<String>(
    "method",
    "\"dp-sgd\" clips each example; \"loop\" does so with one backward pass an example, as first published, and gives the same numbers slowly; \"edp-sgd\" clips the means of micro-batches, layer by layer, with noise that decays; \"dp-ftrl\" takes no samples: every example is once in each epoch, in a step of its own draw, and later steps take noise of earlier ones back.",
    default: "dp-sgd", .oneOf(PrivateTrainingOptions.Method.allCases.map(\.rawValue)), named: true)
  static let accountant = Param<String>(
    "accountant",
    "Who computes epsilon and the noise for a budget: \"pld\", the tightest bound, or \"rdp\", that of many papers, never below.",
    default: "pld", .oneOf(TrainingAccountant.allCases.map(\.rawValue)), named: true)
  static let clipping = Param<String>(
    "clipping",
    "How a gradient is shortened: see `dp.clip`. \"quantile\" is flat with a bound that follows a quantile of the norms, estimated with noise for which the same multiplier pays (Andrew et al. 2019); dp-sgd and loop.",
    default: "flat", .oneOf(ClippingRule.allCases.map(\.rawValue) + ["quantile"]), named: true)
  static let quantile = Param<Double?>(
    "quantile", "For \"quantile\": the share of gradients to be left as they are; nil is 0.5.",
    default: nil, .within(0, 1), named: true)
  static let microBatches = Param<Int?>(
    "micro_batches",
    "edp-sgd: into how many a step's examples are divided; nil gives each eight examples.",
    default: nil,
    .within(1, 4096), named: true)
  static let decay = Param<Double?>(
    "decay", "Factor of the noise from epoch to epoch; nil is 0.95 for edp-sgd, 1 elsewhere.",
    default: nil, .positive, .atMost(1), named: true)
  static let layerScale = Param<String?>(
    "layer_scale",
    "edp-sgd: what a layer's share of the bound follows; nil is \"weight_norm\".",
    default: nil, .oneOf(LayerScale.allCases.map(\.rawValue)), named: true)
  static let accounting = Param<String?>(
    "accounting",
    "edp-sgd: which epsilon the budget limits, the one that holds (\"honest\", as nil) or the paper's.",
    default: nil, .oneOf(MicroBatchAccounting.allCases.map(\.rawValue)), named: true)
  static let factorization = Param<String?>(
    "factorization",
    "dp-ftrl: how the noise hangs together, by a binary \"tree\" (as nil; Kairouz et al. 2021) or by the square root of the matrix of prefix sums, \"toeplitz\", with less noise and time that grows with the square of an epoch's steps (Fichtenberger et al. 2022).",
    default: nil, .oneOf(NoiseCorrelation.Factorization.allCases.map(\.rawValue)), named: true)
  static let unit = Param<Value?>(
    "unit",
    "Protects users instead of examples: whose each example is, as a list or column, or as the name of a further entry of {inputs, labels, user: […]}. Steps then sample users, and all that a user's examples do to a step is clipped as one. How many users there are counts as known.",
    default: nil, named: true)
  static let examplesPerUser = Param<Int?>(
    "examples_per_user",
    "With `unit`: examples of one user that are used at most, drawn once; nil uses all.",
    default: nil, .positive, named: true)
  static let userGradient = Param<String?>(
    "user_gradient",
    "With `unit`: a user's gradient is the \"mean\" (as nil) or \"sum\" of theirs.",
    default: nil, .oneOf(["mean", "sum"]), named: true)
  static let noise = Param<String>(
    "noise",
    "Where randomness comes from: \"secure\" (the operating system: nothing repeats), \"seeded\" (repeats, protects nobody; refused inside a ledger), or \"auto\": seeded inside a sweep and `with seed(n)`, secure elsewhere and inside a ledger.",
    default: "auto", .oneOf(["auto", "secure", "seeded"]), named: true)
  static let exampleByExample = Param<Bool?>(
    "example_by_example",
    "Whether model and loss are given one example at a time (edp-sgd: one micro-batch), which is slow: nil does so, and says it, where they are not known to keep the examples of a step apart, and refuses a loss that learns nothing from one example; true always does; false refuses.",
    default: nil, named: true)

  static let all: [any AnyParam] = [
    noiseMultiplier, method, TrainingParameters.optimizer, DPTraining.loss, accountant, clipping,
    quantile, microBatches, decay, layerScale, accounting, factorization, unit, examplesPerUser,
    userGradient, noise, exampleByExample,
  ]

  /// Options that training without privacy makes no use of.
  static let onlyForPrivacy = [
    "delta", "max_grad_norm", "method", "accountant", "clipping", "quantile", "micro_batches",
    "decay", "layer_scale", "accounting", "factorization", "noise", "example_by_example",
  ]

  /// The options of a call.
  static func options(_ arguments: inout Arguments) throws -> PrivateTrainingOptions {
    let vm = arguments.vm
    var options = PrivateTrainingOptions(key: vm.randomKey("train"))
    options.epsilon = try arguments(epsilon)
    options.noiseMultiplier = try arguments(noiseMultiplier)
    guard (options.epsilon == nil) != (options.noiseMultiplier == nil) else {
      throw Fault(
        .value,
        options.epsilon == nil
          ? "`dp.train` needs a budget" : "`epsilon` and `noise_multiplier` exclude each other",
        hint: "give `epsilon: 3`, or `noise_multiplier: 1.1` to set the noise itself")
    }
    options.delta = try delta(&arguments)
    options.epochs = try arguments(TrainingParameters.epochs)
    options.batch = try arguments(batch)
    let pace = try TrainingParameters.Pace(&arguments)
    options.rateDecay = pace.decay
    options.warmup = pace.warmup
    options.accumulation = pace.accumulation
    options.maxGradNorm = try arguments(maxGradNorm)
    options.exampleByExample = try arguments(exampleByExample)
    // The rules of the parameters admit only names that exist.
    options.method = .init(rawValue: try arguments(method)) ?? .dpSGD
    options.accountant = .init(rawValue: try arguments(accountant)) ?? .pld
    options.decay = try arguments(decay)
    options.isSecure = try isSecure(&arguments, noise, "dp.train")
    try setClipping(&options, &arguments)
    try setOptionsOfMethods(&options, &arguments)
    return options
  }

  /// The delta of a call: its own, else that of the ledger in force.
  ///
  /// - Throws: `privacy` where that is 0.
  static func delta(_ arguments: inout Arguments) throws -> Double {
    let delta = try arguments(delta)
    guard !arguments.isGiven("delta"), let ledgers = arguments.vm.ledgerDelta else { return delta }
    guard ledgers > 0 else {
      throw Fault(
        .privacy, "this promises an epsilon at a delta above 0, and the ledger's delta is 0",
        hint:
          "open the ledger with a `delta:` such as 1e-6; one of delta 0 allows only pure operations"
      )
    }
    return ledgers
  }

  /// Whether the noise of a call is to come from the operating system.
  static func isSecure(_ arguments: inout Arguments, _ noise: Param<String>, _ name: String) throws
    -> Bool
  {
    let vm = arguments.vm
    switch try arguments(noise) {
    case "secure": return true
    case "seeded":
      guard !vm.isInLedger else {
        throw Fault(
          .privacy,
          "inside a ledger the noise of `\(name)` cannot be seeded: it would protect nobody",
          hint: "leave `noise` away, or train outside of the ledger")
      }
      return false
    default: return vm.isInLedger || !vm.isTrial && !vm.isSeeded
    }
  }

  private static func setClipping(
    _ options: inout PrivateTrainingOptions, _ arguments: inout Arguments
  ) throws {
    let rule = try arguments(clipping)
    let share = try arguments(quantile)
    if rule == "quantile" {
      options.quantile = share ?? 0.5
    } else {
      guard share == nil else {
        throw Fault(.value, "`quantile` belongs to `clipping: \"quantile\"`")
      }
      options.clipping = .init(rawValue: rule) ?? .flat
    }
  }

  /// What belongs to one method alone, refused with others.
  private static func setOptionsOfMethods(
    _ options: inout PrivateTrainingOptions, _ arguments: inout Arguments
  ) throws {
    options.microBatches = try arguments(microBatches)
    let scale = try arguments(layerScale)
    let limited = try arguments(accounting)
    let chain = try arguments(factorization)
    for (name, owner, isGiven) in [
      ("micro_batches", PrivateTrainingOptions.Method.edpSGD, options.microBatches != nil),
      ("layer_scale", .edpSGD, scale != nil), ("accounting", .edpSGD, limited != nil),
      ("factorization", .dpFTRL, chain != nil),
    ] where isGiven && options.method != owner {
      throw Fault(
        .value,
        "`\(name)` belongs to \"\(owner.rawValue)\", not to \"\(options.method.rawValue)\"",
        hint: "leave it away, or give `method: \"\(owner.rawValue)\"`")
    }
    options.layerScale = scale.flatMap(LayerScale.init(rawValue:)) ?? .weightNorm
    options.accounting = limited.flatMap(MicroBatchAccounting.init(rawValue:)) ?? .honest
    options.factorization = chain.flatMap(NoiseCorrelation.Factorization.init(rawValue:)) ?? .tree
  }

  /// The examples of a call, by whose they are where it says so.
  static func source(
    _ examples: TrainingExamples, _ arguments: inout Arguments, _ key: RandomKey
  ) throws -> any BatchSource {
    let unit = try arguments(unit)
    let limit = try arguments(examplesPerUser)
    let combination = try arguments(userGradient)
    guard let unit else {
      guard limit == nil, combination == nil else {
        throw Fault(
          .value,
          "`\(limit == nil ? "user_gradient" : "examples_per_user")` needs `unit`: whose each example is"
        )
      }
      return examples.source
    }
    return try UnitSource(
      examples.source, owners: owners(unit, examples, arguments.vm), limit: limit,
      isMean: combination != "sum", key: key.derived("examples of users"))
  }

  /// Whose each example is, as texts that differ where values do.
  private static func owners(_ unit: Value, _ examples: TrainingExamples, _ vm: VM) throws
    -> [String]
  {
    var named = unit
    if case .string(let name) = try Cell(unit, vm) {
      guard let entry = examples.further[Spelling(name)] else {
        throw Fault(
          .key, "the examples have no entry \(Quoting.literal(name)) that says whose they are",
          hint: "name a further key of {inputs, labels, user: […]}, or give the list itself")
      }
      named = entry
    }
    var cell = try Cell(named, vm)
    if case .tensor = cell, let tensor = try Tensor.decode(named, vm), tensor.rank == 1,
      tensor.dtype == .i64 || tensor.dtype == .i32
    {
      cell = .list(try tensor.cast(to: .i64).array(Int64.self).map { .int(Int($0)) })
    }
    guard case .list(let cells) = cell else {
      throw Fault(
        .type, "`unit` is a list or column with a value for each example, or the name of one")
    }
    return try cells.enumerated().map { index, cell in
      switch cell {
      case .null:
        throw Fault(.value, "example \(index) belongs to nobody: its `unit` is nil")
      case .bool, .int, .string, .date, .datetime: return CellCoding.encode(cell)
      default:
        throw Fault(
          .type, "`unit` is of texts, whole numbers or dates; that of example \(index) is none")
      }
    }
  }
}
