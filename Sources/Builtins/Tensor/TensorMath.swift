import Foundations
import Runtime
import Tensors

/// Global functions on tensors: those that the core declares for numbers take tensors through `overload`, the others
/// are declared here.
enum TensorMath {
  struct Elementwise: Sendable {
    let name: String
    let summary: String
    let compute: @Sendable (Tensor) throws -> Tensor
  }

  /// Functions of one number.
  static let elementwise: [Elementwise] = [
    Elementwise(name: "exp", summary: "The exponential of each element.") { try $0.exp() },
    Elementwise(name: "expm1", summary: "The exponential less one, exp(x) - 1, exact for small x.")
    { try $0.expm1() },
    Elementwise(name: "log", summary: "The natural logarithm.") { try $0.log() },
    Elementwise(name: "log1p", summary: "The logarithm of one more, log(1 + x), exact for small x.")
    { try $0.log1p() },
    Elementwise(name: "log2", summary: "The logarithm to base 2.") { try $0.log2() },
    Elementwise(name: "log10", summary: "The logarithm to base 10.") { try $0.log10() },
    Elementwise(name: "sqrt", summary: "The square root.") { try $0.sqrt() },
    Elementwise(name: "rsqrt", summary: "1 / √x.") { try $0.rsqrt() },
    Elementwise(name: "square", summary: "The square x².") { try $0.square() },
    Elementwise(name: "sin", summary: "The sine.") { try $0.sin() },
    Elementwise(name: "cos", summary: "The cosine.") { try $0.cos() },
    Elementwise(name: "tan", summary: "The tangent.") { try $0.tan() },
    Elementwise(name: "asin", summary: "The arc sine.") { try $0.asin() },
    Elementwise(name: "acos", summary: "The arc cosine.") { try $0.acos() },
    Elementwise(name: "atan", summary: "The arc tangent.") { try $0.atan() },
    Elementwise(name: "sinh", summary: "The hyperbolic sine.") { try $0.sinh() },
    Elementwise(name: "cosh", summary: "The hyperbolic cosine.") { try $0.cosh() },
    Elementwise(name: "tanh", summary: "The hyperbolic tangent.") { try $0.tanh() },
    Elementwise(name: "sigmoid", summary: "1 / (1 + exp(-x)).") { try $0.sigmoid() },
    Elementwise(name: "relu", summary: "The rectified linear unit: x where it is positive, else 0.")
    { try $0.relu() },
    Elementwise(
      name: "gelu", summary: "The Gaussian error linear unit x Φ(x), by the error function."
    ) { try $0.gelu() },
    Elementwise(
      name: "gelu_tanh",
      summary: "GPT-2's approximation of the Gaussian error linear unit, by tanh."
    ) {
      try $0.gelu(approximate: true)
    },
    Elementwise(name: "silu", summary: "The sigmoid linear unit x · sigmoid(x), also called swish.")
    { try $0.silu() },
    Elementwise(name: "softplus", summary: "The smooth form of relu, log(1 + exp(x)).") {
      try $0.softplus()
    },
    Elementwise(name: "erf", summary: "The error function.") { try $0.erf() },
    Elementwise(name: "erfc", summary: "1 - erf(x), exact for large x.") { try $0.erfc() },
    Elementwise(name: "gamma", summary: "The gamma function.") { try $0.gamma() },
    Elementwise(name: "lgamma", summary: "The logarithm of the gamma function's magnitude.") {
      try $0.logGamma()
    },
    Elementwise(name: "abs", summary: "The value without its sign.") { try $0.abs() },
    Elementwise(name: "sign", summary: "The sign of each element: -1, 0 or 1.") { try $0.sign() },
    Elementwise(name: "floor", summary: "The largest whole number not above x.") {
      try $0.floor()
    },
    Elementwise(name: "ceil", summary: "The smallest whole number not below x.") { try $0.ceil() },
    Elementwise(name: "round", summary: "The nearest whole number, halves to even.") {
      try $0.round()
    },
    Elementwise(name: "trunc", summary: "Cuts the decimals of x off.") { try $0.truncated() },
  ]

