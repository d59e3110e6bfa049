import Federated
import Foundations
import Learning
import Runtime
import Syntax
import Tensors

/// How far a model is from another, new - old: a tensor for each trained parameter. What a client sends.
struct ModelUpdate {
  /// The parameters' names, in the order of the numbers.
  let names: [String]
  var vector: ParameterVector
}

extension ModelUpdate: NativeValue {
  static let nativeType = NativeType<ModelUpdate>(
    "update",
    "How far a model is from another: `new - old`. `model + update` is a model; updates add, subtract, and are multiplied with numbers."
  ) { type in
    type.representation = { update, _ in
      "update of \(update.vector.count) numbers, norm \(TextForm.digits(update.vector.norm, 4))"
    }
    type.byteCount = { $0.vector.count * 4 }
    type.transfer = .share
    type.equals = { a, b in
      guard a.names == b.names, a.vector.shapes == b.vector.shapes else { return false }
      return try Tensor.identical(a.vector.tensor, b.vector.tensor)
    }
    type.binary = ModelArithmetic.binary
    type.negate = { update, vm in try vm.box(update.scaled(by: -1)) }
    type.index = { update, subscripts, vm in
      guard subscripts.count == 1, case .index(let value) = subscripts[0], let name = value.string
      else {
        throw Fault(.type, "an update is indexed by a parameter's name: `update[\"weight\"]`")
      }
      guard let place = update.names.firstIndex(where: { $0.isSpelt(name) }) else {
        throw Fault(
          .key, "the update has no parameter `\(name)`",
          hint: "it has \(update.names.prefix(4).map { "`\($0)`" }.joined(separator: ", "))")
      }
      return vm.box(try update.vector.parts()[place])
    }
    type.length = { $0.names.count }
    type.field("parameters", "Its tensors by the parameters' names: a map.") { update in
      Record(zip(update.names, try update.vector.parts()).map { ($0, $1) })
    }
    type.field("norm", "The square root of the sum of the squares of all its numbers.") {
      $0.vector.norm
    }
    type.field("size", "How many numbers it has.") { $0.vector.count }
  }

  func scaled(by factor: Double) throws -> ModelUpdate {
    var result = self
    try result.vector.scale(by: Float(factor))
    return result
  }

  /// An update of `model`, as it is or as a map of tensors by the names of all trained parameters; nil for other
  /// values.
  /// - Throws: a `key` fault for a map that lacks a parameter or has one too many, a `shape` fault for a tensor of
  ///   another shape.
  static func of(_ value: Value, like model: Model, _ vm: VM) throws -> ModelUpdate? {
    if let update = try ModelUpdate.decode(value, vm) { return update }
    guard let tensors = try [Spelling: Tensor].attempt(value, vm) else { return nil }
    let trained = model.layer.namedParameters.filter { $0.parameter.requiresGradient }
    if let extra = tensors.keys.sorted().first(where: { name in
      !trained.contains { $0.name.isSpelt(name.text) }
    }) {
      throw Fault(.key, "the model trains no parameter `\(extra.text)`")
    }
    let numbers = try trained.map { name, parameter in
      guard let tensor = tensors[Spelling(name)] else {
        throw Fault(.key, "the update has no tensor for the parameter `\(name)`")
      }
      guard tensor.shape == parameter.shape else {
        throw Fault(
          .shape,
          "the update of `\(name)` has shape \(tensor.shape), the parameter \(parameter.shape)"
        )
      }
      return try tensor.detached.cast(to: .f32).reshaped([tensor.count])
    }
    return ModelUpdate(
      names: trained.map(\.name),
      vector: try ParameterVector(
        Tensor.concatenated(numbers, axis: 0), shapes: trained.map(\.parameter.shape)))
  }
}

extension Model {
  /// The numbers of the trained parameters.
  /// - Throws: a `value` fault where nothing is trained.
  func trained() throws -> ModelUpdate {
    let names = layer.namedParameters.filter { $0.parameter.requiresGradient }.map(\.name)
    guard !names.isEmpty else {
      throw Fault(
        .value, "nothing of the model is trained: it has no update", hint: "`unfreeze` it first")
    }
    return ModelUpdate(names: names, vector: try ParameterVector(layer))
  }

  /// A model of its own with these numbers in the place of the trained parameters.
  func with(_ numbers: ParameterVector) throws -> Model {
    let copy = try layer.copied()
    try numbers.write(to: copy)
    return Model(
      layer: copy, tokenizer: tokenizer, specialTokens: specialTokens, weightTypes: weightTypes,
      sentenceEncoder: sentenceEncoder)
  }
}

/// `model - model`, `model + update`, and updates among themselves and with numbers.
enum ModelArithmetic {
  /// Nil where the operands do not fit.
  static func binary(_ vm: VM, _ op: BinaryOperator, _ left: Value, _ right: Value) throws -> Value?
  {
    let (a, b) = (model(left), model(right))
    if let a, let b {
      guard op == .subtract else { return nil }
      let (new, old) = (try a.trained(), try b.trained())
      return vm.box(ModelUpdate(names: new.names, vector: try new.vector - old.vector))
    }
    if let model = a ?? b {
      let sign: Float
      switch op {
      case .add: sign = 1
      case .subtract where a != nil: sign = -1
      default: return nil
      }
      guard let update = try ModelUpdate.of(a == nil ? left : right, like: model, vm) else {
        return nil
      }
      var numbers = try model.trained().vector
      try numbers.add(update.vector, times: sign)
      return vm.box(try model.with(numbers))
    }
    return try update(vm, op, left, right)
  }

  private static func update(
    _ vm: VM, _ op: BinaryOperator, _ left: Value, _ right: Value
  ) throws -> Value? {
    switch (try ModelUpdate.decode(left, vm), try ModelUpdate.decode(right, vm)) {
    case (var a?, let b?):
      guard op == .add || op == .subtract else { return nil }
      try a.vector.add(b.vector, times: op == .add ? 1 : -1)
      return vm.box(a)
    case (let a?, nil):
      guard let number = Double.decode(right, vm), op == .multiply || op == .divide else {
        return nil
      }
      guard op == .multiply || number != 0 else { throw Fault(.value, "division by zero") }
      return vm.box(try a.scaled(by: op == .multiply ? number : 1 / number))
    case (nil, let b?):
      guard let number = Double.decode(left, vm), op == .multiply else { return nil }
      return vm.box(try b.scaled(by: number))
    default: return nil
    }
  }

  /// A model itself: what `ml` fitted has no update.
  private static func model(_ value: Value) -> Model? { (value.object as? Boxed<Model>)?.value }
}
