import Learning
import Runtime
import Syntax
import Tensors

/// What a script's loss or module gets in place of a tensor in private training: one example's part of a batch. To the
/// script it is the tensor of a batch of one; behind it lie all examples, and what the script does is done for all at
/// once, but only where that gives each what it would get alone. Everything else (a sum over axis 0, `item()`, a native
/// that nobody has looked at) ends the attempt, and the examples are computed one by one.
///
/// No native takes a value of this type for a tensor; `RowOperations` lists those that are allowed to see what lies
/// behind it.
struct RowTensor {
  /// [examples, …].
  let tensor: Tensor
  let separation: Separation

  init(_ tensor: Tensor, _ separation: Separation) {
    self.tensor = tensor
    self.separation = separation
  }

  /// As the script sees it.
  var shape: [Int] { [1] + tensor.shape.dropFirst() }
  var rank: Int { tensor.rank }

  /// Whether axis 1 is as long as the longest example.
  var isPadded: Bool { separation.isPadded && tensor.lengths != nil }

  /// How many axes from the first on an operation must leave as they are: that of the examples, and one whose length
  /// the longest of them decides.
  var fixedAxes: Int { isPadded ? 2 : 1 }

  /// Ends the attempt.
  func refuse(_ reason: String) -> Fault {
    separation.fail(reason)
    return Fault(.privacy, reason)
  }

  static func of(_ value: Value) -> RowTensor? {
    (value.object as? Boxed<RowTensor>)?.value
  }
}

extension RowTensor: NativeValue {
  static let nativeType = NativeType<RowTensor>(
    "tensor", "One example's part of a batch, in private training."
  ) { type in
    type.representation = { row, _ in
      throw row.refuse("the script writes a tensor out as text")
    }
    type.byteCount = { $0.tensor.storage.byteCount }
    type.binary = { vm, op, left, right in try RowOperations.binary(op, left, right, vm) }
    type.negate = { row, vm in vm.box(RowTensor(try -row.tensor, row)) }
    type.invert = { row, vm in vm.box(RowTensor(try row.tensor.inverted(), row)) }
    type.compare = { vm, op, left, right in try RowOperations.compare(op, left, right, vm) }
    type.equals = { row, _ in
      row.separation.fail("the script compares whole tensors")
      return false
    }
    type.index = { row, subscripts, vm in vm.box(try RowOperations.subscripted(row, subscripts, vm))
    }
    type.length = { _ in 1 }
    type.iterate = { row, _ in throw row.refuse("the script goes through the rows of a tensor") }
    type.contains = { row, _, _ in throw row.refuse("the script looks for a value in a tensor") }
    type.field("shape") { row in
      guard !row.isPadded else { throw row.refuse("the script reads how long the padding is") }
      return row.shape
    }
    type.field("dtype") { $0.tensor.dtype.name }
    type.field("rank") { $0.rank }
    type.field("size") { row in
      guard !row.isPadded else { throw row.refuse("the script reads how long the padding is") }
      return row.shape.reduce(1, *)
    }
    for name in ["T", "lengths"] {
      type.field(name) { row -> Int in
        throw row.refuse("`\(name)` of a tensor takes all examples together")
      }
    }
    for natives in RowOperations.methods { type.methods(natives) }
  }
}

extension RowTensor {
  /// The result of an operation on `row`, whose padding it still has.
  init(_ tensor: Tensor, _ row: RowTensor) {
    self.init(row.isPadded ? tensor.with(lengths: row.tensor.lengths) : tensor, row.separation)
  }
}

/// Operands of one operation that is done element by element: what lies behind those that are rows, and the others as
/// they are.
struct AlignedRows {
  var operands: [Value]
  /// The row whose padding the result has.
  let model: RowTensor

  /// Throws where a row's axis of examples would not stand beside that of all others.
  init(_ values: [Value], _ vm: VM) throws {
    let rows = values.compactMap(RowTensor.of)
    // Called where there is one.
    guard let first = rows.first else { throw Fault(.privacy, "no example is concerned") }
    let model = rows.first(where: \.isPadded) ?? first
    let rank = first.rank
    for row in rows {
      guard row.rank == rank else {
        throw row.refuse(
          "tensors of \(rank) and \(row.rank) axes are combined, so that one example's numbers stand beside those of others"
        )
      }
      guard !model.isPadded || row.isPadded || row.tensor.shape[1] == 1 else {
        throw row.refuse("a tensor is combined with the padding of others")
      }
    }
    operands = try values.map { value in
      if let row = RowTensor.of(value) { return vm.box(row.tensor) }
      guard let object = value.object, object is Boxed<Tensor> || object is ListObject,
        let plain = try Tensor.decode(value, vm)
      else { return value }
      // The axes of the plain tensor that would stand beside those that must stay as they are.
      let behind = rank - plain.rank
      let isFree = (0..<model.fixedAxes).allSatisfy { axis in
        axis < behind || plain.shape[axis - behind] == 1
      }
      guard behind >= 0, isFree else {
        throw model.refuse(
          "a tensor of shape \(plain.shape) is combined with one example's of shape \(model.shape)")
      }
      return vm.box(plain)
    }
    self.model = model
  }
}
