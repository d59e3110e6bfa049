import ClassicalModels
import Foundations
import Learning
import Runtime
import Syntax
import Tensors
import Text

/// What training and evaluation take: a part of a dataset, rows of a table, or a map of two tensors.
struct TrainingExamples: Bindable {
  var source: any BatchSource
  /// The part of a dataset that it is, where it is one.
  var examples: Examples?
  /// The rows of a table that it is, where it is such.
  var tabular: TabularExamples?
  /// What a map holds beside inputs and labels, by its key.
  var further: [Spelling: Value] = [:]

  static let typeName = "examples"

  static func decode(_ value: Value, _ vm: VM) throws -> TrainingExamples? {
    if let examples = try Examples.decode(value, vm) {
      guard examples.count > 0 else { throw Fault(.value, "there are no examples in it") }
      return TrainingExamples(source: ExampleSource(examples), examples: examples)
    }
    if let tabular = try TabularExamples.decode(value, vm) {
      guard let labels = tabular.labels else {
        throw Fault(
          .value, "these rows have no labels: their table had no column for them",
          hint: "`nn.predict` needs none")
      }
      return TrainingExamples(
        source: try TensorSource(inputs: tabular.inputs, labels: labels), tabular: tabular)
    }
    // Further keys, of any kind, belong to the examples and are nothing that is learnt from.
    guard let parts = try [Spelling: Value].attempt(value, vm),
      let inputs = try parts["inputs"].flatMap({ try Tensor.attempt($0, vm) }),
      let labels = try parts["labels"].flatMap({ try Tensor.attempt($0, vm) })
    else { return nil }
    return TrainingExamples(
      source: try TensorSource(inputs: inputs, labels: labels),
      further: parts.filter { $0.key != "inputs" && $0.key != "labels" })
  }

  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    if case .map = type { return true }
    return Examples.mayAccept(type, vm) || TabularExamples.mayAccept(type, vm)
  }

  func encode(_ vm: VM) throws -> Value {
    examples?.encode(vm) ?? tabular?.encode(vm) ?? .nothing
  }
}

/// Examples of a corpus as batches: token ids [examples, longest] padded with 0, with their lengths, and class labels.
struct ExampleSource: BatchSource {
  let examples: Examples

  init(_ examples: Examples) { self.examples = examples }

  var count: Int { examples.count }
  func length(_ index: Int) -> Int? { examples.length(of: index) }

  func batch(_ indices: [Int]) throws -> Learning.Batch {
    let part = examples.batch(indices)
    let inputs = try Tensor(part.ids, shape: [part.count, part.width]).cast(to: .i64)
    return try Learning.Batch(
      inputs: inputs.with(lengths: Lengths(part.lengths)),
      labels: Tensor(ints: part.labels.map(Int.init)), isPadded: true)
  }
}

extension Loss {
  /// A script's function of outputs and labels; nil is what the model is usually trained with, cross-entropy where none
  /// is given.
  static func ofScript(_ function: Callable?, for model: Model? = nil) throws -> Loss {
    guard let function else {
      if let model { return try .usual(for: model.layer) }
      return try .crossEntropy()
    }
    return Loss("loss", keepsExamplesApart: true) { output, labels in
      try ApartCall.result(of: function, [], [output, labels])
    }
  }
}

extension Loss {
  /// The same with a script's number of the model added to that of each example, and so to their mean. For training
  /// without privacy.
  func plus(_ penalty: Callable, of model: Model) -> Loss {
    let plain = self
    return Loss(
      "\(name) with a penalty",
      counting: { try plain.terms($0) ?? [Int](repeating: 1, count: $0.count) }
    ) { layer, batch in
      let term = try ApartCall.result(of: penalty, [model], [])
      guard term.count == 1 else {
        throw Fault(
          .shape, "`penalty` must give one number, it gave a tensor of shape \(term.shape)")
      }
      return try plain.value(layer, batch) + term.reshaped([])
    }
  }
}

extension VM {
  /// The key of the next random thing of this run or trial.
  func randomKey(_ purpose: String) -> RandomKey {
    let number = random.counter
    random.counter &+= 1
    return RandomKey(seed: random.key).derived(purpose, Int(truncatingIfNeeded: number))
  }

  func randomStream(_ purpose: String) -> RandomStream { randomKey(purpose).stream }

  func evaluation(of model: Model) -> Evaluation {
    var evaluation = Evaluation(model.layer)
    let interrupt = interrupt
    evaluation.shouldStop = { interrupt.isSet }
    return evaluation
  }

  /// Progress on standard error, and a stop between steps when the user interrupts. `epsilon` gives what has been spent
  /// after a number of steps.
  func trainingCallbacks(
    _ plan: SamplingPlan, epsilon: ((Int) -> Double)? = nil
  ) -> TrainingCallbacks {
    let host = hostServices
    let interrupt = interrupt
    var callbacks = TrainingCallbacks()
    callbacks.shouldStop = { interrupt.isSet }
    callbacks.onNotice = { self.note($0) }
    callbacks.onStep = { progress in
      guard host.isReportDue else { return }
      var report = ProgressReport(
        stage: "epoch \(progress.epoch + 1)/\(progress.epochs)", done: progress.step,
        total: progress.steps, figures: [(name: "loss", value: progress.loss)],
        rate: (progress.examplesPerSecond, "examples/s"))
      if let epsilon { report.bounds = [("epsilon", epsilon(progress.step))] }
      host.report(report)
    }
    return callbacks
  }
}
