import Foundations
import Testing

@testable import Tensors

// What the table of differentiable operations does not say: creation, errors, lengths, odd inputs.

private func error(_ body: () throws -> Tensor) -> DomainError? {
  do {
    _ = try body()
    return nil
  } catch { return error as? DomainError }
}

@Test func creation() throws {
  #expect(try Tensor.arange(0, 1, step: 0.25).array(Float.self) == [0, 0.25, 0.5, 0.75])
  #expect(try Tensor.arange(3, 0, step: -1).array(Float.self) == [3, 2, 1])
  #expect(try Tensor.arange(3, 0).count == 0)
  #expect(try Tensor.arange(integers: 5, -5, step: -4).array(Int64.self) == [5, 1, -3])
  #expect(try Tensor.arange(integers: 0, 10, step: 3).array(Int64.self) == [0, 3, 6, 9])
  #expect(try Tensor.linspace(0, 1, count: 5).array(Float.self) == [0, 0.25, 0.5, 0.75, 1])
  #expect(try Tensor.linspace(2, 9, count: 1).array(Float.self) == [2])
  #expect(try Tensor.eye(2, 3).array(Float.self) == [1, 0, 0, 0, 1, 0])
  #expect(try Tensor.full([2], 3, .i32).array(Int32.self) == [3, 3])
  #expect(try Tensor.ones([2], .bool).array(Bool.self) == [true, true])
  #expect(error { try .arange(0, 1, step: 0) }?.kind == .value)
  #expect(error { try .arange(0, .infinity) }?.kind == .value)
  #expect(error { try .arange(0, 1e15, step: 1e-3) }?.kind == .limit)
  #expect(error { try .arange(integers: .min, .max) }?.kind == .limit)
  #expect(error { try .linspace(0, 1, count: -1) }?.kind == .value)
  #expect(error { try .eye(-1) }?.kind == .value)
  #expect(error { try .full([2], 1e30, .i64) }?.kind == .value)
  #expect(error { try Tensor([1, 2, 3] as [Float], shape: [2]) }?.kind == .shape)
  var random = RandomStream(seed: 1)
  let integers = try Tensor.integers([1000], from: -2, below: 3, &random)
  #expect(try integers.minimum().integerItem() == -2 && integers.maximum().integerItem() == 2)
  #expect(error { try .integers([1], from: 3, below: 3, &random) }?.kind == .value)
}

@Test func casting() throws {
  let x = try Tensor([1.9, -1.9, .nan, 3e9, -3e20, 0] as [Double])
  #expect(try x.cast(to: .i32).array(Int32.self) == [1, -1, 0, .max, .min, 0])
  #expect(
    try x.cast(to: .i64).array(Int64.self) == [1, -1, 0, 3_000_000_000, .min, 0])
  #expect(try x.cast(to: .f32).cast(to: .i32).array(Int32.self) == [1, -1, 0, .max, .min, 0])
  #expect(try x.cast(to: .bool).array(Bool.self) == [true, true, true, true, true, false])
  for from in DType.allCases {
    for to in DType.allCases {
      let result = try Tensor(ints: [0, 1]).cast(to: from).cast(to: to)
      #expect(result.dtype == to)
      #expect(try result.doubles() == [0, 1])
    }
  }
  #expect(throws: DomainError.self) { try x.array(Float.self) }
  #expect(throws: DomainError.self) { try x.item() }
  #expect(throws: DomainError.self) { try Tensor.scalar(1).integerItem() }
}

@Test func rowsAreThoseOfIndexing() throws {
  let x = try Tensor.arange(integers: 0, 24, step: 1).reshaped([4, 3, 2])
  for dtype in DType.allCases {
    let x = try x.cast(to: dtype)
    for order in [[3, 0, 0, -1], [], [2]] {
      let wanted = try x.indexSelected(axis: 0, Tensor(ints: order))
      let rows = try x.rows(order)
      #expect(rows.shape == wanted.shape && rows.dtype == dtype)
      #expect(try rows.doubles() == wanted.doubles())
    }
  }
  // A view that is not in one piece, one number a row, and no number at all.
  #expect(
    try x.permuted([2, 0, 1]).rows([1]).array(Int64.self) == (0..<12).map { 2 * $0 + 1 })
  #expect(try Tensor([1, 2, 3] as [Float]).rows([2, 1]).array(Float.self) == [3, 2])
  #expect(try Tensor.zeros([2, 0]).rows([1, 1, 0]).shape == [3, 0])
  #expect(error { try x.rows([0, 4]) }?.kind == .index)
  #expect(error { try Tensor.zeros([0, 2]).rows([0]) }?.kind == .index)
  #expect(error { try Tensor.scalar(1).rows([0]) }?.kind == .shape)
}

