import ClassicalModels
import Foundations
import Learning
import Runtime
import Syntax
import Tables
import Tensors
import Text

/// Rows of a table ready to be learnt from, in a script.
extension TabularExamples: NativeValue {
  public static let nativeType = NativeType<TabularExamples>(
    "tabular", "Rows of a table as numbers to learn from, with what made them so."
  ) { type in
    type.representation = { examples, _ in TabularBuiltins.text(examples) }
    type.transfer = .share
    type.hasContent()
    type.byteCount = { $0.inputs.storage.byteCount + $0.count * 64 }
    type.length = { $0.count }
    type.index = TabularBuiltins.item
    type.field("inputs", "The inputs, f32 [rows, features].") { $0.inputs }
    type.field(
      "labels",
      "Class numbers, i64 [rows], or numbers to be met, f32 [rows]. Nil where the table had no label."
    ) { $0.labels }
    type.field("features", "The names of the inputs: `age`, `sex=F`.") { $0.features }
    type.field("classes", "The classes by their numbers; nil for labels that are floats.") {
      $0.classes
    }
    type.field("groups", "The columns that are kept beside, as a table.") { try $0.groups }
    type.field("table", "The rows as they were, without those that were left out.") { $0.table }
    type.field("notes", "What was left out or not known, in sentences.") { $0.notes }
    type.methods(TabularBuiltins.methods)
  }
}

/// `data.tabular` and what is done with its result.
enum TabularBuiltins {
  private static let table = Param<Table>("table", "The rows to learn from.")
  private static let label = Param<Names>(
    "label",
    "The column to be predicted. Several are one label together: classes are lists, floats are several targets.",
    named: true)
  private static let numeric = Param<Names?>(
    "numeric", "Columns that are numbers; nil finds them.", default: nil, named: true)
  private static let categorical = Param<Names?>(
    "categorical", "Columns that are categories, be they written as numbers; nil finds them.",
    default: nil, named: true)
  private static let groups = Param<Names>(
    "groups", "Columns that are kept beside and never an input.", default: Names([]), named: true)
  private static let missing = Param<String>(
    "missing",
    "What stands for a missing number; \"drop\" leaves rows out that miss anything, \"error\" refuses them.",
    default: "mean", .oneOf(MissingNumbers.allCases.map(\.rawValue)), named: true)

  static let tabular = Native(
    "tabular",
    "Rows of a table as examples for any model: numbers standardised, categories one-hot. Columns named nowhere are numeric where they hold numbers. The mean is taken off a numeric one and it is divided by its standard deviation; a category is 1 in a column of its own (`sex=F`), a missing one in `sex=nil`, and one that training had not is 0 in all. Of the whole table's statistics: `e.split(0.8)` gives parts prepared by the first one's alone, and `e.prepare(table)` passes new rows the same way. Integer labels are classes, floats numbers to be met.",
    parameters: [table, label, numeric, categorical, groups, missing],
    returns: "tabular", seeAlso: ["data.table", "ml.logistic_regression", "nn.train"],
    search: ["one-hot", "standardise", "scale", "encode", "dataframe", "features", "impute"],
    examples: [
      (
        "data.tabular(table([{age: 20, sex: \"F\", ok: 1}, {age: 30, sex: \"M\", ok: 0}]), label: \"ok\").features",
        "[\"age\", \"sex=F\", \"sex=M\"]"
      )
    ],
    arguments: { (arguments: inout Arguments) in
      let vm = arguments.vm
      let table = try arguments(table)
      let roles = TabularRoles(
        labels: try arguments(label).values, numeric: try arguments(numeric)?.values ?? [],
        categorical: try arguments(categorical)?.values ?? [],
        groups: try arguments(groups).values,
        // The rule admits only names that exist.
        missing: MissingNumbers(rawValue: try arguments(missing)) ?? .mean)
      guard !roles.labels.isEmpty else {
        throw Fault(.value, "`label` names no column")
      }
      return try noting(vm) { try TabularExamples(table, roles) }
    }
  ).abandonable()

  /// Tells the person what the examples' notes say.
  private static func noting(_ vm: VM, _ make: () throws -> TabularExamples) throws
    -> TabularExamples
  {
    let examples = try make()
    for note in examples.notes { vm.note(note) }
    return examples
  }

  static let methods = [
    Native(
      "split",
      "Two parts, drawn by class, each encoded by the first one's statistics alone. Classes keep their numbers.",
      Param<TabularExamples>("examples"),
      Param<Double>("fraction", "The size of the first part.", .between(0, 1)),
      Param<Bool>("stratified", "Whether classes keep their shares.", default: true, named: true),
      Param<Int?>(
        "seed", "Fixes this call's randomness; nil takes it from the run's seed.", default: nil,
        named: true),
      returns: "list of tabular", seeAlso: ["data.split", "tabular.prepare"],
      search: ["train", "test", "holdout"],
      context: {
        (vm: VM, examples: TabularExamples, fraction: Double, stratified: Bool, fixed: Int?) in
        let seed = MLBuiltins.key(vm, "split", fixed).low
        let parts =
          try stratified
          ? examples.classNumbers.map {
            try Split.stratified(labels: $0, fraction: fraction, seed: seed)
          } ?? Split.indices(count: examples.count, fraction: fraction, seed: seed)
          : Split.indices(count: examples.count, fraction: fraction, seed: seed)
        guard !parts.first.isEmpty, !parts.second.isEmpty else {
          throw Fault(
            .value, "one part of \(examples.count) rows would be empty at \(fraction)"
          ).atArgument(1)
        }
        let first = try noting(vm) { try examples.training(on: parts.first) }
        let second = try noting(vm) {
          try first.preparing(examples.table.rows(at: parts.second))
        }
        return [first, second]
      }),
    Native(
      "prepare",
      "Rows of another table as these were prepared: by the same statistics, with the same columns. Its label may be missing: then there are inputs alone.",
      Param<TabularExamples>("examples"), Param<Table>("table", "The new rows."),
      returns: "tabular", seeAlso: ["data.tabular"], search: ["transform", "encode", "new"],
      context: { (vm: VM, examples: TabularExamples, table: Table) in
        try noting(vm) { try examples.preparing(table) }
      }),
    Native(
      "predict",
      "The table with a model's predictions: columns `prediction` and, for classes, `chance`. Classes stand by name; `chance` is what the model gives the predicted one.",
      Param<TabularExamples>("examples"),
      Param<Model>("model", "A model fitted or trained on such examples."),
      Param<String>(
        "name", "The name of the column.", default: "prediction", .nonEmpty, named: true),
      returns: "table", seeAlso: ["nn.predict"], search: ["score", "column"],
      context: { (vm: VM, examples: TabularExamples, model: Model, name: String) in
        try predictions(vm, examples, model, name)
      }),
  ].abandonable()

