import Federated
import Foundations
import Runtime

/// How updates become one where some devices mean harm, and how they are made small to send.
enum AggregationBuiltins {
  static let natives = [trimmed, krum, geometricMedian, normBound, topK, randomK, qsgd, sign]

  // MARK: Robust means

  private static let trimmed = Native(
    "trimmed",
    "A mean that cuts off extremes, for `fed.simulate(…, aggregate: …)`. It is for each number of the model the mean of what devices say without the ⌊share · n⌋ largest and as many smallest of n, at least one each (Yin et al. 2018). Devices count alike. It stands against so many that lie. `aggregate: \"median\"` cuts off all but the middle.",
    Param<Double>("share", "Of a round's devices, cut off at each side.", .between(0, 0.5)),
    returns: "federated rule", seeAlso: ["fed.krum", "fed.geometric_median", "fed.attack"],
    search: ["robust", "byzantine", "trimmed mean", "outliers"],
    examples: [("fed.trimmed(0.1)", "fed.trimmed(0.1)")]
  ) { share in
    FedRule(text: "fed.trimmed(\(share))", role: .combiner(try TrimmedMean(share: share)))
  }

  private static let krum = Native(
    "krum",
    "One device's update in the place of a mean, for `fed.simulate(…, aggregate: …)`. It is the one that lies closest to its n - f - 2 nearest others (Krum, Blanchard et al. 2017), where at most f of a round's n devices lie; or with `multi` the mean of so many best ones. It needs n ≥ 2f + 3. Devices count alike.",
    Param<Int>("f", "How many devices of a round may lie.", .within(0, 1_000_000)),
    Param<Int?>(
      "multi", "How many updates the mean is of, at most n - f; nil: one.", default: nil,
      .within(1, 1_000_000), named: true),
    returns: "federated rule", seeAlso: ["fed.trimmed", "fed.geometric_median", "fed.attack"],
    search: ["robust", "byzantine", "multi-krum", "selection"],
    examples: [("fed.krum(2, multi: 5)", "fed.krum(2, multi: 5)")]
  ) { f, multi in
    FedRule(
      text: "fed.krum(\(f)\(multi.map { ", multi: \($0)" } ?? ""))",
      role: .combiner(try Krum(byzantine: f, multi: multi ?? 1)))
  }

  private static let geometricMedian = Native(
    "geometric_median",
    "The point with the least weighted sum of distances to a round's updates. For `fed.simulate(…, aggregate: …)` (RFA, Pillutla et al. 2022). It stands against devices that have less than half of all weight; weights by samples believe what devices say of their number.",
    returns: "federated rule", seeAlso: ["fed.trimmed", "fed.krum", "fed.attack"],
    search: ["robust", "byzantine", "rfa", "weiszfeld"],
    examples: [("fed.geometric_median()", "fed.geometric_median()")]
  ) { FedRule(text: "fed.geometric_median()", role: .combiner(GeometricMedian())) }

  private static let normBound = Native(
    "norm_bound",
    "The mean of updates that are shortened to a norm (Sun et al. 2019). It is for `fed.simulate(…, aggregate: …)`: no device moves the model by more than its weight times c. Against devices that shout; not private, see `fed.central`.",
    Param<Double>("c", "The largest norm, over all that a device sends.", .positive, .finite),
    returns: "federated rule", seeAlso: ["fed.trimmed", "fed.central", "fed.attack"],
    search: ["robust", "clipping", "backdoor"],
    examples: [("fed.norm_bound(2.5)", "fed.norm_bound(2.5)")]
  ) { bound in
    FedRule(text: "fed.norm_bound(\(bound))", role: .combiner(try NormBound(bound)))
  }

  // MARK: Compression

  private static let share = Param<Double>(
    "share", "Of the numbers that are sent, rounded up.", .positive, .within(0, 1))
  private static let feedback = Param<Bool>(
    "feedback", "Whether a device keeps what was left out, and adds it to its next update.",
    default: true, named: true)

  private static let topK = Native(
    "top_k",
    "Devices send the numbers that are largest in size, for `fed.simulate(…, compress: …)`. `bytes_up` counts four bytes a number and ⌈log₂ count⌉ bits for its place, and never more than all numbers take. With error feedback (Stich et al. 2018; Karimireddy et al. 2019) what is left out is sent later; without, it is lost.",
    share, feedback,
    returns: "federated rule", seeAlso: ["fed.random_k", "fed.qsgd", "fed.sign"],
    search: ["compression", "sparsification", "communication", "error feedback", "bandwidth"],
    examples: [("fed.top_k(0.01)", "fed.top_k(0.01)")]
  ) { share, feedback in
    FedRule(
      text: "fed.top_k(\(share)\(feedback ? "" : ", feedback: false"))",
      role: .step(try UpdateCompression.topK(share, feedback: feedback)))
  }

  private static let randomK = Native(
    "random_k",
    "Devices send numbers at random places, for `fed.simulate(…, compress: …)`. `bytes_up` counts four bytes a number and eight for the seed of the places. Without error feedback they are multiplied so that they are right on average (Konečný et al. 2016).",
    share, feedback,
    returns: "federated rule", seeAlso: ["fed.top_k", "fed.qsgd", "fed.sign"],
    search: ["compression", "sparsification", "communication", "error feedback"],
    examples: [("fed.random_k(0.1, feedback: false)", "fed.random_k(0.1, feedback: false)")]
  ) { share, feedback in
    FedRule(
      text: "fed.random_k(\(share)\(feedback ? "" : ", feedback: false"))",
      role: .step(try UpdateCompression.randomK(share, feedback: feedback)))
  }

  private static let qsgd = Native(
    "qsgd",
    "Devices send each number as one of some levels of the update's norm. It is rounded up or down at random so that it is right on average, for `fed.simulate(…, compress: …)` (QSGD, Alistarh et al. 2017). `bytes_up` counts four bytes for the norm and ⌈log₂(2 · levels + 1)⌉ bits a number: a fixed length, not the paper's Elias code.",
    Param<Int>("levels", "Above 0, each with both signs.", default: 16, .within(1, 32_768)),
    returns: "federated rule", seeAlso: ["fed.top_k", "fed.random_k", "fed.sign"],
    search: ["compression", "quantization", "communication", "bandwidth"],
    examples: [("fed.qsgd(levels: 16)", "fed.qsgd(levels: 16)")]
  ) { levels in
    FedRule(
      text: "fed.qsgd(levels: \(levels))", role: .step(try UpdateCompression.qsgd(levels: levels)))
  }

  private static let sign = Native(
    "sign",
    "Devices send the signs of their update and its mean size. For `fed.simulate(…, compress: …)`: one bit a number and four bytes. With error feedback as in Karimireddy et al. 2019; without it need not converge.",
    feedback,
    returns: "federated rule", seeAlso: ["fed.top_k", "fed.random_k", "fed.qsgd"],
    search: ["compression", "signsgd", "one bit", "communication"],
    examples: [("fed.sign()", "fed.sign()")]
  ) { feedback in
    FedRule(
      text: "fed.sign(\(feedback ? "" : "feedback: false"))",
      role: .step(UpdateCompression.sign(feedback: feedback)))
  }
}