@Test func promotion() throws {
  let integers = try Tensor(ints: [1, 2])
  let bools = try Tensor([true, false])
  #expect(try (integers + 0.5).dtype == .f32)
  #expect(try (integers / integers).dtype == .f32)
  #expect(try Tensor.arithmetic(.add, integers, integers.scalarOperand(integer: 3)).dtype == .i64)
  #expect(try (bools + bools).array(Int64.self) == [2, 0])
  #expect(try (bools * Tensor([2, 2] as [Float])).dtype == .f32)
  #expect(try (Tensor([1] as [Float]) + Tensor([1] as [Double])).dtype == .f64)
  #expect(try (Tensor([1] as [Int32]) + integers).dtype == .i64)
  #expect(try (Tensor([1] as [Float]) + 2.5).dtype == .f32)
  #expect(try integers.exp().dtype == .f32)
  #expect(try integers.square().dtype == .i64)
  #expect(try (-integers).array(Int64.self) == [-1, -2])
  #expect(try Tensor(ints: [-3, 2]).abs().array(Int64.self) == [3, 2])
  #expect(try Tensor(ints: [-3, 0, 2]).sign().array(Int64.self) == [-1, 0, 1])
  #expect(try Tensor(ints: [-3, 2]).relu().array(Int64.self) == [0, 2])
}

@Test func integerTroubleIsAnError() throws {
  let large = try Tensor([Int64.max, 1])
  let one = try Tensor(ints: [1, 1])
  let zero = try Tensor(ints: [0, 1])
  #expect(error { try large + one }?.message == "integer overflow in `+` of i64 tensors")
  #expect(error { try large * large }?.kind == .value)
  #expect(error { try Tensor([Int64.min]) - Tensor(ints: [1]) }?.kind == .value)
  #expect(error { try -Tensor([Int64.min]) }?.kind == .value)
  #expect(error { try .arithmetic(.floorDivide, one, zero) }?.kind == .value)
  #expect(error { try .arithmetic(.remainder, one, zero) }?.kind == .value)
  #expect(error { try .arithmetic(.floorDivide, Tensor([Int64.min]), -Tensor(ints: [1])) } != nil)
  #expect(
    try Tensor.arithmetic(.remainder, Tensor([Int64.min]), -Tensor(ints: [1])).integerItem() == 0)
  #expect(error { try one.pow(Tensor(ints: [-1, 2])) }?.kind == .value)
  #expect(error { try Tensor(ints: [10]).pow(Tensor(ints: [19])) }?.kind == .value)
  #expect(try Tensor(ints: [10]).pow(Tensor(ints: [18])).integerItem() == 1_000_000_000_000_000_000)
  #expect(error { try large.sum() }?.kind == .value)
  #expect(error { try Tensor([Int64.max, 2]).prod() }?.kind == .value)
  #expect(error { try large.cumulativeSum(axis: 0) }?.kind == .value)
  #expect(error { try Tensor([Int64.max, 1]).matmul(Tensor(ints: [2, 1])) }?.kind == .value)
}

