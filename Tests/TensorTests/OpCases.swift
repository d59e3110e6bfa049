import Tensors
import Testing

/// One row of the table of differentiable operations: what is computed from tensors of these shapes, with numbers of
/// this range.
struct OpCase: CustomTestStringConvertible, Sendable {
  let name: String
  let shapes: [Shape]
  let range: ClosedRange<Double>
  /// Keeps random inputs away from places where the derivative jumps.
  let kinks: [Double]
  let tolerance: Double
  let function: @Sendable ([Tensor]) throws -> Tensor

  init(
    _ name: String, _ shapes: [Shape], range: ClosedRange<Double> = -2...2, kinks: [Double] = [],
    tolerance: Double = 1e-5, _ function: @escaping @Sendable ([Tensor]) throws -> Tensor
  ) {
    self.name = name
    self.shapes = shapes
    self.range = range
    self.kinks = kinks
    self.tolerance = tolerance
    self.function = function
  }

  var testDescription: String { name }

  static let all: [OpCase] =
    arithmetic + functions + reductions + shapes + indexing + products

  static let arithmetic: [OpCase] = [
    OpCase("add", [[2, 3], [2, 3]]) { try $0[0] + $0[1] },
    OpCase("add row", [[4, 3], [3]]) { try $0[0] + $0[1] },
    OpCase("add column", [[4, 3], [4, 1]]) { try $0[0] + $0[1] },
    OpCase("add row to column", [[4, 1], [3]]) { try $0[0] + $0[1] },
    OpCase("add scalar tensor", [[4, 3], []]) { try $0[0] + $0[1] },
    OpCase("subtract middle", [[2, 3, 4], [2, 1, 4]]) { try $0[0] - $0[1] },
    OpCase("subtract from row", [[3], [4, 3]]) { try $0[0] - $0[1] },
    OpCase("multiply", [[2, 3], [2, 3]]) { try $0[0] * $0[1] },
    OpCase("multiply batch", [[2, 1, 3], [4, 1]]) { try $0[0] * $0[1] },
    OpCase("multiply by itself", [[5]]) { try $0[0] * $0[0] },
    OpCase("divide", [[2, 3], [3]], range: 0.5...2) { try $0[0] / $0[1] },
    OpCase("divide column", [[3, 1], [3, 4]], range: 0.5...2) { try $0[0] / $0[1] },
    OpCase("power", [[2, 3], [3]], range: 0.3...2) { try $0[0].pow($0[1]) },
    OpCase("power 3", [[2, 3]]) { try $0[0].pow(3) },
    OpCase("power 2", [[2, 3]]) { try $0[0].pow(2) },
    OpCase("power half", [[2, 3]], range: 0.3...2) { try $0[0].pow(0.5) },
    OpCase("remainder", [[2, 3], [3]], range: 1.1...1.9) {
      try Tensor.arithmetic(.remainder, $0[0] * 7.3, $0[1])
    },
    OpCase("minimum", [[3, 4], [4]]) { try Tensor.arithmetic(.minimum, $0[0], $0[1]) },
    OpCase("maximum", [[3, 4], [3, 4]]) { try Tensor.arithmetic(.maximum, $0[0], $0[1]) },
    OpCase("scalar left", [[3]], range: 0.5...2) { try 2 / $0[0] - 1 + 3 * $0[0] },
    OpCase("select", [[3, 4], [4]]) {
      try Tensor.select(Tensor.compare(.greater, $0[0], $0[1]), $0[0] * 2, $0[1])
    },
  ]

