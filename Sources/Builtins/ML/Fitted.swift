import ClassicalModels
import Foundations
import Runtime
import Syntax
import Tables
import Tensors

/// A fitted model in a script, with what the columns of its inputs and its classes are called.
struct Fitted<M: NativeFitted>: Sendable {
  let model: M
  /// How rows of a table become its inputs, where it was fitted to such.
  let encoding: TabularEncoding?

  /// The names of the inputs; x0, x1 … where nobody named them.
  var features: [String] {
    encoding?.features ?? (0..<model.featureCount).map { "x\($0)" }
  }

  /// The classes by number: those of the table's label, else the numbers themselves.
  var classes: [Cell]? {
    guard model.outputKind == .logChances else { return nil }
    return encoding?.classes ?? (0..<model.outputCount).map(Cell.int)
  }
}

/// A kind of fitted model that scripts can hold.
protocol NativeFitted: FittedModel {
  static var fittedType: NativeType<Fitted<Self>> { get }
}

extension Fitted: NativeValue {
  static var nativeType: NativeType<Fitted<M>> { M.fittedType }
}

/// Any fitted model, whatever its kind.
private protocol AnyFitted {
  var layer: FittedLayer { get }
}

extension Fitted: AnyFitted {
  var layer: FittedLayer { FittedLayer(model) }
}

/// The kinds of fitted models: what takes a network takes them in its place.
enum FittedModels {
  private static let kinds: [any (NativeValue & AnyFitted).Type] = [
    Fitted<LogisticRegression>.self, Fitted<LinearRegression>.self, Fitted<TreeModel>.self,
    Fitted<GradientBoosting>.self, Fitted<KMeans>.self, Fitted<PrincipalComponents>.self,
  ]

  /// The value as a layer without parameters, where it is a fitted model.
  static func layer(_ value: Value, _ vm: VM) throws -> FittedLayer? {
    for kind in kinds {
      if let fitted = try kind.decode(value, vm) { return fitted.layer }
    }
    return nil
  }

  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    kinds.contains { $0.mayAccept(type, vm) }
  }
}

extension NativeType {
  /// What all fitted models have: how they look, how they are asked, what their inputs are called.
  func describeFitted<M: NativeFitted>(outputs: String) where T == Fitted<M> {
    representation = { fitted, _ in fitted.model.summary }
    transfer = .share
    hasContent()
    field("features", "The names of the inputs; x0, x1 … where they have none.") { $0.features }
    methods(
      [
        Native(
          "scores", outputs, Param<Fitted<M>>("model"),
          Param<ModelInput>(
            "examples", "Examples, inputs [examples, features], or rows of a table."),
          returns: "tensor f32", seeAlso: ["nn.predict"], search: ["predict_proba", "probability"]
        ) { (fitted: Fitted<M>, examples: ModelInput) throws -> Tensor in
          try fitted.model.scores(examples.inputs(fitted.encoding))
        },
        Native(
          "predict",
          "What the model says of each example: the class's number, the nearest cluster, or a number.",
          Param<Fitted<M>>("model"),
          Param<ModelInput>(
            "examples", "Examples, inputs [examples, features], or rows of a table."),
          returns: "tensor", seeAlso: ["nn.predict", "tabular.predict"]
        ) { (fitted: Fitted<M>, examples: ModelInput) throws -> Tensor in
          try fitted.model.predictions(examples.inputs(fitted.encoding))
        },
      ].abandonable())
  }

  /// The same for models that tell classes apart.
  func describeClasses<M: NativeFitted>() where T == Fitted<M> {
    field("classes", "The classes by their numbers; nil for a model of numbers.") { $0.classes }
  }
}

/// What a fitted model is asked about: its inputs alone count.
enum ModelInput: Bindable {
  case tensor(Tensor)
  case tabular(TabularExamples)
  case table(Table)

  static let typeName = "examples, tensor or table"

  static func decode(_ value: Value, _ vm: VM) throws -> ModelInput? {
    if let examples = try TabularExamples.decode(value, vm) { return .tabular(examples) }
    if let table = try Table.decode(value, vm) { return .table(table) }
    if let parts = try [Spelling: Tensor].attempt(value, vm) {
      return parts["inputs"].map(ModelInput.tensor)
    }
    return try Tensor.decode(value, vm).map(ModelInput.tensor)
  }

  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    if case .map = type { return true }
    return Tensor.mayAccept(type, vm) || Table.mayAccept(type, vm)
      || TabularExamples.mayAccept(type, vm)
  }

  /// The inputs; rows of a table pass as those of the training did.
  func inputs(_ encoding: TabularEncoding?) throws -> Tensor {
    switch self {
    case .tensor(let tensor): return tensor
    case .tabular(let examples): return examples.inputs
    case .table(let table):
      guard let encoding else {
        throw Fault(
          .type, "the model was fitted to a tensor, so that it does not know a table's columns",
          hint:
            "give the numbers of the table, `tensor(t)`, or fit it to `data.tabular(t, label: …)`")
      }
      return try TabularExamples(table, encoding).inputs
    }
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .tensor(let tensor): tensor.encode(vm)
    case .tabular(let examples): examples.encode(vm)
    case .table(let table): table.encode(vm)
    }
  }
}