@Test func shapeErrorsNameOperationAndShapes() throws {
  let x = try Tensor.zeros([3, 4])
  let product = error { try x.matmul(x) }
  #expect(product?.message == "shapes do not match in `@`")
  #expect(product?.detail == "inner sizes differ: 4 and 3\nleft is [3, 4], right is [3, 4]")
  #expect(product?.hint == "transpose one of them: `x @ x.T`")
  let sum = error { try x + Tensor.zeros([3]) }
  #expect(sum?.kind == .shape)
  #expect(sum?.detail.contains("left is [3, 4], right is [3]") == true)
  #expect(sum?.hint?.contains("x[:, nil]") == true)
  #expect(error { try x.reshaped([5, -1]) }?.kind == .shape)
  #expect(error { try x.reshaped([-1, -1]) }?.kind == .value)
  #expect(error { try x.reshaped([7]) }?.kind == .shape)
  #expect(error { try x.reshaped([.max, .max]) }?.kind == .limit)
  #expect(error { try x.sum(axes: [2]) }?.kind == .index)
  #expect(error { try x.sum(axes: [0, -2]) }?.kind == .value)
  #expect(error { try x.permuted([0]) }?.kind == .shape)
  #expect(error { try x.permuted([0, 0]) }?.kind == .value)
  #expect(error { try x.transposed(0, .min) }?.kind == .index)
  #expect(error { try x.squeezed(0) }?.kind == .shape)
  #expect(error { try x.expanded(to: [5, 4]) }?.kind == .shape)
  #expect(error { try x.expanded(to: [4]) }?.kind == .shape)
  #expect(error { try .concatenated([x, Tensor.zeros([3, 5])]) }?.kind == .shape)
  #expect(error { try .concatenated([]) }?.kind == .value)
  #expect(error { try .stacked([x, Tensor.zeros([4, 3])]) }?.kind == .shape)
  #expect(error { try x.split([1, 1])[0] }?.kind == .shape)
  #expect(error { try x.split([.max, .max])[0] }?.kind == .shape)
  #expect(error { try x.split(every: 0)[0] }?.kind == .value)
  #expect(error { try x.repeated([1]) }?.kind == .shape)
  #expect(error { try x.repeated([.max, 2]) }?.kind == .limit)
  #expect(error { try x.pick(Tensor(ints: [1, 2])) }?.kind == .shape)
  #expect(error { try x.pick(Tensor(ints: [1, 2, 4])) }?.kind == .index)
  #expect(error { try x.pick(Tensor(ints: [1, 2, -1])) }?.kind == .index)
  #expect(error { try Tensor(ints: [3]).oneHot(3) }?.kind == .index)
  #expect(error { try Tensor(ints: [3]).oneHot(-3) }?.kind == .value)
  #expect(
    error { try x.maximum(axes: [0]).sliced(axis: 0, from: 9, to: nil).maximum() }?.kind == .value)
  #expect(error { try x.top(5).values }?.kind == .value)
  #expect(error { try x.clamped(2, 1) }?.kind == .value)
  #expect(error { try x.clamped(.nan, 1) }?.kind == .value)
  #expect(error { try x.norm(0) }?.kind == .value)
  #expect(error { try x.matmul(Tensor.scalar(1)) }?.kind == .shape)
  #expect(error { try .select(x, x, x) }?.kind == .type)
  #expect(error { try x.inverted() }?.kind == .type)
  #expect(error { try x.dot(x) }?.kind == .shape)
  #expect(error { try x.lowerTriangle().diagonal().diagonal() }?.kind == .shape)
  var deep = try Tensor.scalar(1)
  for _ in 0..<8 { deep = try deep.unsqueezed(0) }
  #expect(error { try deep.unsqueezed(0) }?.kind == .limit)
}

@Test func subscriptErrors() throws {
  let x = try Tensor.zeros([3, 4])
  #expect(error { try x.subscripted([.at(3)]) }?.kind == .index)
  #expect(error { try x.subscripted([.at(.min)]) }?.kind == .index)
  #expect(error { try x.subscripted([.at(0), .at(0), .at(0)]) }?.kind == .index)
  #expect(error { try x.subscripted([.ellipsis, .ellipsis]) }?.kind == .index)
  #expect(error { try x.subscripted([.slice(from: 0, to: 1, step: 0)]) }?.kind == .value)
  #expect(error { try x.subscripted([.positions(x)]) }?.kind == .type)
  #expect(error { try x.subscripted([.positions(Tensor(ints: [3]))]) }?.kind == .index)
  #expect(error { try x.subscripted([.mask(Tensor([true, false]))]) }?.kind == .shape)
  #expect(
    error {
      try x.subscripted([.positions(Tensor(ints: [0, 1])), .positions(Tensor(ints: [0, 1, 2]))])
    }?.kind == .shape)
  #expect(
    try x.subscripted([.slice(from: .max, to: .min, step: .min)]).shape == [1, 4])
  #expect(try x.subscripted([.slice(from: .min, to: .max, step: .max)]).shape == [1, 4])
  #expect(try x.subscripted([]).shape == x.shape)
}

