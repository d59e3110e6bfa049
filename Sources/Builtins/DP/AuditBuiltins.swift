import Foundations
import Learning
import Privacy
import Runtime
import Syntax
import Tables
import Tensors

/// What an audit of training found, in a script.
extension AuditResult: NativeValue {
  public static let nativeType = NativeType<AuditResult>(
    "audit", "A privacy that training certainly does not have, beside the one that it claims."
  ) { type in
    type.representation = { audit, _ in audit.description }
    type.transfer = .share
    type.hasContent()
    type.equals = { $0 == $1 }
    type.field("claimed", "The epsilon that training claims.") { $0.claimed }
    type.field("lower", "Epsilon is above this, with the chance `level`; 0 where nothing is found.")
    { $0.lower }
    type.field("violated", "Whether the claim is refuted: `lower > claimed`.") { $0.isViolated }
    type.field("delta", "The delta of the claim.") { $0.delta }
    type.field("level", "The chance that `lower` holds.") { $0.level }
    type.field("method", "How it was audited: one_run or classical.") { $0.method.rawValue }
    type.field("trials", "Canaries of the one run, or runs of the one canary.") { $0.trials }
    type.field("guesses", "Of how many the attacker said whether they were in.") { $0.guesses }
    type.field("correct", "Of how many that was right.") { $0.correct }
  }
}

/// `dp.audit`.
enum AuditBuiltins {
  private static let examples = Param<LabelledExamples>(
    "examples", "What the model is trained on beside the canaries.")
  private static let train = Param<Callable>(
    "train",
    "`part => {model, epsilon}` trains a model on a part as it is to be audited, and says which epsilon it claims.",
    named: true)
  private static let canaries = Param<AuditedCanaries>(
    "canaries",
    "How many canaries to make (one run), or examples of one's own. Those with much influence find most.",
    default: .count(1000), text: "1000", named: true)
  private static let kind = Param<String>(
    "kind",
    "How canaries are made: \"mislabelled\" copies examples with wrong classes; \"random\" puts inputs together from many and draws the class.",
    default: "mislabelled", .oneOf(LabelledExamples.CanaryKind.allCases.map(\.rawValue)),
    named: true)
  private static let method = Param<String>(
    "method",
    "\"one_run\" trains once with half of the canaries (Steinke et al. 2023); \"classical\" often, with and without one canary (Jagielski et al. 2020).",
    default: "one_run", .oneOf(AuditResult.Method.allCases.map(\.rawValue)), named: true)
  private static let runs = Param<Int>(
    "runs", "Of \"classical\": how many trainings, half of them with the canary.", default: 100,
    .within(4, 10_000_000), named: true)
  private static let level = Param<Double>(
    "level", "The chance that the bound holds.", default: 0.95, .between(0, 1), named: true)
  private static let delta = Param<Double>(
    "delta", "The delta of the claim.", default: 1e-5, .within(0, 0.999), named: true)
  private static let family = Param<String>(
    "family",
    "\"any\" bounds epsilon whatever training does; \"gaussian\" takes for granted that its trade-off is that of Gaussian noise, and finds more (Mahloujifar et al. 2024; Nasr et al. 2023).",
    default: "any", .oneOf(AuditResult.Family.allCases.map(\.rawValue)), named: true)
  private static let guesses = Param<Int?>(
    "guesses",
    "Of \"one_run\": of how many canaries to say something, chosen beforehand; nil tries several numbers and pays for it.",
    default: nil, .atLeast(2), named: true)
  private static let score = Param<Callable?>(
    "score",
    "`(model, canaries) => numbers`, a number a canary, high for those that were in; nil is their negative loss.",
    default: nil, named: true)
  private static let loss = Param<Callable?>(
    "loss", "Of the canaries, as in `dp.attack`.", default: nil, named: true)

  static let natives = [
    Native(
      "audit",
      "Bounds the epsilon of training from below, by how well canaries can be told. Each is in the training set by the toss of a coin, and an attacker says of the surest which were in. A bound above the claim refutes it: noise or clipping is missing, or privacy was miscounted. One below proves nothing.",
      parameters: [
        examples, train, canaries, kind, method, runs, level, delta, family, guesses, score, loss,
      ], returns: "audit", seeAlso: ["dp.attack", "dp.train", "dp.canary"],
      search: ["lower bound", "one run", "steinke", "clopper-pearson", "test", "verify"],
      arguments: { (arguments: inout Arguments) in try audit(&arguments) })
  ]

  /// What `train` gave.
  private struct Trained {
    let model: Model
    let epsilon: Double

    init(_ value: Value, _ vm: VM) throws {
      let parts = try [Spelling: Value].attempt(value, vm)
      guard let parts, let model = try parts["model"].flatMap({ try Model.decode($0, vm) }),
        let epsilon = parts["epsilon"].flatMap({ Double.decode($0, vm) })
      else {
        throw Fault(
          .type,
          "`train` must give {model, epsilon}, it gave \(Representation.described(value))",
          hint: "`{model: model, epsilon: fit.epsilon}`")
      }
      guard epsilon >= 0 else {
        throw Fault(.value, "`train` claims an epsilon of \(NumberText.shortest(epsilon))")
      }
      self.model = model
      self.epsilon = epsilon
    }
  }

