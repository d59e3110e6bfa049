import ClassicalModels
import Foundations
import Runtime
import Tables
import Tensors

// What scripts see of each kind of fitted model.

private let chances = "The chance of each class, [examples, classes]."

extension LogisticRegression: NativeFitted {
  static let fittedType = NativeType<Fitted<LogisticRegression>>(
    "logistic_regression", "Classes by linear functions: what `ml.logistic_regression` gives."
  ) { type in
    type.describeFitted(outputs: chances)
    type.describeClasses()
    type.field(
      "coefficients",
      "One row a class, f64 [classes, features]; of two classes one row alone, the second one's."
    ) { fitted in
      let model = fitted.model
      return try Tensor(
        model.coefficients, shape: [model.intercepts.count, model.featureCount])
    }
    type.field("intercept", "One number a row of `coefficients`, f64.") {
      try Tensor($0.model.intercepts)
    }
    type.field(
      "table",
      "Coefficients and intercepts by name: table (feature, coefficient), for more classes with `class`."
    ) { fitted in
      let model = fitted.model
      let classes = fitted.classes ?? []
      return try coefficientTable(
        fitted.features, model.coefficients, model.intercepts,
        ("class", model.intercepts.count == 1 ? [] : model.present.map { classes[$0] }))
    }
    type.field("l2", "The penalty that it was fitted with.") { $0.model.l2 }
    type.field("objective", "The penalised negative log-likelihood of the training examples.") {
      $0.model.objective
    }
    type.field("iterations", "How many steps Newton's method took.") { $0.model.iterations }
    type.field("converged", "Whether the gradient has become 0.") { $0.model.isConverged }
    type.field("notes", "What a reader should know, in sentences.") { $0.model.notes }
  }
}

extension LinearRegression: NativeFitted {
  static let fittedType = NativeType<Fitted<LinearRegression>>(
    "linear_regression", "Numbers by a linear function: what `ml.linear_regression` gives."
  ) { type in
    type.describeFitted(outputs: "The predicted numbers, [examples, targets].")
    type.field("coefficients", "One row a target, f64 [targets, features].") { fitted in
      let model = fitted.model
      return try Tensor(model.coefficients, shape: [model.outputCount, model.featureCount])
    }
    type.field("intercept", "One number a target, f64.") { try Tensor($0.model.intercepts) }
    type.field(
      "table",
      "Coefficients and intercepts by name: table (feature, coefficient), for more targets with `target`."
    ) { fitted in
      let model = fitted.model
      return try coefficientTable(
        fitted.features, model.coefficients, model.intercepts,
        ("target", model.outputCount == 1 ? [] : (0..<model.outputCount).map(Cell.int)))
    }
    type.field("l2", "The ridge that it was fitted with.") { $0.model.l2 }
    type.field("rank", "How many independent directions the centred features have.") {
      $0.model.rank
    }
  }
}

extension TreeModel: NativeFitted {
  static let fittedType = NativeType<Fitted<TreeModel>>(
    "tree", "Questions that lead to an answer: what `ml.tree` gives."
  ) { type in
    type.describeFitted(
      outputs: "The chance of each class, [examples, classes], or numbers [examples, 1].")
    type.describeClasses()
    type.field("depth", "How many questions lead to the farthest leaf.") { $0.model.tree.depth }
    type.field("leaves", "How many leaves there are.") { $0.model.tree.leafCount }
    type.field(
      "importances",
      "The share of each feature in what splits took off the impurity: table (feature, importance)."
    ) { try importanceTable($0.features, $0.model.importances) }
    type.field(
      "nodes",
      "Every node as a table (node, feature, threshold, left, right, count). What is at most the threshold goes left; leaves have no feature."
    ) { fitted in
      let tree = fitted.model.tree
      let features = fitted.features
      let isLeaf = tree.features.map { $0 < 0 }
      func cells(_ cell: (Int) -> Cell) -> [Cell] {
        tree.features.indices.map { isLeaf[$0] ? .null : cell($0) }
      }
      return try Table(columns: [
        Table.Column("node", tree.features.indices.map(Cell.int)),
        Table.Column("feature", cells { .string(features[Int(tree.features[$0])]) }),
        Table.Column("threshold", cells { .float(tree.thresholds[$0]) }),
        Table.Column("left", cells { .int(Int(tree.left[$0])) }),
        Table.Column("right", cells { .int(Int(tree.right[$0])) }),
        Table.Column("count", tree.counts.map(Cell.int)),
      ])
    }
  }
}

