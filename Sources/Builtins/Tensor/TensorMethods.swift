import Runtime
import Tensors

/// What can be called on a tensor: `x.reshape(2, -1)`, `x.sum(axis: 0)`.
enum TensorMethods {
  private static var x: Param<Tensor> { Param<Tensor>("x") }

  private static func axis(_ summary: String = "The axis; negative ones count from the last.")
    -> Param<Int>
  {
    Param<Int>("axis", summary, default: -1)
  }

  static let shapes = [
    Native(
      "reshape", "The same elements in another shape.", x,
      Param<Sizes>("sizes", "The new sizes; one may be -1 and is then worked out."),
      returns: "tensor", seeAlso: ["tensor.flatten"],
      examples: [("tensor.arange(6).reshape(2, -1).shape", "[2, 3]")]
    ) { x, sizes in try x.reshaped(sizes.values) },
    Native(
      "flatten", "Axes joined into one.", x,
      Param<Int>("start", "The first axis that is joined.", default: 0),
      Param<Int>("end", "The last one.", default: -1), returns: "tensor", search: ["ravel"],
      examples: [("tensor.zeros([2, 3, 4]).flatten(1).shape", "[2, 12]")]
    ) { x, start, end in try x.flattened(from: start, to: end) },
    Native(
      "transpose", "Two axes exchanged.", x,
      Param<Int>("first", "One axis.", default: -2),
      Param<Int>("second", "The other.", default: -1),
      returns: "tensor", seeAlso: ["tensor.permute"], search: ["swap"],
      examples: [("tensor.zeros([2, 3, 4]).transpose().shape", "[2, 4, 3]")]
    ) { x, first, second in try x.transposed(first, second) },
    Native(
      "permute", "All axes in another order.", x,
      Param<Sizes>("axes", "For each axis of the result the axis that it was."), returns: "tensor",
      examples: [("tensor.zeros([2, 3, 4]).permute(2, 0, 1).shape", "[4, 2, 3]")]
    ) { x, axes in try x.permuted(axes.values) },
    Native(
      "squeeze", "Without an axis of size 1.", x,
      Param<Int?>("axis", "The axis; nil takes all such.", default: nil), returns: "tensor"
    ) { x, axis in try x.squeezed(axis) },
    Native(
      "unsqueeze", "With a new axis of size 1.", x,
      Param<Int>("axis", "Where it will stand."), returns: "tensor", search: ["newaxis"],
      examples: [("tensor([1, 2]).unsqueeze(1).shape", "[2, 1]")]
    ) { x, axis in try x.unsqueezed(axis) },
  ]

  static let views = [
    Native(
      "expand", "Axes of size 1 repeated without copying.", x,
      Param<Sizes>("sizes", "The new sizes; -1 keeps one."), returns: "tensor",
      seeAlso: ["tensor.repeat"], search: ["broadcast"]
    ) { x, sizes in try x.expanded(to: sizes.values) },
    Native(
      "repeat", "The tensor repeated along each axis.", x,
      Param<Sizes>("counts", "How many times, an axis each."), returns: "tensor", search: ["tile"],
      examples: [("tensor([1, 2]).repeat(2)", "tensor i64 [4]\n[1, 2, 1, 2]")]
    ) { x, counts in try x.repeated(counts.values) },
    Native(
      "split", "Parts along an axis.", x,
      Param<Value>("size", "The size of each part (the last may be shorter), or a list of sizes."),
      Param<Int>("axis", "The axis.", default: 0), returns: "list of tensor", search: ["chunk"],
      context: { (vm: VM, x: Tensor, size: Value, axis: Int) in
        if case .int(let size) = size { return try x.split(every: size, axis: axis) }
        guard let sizes = try [Int].decode(size, vm) else {
          throw Fault(
            .type, "`size` must be an int or a list of ints, found \(size.typeWithArticle)"
          )
          .atArgument(1)
        }
        return try x.split(sizes, axis: axis)
      }),
    Native(
      "flip", "The elements in reverse order along an axis.", x,
      Param<Int>("axis", "The axis.", default: 0), returns: "tensor", search: ["reverse"]
    ) { x, axis in try x.flipped(axis) },
    Native(
      "tril", "The lower triangle of a matrix, zeros above it.", x,
      Param<Int>("diagonal", "The highest diagonal that is kept.", default: 0), returns: "tensor",
      search: ["triangle", "causal"]
    ) { x, diagonal in try x.lowerTriangle(diagonal) },
    Native(
      "triu", "The upper triangle of a matrix, zeros below it.", x,
      Param<Int>("diagonal", "The lowest diagonal that is kept.", default: 0), returns: "tensor",
      search: ["triangle"]
    ) { x, diagonal in try x.upperTriangle(diagonal) },
    Native("diagonal", "The diagonal of a matrix.", x, returns: "tensor") { x in
      try x.diagonal()
    },
  ]

