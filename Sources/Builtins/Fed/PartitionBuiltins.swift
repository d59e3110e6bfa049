import Federated
import Foundations
import Runtime
import Tensors

/// The rules of `fed.partition`.
enum PartitionBuiltins {
  static let natives = [uniform, dirichlet, quantity, clusters, natural, zipf]

  private static func rule(_ rule: any Partitioner) -> FedRule {
    FedRule(text: "fed.\(rule.fingerprint)", role: .partition(rule))
  }

  private static let uniform = Native(
    "uniform",
    "Examples in random order, as many on each device; sizes differ by one at most.",
    returns: "federated rule", seeAlso: ["fed.partition", "fed.dirichlet"],
    search: ["iid", "even"],
    examples: [
      (
        "fed.partition({inputs: [[0.0], [1.0], [2.0]], labels: [0, 1, 0]}, clients: 2, by: fed.uniform()).sizes",
        "[2, 1]"
      )
    ]
  ) { rule(UniformPartition()) }

  private static let dirichlet = Native(
    "dirichlet",
    "Label shift as in FedNLP (Lin et al. 2022). Each device draws the shares of its classes from a Dirichlet distribution with the parameter alpha times the classes' shares of all. All devices are of the same size but the last, which takes the rest. Where a class runs out, others fill in, in proportion to what is left of them. For tagged sentences `label` names their tags, lists such as [\"O\", \"B-PER\"]: the class is the set of entity types in a sentence, without numbers and times. For questions it names the source.",
    Param<Double>(
      "alpha", "Small: few classes a device; large: all alike.", .positive, .finite, named: true),
    Param<String?>(
      "label",
      "A column or further entry that is the class; nil takes the labels, where they are one whole number each.",
      default: nil, named: true),
    returns: "federated rule", seeAlso: ["fed.partition", "fed.clusters", "devices.divergence"],
    search: ["non-iid", "label skew", "heterogeneous", "fednlp"],
    examples: [("fed.dirichlet(alpha: 0.1)", "fed.dirichlet(alpha: 0.1)")]
  ) { alpha, label in
    rule(
      try DirichletPartition(alpha: alpha, by: label.map { ExampleGrouping.column($0) } ?? .labels))
  }

  private static let quantity = Native(
    "quantity",
    "Devices of different sizes. Their shares of all examples are drawn from a symmetric Dirichlet distribution, anew until each has an example, as in FedNLP. With many devices and a small `beta` no draw succeeds: `fed.zipf` has no such limit.",
    Param<Double>(
      "beta", "Small: sizes differ widely; large: all alike.", .positive, .finite, named: true),
    returns: "federated rule", seeAlso: ["fed.zipf", "fed.partition"],
    search: ["non-iid", "quantity skew", "unbalanced"],
    examples: [("fed.quantity(beta: 1)", "fed.quantity(beta: 1.0)")]
  ) { beta in rule(try QuantityPartition(beta: beta)) }

  private static let clusters = Native(
    "clusters",
    "Devices that differ in what their examples are like: feature shift as in FedNLP. k-means puts examples that are alike together, and its clusters take the place of labels in `fed.dirichlet`. FedNLP clusters sentence embeddings: `vectors: text.embed(model, texts)`, or any tensor with a row for each example. Without `vectors` texts and token numbers are clustered by their words (tf-idf, projected onto 64 random directions), other inputs as the numbers that they are.",
    Param<Int>("k", "How many clusters.", .positive, named: true),
    Param<Double>(
      "alpha", "Small: few clusters a device; large: all alike.", .positive, .finite, named: true),
    Param<Tensor?>(
      "vectors", "What is clustered, [examples, width]; nil takes the examples themselves.",
      default: nil, named: true),
    returns: "federated rule", seeAlso: ["fed.dirichlet", "ml.kmeans"],
    search: ["non-iid", "feature skew", "topics", "kmeans"],
    examples: [("fed.clusters(k: 10, alpha: 0.1)", "fed.clusters(k: 10, alpha: 0.1)")]
  ) { k, alpha, vectors in
    rule(
      ClusterPartition(
        shift: try DirichletPartition(alpha: alpha, by: .clusters(k)),
        vectors: vectors?.detached))
  }

  private static let natural = Native(
    "natural",
    "A device for each value of a column: people, documents, sources. The value is the device's key.",
    Param<String>(
      "column", "A column of the table, or any entry of the map beside inputs and labels.",
      .nonEmpty),
    returns: "federated rule", seeAlso: ["fed.partition"],
    search: ["user", "author", "real", "group by"],
    examples: [
      (
        "fed.partition({inputs: [[0.0], [1.0], [2.0]], labels: [0, 1, 0], user: [7, 3, 7]}, by: fed.natural(\"user\")).keys",
        "[3, 7]"
      )
    ]
  ) { column in rule(NaturalPartition(column)) }

  private static let zipf = Native(
    "zipf",
    "A few heavy devices and many light ones. Device k (from 0) has one example and a share of all others in proportion to (k + 1)^-exponent. Which examples is random. For studies of selection by activity.",
    Param<Double>(
      "exponent", "0: all alike; the larger, the more the first ones have.", .nonNegative,
      .finite, named: true),
    returns: "federated rule", seeAlso: ["fed.quantity", "fed.power"],
    search: ["power law", "heavy", "light", "activity", "long tail"],
    examples: [
      (
        "fed.partition({inputs: tensor.zeros([10, 1]), labels: [0] * 10}, clients: 3, by: fed.zipf(exponent: 1)).sizes",
        "[5, 3, 2]"
      )
    ]
  ) { exponent in rule(try ZipfPartition(exponent: exponent)) }
}
