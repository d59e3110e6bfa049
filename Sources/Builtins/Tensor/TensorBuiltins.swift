import Foundations
import Runtime
import Tensors

/// `tensor`: making tensors. What can be done with one stands in `TensorMethods`.
enum TensorBuiltins {
  static func install(in interpreter: Interpreter) {
    interpreter.define(module)
    interpreter.define(TensorMath.activations.abandonable())
    interpreter.define(TensorMath.alongAxes.abandonable())
    interpreter.define(TensorMath.combinations.abandonable())
    interpreter.define(GradientBuiltins.natives)
    interpreter.define(DistanceBuiltins.natives)
    // The pool is the process's: the least limit of its interpreters holds.
    MemoryRoom.byteLimit = min(
      MemoryRoom.byteLimit, interpreter.limits.memoryBytes, SystemMemory.usable)
  }

  static let module = Module(
    "tensor", "Blocks of numbers: making, joining, random ones.",
    natives: (filled + sequences + random + joins).abandonable(),
    call: Native(
      "tensor", "A tensor of numbers: ints give i64, bools give bool, anything with a float f32.",
      Param<Value>(
        "data", "A number, a range, nested lists of numbers, a column, or a table of them."),
      Param<DType?>("dtype", "f32, f64, i64, i32 or bool; nil chooses by the data.", default: nil),
      returns: "tensor", search: ["array", "vector", "matrix"],
      examples: [("tensor([[1.0, 2.0], [3.0, 4.5]]).shape", "[2, 2]")],
      context: { (vm: VM, data: Value, dtype: DType?) in try TensorData.tensor(data, dtype, vm) }
    ).evaluated())

  private static var shape: Param<ShapeArgument> {
    Param<ShapeArgument>("shape", "The sizes, as a list.")
  }
  private static var dtype: Param<DType> {
    Param<DType>("dtype", "The type of the elements.", default: .f32)
  }

  private static let filled = [
    Native(
      "zeros", "A tensor of zeros.", shape, dtype, returns: "tensor",
      examples: [("tensor.zeros([2])", "tensor f32 [2]\n[0.0, 0.0]")]
    ) { shape, dtype in try Tensor.zeros(shape.shape, dtype) },
    Native("ones", "A tensor of ones.", shape, dtype, returns: "tensor") { shape, dtype in
      try Tensor.ones(shape.shape, dtype)
    },
    Native(
      "full", "A tensor of one number.", shape, Param<Value>("value", "The number."),
      Param<DType?>("dtype", "The type; nil chooses by the value.", default: nil),
      returns: "tensor",
      context: { (vm: VM, shape: ShapeArgument, value: Value, dtype: DType?) in
        let number = try TensorData.tensor(value, dtype, vm)
        guard number.isScalar else {
          throw Fault(.type, "`value` must be a number, found \(value.typeWithArticle)")
            .atArgument(1)
        }
        return try number.expanded(to: shape.shape.array).contiguous()
      }),
    Native(
      "eye", "Ones on the diagonal.", Param<Int>("rows", "How many rows.", .nonNegative),
      Param<Int?>("columns", "How many columns; nil: as many.", default: nil, .nonNegative),
      returns: "tensor", search: ["identity"]
    ) { rows, columns in try Tensor.eye(rows, columns) },
    Native(
      "zeros_like", "Zeros in the shape and type of another tensor.",
      Param<Tensor>("x", "The other tensor."), returns: "tensor"
    ) { x in try Tensor.zeros(x.shape, x.dtype) },
    Native(
      "ones_like", "Ones in the shape and type of another tensor.",
      Param<Tensor>("x", "The other tensor."), returns: "tensor"
    ) { x in try Tensor.ones(x.shape, x.dtype) },
  ]

  private static let sequences = [
    Native(
      "arange", "The numbers start, start + step, … below `end`; with one number, from 0 up to it.",
      Param<Value>("start", "The first number, or the end where it is the only one."),
      Param<Value>("end", "Where it stops, itself not included.", default: .nothing),
      Param<Value>("step", "The step; may be negative.", default: .int(1)), returns: "tensor",
      search: ["range"], examples: [("tensor.arange(3)", "tensor i64 [3]\n[0, 1, 2]")],
      context: { (vm: VM, start: Value, end: Value, step: Value) in
        try arange(start, end, step, vm)
      }),
    Native(
      "linspace", "Evenly spaced numbers, both ends included.",
      Param<Double>("start", "The first."), Param<Double>("end", "The last."),
      Param<Int>("count", "How many.", default: 50, .nonNegative), returns: "tensor",
      examples: [("tensor.linspace(0, 1, 3)", "tensor f32 [3]\n[0.0, 0.5, 1.0]")]
    ) { start, end, count in
      try Tensor.linspace(start, end, count: count)
    },
  ]

