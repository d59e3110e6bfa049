import ClassicalModels
import Foundations
import Learning
import Runtime
import Syntax
import Tables
import Tensors

/// The module `ml`: models that are fitted at once, without epochs.
enum MLBuiltins {
  static let module = Module(
    "ml",
    "Classical models: fitted at once, and taken by `nn.predict`, `fair` and `dp.attack` as networks are.",
    natives: (supervised + unsupervised).abandonable())

  private static let examples = Param<LabelledInput>(
    "examples", "What to learn from: `data.tabular` of a table, or {inputs, labels}.")
  private static let depth = Param<Int>(
    "depth", "The most questions on the way to a leaf.", default: 6, .nonNegative, named: true)
  private static let leaf = Param<Int>(
    "leaf", "The fewest examples of a leaf.", default: 1, .positive, named: true)
  private static let seed = Param<Int?>(
    "seed", "Fixes this call's randomness; nil takes it from the run's seed.", default: nil,
    named: true)

  private static let supervised = [
    Native(
      "logistic_regression",
      "Classes by linear functions, fitted by penalised maximum likelihood to its optimum. The objective is scikit-learn's with C = 1 / l2; intercepts are free of the penalty. More than two classes have one function each (multinomial).",
      examples,
      Param<Double>(
        "l2", "The penalty λ of λ/2 ‖w‖².", default: 1, .nonNegative, .finite, named: true),
      Param<Int>(
        "iterations", "The most steps of Newton's method.", default: 100, .positive, named: true),
      returns: "logistic_regression", seeAlso: ["ml.boosting", "nn.linear", "data.tabular"],
      search: ["classifier", "logit", "softmax", "scikit-learn"],
      examples: [
        (
          "ml.logistic_regression({inputs: [[0], [1], [2], [3]], labels: [0, 0, 1, 1]})",
          "logistic regression (1 feature, 2 classes)"
        )
      ],
      context: { (vm: VM, examples: LabelledInput, l2: Double, iterations: Int) in
        let model = try LogisticRegression(
          examples.matrix(), examples.labels(), l2: l2, iterations: iterations)
        for note in model.notes { vm.note(note) }
        return Fitted(model: model, encoding: examples.encoding)
      }),
    Native(
      "linear_regression",
      "Numbers by a linear function, fitted by least squares, with a ridge if wanted. Where features depend on each other, the shortest coefficients are taken; intercepts are free of the ridge.",
      examples,
      Param<Double>("l2", "The ridge λ of λ ‖w‖².", default: 0, .nonNegative, .finite, named: true),
      returns: "linear_regression", seeAlso: ["ml.tree"],
      search: ["ridge", "least squares", "ols"],
      examples: [
        (
          "ml.linear_regression({inputs: [[0], [1], [2]], labels: [1.0, 3.0, 5.0]}).predict([[3]])[0]",
          "7.0"
        )
      ],
      context: { (_: VM, examples: LabelledInput, l2: Double) in
        Fitted(
          model: try LinearRegression(examples.matrix(), examples.labels(), l2: l2),
          encoding: examples.encoding)
      }),
    Native(
      "tree",
      "A decision tree (CART) for classes or, where labels are floats, for numbers. Splits are exact: all places between neighbouring values of all features are looked at, by Gini's impurity or the variance.",
      examples, depth, leaf,
      returns: "tree", seeAlso: ["ml.boosting"], search: ["cart", "decision tree", "gini"],
      examples: [
        (
          "ml.tree({inputs: [[0], [1], [2], [3]], labels: [0, 0, 1, 1]})",
          "tree (depth 1, 2 leaves, 1 feature, 2 classes)"
        )
      ],
      context: { (_: VM, examples: LabelledInput, depth: Int, leaf: Int) in
        Fitted(
          model: try TreeModel(
            examples.matrix(), examples.labels(), depth: depth, leafExamples: leaf),
          encoding: examples.encoding)
      }),
    Native(
      "boosting",
      "Gradient boosting (Friedman 2001): a sum of small trees. It tells classes apart or, where labels are floats, meets numbers. Each tree is grown on what the ones before left, by exact splits.",
      parameters: [examples, rounds, boostingDepth, learningRate, subsample, leaf, seed],
      returns: "boosting", seeAlso: ["ml.tree", "ml.logistic_regression"],
      search: ["gbm", "gradient boosted trees", "ensemble"],
      arguments: { (arguments: inout Arguments) in try boost(&arguments) }),
  ]

