import Federated
import Runtime

/// `fed.avg` and its kin: the strategies of the literature.
enum StrategyBuiltins {
  static let natives =
    averaging + adaptive + correcting + further + [ScriptStrategyBuiltins.strategy]

  private static let serverRate = Param<Double>(
    "server_learning_rate", "The factor of the server's step.", default: 1, .positive, .finite,
    named: true)

  private static func rate(_ standard: Double?) -> Param<Double> {
    let (name, summary) = ("learning_rate", "The server's learning rate.")
    return standard.map {
      Param<Double>(name, summary, default: $0, .positive, .finite)
    } ?? Param<Double>(name, summary, .positive, .finite)
  }

  private static func beta1(_ standard: Double) -> Param<Double> {
    Param<Double>(
      "beta1", "How much of the running mean of updates is kept.", default: standard,
      .custom("from 0 to below 1") { $0.number.map { $0 >= 0 && $0 < 1 } ?? true }, named: true)
  }

  private static let beta2 = Param<Double>(
    "beta2", "How much of the running squares is kept.", default: 0.99,
    .custom("from 0 to below 1") { $0.number.map { $0 >= 0 && $0 < 1 } ?? true }, named: true)
  private static let tau = Param<Double>(
    "tau", "What is added to the root of the squares: the smaller, the more adaptive.",
    default: 1e-3, .positive, .finite, named: true)

  private static let averaging = [
    Native(
      "sgd",
      "Federated gradient descent (McMahan et al. 2017). Each client sends the gradient of one batch at the server's model, and the server makes one step with their mean. `local: {batch: …}` says how large the batch is; the other settings of `local` are not used.",
      rate(1), returns: "strategy", seeAlso: ["fed.simulate", "fed.avg"],
      search: ["fedsgd", "gradient"], examples: [("fed.sgd(0.5)", "fed.sgd(0.5)")]
    ) { rate in StrategyValue(strategy: try FedSGD(learningRate: rate)) },
    Native(
      "avg",
      "Federated averaging (McMahan et al. 2017). Clients train, and the server moves by the weighted mean of how far they moved.",
      serverRate, returns: "strategy", seeAlso: ["fed.simulate", "fed.avgm", "fed.prox"],
      search: ["fedavg", "federated averaging"], examples: [("fed.avg()", "fed.avg(1.0)")]
    ) { rate in StrategyValue(strategy: FedAvg(serverLearningRate: rate)) },
    Native(
      "avgm", "Federated averaging with momentum on the server (Hsu et al. 2019).", rate(1),
      Param<Double>(
        "momentum", "How much of the last move is kept.", default: 0.9,
        .custom("from 0 to below 1") { $0.number.map { $0 >= 0 && $0 < 1 } ?? true }, named: true),
      returns: "strategy", seeAlso: ["fed.avg"], search: ["fedavgm", "momentum"],
      examples: [("fed.avgm(0.5)", "fed.avgm(0.5, momentum: 0.9)")]
    ) { rate, momentum in
      StrategyValue(strategy: try FedAvgM(learningRate: rate, momentum: momentum))
    },
  ]

  private static let adaptive = [
    Native(
      "adam", "FedAdam (Reddi et al. 2021): Adam on the server, without bias correction.",
      rate(nil),
      beta1(0.9), beta2, tau, returns: "strategy", seeAlso: ["fed.yogi", "fed.adagrad"],
      search: ["fedadam", "fedopt", "adaptive"],
      examples: [("fed.adam(0.1)", "fed.adam(0.1, beta1: 0.9, beta2: 0.99, tau: 0.001)")]
    ) { rate, beta1, beta2, tau in
      StrategyValue(
        strategy: try FedOpt(.adam, learningRate: rate, beta1: beta1, beta2: beta2, tau: tau))
    },
    Native(
      "yogi",
      "FedYogi (Reddi et al. 2021): as FedAdam, with squares that grow and shrink by limited steps.",
      rate(nil), beta1(0.9), beta2, tau, returns: "strategy",
      seeAlso: ["fed.adam", "fed.adagrad"], search: ["fedyogi", "fedopt", "adaptive"],
      examples: [("fed.yogi(0.1)", "fed.yogi(0.1, beta1: 0.9, beta2: 0.99, tau: 0.001)")]
    ) { rate, beta1, beta2, tau in
      StrategyValue(
        strategy: try FedOpt(.yogi, learningRate: rate, beta1: beta1, beta2: beta2, tau: tau))
    },
    Native(
      "adagrad", "FedAdagrad (Reddi et al. 2021): Adagrad on the server.", rate(nil), beta1(0), tau,
      returns: "strategy", seeAlso: ["fed.adam", "fed.yogi"],
      search: ["fedadagrad", "fedopt", "adaptive"],
      examples: [("fed.adagrad(0.1)", "fed.adagrad(0.1, beta1: 0.0, tau: 0.001)")]
    ) { rate, beta1, tau in
      StrategyValue(
        strategy: try FedOpt(.adagrad, learningRate: rate, beta1: beta1, tau: tau))
    },
  ]