extension GradientBoosting: NativeFitted {
  static let fittedType = NativeType<Fitted<GradientBoosting>>(
    "boosting", "A sum of small trees: what `ml.boosting` gives."
  ) { type in
    type.describeFitted(
      outputs: "The chance of each class, [examples, classes], or numbers [examples, 1].")
    type.describeClasses()
    type.field("rounds", "How many rounds there were.") { $0.model.rounds.count }
    type.field("losses", "The mean loss of the training examples after each round.") {
      $0.model.losses
    }
    type.field("learning_rate", "The factor of each tree.") { $0.model.learningRate }
    type.field(
      "importances",
      "The share of each feature in what splits took off the residuals: table (feature, importance)."
    ) { try importanceTable($0.features, $0.model.importances) }
  }
}

extension KMeans: NativeFitted {
  static let fittedType = NativeType<Fitted<KMeans>>(
    "kmeans", "Examples gathered around centres: what `ml.kmeans` gives."
  ) { type in
    type.describeFitted(outputs: "Minus the squared distance to each centre, [examples, clusters].")
    type.field("centers", "The centres, f64 [clusters, features].") { fitted in
      let model = fitted.model
      return try Tensor(model.centers, shape: [model.outputCount, model.featureCount])
    }
    type.field("labels", "The cluster of each example that it was fitted to, i64 [examples].") {
      try Tensor(ints: $0.model.labels)
    }
    type.field("inertia", "The sum of squared distances to the nearest centre.") {
      $0.model.inertia
    }
    type.field("iterations", "How many steps the best restart took.") { $0.model.iterations }
    type.field("converged", "Whether the centres had come to rest.") { $0.model.isConverged }
  }
}

extension PrincipalComponents: NativeFitted {
  static let fittedType = NativeType<Fitted<PrincipalComponents>>(
    "pca", "Directions in which examples vary most: what `ml.pca` gives."
  ) { type in
    type.describeFitted(outputs: "The examples along the components, [examples, components].")
    type.field("components", "One row a component, each of length 1, f64 [components, features].") {
      fitted in
      let model = fitted.model
      return try Tensor(model.components, shape: [model.outputCount, model.featureCount])
    }
    type.field("mean", "The mean of each feature, which is taken off first, f64 [features].") {
      try Tensor($0.model.means)
    }
    type.field("variances", "The variance along each component (division by n − 1).") {
      $0.model.variances
    }
    type.field("shares", "The same as shares of the variance of all features together.") {
      $0.model.shares
    }
    type.methods(
      [
        Native(
          "transform", "The examples along the components, [examples, components].",
          Param<Fitted<PrincipalComponents>>("model"),
          Param<ModelInput>(
            "examples", "Examples, inputs [examples, features], or rows of a table."),
          returns: "tensor f32"
        ) { fitted, examples in try fitted.model.scores(examples.inputs(fitted.encoding)) }
      ].abandonable())
  }
}

/// Features by what they contributed, the greatest first; equal ones in their own order.
private func importanceTable(_ features: [String], _ importances: [Double]) throws -> Table {
  let order = importances.indices.sorted { (importances[$1], $0) < (importances[$0], $1) }
  return try Table(columns: [
    Table.Column("feature", order.map { .string(features[$0]) }),
    Table.Column("importance", order.map { .float(importances[$0]) }),
  ])
}

/// Coefficients of each output by the names of features, its intercept last; with a column that says whose they are,
/// where there are several outputs.
private func coefficientTable(
  _ features: [String], _ coefficients: [Double], _ intercepts: [Double],
  _ outputs: (name: String, cells: [Cell])
) throws -> Table {
  let width = features.count
  var columns: [Table.Column] = []
  if !outputs.cells.isEmpty {
    columns.append(
      Table.Column(
        outputs.name, outputs.cells.flatMap { [Cell](repeating: $0, count: width + 1) }))
  }
  columns.append(
    Table.Column(
      "feature", intercepts.flatMap { _ in features.map(Cell.string) + [.string("intercept")] }))
  columns.append(
    Table.Column(
      "coefficient",
      intercepts.indices.flatMap { output in
        coefficients[output * width..<(output + 1) * width].map(Cell.float)
          + [.float(intercepts[output])]
      }))
  return try Table(columns: columns)
}