  private static func arange(_ start: Value, _ end: Value, _ step: Value, _ vm: VM) throws -> Tensor
  {
    let (from, to) = end.isNothing ? (Value.int(0), start) : (start, end)
    if let from = Int.decode(from, vm), let to = Int.decode(to, vm),
      let step = Int.decode(step, vm)
    {
      return try .arange(integers: from, to, step: step)
    }
    var numbers: [Double] = []
    for (index, value) in [from, to, step].enumerated() {
      guard let number = value.number else {
        throw Fault(.type, "`arange` needs numbers, found \(value.typeWithArticle)")
          .atArgument(end.isNothing ? 0 : index)
      }
      numbers.append(number)
    }
    return try .arange(numbers[0], numbers[1], step: numbers[2])
  }

  private static let random = [
    Native(
      "rand", "Numbers from [low, high), each equally likely.", shape,
      Param<Double>("low", "The lower end.", default: 0, .finite, named: true),
      Param<Double>("high", "The upper end.", default: 1, .finite, named: true),
      returns: "tensor f32", seeAlso: ["seed"], search: ["uniform", "random"],
      context: { (vm: VM, shape: ShapeArgument, low: Double, high: Double) in
        var stream = vm.randomStream("tensor")
        return try Tensor.uniform(shape.shape, low: low, high: high, &stream)
      }),
    Native(
      "randn", "Normal numbers.", shape,
      Param<Double>("mean", "Their mean.", default: 0, .finite, named: true),
      Param<Double>(
        "std", "Their standard deviation.", default: 1, .nonNegative, .finite, named: true),
      returns: "tensor f32", seeAlso: ["seed"], search: ["normal", "gaussian", "random"],
      context: { (vm: VM, shape: ShapeArgument, mean: Double, deviation: Double) in
        var stream = vm.randomStream("tensor")
        return try Tensor.normal(shape.shape, mean: mean, deviation: deviation, &stream)
      }),
    Native(
      "randint", "Integers from low up to high, high not included.",
      Param<Int>("low", "The smallest."), Param<Int>("high", "One more than the largest."),
      shape, returns: "tensor i64", seeAlso: ["seed"], search: ["random", "integer"],
      context: { (vm: VM, low: Int, high: Int, shape: ShapeArgument) in
        var stream = vm.randomStream("tensor")
        return try Tensor.integers(shape.shape, from: low, below: high, &stream)
      }),
    Native(
      "permutation", "The numbers 0 to n - 1 in random order.",
      Param<Int>("n", "How many.", .nonNegative), returns: "tensor i64", search: ["shuffle"],
      context: { (vm: VM, n: Int) in
        try vm.reserve(Shape(checking: [n]).count * 16)
        var stream = vm.randomStream("tensor")
        return try Tensor.permutation(n, &stream)
      }),
  ]

  private static let joins = [
    Native(
      "concat", "Tensors joined along an axis.",
      Param<[Tensor]>("tensors", "A list of tensors.", .nonEmpty),
      Param<Int>("axis", "The axis.", default: 0), returns: "tensor", seeAlso: ["tensor.stack"],
      search: ["cat", "join"],
      examples: [("tensor.concat([tensor([1]), tensor([2, 3])])", "tensor i64 [3]\n[1, 2, 3]")]
    ) { tensors, axis in try Tensor.concatenated(tensors, axis: axis) },
    Native(
      "stack", "Tensors of one shape joined along a new axis.",
      Param<[Tensor]>("tensors", "A list of tensors.", .nonEmpty),
      Param<Int>("axis", "Where the new axis stands.", default: 0), returns: "tensor",
      seeAlso: ["tensor.concat"]
    ) { tensors, axis in try Tensor.stacked(tensors, axis: axis) },
  ]
}