  private static func audit(_ arguments: inout Arguments) throws -> AuditResult {
    let vm = arguments.vm
    let key = vm.randomKey("audit")
    let examples = try arguments(examples)
    // The rules of the parameters admit only names that exist.
    let method = AuditResult.Method(rawValue: try arguments(method)) ?? .oneRun
    try refuseStrangers(&arguments, method)
    let canaries: LabelledExamples
    switch try arguments(Self.canaries) {
    case .own(let own): canaries = own
    case .count(let count):
      canaries = try examples.canaries(
        .init(rawValue: try arguments(kind)) ?? .mislabelled,
        count: method == .classical ? 1 : count, key: key.derived("canaries"))
    }
    let (score, loss) = (try arguments(Self.score), try Loss.ofScript(arguments(Self.loss)))
    let train = try arguments(train)
    func run(_ part: LabelledExamples) throws -> (scores: [Double], epsilon: Double) {
      try vm.scope { () throws -> (scores: [Double], epsilon: Double) in
        let trained = try Trained(train.call([part]), vm)
        guard let score else {
          let losses = try vm.evaluation(of: trained.model).losses(canaries.source, loss)
          return (losses.map { -$0 }, trained.epsilon)
        }
        let numbers = try NumberVector.decode(score.call([trained.model, canaries]), vm)
        guard let numbers, numbers.values.count == canaries.count else {
          throw Fault(
            .value,
            "`score` must give a number for each of the \(canaries.count) canaries, it gave \(numbers?.values.count ?? 0)"
          )
        }
        return (numbers.values, trained.epsilon)
      }
    }
    let family = AuditResult.Family(rawValue: try arguments(family)) ?? .any
    let (level, delta) = (try arguments(Self.level), try arguments(Self.delta))
    var random = key.derived("coins").stream
    if method == .classical {
      let found = try classical(examples, canaries, try arguments(runs), &random, run)
      return try PrivacyAudit.classical(
        with: found.with, without: found.without, claimed: found.epsilon, delta: delta,
        level: level, family: family)
    }
    let included = (0..<canaries.count).map { _ in random.next() & 1 == 0 }
    let part = try examples.joined(
      canaries.selecting(included.indices.filter { included[$0] }))
    let (scores, epsilon) = try run(part)
    return try PrivacyAudit.oneRun(
      scores: scores, included: included, claimed: epsilon, delta: delta, level: level,
      guesses: try arguments(guesses), family: family)
  }

  /// Says what would count for nothing.
  private static func refuseStrangers(_ arguments: inout Arguments, _ method: AuditResult.Method)
    throws
  {
    let (name, owner) =
      method == .oneRun ? ("runs", "\"classical\"") : ("guesses", "\"one_run\"")
    if arguments.isGiven(name) {
      throw Fault(
        .value, "`\(name)` belongs to \(owner), not to \"\(method.rawValue)\"",
        hint: "leave it away, or give another `method`")
    }
    if arguments.isGiven("loss"), arguments.isGiven("score") {
      throw Fault(.value, "`score` takes the place of `loss`", hint: "give one of them")
    }
  }

  /// Trains many times, in random order, half of the times with the one canary.
  private static func classical(
    _ examples: LabelledExamples, _ canaries: LabelledExamples, _ runs: Int,
    _ random: inout RandomStream,
    _ run: (LabelledExamples) throws -> (scores: [Double], epsilon: Double)
  ) throws -> (with: [Double], without: [Double], epsilon: Double) {
    guard canaries.count == 1 else {
      throw Fault(
        .value, "the classical audit has one canary, got \(canaries.count)",
        hint: "`method: \"one_run\"` takes many")
    }
    let both = try examples.joined(canaries)
    var (with, without) = ([Double](), [Double]())
    var claimed = 0.0
    for turn in random.permutation(runs) {
      let found = try run(turn.isMultiple(of: 2) ? both : examples)
      // Training with one more example may claim a little less; the claim is for both.
      claimed = max(claimed, found.epsilon)
      if turn.isMultiple(of: 2) {
        with.append(found.scores[0])
      } else {
        without.append(found.scores[0])
      }
    }
    return (with, without, claimed)
  }
}

/// How many canaries to make, or the canaries themselves.
enum AuditedCanaries: Bindable {
  case count(Int)
  case own(LabelledExamples)

  static let typeName = "int or examples"

  static func decode(_ value: Value, _ vm: VM) throws -> AuditedCanaries? {
    if let count = Int.decode(value, vm) {
      guard (2...10_000_000).contains(count) else {
        throw Fault(.value, "an audit takes 2 to 10,000,000 canaries, got \(count)")
      }
      return .count(count)
    }
    return try LabelledExamples.decode(value, vm).map { .own($0) }
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .count(let count): count.encode(vm)
    case .own(let examples): try examples.encode(vm)
    }
  }
}