  /// Functions of two numbers.
  private static let ofTwo: [String: @Sendable (Tensor, Tensor) throws -> Tensor] = [
    "pow": { try $0.pow($1) }, "hypot": { try .hypot($0, $1) }, "atan2": { try .atan2($0, $1) },
  ]

  private static let byName = Dictionary(
    uniqueKeysWithValues: elementwise.map { ($0.name, $0.compute) })

  /// A global function of the core on values one of which is a tensor; nil where it is not for us.
  static func overload(_ function: String, _ arguments: [Value], _ vm: VM) throws -> Value? {
    guard arguments.contains(where: { ($0.object as? Boxed<Tensor>) != nil }) else { return nil }
    return try Cancellation.abandonable { try result(of: function, arguments, vm) }
  }

  private static func result(of function: String, _ arguments: [Value], _ vm: VM) throws -> Value? {
    if let compute = ofTwo[function], arguments.count == 2 {
      guard let x = try Tensor.decode(arguments[0], vm), let y = try Tensor.decode(arguments[1], vm)
      else { return nil }
      return vm.box(try compute(x, y))
    }
    guard let first = arguments.first, let x = (first.object as? Boxed<Tensor>)?.value else {
      return nil
    }
    if arguments.count == 1, let compute = byName[function] { return vm.box(try compute(x)) }
    switch function {
    case "log":
      guard let base = arguments[1].number else { return nil }
      return vm.box(try x.log() / Tensor.scalar(base, .f64).log().item())
    case "round":
      guard case .int(let digits) = arguments[1], abs(digits) <= 15 else { return nil }
      var scale = 1.0
      for _ in 0..<abs(digits) { scale *= 10 }
      if digits < 0 { return vm.box(try (x / scale).round() * scale) }
      return vm.box(try (x * scale).round() / scale)
    case "sum": return vm.box(try x.sum())
    case "max": return vm.box(try x.maximum())
    case "min": return vm.box(try x.minimum())
    case "any": return vm.box(try x.any())
    case "all": return vm.box(try x.all())
    case "isnan": return vm.box(try x.isNaN())
    case "isfinite": return vm.box(try x.isFinite())
    case "isinf":
      return vm.box(try Tensor.logic(.xor, x.isFinite(), x.isNaN()).inverted())
    default: return nil
    }
  }

  /// A function that only this module knows, for numbers as well.
  private static func global(
    _ name: String, _ summary: String, _ example: (String, String),
    _ compute: @escaping @Sendable (Tensor) throws -> Tensor
  ) -> Native {
    Native(
      name, summary, Param<Tensor>("x", "A number or a tensor."), returns: "tensor",
      examples: [example]
    ) { x in try compute(x) }
  }

  static let activations = [
    global(
      "gelu", "The Gaussian error linear unit x Φ(x), by the error function.", ("gelu(0.0)", "0.0")
    ) { try $0.gelu() },
    global(
      "gelu_tanh", "GPT-2's approximation of the Gaussian error linear unit, by tanh.",
      ("gelu_tanh(0.0)", "0.0")
    ) {
      try $0.gelu(approximate: true)
    },
    global(
      "silu", "The sigmoid linear unit x · sigmoid(x), also called swish.", ("silu(0.0)", "0.0")
    ) { try $0.silu() },
    global("softplus", "The smooth form of relu, log(1 + exp(x)).", ("softplus(0.0)", "0.6931472"))
    { try $0.softplus() },
    global("square", "The square x².", ("square(3.0)", "9.0")) { try $0.square() },
    global("rsqrt", "1 / √x.", ("rsqrt(4.0)", "0.5")) { try $0.rsqrt() },
  ]

