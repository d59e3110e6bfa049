import Foundations
import Privacy
import Runtime
import Tables

/// Choices and answers that hide what they depend on.
enum SelectionBuiltins {
  static let natives = [
    Native(
      "select",
      "The place of one of the greatest scores, chosen privately. Where one example moves each score by at most `sensitivity` it is chosen by the exponential mechanism with powers of two (McSherry and Talwar 2007; Ilvento 2020), by the noisiest maximum with one-sided geometric noise, or by permute-and-flip (McKenna and Sheldon 2020), which is never worse than the first. Exact, from the operating system's random bits; scores are rounded to a millionth of the sensitivity, which is accounted for.",
      Param<[Double]>("scores", "Numbers, the greatest the best.", .nonEmpty),
      Param<Double>(
        "sensitivity", "How far one example moves a score.", default: 1, .positive, .finite,
        named: true),
      Param<Double>("epsilon", "All that this spends.", .positive, .finite, named: true),
      Param<String>(
        "method", "How.", default: "exponential",
        .oneOf(PrivateSelection.allCases.map(\.rawValue)), named: true),
      returns: "int", seeAlso: ["dp.sparse_vector", "dp.quantile"],
      search: ["exponential mechanism", "report noisy max", "permute and flip", "argmax"],
      examples: [
        ("dp.select([1, 9, 3], epsilon: 1000)", "1"),
        ("dp.select([1, 9, 3], epsilon: 1000, method: \"permute_and_flip\")", "1"),
      ],
      context: {
        (vm: VM, scores: [Double], sensitivity: Double, epsilon: Double, method: String) in
        try PrivateSelection.check(sensitivity: sensitivity, epsilon: epsilon)
        try ReleaseBuiltins.charge(.pure(epsilon: epsilon), "dp.select", vm)
        return try (PrivateSelection(rawValue: method) ?? .exponential)
          .index(of: scores, sensitivity: sensitivity, epsilon: epsilon)
      }
    ),
    Native(
      "sparse_vector",
      "Whether each of many queries is above a threshold, until `limit` of them were. All together they are within epsilon, however many are below. AboveThreshold in the version that is private (Lyu, Su, Li 2017, algorithm 1): the threshold has noise of its own, and only yes and no is said.",
      Param<[Double]>("queries", "The queries' results on the data."),
      Param<Double>(
        "threshold", "What they are compared with; known to all.", .finite, named: true),
      Param<Double>(
        "sensitivity", "How far one example moves a query.", default: 1, .positive, .finite,
        named: true),
      Param<Double>("epsilon", "All that this spends.", .positive, .finite, named: true),
      Param<Int>(
        "limit", "How many may be found above.", default: 1, .within(1, 1_073_741_824), named: true),
      returns: "list of bool", seeAlso: ["dp.select"], search: ["above threshold", "svt"],
      examples: [
        ("dp.sparse_vector([1, 90, 2], threshold: 50, epsilon: 1000)", "[false, true]")
      ],
      context: {
        (
          vm: VM, queries: [Double], threshold: Double, sensitivity: Double, epsilon: Double,
          limit: Int
        ) in
        let vector = try SparseVector(sensitivity: sensitivity, epsilon: epsilon, limit: limit)
        try vector.check(threshold: threshold)
        try ReleaseBuiltins.charge(.pure(epsilon: epsilon), "dp.sparse_vector", vm)
        return try vector.answers(queries, threshold: threshold)
      }
    ),
    Native(
      "randomized_response",
      "The truth or another choice by chance: randomised response (Warner 1965). The truth has chance e^epsilon / (e^epsilon + k - 1), each other of k choices 1 / (e^epsilon + k - 1): whatever the truth, no answer becomes more than e^epsilon times as likely. A list is answered one by one, each by another person: who has answered is no secret, what they answered is.",
      Param<Value>("value", "One of the choices, or a list of them."),
      Param<[Value]>("choices", "All that may be answered, at least two."),
      Param<Double>("epsilon", "All that this spends.", .positive, .finite, named: true),
      returns: "one of the choices, or a list", seeAlso: ["dp.select"],
      search: ["local", "warner", "survey"],
      examples: [("dp.randomized_response(\"no\", [\"yes\", \"no\"], epsilon: 1000)", "\"no\"")],
      context: { (vm: VM, value: Value, choices: [Value], epsilon: Double) in
        try randomizedResponse(value, choices, epsilon, vm)
      }
    ),
  ]

  private static func randomizedResponse(
    _ value: Value, _ choices: [Value], _ epsilon: Double, _ vm: VM
  ) throws -> Value {
    var places: [Cell: Int] = [:]
    for (place, choice) in choices.enumerated() {
      guard places.updateValue(place, forKey: try Cell(choice, vm).groupingKey) == nil else {
        throw Fault(
          .value, "choices must differ, but \(Representation.brief(choice)) is there twice"
        ).atArgument(1)
      }
    }
    let response = try RandomizedResponse(choices: choices.count, epsilon: epsilon)
    try ReleaseBuiltins.charge(.pure(epsilon: epsilon), "dp.randomized_response", vm)
    func answer(_ truth: Value) throws -> Value? {
      guard let place = places[try Cell(truth, vm).groupingKey] else { return nil }
      return choices[response.answer(place)]
    }
    if let one = try answer(value) { return one }
    // What is wrong is not said: it is somebody's answer.
    let unknown = Fault(.value, "what was answered must be one of the choices")
    guard value.string == nil, let values = try vm.elements(of: value) else { throw unknown }
    return vm.makeList(
      try values.enumerated().map { turn, value in
        try vm.checkInterrupt(turn: turn)
        guard let answer = try answer(value) else { throw unknown }
        return answer
      })
  }
}