  private static func predictions(
    _ vm: VM, _ examples: TabularExamples, _ model: Model, _ name: String
  ) throws -> Table {
    let outputs = try vm.evaluation(of: model).outputs(PredictionExamples(examples).source)
      .cast(to: .f64)
    guard model.layer.givesClasses, let classes = examples.classes else {
      let values = try outputs.contiguous().array(Double.self)
      guard values.count == examples.count else {
        throw Fault(.shape, "the model gives \(outputs.shape), not one number a row").atArgument(1)
      }
      return try examples.table.with(name, values.map(Cell.float))
    }
    guard outputs.rank == 2, outputs.shape[1] == classes.count else {
      throw Fault(
        .shape, "the model gives \(outputs.shape), the examples have \(classes.count) classes"
      ).atArgument(1)
    }
    let chances = try outputs.softmax(axis: -1).contiguous().array(Double.self)
    let best = try outputs.argmax(axis: -1).array(Int64.self).map(Int.init)
    return try examples.table.with(name, best.map { classes[$0] })
      .with(
        "chance", best.enumerated().map { .float(chances[$0.offset * classes.count + $0.element]) })
  }

  static func text(_ examples: TabularExamples) -> String {
    let kind =
      examples.labels == nil
      ? "no labels"
      : examples.classes.map { NumberText.counted($0.count, "class", "classes") }
        ?? "labels that are numbers"
    let rows = NumberText.counted(examples.count, "row", "rows")
    return
      "tabular: \(rows), \(NumberText.counted(examples.features.count, "feature", "features")), \(kind)"
  }

  /// `e[:100]` and `e[[0, 2]]`.
  static func item(_ examples: TabularExamples, _ subscripts: [SubscriptValue], _ vm: VM) throws
    -> Value
  {
    guard subscripts.count == 1 else { throw Fault(.type, "examples have one index") }
    switch subscripts[0] {
    case .ellipsis: return examples.encode(vm)
    case .slice(let start, let stop, let step):
      return try examples.selecting(DataBuiltins.indices(start, stop, step, examples.count))
        .encode(vm)
    case .index(let value):
      let places = try Int.decode(value, vm).map { [$0] } ?? [Int].decode(value, vm)
      guard let places else {
        throw Fault(
          .type, "examples are indexed by ints or a slice, found \(Representation.brief(value))")
      }
      return try examples.selecting(
        places.map { place in
          let index = place < 0 ? place + examples.count : place
          guard index >= 0, index < examples.count else {
            throw Fault(.index, "index \(place) is out of range for \(examples.count) examples")
          }
          return index
        }
      ).encode(vm)
    }
  }
}

extension TabularExamples {
  /// The class of each row; nil where there are none.
  var classNumbers: [Int32]? {
    get throws {
      guard classes != nil else { return nil }
      return try labels?.cast(to: .i32).array(Int32.self)
    }
  }
}

/// What `nn.predict` takes: examples, of which the labels do not count, or inputs alone.
struct PredictionExamples: Bindable {
  let source: any BatchSource
  private let examples: TrainingExamples?

  static let typeName = "examples or tensor"

  init(_ examples: TabularExamples) throws {
    try self.init(inputs: examples.inputs)
  }

  private init(_ examples: TrainingExamples) {
    source = examples.source
    self.examples = examples
  }

  private init(inputs: Tensor) throws {
    guard inputs.rank > 1, inputs.shape[0] > 0 else {
      throw Fault(.shape, "the inputs must be [examples, …], got shape \(inputs.shape)")
    }
    source = try TensorSource(
      inputs: inputs, labels: Tensor.zeros([inputs.shape[0]], .i64))
    examples = nil
  }

  static func decode(_ value: Value, _ vm: VM) throws -> PredictionExamples? {
    if let tabular = try TabularExamples.decode(value, vm) {
      return try PredictionExamples(tabular)
    }
    if let examples = try TrainingExamples.decode(value, vm) {
      return PredictionExamples(examples)
    }
    return try Tensor.decode(value, vm).map { try PredictionExamples(inputs: $0) }
  }

  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    TrainingExamples.mayAccept(type, vm) || Tensor.mayAccept(type, vm)
  }

  func encode(_ vm: VM) throws -> Value { try examples?.encode(vm) ?? .nothing }
}