  static let functions: [OpCase] = [
    OpCase("exp", [[2, 20]]) { try $0[0].exp() },
    OpCase("expm1", [[2, 20]]) { try $0[0].expm1() },
    OpCase("log", [[2, 20]], range: 0.2...3) { try $0[0].log() },
    OpCase("log1p", [[2, 20]], range: -0.5...3) { try $0[0].log1p() },
    OpCase("log2", [[7]], range: 0.2...3) { try $0[0].log2() },
    OpCase("log10", [[7]], range: 0.2...3) { try $0[0].log10() },
    OpCase("sqrt", [[2, 20]], range: 0.2...3) { try $0[0].sqrt() },
    OpCase("rsqrt", [[2, 20]], range: 0.2...3) { try $0[0].rsqrt() },
    OpCase("reciprocal", [[2, 20]], range: 0.3...3) { try $0[0].reciprocal() },
    OpCase("tanh", [[2, 20]]) { try $0[0].tanh() },
    OpCase("sigmoid", [[2, 20]], range: -6...6) { try $0[0].sigmoid() },
    OpCase("relu", [[2, 20]], kinks: [0]) { try $0[0].relu() },
    OpCase("gelu tanh", [[2, 20]], range: -4...4) { try $0[0].gelu(approximate: true) },
    OpCase("gelu erf", [[2, 20]], range: -4...4) { try $0[0].gelu() },
    OpCase("silu", [[2, 20]], range: -4...4) { try $0[0].silu() },
    OpCase("softplus", [[2, 20]], range: -6...6) { try $0[0].softplus() },
    OpCase("leaky relu", [[2, 20]], kinks: [0]) { try $0[0].leakyRelu(0.1) },
    OpCase("elu", [[2, 20]], kinks: [0]) { try $0[0].elu(1.3) },
    OpCase("sin", [[2, 20]], range: -6...6) { try $0[0].sin() },
    OpCase("cos", [[2, 20]], range: -6...6) { try $0[0].cos() },
    OpCase("tan", [[7]], range: -1...1) { try $0[0].tan() },
    OpCase("asin", [[7]], range: -0.9...0.9) { try $0[0].asin() },
    OpCase("acos", [[7]], range: -0.9...0.9) { try $0[0].acos() },
    OpCase("atan", [[7]]) { try $0[0].atan() },
    OpCase("sinh", [[7]]) { try $0[0].sinh() },
    OpCase("cosh", [[7]]) { try $0[0].cosh() },
    OpCase("erf", [[2, 20]]) { try $0[0].erf() },
    OpCase("erfc", [[2, 20]]) { try $0[0].erfc() },
    OpCase("gamma", [[2, 20]], range: 0.3...4) { try $0[0].gamma() },
    OpCase("lgamma", [[2, 20]], range: 0.3...9) { try $0[0].logGamma() },
    OpCase("lgamma below zero", [[7]], range: -1.8...(-1.2)) { try $0[0].logGamma() },
    OpCase("hypot", [[2, 20], [20]], range: 0.2...2) { try Tensor.hypot($0[0], $0[1]) },
    OpCase("atan2", [[2, 1], [20]], range: 0.2...2) { try Tensor.atan2(-$0[0], $0[1]) },
    OpCase("atan2 behind", [[3, 4], [3, 4]], range: 0.2...2) { try Tensor.atan2($0[0], -$0[1]) },
    OpCase("abs", [[2, 20]], kinks: [0]) { try $0[0].abs() },
    OpCase("negative", [[2, 20]]) { try (-$0[0]) },
    OpCase("square", [[2, 20]]) { try $0[0].square() },
    OpCase("floor", [[2, 20]], kinks: [-2, -1, 0, 1, 2]) { try $0[0].floor() },
    OpCase("ceil", [[2, 20]], kinks: [-2, -1, 0, 1, 2]) { try $0[0].ceil() },
    OpCase("round", [[2, 20]], kinks: [-1.5, -0.5, 0.5, 1.5]) { try $0[0].round() },
    OpCase("truncated", [[2, 20]], kinks: [-1, 0, 1]) { try $0[0].truncated() },
    OpCase("sign", [[2, 20]], kinks: [0]) { try $0[0].sign() },
    OpCase("clamp", [[2, 20]], kinks: [-0.7, 1.1]) { try $0[0].clamped(-0.7, 1.1) },
    OpCase("softmax", [[3, 5]]) { try $0[0].softmax() },
    OpCase("softmax axis 0", [[3, 5]]) { try $0[0].softmax(axis: 0) },
    OpCase("softmax middle", [[2, 3, 4]]) { try $0[0].softmax(axis: 1) },
    OpCase("log softmax", [[3, 5]]) { try $0[0].logSoftmax() },
    OpCase("log softmax axis 0", [[3, 5]]) { try $0[0].logSoftmax(axis: 0) },
    OpCase("function of a view", [[4, 3]]) { try $0[0].transposed().exp() },
  ]

