import Foundations

/// What contradicts each other in a simulation, and why: all such rules in one place.
enum Compatibility {
  /// - Throws: `value`, or `privacy` where a promise would not hold, with what could be done instead.
  static func check(_ options: SimulationOptions, strategy: any Strategy) throws {
    try checkAggregation(options, strategy)
    try checkSecure(options)
    if let privacy = options.privacy as? CentralPrivacy {
      try checkCentral(privacy, options, strategy)
    }
    if options.privacy is LocalPrivacy { try checkLocal(options, strategy) }
    if options.privacy is DistributedPrivacy { try checkDistributed(options, strategy) }
  }

  // MARK: Robust aggregation

  private static func checkAggregation(_ options: SimulationOptions, _ strategy: any Strategy)
    throws
  {
    guard let combiner = options.combiner, combiner.seesUpdates else { return }
    if !(combiner is NormBound), (strategy.weighting ?? options.weights) == .sum {
      throw DomainError(
        .value,
        "the strategy `\(strategy.name)` needs the plain sum of updates, \(combiner.fingerprint) gives one typical update",
        hint: "leave `aggregate` away, or take `fed.avg()`")
    }
    if let krum = combiner as? Krum, options.clients < krum.leastClients {
      throw DomainError(
        .value,
        "Krum against \(krum.byzantine) clients with the mean of \(krum.multi) needs \(krum.leastClients) clients a round, got \(options.clients)"
      )
    }
    if let mean = combiner as? TrimmedMean, options.clients <= 2 * mean.cut(of: options.clients) {
      throw DomainError(
        .value,
        "nothing is left of \(options.clients) clients a round where \(mean.cut(of: options.clients)) are cut off at each side"
      )
    }
  }

  // MARK: Secure sums

  private static func checkSecure(_ options: SimulationOptions) throws {
    guard let combiner = options.combiner, !combiner.seesUpdates else { return }
    if options.updateSteps.contains(where: { $0 is any RoundAttack }) {
      throw DomainError(
        .value,
        "attackers that work together see what honest clients send, and with `secure` nobody does",
        hint: "`fed.attack(\"sign_flip\", …)` and `\"scale\"` need no sight of others")
    }
    if let step = options.updateSteps.first(where: { $0 is Compression }) as? Compression {
      throw DomainError(
        .value,
        "with `secure` every client sends all numbers under masks: \(step.compressor.fingerprint) saves nothing, and where each leaves out others the masks do not cancel",
        hint: "leave `compress` or `secure` away")
    }
    if options.privacy is CentralPrivacy {
      throw DomainError(
        .privacy,
        "`fed.central` clips each update on the server, which with `secure` sees none",
        hint: "`fed.distributed(…)` clips and noises on the clients, under the secure sum")
    }
  }

  // MARK: Privacy

  private static func checkCentral(
    _ privacy: CentralPrivacy, _ options: SimulationOptions, _ strategy: any Strategy
  ) throws {
    try requireUniform(
      options,
      "`fed.central` draws each device on its own with the same chance, which its epsilon rests on")
    try requireVectors(strategy, "`fed.central`")
    if strategy.name == "buff" {
      throw DomainError(
        .privacy,
        "with `fed.buff` how fast a device is decides when its update counts; the epsilon of `fed.central` rests on rounds that are drawn at random",
        hint: "take a strategy that waits for its round, such as `fed.avg()`")
    }
    if let combiner = options.combiner, combiner.seesUpdates {
      throw DomainError(
        .privacy,
        "`fed.central` has the noise for a mean of clipped updates; what one client moves \(combiner.fingerprint) by is not known to be as little",
        hint: "leave `aggregate` away: clipping already bounds what a client does")
    }
    try refuseSight(options, "`fed.central`")
  }

  /// Attackers that work together know what honest clients send.
  private static func refuseSight(_ options: SimulationOptions, _ privacy: String) throws {
    guard options.updateSteps.contains(where: { $0 is any RoundAttack }) else { return }
    throw DomainError(
      .privacy,
      "attackers that know the honest updates carry one client's data into several updates, which \(privacy) has no noise for",
      hint: "`fed.attack(\"sign_flip\", …)` and `\"scale\"` need no sight of others")
  }

  private static func checkDistributed(
    _ options: SimulationOptions, _ strategy: any Strategy
  ) throws {
    try requireUniform(
      options,
      "under `fed.distributed` how many examples a device holds must not decide when it is asked")
    try requireVectors(strategy, "`fed.distributed`")
    try refuseSight(options, "`fed.distributed`")
    if strategy.name == "scaffold" {
      throw DomainError(
        .privacy,
        "`fed.scaffold` sends two vectors a client, and the noise of `fed.distributed` is for an update alone",
        hint: "take a strategy that sends one, such as `fed.avg()` or `fed.adam(…)`")
    }
    if strategy.name == "buff" {
      throw DomainError(
        .privacy,
        "with `fed.buff` the server takes updates as they come; the shares of noise of `fed.distributed` are for a round that all its clients are in",
        hint: "take a strategy that waits for its round, such as `fed.avg()`")
    }
  }

  private static func checkLocal(_ options: SimulationOptions, _ strategy: any Strategy) throws {
    try requireUniform(
      options, "under `fed.local` how many examples a device holds must not decide when it is asked"
    )
    try requireVectors(strategy, "`fed.local`")
    if options.updateSteps.contains(where: { $0 is Compression }) {
      throw DomainError(
        .value,
        "`fed.local` adds noise to all numbers of an update, which leaves nothing of its compression",
        hint: "leave `compress` away")
    }
  }

  private static func requireUniform(_ options: SimulationOptions, _ reason: String) throws {
    guard !(options.selection is UniformSelection) else { return }
    throw DomainError(
      .privacy, "\(reason); `selection` is \(options.selection.fingerprint)",
      hint: "leave `selection` away")
  }

  /// Strategies whose clients send numbers beside their vectors. Others that do are found in the first round.
  private static let sendNumbers = ["nova", "q_avg"]

  /// Nothing but vectors is sent, and they are weighed alike.
  private static func requireVectors(_ strategy: any Strategy, _ privacy: String) throws {
    if sendNumbers.contains(strategy.name) {
      throw DomainError(
        .privacy,
        "the strategy `\(strategy.name)` sends numbers beside its vectors, which \(privacy) neither bounds nor noises",
        hint: "take a strategy that sends vectors alone, such as `fed.avg()` or `fed.adam(…)`")
    }
    guard let weighting = strategy.weighting, weighting != .equal else { return }
    throw DomainError(
      .privacy,
      "the strategy `\(strategy.name)` weighs updates by \(weighting.rawValue), \(privacy) counts all clients alike",
      hint: "take a strategy that leaves weights open, such as `fed.avg()` or `fed.adam(…)`")
  }
}
