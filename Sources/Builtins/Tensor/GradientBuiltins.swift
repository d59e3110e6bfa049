import Foundations
import Learning
import Runtime
import Tensors

/// `gradient` and `value_and_gradient`: what changes a number, with respect to tensors or to a model's parameters.
enum GradientBuiltins {
  static let natives = [
    Native(
      "value_and_gradient",
      "A function's value and its gradient with respect to a tensor, several, or a model's parameters.",
      Param<Value>("of", "A tensor, a list or map of tensors, or a model."),
      Param<Callable>(
        "function",
        "Gives one number. It is called with the tensor (with each of a list, with the map); for a model without arguments."
      ),
      returns: "{value, gradient}", seeAlso: ["gradient"],
      search: ["grad", "autodiff", "backward"],
      examples: [
        ("value_and_gradient(tensor([1.0, 2.0]), x => sum(x * x)).value", "5.0")
      ],
      context: { (vm: VM, target: Value, function: Callable) in
        let (value, gradient) = try differentiate(target, function, vm)
        return Record([("value", value.detached), ("gradient", gradient)])
      }),
    Native(
      "gradient",
      "The gradient of a function with respect to a tensor, several, or a model's parameters.",
      Param<Value>("of", "A tensor, a list or map of tensors, or a model."),
      Param<Callable>(
        "function",
        "Gives one number. It is called with the tensor (with each of a list, with the map); for a model without arguments."
      ),
      returns: "as `of`; a map of names for a model", seeAlso: ["value_and_gradient"],
      search: ["grad", "autodiff", "backward"],
      examples: [
        ("gradient(tensor([1.0, 2.0]), x => sum(x * x))", "tensor f32 [2]\n[2.0, 4.0]")
      ],
      context: { (vm: VM, target: Value, function: Callable) in
        try differentiate(target, function, vm).gradient.encode(vm)
      }),
  ]

  private static func differentiate(
    _ target: Value, _ function: Callable, _ vm: VM
  ) throws -> (value: Tensor, gradient: any ValueEncodable) {
    try Tape.withRecording {
      if let model = (target.object as? Boxed<Model>)?.value {
        let loss = try function.call(as: Tensor.self)
        let named = model.layer.namedParameters.filter { $0.parameter.requiresGradient }
        guard !named.isEmpty else {
          throw Fault(.value, "nothing of the model is trained", hint: "`unfreeze` it first")
            .atArgument(0)
        }
        let gradients = try gradients(of: loss, withRespectTo: named.map(\.parameter))
        return (loss, Record(zip(named, gradients).map { ($0.name, $1) }))
      }
      if let map = target.object as? MapObject {
        let tensors = try [Spelling: Tensor].decode(Value(map), vm) ?? [:]
        let names = tensors.keys.sorted()
        let variables = try names.map { try variable(tensors[$0] ?? .empty) }
        let loss = try function.call(
          Record(zip(names, variables).map { ($0.text, $1) }), as: Tensor.self)
        let gradients = try gradients(of: loss, withRespectTo: variables)
        return (loss, Record(zip(names, gradients).map { ($0.text, $1) }))
      }
      if let list = target.object as? ListObject,
        list.values.contains(where: { ($0.object as? Boxed<Tensor>) != nil })
      {
        let variables = try ([Tensor].decode(target, vm) ?? []).map(variable)
        let result = try function.call(variables as [any ValueEncodable])
        guard let loss = try Tensor.decode(result, vm) else { throw notANumber(result) }
        return (loss, try gradients(of: loss, withRespectTo: variables))
      }
      guard let tensor = try Tensor.decode(target, vm) else {
        throw Fault(
          .type,
          "`of` must be a tensor, a list or map of tensors, or a model, found \(target.typeWithArticle)"
        ).atArgument(0)
      }
      let input = try variable(tensor)
      let result = try function.call(input)
      guard let loss = try Tensor.decode(result, vm) else { throw notANumber(result) }
      return (loss, try gradients(of: loss, withRespectTo: [input])[0])
    }
  }

  private static func gradients(of loss: Tensor, withRespectTo tensors: [Tensor]) throws -> [Tensor]
  {
    try Cancellation.abandonable { try Tape.gradients(of: loss, withRespectTo: tensors) }
  }

  private static func gradients(of loss: Tensor, withRespectTo parameters: [Parameter]) throws
    -> [Tensor]
  {
    try Cancellation.abandonable { try Tape.gradients(of: loss, withRespectTo: parameters) }
  }

  /// A leaf of the trace; integers become f32.
  private static func variable(_ tensor: Tensor) throws -> Tensor {
    try Tape.variable(tensor.dtype.isFloating ? tensor.detached : tensor.cast(to: .f32))
  }

  private static func notANumber(_ value: Value) -> Fault {
    Fault(.type, "the function must give one number, it gave \(value.typeWithArticle)").atArgument(
      1)
  }
}