  static let reductions: [OpCase] = [
    OpCase("sum", [[3, 4]]) { try $0[0].sum() },
    OpCase("sum axis 0", [[3, 4]]) { try $0[0].sum(axes: [0]) },
    OpCase("sum axis 1", [[3, 4]]) { try $0[0].sum(axes: [1], keepAxes: true) },
    OpCase("sum middle", [[2, 3, 4]]) { try $0[0].sum(axes: [1]) },
    OpCase("sum apart", [[2, 3, 4]]) { try $0[0].sum(axes: [0, 2]) },
    OpCase("sum of a scalar", [[]]) { try $0[0].sum() },
    OpCase("sum of a view", [[3, 4]]) { try $0[0].transposed().sum(axes: [0]) },
    OpCase("mean", [[3, 4]]) { try $0[0].mean() },
    OpCase("mean axis", [[2, 3, 4]]) { try $0[0].mean(axes: [1], keepAxes: true) },
    OpCase("max", [[3, 4]]) { try $0[0].maximum() },
    OpCase("max axis", [[2, 3, 4]]) { try $0[0].maximum(axes: [1]) },
    OpCase("min axis", [[3, 4]]) { try $0[0].minimum(axes: [-1], keepAxes: true) },
    OpCase("prod", [[2, 3]], range: 0.5...2) { try $0[0].prod() },
    OpCase("prod axis", [[2, 3, 2]]) { try $0[0].prod(axes: [1]) },
    OpCase("prod apart", [[2, 3, 2]]) { try $0[0].prod(axes: [0, 2]) },
    OpCase("variance", [[3, 4]]) { try $0[0].variance(axes: [1]) },
    OpCase("standard deviation", [[3, 4]]) {
      try $0[0].standardDeviation(axes: [0], correction: 0)
    },
    OpCase("norm", [[3, 4]]) { try $0[0].norm(axes: [1]) },
    OpCase("norm 1", [[3, 4]], kinks: [0]) { try $0[0].norm(1) },
    OpCase("norm 3", [[3, 4]], kinks: [0]) { try $0[0].norm(3, axes: [0]) },
    OpCase("norm infinite", [[3, 4]], kinks: [0]) { try $0[0].norm(.infinity) },
    OpCase("log sum exp", [[3, 4]]) { try $0[0].logSumExp(axes: [1]) },
    OpCase("log sum exp all", [[3, 4]]) { try $0[0].logSumExp() },
    OpCase("cumulative sum", [[3, 4]]) { try $0[0].cumulativeSum(axis: 0) },
    OpCase("cumulative sum last", [[3, 4]]) { try $0[0].cumulativeSum(axis: -1) },
  ]

  static let shapes: [OpCase] = [
    OpCase("reshape", [[3, 4]]) { try $0[0].reshaped([2, -1]) },
    OpCase("reshape of a view", [[3, 4]]) { try $0[0].transposed().reshaped([6, 2]) },
    OpCase("flatten", [[2, 3, 4]]) { try $0[0].flattened(from: 1) },
    OpCase("transpose", [[3, 4]]) { try $0[0].transposed() },
    OpCase("permute", [[2, 3, 4]]) { try $0[0].permuted([2, 0, 1]) },
    OpCase("squeeze", [[2, 1, 3]]) { try $0[0].squeezed(1) },
    OpCase("unsqueeze", [[2, 3]]) { try $0[0].unsqueezed(-1) },
    OpCase("expand", [[2, 1, 3]]) { try $0[0].expanded(to: [4, 2, 5, 3]) },
    OpCase("concat", [[2, 3], [4, 3]]) { try Tensor.concatenated([$0[0], $0[1]]) },
    OpCase("concat columns", [[2, 3], [2, 1]]) {
      try Tensor.concatenated([$0[0], $0[1]], axis: -1)
    },
    OpCase("stack", [[2, 3], [2, 3]]) { try Tensor.stacked([$0[0], $0[1]], axis: 1) },
    OpCase("split", [[5, 2]]) {
      let parts = try $0[0].split([2, 3])
      return try parts[0].sum() * parts[1].square()
    },
    OpCase("slice", [[6, 4]]) { try $0[0].sliced(axis: 0, from: 1, to: 5, step: 2) },
    OpCase("slice backwards", [[6, 4]]) { try $0[0].sliced(axis: 1, from: nil, to: 0, step: -2) },
    OpCase("slice of a view", [[3, 5]]) { try $0[0].transposed().sliced(axis: 0, from: 1, to: 4) },
    OpCase("flip", [[3, 2]]) { try $0[0].flipped(0) },
    OpCase("select index", [[3, 4]]) { try $0[0].selected(axis: 1, index: -1) },
    OpCase("repeat", [[2, 3]]) { try $0[0].repeated([2, 1, 3]) },
    OpCase("triangles", [[3, 4]]) { try $0[0].lowerTriangle(-1) + $0[0].upperTriangle(1) },
    OpCase("cast", [[3]]) {
      try $0[0].cast(to: $0[0].dtype == .f32 ? .f64 : .f32).cast(to: $0[0].dtype)
    },
  ]