  /// A reduction with the usual two parameters.
  private static func reduction(
    _ name: String, _ summary: String, search: [String] = [],
    _ compute: @escaping @Sendable (Tensor, [Int]?, Bool) throws -> Tensor
  ) -> Native {
    Native(
      name, summary, x, Param<Axes>("axis", "The axis or axes; nil takes all.", default: .all),
      Param<Bool>("keep", "Whether reduced axes stay, with size 1.", default: false),
      returns: "tensor", search: search
    ) { x, axes, keep in try compute(x, axes.values, keep) }
  }

  static let reductions = [
    reduction("sum", "The sum.") { try $0.sum(axes: $1, keepAxes: $2) },
    reduction("mean", "The mean.", search: ["average"]) { try $0.mean(axes: $1, keepAxes: $2) },
    reduction("prod", "The product.") { try $0.prod(axes: $1, keepAxes: $2) },
    reduction("any", "Whether any element is true (not zero).") {
      try $0.any(axes: $1, keepAxes: $2)
    },
    reduction("all", "Whether all elements are true (not zero).") {
      try $0.all(axes: $1, keepAxes: $2)
    },
    reduction(
      "logsumexp", "The logarithm of a sum of exponentials, log Σ exp(x), without overflow."
    ) {
      try $0.logSumExp(axes: $1, keepAxes: $2)
    },
    spread("var", "The variance.") {
      try $0.variance(axes: $1, correction: $2, keepAxes: $3)
    },
    spread("std", "The standard deviation.") {
      try $0.standardDeviation(axes: $1, correction: $2, keepAxes: $3)
    },
    Native(
      "norm", "The norm (Σ|x|ᵖ)^(1/p).", x,
      Param<Double>("order", "p; `inf` gives the largest |x|.", default: 2, .positive),
      Param<Axes>("axis", "The axis or axes; nil takes all.", default: .all),
      Param<Bool>("keep", "Whether reduced axes stay, with size 1.", default: false),
      returns: "tensor", search: ["length", "euclidean", "l2"],
      examples: [("tensor([3.0, 4.0]).norm()", "5.0")]
    ) { x, order, axes, keep in try x.norm(order, axes: axes.values, keepAxes: keep) },
  ]

  private static func spread(
    _ name: String, _ summary: String,
    _ compute: @escaping @Sendable (Tensor, [Int]?, Double, Bool) throws -> Tensor
  ) -> Native {
    Native(
      name, summary, x, Param<Axes>("axis", "The axis or axes; nil takes all.", default: .all),
      Param<Double>(
        "correction", "What is taken off the count: 1 for a sample, 0 for a population.",
        default: 1, .nonNegative),
      Param<Bool>("keep", "Whether reduced axes stay, with size 1.", default: false),
      returns: "tensor", search: ["deviation", "variance"]
    ) { x, axes, correction, keep in try compute(x, axes.values, correction, keep) }
  }