  private static let rounds = Param<Int>(
    "rounds", "How many trees, or trees a class, are added.", default: 100, .positive, named: true)
  private static let boostingDepth = Param<Int>(
    "depth", "The most questions on the way to a leaf.", default: 3, .positive, named: true)
  private static let learningRate = Param<Double>(
    "learning_rate", "The factor of each tree.", default: 0.1, .positive, .finite, named: true)
  private static let subsample = Param<Double>(
    "subsample", "The share of examples that a round sees, drawn anew each round.", default: 1,
    .positive, .atMost(1), named: true)

  private static func boost(_ arguments: inout Arguments) throws -> Fitted<GradientBoosting> {
    let examples = try arguments(examples)
    var options = GradientBoosting.Options()
    options.rounds = try arguments(rounds)
    options.depth = try arguments(boostingDepth)
    options.learningRate = try arguments(learningRate)
    options.subsample = try arguments(subsample)
    options.leafExamples = try arguments(leaf)
    return Fitted(
      model: try GradientBoosting(
        examples.matrix(), examples.labels(), options,
        key: key(arguments.vm, "boosting", try arguments(seed))),
      encoding: examples.encoding)
  }

  /// What a call's randomness is drawn by: its own seed, else the run's.
  static func key(_ vm: VM, _ purpose: String, _ seed: Int?) -> RandomKey {
    seed.map { RandomKey(seed: UInt64(bitPattern: Int64($0))).derived(purpose) }
      ?? vm.randomKey(purpose)
  }

  private static let unsupervised = [
    Native(
      "kmeans",
      "Clusters around k centres (Lloyd's algorithm from k-means++ seeds, the best of several restarts).",
      Param<ModelInput>("x", "Inputs [examples, features], or examples whose labels do not count."),
      Param<Int>("k", "How many clusters.", .positive),
      Param<Int>("restarts", "How often to start anew.", default: 10, .positive, named: true),
      Param<Int>(
        "iterations", "The most steps of a restart.", default: 300, .positive, named: true),
      seed, returns: "kmeans", search: ["cluster", "k-means", "lloyd"],
      examples: [
        ("round(ml.kmeans([[0.0], [0.2], [9.0], [9.2]], 2, seed: 1).inertia, 4)", "0.04")
      ],
      context: { (vm: VM, x: ModelInput, k: Int, restarts: Int, iterations: Int, seed: Int?) in
        var options = KMeans.Options()
        options.restarts = restarts
        options.iterations = iterations
        return Fitted(
          model: try KMeans(
            ExampleMatrix(x.inputs(nil)), clusters: k, options, key: key(vm, "kmeans", seed)),
          encoding: x.encoding)
      }),
    Native(
      "pca",
      "The k directions in which examples vary most. Signs are fixed: the largest entry of each is positive.",
      Param<ModelInput>("x", "Inputs [examples, features], or examples whose labels do not count."),
      Param<Int>("k", "How many components.", .positive),
      returns: "pca", seeAlso: ["ml.kmeans"],
      search: ["principal components", "dimension reduction", "svd"],
      examples: [
        (
          "ml.pca([[1, 1], [2, 2], [3, 3]], 1).shares", "[1.0]"
        )
      ],
      context: { (_: VM, x: ModelInput, k: Int) in
        Fitted(
          model: try PrincipalComponents(ExampleMatrix(x.inputs(nil)), count: k),
          encoding: x.encoding)
      }),
  ]
}

/// What a model is fitted to: inputs with labels.
struct LabelledInput: Bindable {
  private let examples: TrainingExamples
  /// How the rows of a table became the inputs, where they are such.
  var encoding: TabularEncoding? { examples.tabular?.encoding }

  static let typeName = TrainingExamples.typeName

  static func decode(_ value: Value, _ vm: VM) throws -> LabelledInput? {
    try TrainingExamples.decode(value, vm).map(LabelledInput.init)
  }

  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    TrainingExamples.mayAccept(type, vm)
  }

  func encode(_ vm: VM) throws -> Value { try examples.encode(vm) }

  private func all() throws -> Learning.Batch {
    guard examples.examples == nil else {
      throw Fault(
        .type, "a classical model needs numbers, but these examples are texts",
        hint: "make vectors of them first, as `{inputs: …, labels: …}`"
      ).atArgument(0)
    }
    return try examples.source.batch(Array(0..<examples.source.count))
  }

  func matrix() throws -> ExampleMatrix { try ExampleMatrix(all().inputs) }

  func labels() throws -> TrainingLabels {
    try TrainingLabels(all().labels, classCount: encoding?.classes?.count)
  }
}

extension ModelInput {
  /// How the rows of a table became these inputs, where they did.
  var encoding: TabularEncoding? {
    if case .tabular(let examples) = self { examples.encoding } else { nil }
  }
}