  static let alongAxes = [
    Native(
      "softmax", "Turns scores into shares that add up to 1: exp(x) / Σ exp(x) along an axis.",
      Param<Tensor>("x", "A tensor."),
      Param<Int>("axis", "The axis.", default: -1), returns: "tensor", search: ["probabilities"],
      examples: [("softmax([0.0, 0.0])", "tensor f32 [2]\n[0.5, 0.5]")]
    ) { x, axis in try x.softmax(axis: axis) },
    Native(
      "log_softmax", "The logarithm of softmax: x - log Σ exp(x) along an axis.",
      Param<Tensor>("x", "A tensor."),
      Param<Int>("axis", "The axis.", default: -1), returns: "tensor"
    ) { x, axis in try x.logSoftmax(axis: axis) },
    Native(
      "logsumexp",
      "The logarithm of a sum of exponentials, log Σ exp(x) over axes, without overflow.",
      Param<Tensor>("x", "A tensor."),
      Param<Axes>("axis", "The axis or axes; nil takes all.", default: .all),
      Param<Bool>("keep", "Whether reduced axes stay, with size 1.", default: false),
      returns: "tensor"
    ) { x, axes, keep in try x.logSumExp(axes: axes.values, keepAxes: keep) },
    Native(
      "argmax", "Where the largest element is, the first of equals.",
      Param<Tensor>("x", "A tensor or a list of numbers."),
      Param<Int?>("axis", "The axis; nil takes the flattened tensor.", default: nil),
      returns: "tensor i64", examples: [("argmax([1, 5, 2])", "1")]
    ) { x, axis in try x.argmax(axis: axis) },
    Native(
      "argmin", "Where the smallest element is, the first of equals.",
      Param<Tensor>("x", "A tensor or a list of numbers."),
      Param<Int?>("axis", "The axis; nil takes the flattened tensor.", default: nil),
      returns: "tensor i64", examples: [("argmin([4, 1, 2])", "1")]
    ) { x, axis in try x.argmin(axis: axis) },
  ]

  static let combinations = [
    Native(
      "select", "Elements of `a` where the condition holds, of `b` elsewhere.",
      Param<Tensor>("condition", "A bool or a tensor of bools."),
      Param<Tensor>("a", "What is taken where it is true."),
      Param<Tensor>("b", "What is taken where it is false."), returns: "tensor",
      search: ["where", "mask", "if"],
      examples: [("select(tensor([1, -1]) > 0, 1, 0)", "tensor i64 [2]\n[1, 0]")]
    ) { condition, a, b in try Tensor.select(condition, a, b) },
    Native(
      "maximum", "The larger of two, element by element.", Param<Tensor>("a", "One."),
      Param<Tensor>("b", "The other."), returns: "tensor",
      examples: [("maximum(tensor([1, 5]), 3)", "tensor i64 [2]\n[3, 5]")]
    ) { a, b in try Tensor.arithmetic(.maximum, a, b) },
    Native(
      "minimum", "The smaller of two, element by element.", Param<Tensor>("a", "One."),
      Param<Tensor>("b", "The other."), returns: "tensor",
      examples: [("minimum(tensor([1, 5]), 3)", "tensor i64 [2]\n[1, 3]")]
    ) { a, b in try Tensor.arithmetic(.minimum, a, b) },
    Native(
      "clamp", "Values below `low` become `low`, above `high` become `high`.",
      Param<Tensor>("x", "A number or a tensor."),
      Param<Double>("low", "The lower bound.", default: -.infinity, text: "-inf"),
      Param<Double>("high", "The upper bound.", default: .infinity, text: "inf"),
      returns: "tensor", search: ["clip"], examples: [("clamp(5.0, 0, 1)", "1.0")]
    ) { x, low, high in try x.clamped(low, high) },
    Native(
      "both", "Where both masks hold.", Param<Tensor>("a", "A tensor of bools."),
      Param<Tensor>("b", "Another."), returns: "tensor bool", seeAlso: ["either"],
      search: ["and", "logical"]
    ) { a, b in try Tensor.logic(.and, a, b) },
    Native(
      "either", "Where at least one of two masks holds.", Param<Tensor>("a", "A tensor of bools."),
      Param<Tensor>("b", "Another."), returns: "tensor bool", seeAlso: ["both"],
      search: ["or", "logical"]
    ) { a, b in try Tensor.logic(.or, a, b) },
  ]
}
