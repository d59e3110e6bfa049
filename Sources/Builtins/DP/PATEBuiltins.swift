import Privacy
import Runtime
import Tensors

/// `dp.pate`.
enum PATEBuiltins {
  static let natives = [pate]

  private static let votes = Param<Tensor>(
    "votes",
    "How many teachers vote for each class: [queries, classes]. Each teacher is trained on a part of the private data that it shares with no other, and has one vote a query."
  )
  private static let epsilon = Param<Double?>(
    "epsilon", "The privacy budget.", default: nil, .positive, named: true)
  private static let sigma = Param<Double?>(
    "sigma", "The noise on each count, in votes, in place of epsilon.", default: nil, .positive,
    .finite, named: true)
  private static let method = Param<String>(
    "method",
    "\"gnmax\" answers every query; \"confident\" only those whose first class has enough votes, noise included.",
    default: "gnmax", .oneOf(PATEOptions.Method.allCases.map(\.rawValue)), named: true)
  private static let threshold = Param<Double?>(
    "threshold", "confident: how many votes are enough.", default: nil, .finite, named: true)
  private static let thresholdSigma = Param<Double?>(
    "threshold_sigma", "confident: the noise on the largest count, in votes; nil is 3 · sigma.",
    default: nil, .positive, .finite, named: true)
  private static let limit = Param<Int?>(
    "limit",
    "confident: queries to answer at most; the rest gets nil. Epsilon counts as many answers, nil as many as queries.",
    default: nil, .nonNegative, named: true)

  private static let pate = Native(
    "pate",
    "Labels for public queries by the noised votes of teachers (PATE, Papernot et al. 2018). A student that learns from them is as private as they are. The result has `labels` (nil where there is none), `answered`, `sigma`, `epsilon`, what was spent whatever the votes were, for one example more or less, and `epsilon_data_dependent`, what these votes spent by theorem 6 of the paper, which is smaller where teachers agree. The latter is a function of the private data and not itself private: it is for comparing, not for publishing. The noise comes from the operating system.",
    parameters: [
      votes, epsilon, sigma, DPTrainingOptions.delta, method, threshold, thresholdSigma, limit,
    ],
    returns: "map", seeAlso: ["dp.train", "dp.gaussian", "distill.train"],
    search: ["teacher", "student", "ensemble", "aggregation", "gnmax", "knowledge transfer"],
    examples: [
      ("dp.pate([[250, 0], [3, 247]], sigma: 10).labels", "[0, 1]"),
      ("round(dp.pate([[250, 0], [3, 247]], sigma: 10).epsilon, 4)", "0.7255"),
    ],
    arguments: { (arguments: inout Arguments) in
      let votes = try arguments(votes)
      guard votes.rank == 2 else {
        throw Fault(
          .shape, "votes have the shape [queries, classes], got \(votes.shape)"
        ).atArgument(0)
      }
      var options = PATEOptions()
      options.epsilon = try arguments(epsilon)
      options.sigma = try arguments(sigma)
      guard (options.epsilon == nil) != (options.sigma == nil) else {
        throw Fault(.value, "`dp.pate` needs either `epsilon` or `sigma`")
      }
      options.delta = try DPTrainingOptions.delta(&arguments)
      options.method = .init(rawValue: try arguments(method)) ?? .gnmax
      options.threshold = try arguments(threshold)
      options.thresholdSigma = try arguments(thresholdSigma)
      options.limit = try arguments(limit)
      let (queries, classes) = (votes.shape[0], votes.shape[1])
      let pate = try PATE(queries: queries, options)
      try arguments.vm.charge(pate.event, "dp.pate")
      let values = try votes.cast(to: .f64).contiguous().array(Double.self)
      let result = try pate.aggregate(
        (0..<queries).map { Array(values[($0 * classes)..<(($0 + 1) * classes)]) })
      return Record([
        ("labels", result.labels), ("answered", result.answered), ("epsilon", result.epsilon),
        ("epsilon_data_dependent", result.epsilonDataDependent), ("delta", result.delta),
        ("sigma", result.sigma), ("threshold_sigma", result.thresholdSigma),
      ])
    })
}