  static let extremes = [
    reduction("max", "The largest element.", search: ["amax"]) {
      try $0.maximum(axes: $1, keepAxes: $2)
    },
    reduction("min", "The smallest element.", search: ["amin"]) {
      try $0.minimum(axes: $1, keepAxes: $2)
    },
    Native(
      "argmax", "Where the largest element is, the first of equals.", x,
      Param<Int?>("axis", "The axis; nil takes the flattened tensor.", default: nil),
      Param<Bool>("keep", "Whether the axis stays, with size 1.", default: false),
      returns: "tensor i64"
    ) { x, axis, keep in try x.argmax(axis: axis, keepAxes: keep) },
    Native(
      "argmin", "Where the smallest element is, the first of equals.", x,
      Param<Int?>("axis", "The axis; nil takes the flattened tensor.", default: nil),
      Param<Bool>("keep", "Whether the axis stays, with size 1.", default: false),
      returns: "tensor i64"
    ) { x, axis, keep in try x.argmin(axis: axis, keepAxes: keep) },
    Native(
      "cumsum", "Running sums along an axis.", x, axis(), returns: "tensor",
      examples: [("tensor([1, 2, 3]).cumsum()", "tensor i64 [3]\n[1, 3, 6]")]
    ) { x, axis in try x.cumulativeSum(axis: axis) },
    Native(
      "clamp", "Values below `low` become `low`, above `high` become `high`.", x,
      Param<Double>("low", "The lower bound.", default: -.infinity, text: "-inf"),
      Param<Double>("high", "The upper bound.", default: .infinity, text: "inf"),
      returns: "tensor", search: ["clip"]
    ) { x, low, high in try x.clamped(low, high) },
  ]

  static let orders = [
    Native(
      "sort", "The elements in order along an axis; NaN last.", x, axis(),
      Param<Bool>("descending", "Whether the largest comes first.", default: false),
      returns: "tensor", seeAlso: ["tensor.argsort", "tensor.topk"],
      examples: [("tensor([3, 1, 2]).sort()", "tensor i64 [3]\n[1, 2, 3]")]
    ) { x, axis, descending in try x.sorted(axis: axis, descending: descending).values },
    Native(
      "argsort", "The positions that put the elements in order along an axis.", x, axis(),
      Param<Bool>("descending", "Whether the largest comes first.", default: false),
      returns: "tensor i64",
      examples: [("tensor([3, 1, 2]).argsort()", "tensor i64 [3]\n[1, 2, 0]")]
    ) { x, axis, descending in try x.argsorted(axis: axis, descending: descending) },
    Native(
      "topk", "The k largest elements along an axis, and where they are.", x,
      Param<Int>("k", "How many.", .nonNegative), axis(),
      Param<Bool>("largest", "False gives the smallest.", default: true),
      returns: "{values, indices}"
    ) { x, k, axis, largest in
      let top = try x.top(k, axis: axis, largest: largest)
      return Record([("values", top.values), ("indices", top.indices)])
    },
    Native(
      "softmax", "Turns scores into shares that add up to 1: exp(x) / Σ exp(x) along an axis.", x,
      axis(), returns: "tensor"
    ) { x, axis in try x.softmax(axis: axis) },
    Native(
      "log_softmax", "The logarithm of softmax: x - log Σ exp(x) along an axis.", x, axis(),
      returns: "tensor"
    ) { x, axis in try x.logSoftmax(axis: axis) },
  ]

  static let selections = [
    Native(
      "pick", "For each row along the last axis the element at its label.", x,
      Param<Tensor>("labels", "One integer for each row: [..] for a tensor [.., classes]."),
      returns: "tensor", seeAlso: ["tensor.gather"], search: ["nll", "label"],
      examples: [("tensor([[1, 2], [3, 4]]).pick([1, 0])", "tensor i64 [2]\n[2, 3]")]
    ) { x, labels in try x.pick(labels) },
    Native(
      "gather", "Elements at index tensors along an axis, as in PyTorch.", x,
      Param<Int>("axis", "The axis."), Param<Tensor>("indices", "As many axes as the tensor."),
      returns: "tensor"
    ) { x, axis, indices in try x.gathered(axis: axis, indices) },
    Native(
      "index_select", "Slices at some positions of an axis.", x,
      Param<Int>("axis", "The axis."), Param<Tensor>("indices", "One axis of integers."),
      returns: "tensor", search: ["take"]
    ) { x, axis, indices in try x.indexSelected(axis: axis, indices) },
    Native(
      "one_hot", "A new last axis with 1 at the element's value.", x,
      Param<Int>("classes", "Its size.", .nonNegative), returns: "tensor f32",
      examples: [("tensor([1]).one_hot(2)", "tensor f32 [1, 2]\n[[0.0, 1.0]]")]
    ) { x, classes in try x.oneHot(classes) },
    Native(
      "nonzero", "The coordinates of all elements that are not zero: [found, axes].", x,
      returns: "tensor i64", search: ["where", "find"]
    ) { x in
      let coordinates = try x.nonzero()
      return try coordinates.isEmpty ? Tensor.zeros([0, 0], .i64) : .stacked(coordinates, axis: 1)
    },
  ]