  private static let correcting = [
    Native(
      "prox",
      "FedProx (Li et al. 2020): federated averaging whose clients are pulled towards the server's model.",
      Param<Double>("mu", "How strongly; 0 is federated averaging.", .nonNegative, .finite),
      returns: "strategy", seeAlso: ["fed.avg", "fed.dyn", "fed.strategy"],
      search: ["fedprox", "proximal", "heterogeneous"],
      examples: [("fed.prox(mu: 0.1)", "fed.prox(mu: 0.1)")]
    ) { mu in StrategyValue(strategy: try FedProx(mu: mu)) },
    Native(
      "scaffold",
      "SCAFFOLD (Karimireddy et al. 2020): control variates take the drift out of clients' steps. Devices keep theirs, and twice as much is sent either way. Needs `optim.sgd` without momentum on clients, which count alike.",
      serverRate,
      Param<String>(
        "control",
        "How a client finds its control variate: \"path\" from the steps that it made (option II), \"gradient\" by another pass over its examples (option I).",
        default: "path", .oneOf(["path", "gradient"]), named: true),
      returns: "strategy", seeAlso: ["fed.avg", "fed.nova", "fed.dyn"],
      search: ["control variates", "client drift", "variance reduction"],
      examples: [("fed.scaffold()", "fed.scaffold(1.0, control: path)")]
    ) { rate, control in
      StrategyValue(
        strategy: try Scaffold(
          serverLearningRate: rate, control: Scaffold.Control(rawValue: control) ?? .path))
    },
    Native(
      "nova",
      "FedNova (Wang et al. 2020): clients that make more steps do not pull harder. Needs `optim.sgd` on clients, with momentum if wanted.",
      serverRate,
      Param<Double>(
        "mu", "The pull towards the server's model of a proximal term; 0 for none.", default: 0,
        .nonNegative, .finite, named: true),
      returns: "strategy", seeAlso: ["fed.avg", "fed.scaffold"],
      search: ["fednova", "normalized averaging", "objective inconsistency"],
      examples: [("fed.nova()", "fed.nova(1.0, mu: 0.0)")]
    ) { rate, mu in StrategyValue(strategy: try FedNova(serverLearningRate: rate, mu: mu)) },
  ]