@Test func emptyTensorsPassThrough() throws {
  let x = try Tensor.zeros([0, 3])
  #expect(try x.sum().item() == 0)
  #expect(try x.sum(axes: [0]).array(Float.self) == [0, 0, 0])
  #expect(try x.mean().item().isNaN)
  #expect(try x.prod().item() == 1)
  #expect(try x.logSumExp(axes: [0]).array(Float.self) == [-.infinity, -.infinity, -.infinity])
  #expect(try x.exp().shape == [0, 3])
  #expect(try (x + Tensor.ones([3])).shape == [0, 3])
  #expect(try x.softmax().shape == [0, 3])
  #expect(try x.matmul(Tensor.zeros([3, 2])).shape == [0, 2])
  #expect(
    try Tensor.zeros([2, 0]).matmul(Tensor.zeros([0, 2])).array(Float.self) == [0, 0, 0, 0])
  #expect(try Tensor.zeros([2, 5, 0]).matmul(Tensor.zeros([0, 3])).sum().item() == 0)
  #expect(try x.transposed().contiguous().shape == [3, 0])
  #expect(try x.maximum(axes: [1]).count == 0)
  #expect(try x.sorted(axis: 0).values.shape == [0, 3])
  #expect(try Tensor.concatenated([x, Tensor.ones([1, 3])]).shape == [1, 3])
  #expect(try x.reshaped([0, 7]).shape == [0, 7])
  #expect(error { try x.reshaped([0, -1]) }?.kind == .shape)
  #expect(error { try x.argmax() }?.kind == .value)
  #expect(try x.all().integerItem() == 1 && x.any().integerItem() == 0)
}

@Test func lengthsStayWithTheBatch() throws {
  let lengths = Lengths([2, 1])
  let x = try Tensor.ones([2, 3, 4]).with(lengths: lengths)
  #expect(try x.exp().lengths == lengths)
  #expect(try (x + Tensor.ones([4])).lengths == lengths)
  #expect(try (Tensor.ones([4]) * x).lengths == lengths)
  #expect(try (x * 2).lengths == lengths)
  #expect(try x.cast(to: .f64).lengths == lengths)
  #expect(try x.softmax().lengths == lengths)
  #expect(try x.matmul(Tensor.ones([4, 5])).lengths == lengths)
  #expect(try x.sum(axes: [1]).lengths == nil)
  #expect(try x.transposed(0, 1).lengths == nil)
  #expect(try x.reshaped([6, 4]).lengths == nil)
  #expect(try x.selected(axis: 1, index: 0).lengths == nil)
}

@Test func nonFiniteNumbersAreSeen() throws {
  let x = try Tensor([Float.nan, 1, .infinity])
  #expect(try x.isNaN().array(Bool.self) == [true, false, false])
  #expect(try x.isFinite().array(Bool.self) == [false, true, false])
  #expect(try x.maximum().item().isNaN && x.minimum().item().isNaN)
  #expect(try x.softmax().array(Float.self).allSatisfy { $0.isNaN })
  #expect(try !Tensor.identical(x, x))
  #expect(
    try Tensor.identical(Tensor([Float.infinity]), Tensor([Float.infinity])))
}

@Test func logicOnBools() throws {
  let a = try Tensor([true, true, false, false])
  let b = try Tensor([true, false, true, false])
  #expect(try Tensor.logic(.and, a, b).array(Bool.self) == [true, false, false, false])
  #expect(try Tensor.logic(.or, a, b).array(Bool.self) == [true, true, true, false])
  #expect(try Tensor.logic(.xor, a, b).array(Bool.self) == [false, true, true, false])
  #expect(try a.inverted().array(Bool.self) == [false, false, true, true])
  #expect(try Tensor.compare(.greater, a, b).array(Bool.self) == [false, true, false, false])
  #expect(error { try .logic(.and, a, Tensor(ints: [1])) }?.kind == .type)
}

@Test func stridedCopiesOfEveryType() throws {
  let base = try Tensor(ints: Array(0..<24), shape: [2, 3, 4])
  for dtype in DType.allCases where dtype != .bool {
    let x = try base.cast(to: dtype)
    let view = try x.permuted([2, 0, 1]).sliced(axis: 0, from: nil, to: nil, step: -2)
    var expected: [Int] = []
    for k in [3, 1] { for i in 0..<2 { for j in 0..<3 { expected.append(i * 12 + j * 4 + k) } } }
    #expect(try view.integers() == expected)
    #expect(try view.contiguous().integers() == expected)
  }
}