  static let indexing: [OpCase] = [
    OpCase("subscript", [[4, 5, 3]]) {
      try $0[0].subscripted([.slice(from: 1, to: 3, step: 1), .ellipsis, .newAxis, .at(-1)])
    },
    OpCase("index tensor", [[4, 3]]) {
      try $0[0].subscripted([.positions(try Tensor(ints: [0, 3, 3, -1]))])
    },
    OpCase("index tensors", [[4, 3, 2]]) {
      try $0[0].subscripted([
        .positions(try Tensor(ints: [0, 3, 3])), .positions(try Tensor(ints: [2, 0, 1])),
      ])
    },
    OpCase("index tensors apart", [[4, 3, 2]]) {
      try $0[0].subscripted([
        .positions(try Tensor(ints: [0, 3, 3])), .slice(from: nil, to: nil, step: 1),
        .positions(try Tensor(ints: [1, 0, 1])),
      ])
    },
    OpCase("mask", [[3, 4]]) {
      try $0[0].subscripted([.mask(try Tensor.compare(.greater, $0[0], try Tensor.scalar(0)))]) * 2
    },
    OpCase("index select", [[3, 4]]) {
      try $0[0].indexSelected(axis: 1, try Tensor(ints: [3, 0, 0]))
    },
    OpCase("gather", [[3, 4]]) {
      try $0[0].gathered(axis: 1, try Tensor(ints: [0, 1, 3, 3, 2, 2], shape: [3, 2]))
    },
    OpCase("pick", [[3, 4]]) { try $0[0].pick(try Tensor(ints: [1, 3, 0])) },
    OpCase("sort", [[3, 5]]) { try $0[0].sorted(axis: 1).values.square() },
    OpCase("top", [[3, 20]]) { try $0[0].top(2, axis: 1).values.square() },
    OpCase("diagonal", [[3, 4]]) { try $0[0].diagonal() },
  ]

  static let products: [OpCase] = [
    OpCase("matmul", [[3, 4], [4, 2]]) { try $0[0].matmul($0[1]) },
    OpCase("matmul transposed", [[4, 3], [2, 4]]) {
      try $0[0].transposed().matmul($0[1].transposed())
    },
    OpCase("matmul larger", [[33, 20], [20, 17]], tolerance: 1e-4) { try $0[0].matmul($0[1]) },
    OpCase("matmul vector", [[3, 4], [4]]) { try $0[0].matmul($0[1]) },
    OpCase("vector matmul", [[4], [4, 3]]) { try $0[0].matmul($0[1]) },
    OpCase("vector by batch", [[4], [2, 4, 3]]) { try $0[0].matmul($0[1]) },
    OpCase("dot", [[4], [4]]) { try $0[0].dot($0[1]) },
    OpCase("outer", [[4], [3]]) { try $0[0].outer($0[1]) },
    OpCase("matmul batch by matrix", [[2, 3, 4], [4, 5]]) { try $0[0].matmul($0[1]) },
    OpCase("matmul batches", [[2, 3, 4], [2, 4, 5]]) { try $0[0].matmul($0[1]) },
    OpCase("matmul batches broadcast", [[2, 1, 3, 4], [3, 4, 2]]) { try $0[0].matmul($0[1]) },
    OpCase("matmul of permuted heads", [[2, 3, 2, 4], [2, 3, 2, 4]]) {
      try $0[0].permuted([0, 2, 1, 3]).matmul($0[1].permuted([0, 2, 3, 1]))
    },
    OpCase("matrix by itself", [[3, 3]]) { try $0[0].matmul($0[0].transposed()) },
  ]
}
