import Learning
import Runtime
import Tensors

/// `distance2`: how far two models are from each other.
enum DistanceBuiltins {
  static let natives = [
    Native(
      "distance2",
      "The sum of the squared differences between the trained parameters of a model and those of another. Its gradient flows to both, where they are trained.",
      Param<Model>("model", "The model; its trained parameters count."),
      Param<Model>("other", "Another with parameters of the same names and shapes."),
      returns: "tensor", seeAlso: ["nn.train", "fed.strategy"],
      search: ["proximal", "l2", "norm", "weights", "fedprox"]
    ) { model, other in try squaredDistance(model.layer, other.layer) }
  ]

  private static func squaredDistance(_ model: Layer, _ other: Layer) throws -> Tensor {
    let trained = model.namedParameters.filter { $0.parameter.requiresGradient }
    guard !trained.isEmpty else {
      throw Fault(.value, "nothing of the model is trained", hint: "`unfreeze` it first")
        .atArgument(0)
    }
    let others = Dictionary(
      other.namedParameters.map { ($0.name, $0.parameter) }, uniquingKeysWith: { a, _ in a })
    var total: Tensor?
    for (name, parameter) in trained {
      guard let partner = others[name] else {
        throw Fault(.key, "the other model has no parameter `\(name)`").atArgument(1)
      }
      guard partner.shape == parameter.shape else {
        throw Fault(
          .shape,
          "the parameter `\(name)` has shape \(parameter.shape), the other model's \(partner.shape)"
        ).atArgument(1)
      }
      let part = try squaredDistance(parameter.value, partner.value)
      total = try total.map { try $0 + part } ?? part
    }
    return try total ?? .scalar(0)
  }

  /// ‖a - b‖² with its gradients ±2 (a - b).
  private static func squaredDistance(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let difference = try a.detached - b.detached
    let sum = try (difference * difference).sum()
    return Tape.record("distance2", inputs: [a, b], output: sum) { request in
      let gradient = try difference * request.gradient * 2
      return BackwardResult(inputs: [
        request.needs[0] ? gradient : nil, request.needs[1] ? try -gradient : nil,
      ])
    }
  }
}