  private static let further = [
    Native(
      "dyn",
      "FedDyn (Acar et al. 2021). Clients' objectives are bent so that what is best for all is best for each. Clients count alike.",
      Param<Double>("alpha", "The strength of the regularisation.", .positive, .finite),
      returns: "strategy", seeAlso: ["fed.prox", "fed.scaffold"],
      search: ["feddyn", "dynamic regularization"],
      examples: [("fed.dyn(alpha: 0.01)", "fed.dyn(alpha: 0.01)")]
    ) { alpha in StrategyValue(strategy: try FedDyn(alpha: alpha)) },
    Native(
      "q_avg",
      "Clients with a higher loss count more, for quality that is alike across devices. It is q-FedAvg (Li et al. 2020).",
      Param<Double>(
        "q", "How much more; 0 is federated averaging of clients that count alike.", .nonNegative,
        .finite),
      Param<Double?>(
        "lipschitz", "The constant L of the algorithm; nil is 1 / the clients' learning rate.",
        default: nil, .positive, .finite, named: true),
      returns: "strategy", seeAlso: ["fed.avg", "fed.ditto"],
      search: ["q-ffl", "fairness", "qfedavg"],
      examples: [("fed.q_avg(1)", "fed.q_avg(1.0)")]
    ) { q, lipschitz in StrategyValue(strategy: try QFedAvg(q: q, lipschitz: lipschitz)) },
    Native(
      "buff",
      "FedBuff (Nguyen et al. 2022): the server waits for nobody. `clients` devices train at any time, in simulated time, and each `size` updates make a round; those that began τ rounds ago count 1/√(1 + τ).",
      Param<Int>("size", "How many updates make a round.", .positive), serverRate,
      Param<String>(
        "durations",
        "How long clients take: \"exponential\" at random with mean 1, \"equal\" all alike.",
        default: "exponential", .oneOf(Asynchrony.Durations.allCases.map(\.rawValue)), named: true),
      returns: "strategy", seeAlso: ["fed.avg", "fed.traces"],
      search: ["fedbuff", "asynchronous", "stale", "staleness"],
      examples: [("fed.buff(10)", "fed.buff(10, 1.0, durations: exponential)")]
    ) { size, rate, durations in
      StrategyValue(
        strategy: try FedBuff(
          size: size, serverLearningRate: rate,
          durations: Asynchrony.Durations(rawValue: durations) ?? .exponential))
    },
    Native(
      "ditto",
      "Federated averaging with a model of its own for each device (Ditto, Li et al. 2021). That model is pulled towards the server's.",
      Param<Double>("lambda", "How strongly; 0: devices learn alone.", .nonNegative, .finite),
      returns: "strategy", seeAlso: ["fed.avg", "fed.q_avg"],
      search: ["personalization", "personal models", "fairness"],
      examples: [("fed.ditto(lambda: 0.1)", "fed.ditto(lambda: 0.1)")]
    ) { lambda in StrategyValue(strategy: try Ditto(lambda: lambda)) },
  ]
}

/// `fed.strategy`: a strategy of one's own.
enum ScriptStrategyBuiltins {
  static let strategy = Native(
    "strategy",
    "A strategy of functions. `client(model, device, round)` trains `model` on `device.examples` and gives an update, `model - round.server`, or {update, state, loss}: `state` is kept on the device and is `device.state` next time, `loss` is shown as the client's loss before training. `server(model, updates)` or `server(model, updates, round)` gives the next model, as `model + updates.mean()`, or {model, state}: `state` is `round.state` from then on, and is sent to clients. Clients run one after the other. With privacy the functions may keep nothing of a client's data in variables outside: only updates are clipped and noised.",
    Param<Callable>("client", "`(model, device, round) => update`.", named: true),
    Param<Callable>("server", "`(model, updates, round) => model`.", named: true),
    Param<Callable?>(
      "start", "`model => state`: what the server keeps from the first round on.", default: nil,
      named: true),
    returns: "strategy", seeAlso: ["fed.simulate", "fed.prox", "nn.train", "distance2"],
    search: ["own algorithm", "custom", "callback", "aggregate"],
    context: { (vm: VM, client: Callable, server: Callable, start: Callable?) in
      try require(client, "client", 3...3)
      try require(server, "server", 2...3)
      if let start { try require(start, "start", 1...1) }
      let takesRound = server.arity.map { $0.contains(3) } ?? true
      return StrategyValue(
        strategy: ScriptStrategy(
          start: start, client: client, server: server, takesRound: takesRound,
          place: vm.callPlace ?? "the prompt", vm))
    })

  private static func require(
    _ function: Callable, _ name: String, _ counts: ClosedRange<Int>
  ) throws {
    guard let arity = function.arity, !arity.overlaps(counts) else { return }
    let wanted =
      name == "start"
      ? "(model)"
      : name == "client"
        ? "(model, device, round)" : "(model, updates, round)"
    let found = arity.lowerBound == arity.upperBound ? "\(arity.lowerBound)" : "\(arity)"
    throw Fault(.type, "`\(name)` is called with \(wanted), this function takes \(found)")
  }
}