  static let conversions = [
    Native(
      "to", "The elements as another type.", x, Param<DType>("dtype", "f32, f64, i64, i32, bool."),
      returns: "tensor", search: ["cast", "astype", "convert"],
      examples: [("tensor([1.7, -1.7]).to(\"i64\")", "tensor i64 [2]\n[ 1, -1]")]
    ) { x, dtype in try x.cast(to: dtype) },
    Native(
      "item", "The only element as a number.", x, returns: "int, float or bool",
      context: { (vm: VM, x: Tensor) in
        let only = try x.detached.reshaped(x.count == 1 ? [] : x.shape.array)
        if let value = only.scalarValue { return value }
        _ = try x.item()
        return Value.nothing
      }),
    Native(
      "tolist", "The elements as nested lists.", x, returns: "list",
      search: ["list", "convert"], examples: [("tensor([[1, 2]]).tolist()", "[[1, 2]]")],
      context: { (vm: VM, x: Tensor) in try list(x.detached.contiguous(), 0, 0, vm) }),
    Native(
      "detach", "The same values, through which no gradient flows.", x, returns: "tensor",
      search: ["stop_gradient"]
    ) { x in x.detached },
    Native("isnan", "Where each element is NaN.", x, returns: "tensor bool") { x in
      try x.isNaN()
    },
    Native(
      "isfinite", "Where each element is neither NaN nor infinite.", x, returns: "tensor bool"
    ) { x in try x.isFinite() },
    Native("not", "The opposite of each bool.", x, returns: "tensor bool", search: ["invert"]) {
      x in try x.inverted()
    },
  ]

  private static func list(_ x: Tensor, _ axis: Int, _ from: Int, _ vm: VM) throws -> Value {
    guard axis < x.rank else {
      switch x.dtype {
      case .f32: return .float(Double(x.floats[from]))
      case .f64: return .float(x.pointer(Double.self)[from])
      case .i64: return .int(Int(x.pointer(Int64.self)[from]))
      case .i32: return .int(Int(x.pointer(Int32.self)[from]))
      case .bool: return .bool(x.pointer(Bool.self)[from])
      }
    }
    // A list without elements takes memory, too, and a tensor without elements may have many rows.
    try vm.reserve(64 + 16 * x.shape[axis])
    let result = ListObject(capacity: x.shape[axis])
    let value = vm.adopt(result)
    for i in 0..<x.shape[axis] {
      try vm.checkInterrupt(turn: i)
      result.append(try list(x, axis + 1, from + i * x.strides[axis], vm))
    }
    return value
  }

  static let products = [
    Native(
      "matmul", "The product `x @ y`.", x, Param<Tensor>("y", "The right operand."),
      returns: "tensor", search: ["mm", "bmm"]
    ) { x, y in try x.matmul(y) },
    Native(
      "dot", "Σ xᵢ yᵢ of two vectors.", x, Param<Tensor>("y", "The other vector."),
      returns: "tensor", examples: [("tensor([1, 2]).dot([3, 4])", "11")]
    ) { x, y in try x.dot(y) },
    Native(
      "outer", "All products xᵢ yⱼ of two vectors.", x, Param<Tensor>("y", "The other vector."),
      returns: "tensor"
    ) { x, y in try x.outer(y) },
  ]

  /// Functions of one number are methods too, for chains: `x.square().mean().sqrt()`.
  static let functions = TensorMath.elementwise.map { entry in
    Native(entry.name, entry.summary, x, returns: "tensor") { x in try entry.compute(x) }
  }
}
