import Foundations
import Runtime
import Syntax
import Tensors

extension DomainError: FaultConvertible {
  public var fault: Fault {
    // What a script cannot catch.
    if kind == .interrupt { return .interrupted(message) }
    return Fault(
      Diagnostic.Kind(rawValue: kind.rawValue) ?? .value, message, detail: detail, hint: hint)
  }
}

extension Tensor: NativeValue {
  public static let nativeType = NativeType<Tensor>(
    "tensor", "An immutable block of numbers with a shape; without axes it behaves as a number."
  ) { type in
    type.representation = { tensor, _ in tensor.description }
    type.scalar = { $0.scalarValue }
    type.samples = [
      // A mask stands where columns have theirs, so that one of each fits together.
      { try .scalar(1, .f32) }, { try .zeros([2], .f32) }, { try .zeros([2], .bool) },
      { try .scalar(0, .i64) }, { try .zeros([2], .i64) }, { try .scalar(1, .bool) },
    ]
    type.byteCount = { $0.storage.byteCount }
    type.shared = { $0.storage }
    type.binary = { vm, op, left, right in
      try Cancellation.abandonable { try TensorOperators.binary(op, left, right, vm) }
    }
    type.negate = { tensor, vm in vm.box(try Cancellation.abandonable { try -tensor }) }
    type.invert = { tensor, vm in
      let result = try Cancellation.abandonable { try tensor.inverted() }
      return result.scalarValue ?? vm.box(result)
    }
    type.compare = { vm, op, left, right in
      try Cancellation.abandonable { try TensorOperators.compare(op, left, right, vm) }
    }
    type.equals = { left, right in
      try Cancellation.abandonable { try Tensor.identical(left, right) }
    }
    type.index = { tensor, subscripts, vm in
      if let picked = try RowOperations.picked(tensor, subscripts, vm) { return picked }
      let indices = try subscripts.map { try TensorIndex($0, vm) }
      return vm.box(try Cancellation.abandonable { try tensor.subscripted(indices) })
    }
    type.length = { tensor in
      guard tensor.rank > 0 else {
        throw Fault(.type, "a tensor without axes has no length")
      }
      return tensor.shape[0]
    }
    type.iterate = { tensor, vm in
      guard tensor.rank > 0 else {
        throw Fault(.type, "a tensor without axes has no elements to go through")
      }
      var next = 0
      return IteratorObject("tensor") { vm in
        guard next < tensor.shape[0] else { return nil }
        next += 1
        return vm.box(try tensor.selected(axis: 0, index: next - 1))
      }
    }
    type.contains = { tensor, value, vm in
      guard let item = try TensorOperators.operand(value, beside: tensor, vm) else { return false }
      return try Tensor.compare(.equal, tensor, item).any().item() != 0
    }
    // A trace belongs to the trial that made it.
    type.transfer = .copy { $0.detached }
    type.hasContent()
    type.field("shape", "The size of each axis.") { $0.shape.array }
    type.field("dtype", "The type of the elements: f32, f64, i64, i32 or bool.") { $0.dtype.name }
    type.field("rank", "How many axes there are.") { $0.rank }
    type.field("size", "How many elements there are.") { $0.count }
    type.field("T", "The transpose: all axes in reverse order.") { try $0.transposed() }
    type.field("lengths", "For a padded batch, how many steps of each example are real; else nil.")
    {
      try $0.lengths.map { try Tensor($0.values) }
    }
    type.methods(TensorMethods.shapes.abandonable())
    type.methods(TensorMethods.views.abandonable())
    type.methods(TensorMethods.reductions.abandonable())
    type.methods(TensorMethods.extremes.abandonable())
    type.methods(TensorMethods.orders.abandonable())
    type.methods(TensorMethods.selections.abandonable())
    type.methods(TensorMethods.conversions.abandonable())
    type.methods(TensorMethods.products.abandonable())
    type.methods(TensorMethods.functions.abandonable())
  }

  /// Parameters take tensors, numbers and lists of numbers alike.
  public static func decode(_ value: Value, _ vm: VM) throws -> Tensor? {
    if case .object(let reference) = value {
      switch reference.takeUnretainedValue() {
      case let boxed as Boxed<Tensor>: return boxed.value
      case is ListObject, is RangeObject: return try TensorData.tensor(value, nil, vm)
      default: return nil
      }
    }
    switch value {
    case .int, .float, .bool: return try TensorData.tensor(value, nil, vm)
    default: return nil
    }
  }

  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    switch type {
    case .any, .int, .float, .bool, .list, .range, .object("tensor", _): true
    default: false
    }
  }

  /// The number or bool that a tensor without axes stands for.
  var scalarValue: Value? {
    guard isScalar else { return nil }
    if dtype == .bool { return (try? integerItem()).map { .bool($0 != 0) } }
    if !dtype.isFloating { return (try? integerItem()).map { .int($0) } }
    return (try? item()).map { .float($0) }
  }
}

extension Tensor: Shaped {
  public var extents: [Int] { shape.array }
}

/// The operators of tensors, with a number, a list or another tensor on the other side.
enum TensorOperators {
  /// The other operand as a tensor; a number takes the tensor's type where that can hold it. Nil where it is no number.
  static func operand(_ value: Value, beside tensor: Tensor, _ vm: VM) throws -> Tensor? {
    switch value {
    case .int(let int): return try tensor.scalarOperand(integer: int)
    case .float(let float): return try tensor.scalarOperand(float)
    case .bool(let bool): return try .scalar(bool ? 1 : 0, .bool)
    default: return try Tensor.decode(value, vm)
    }
  }

  private static func pair(_ left: Value, _ right: Value, _ vm: VM) throws -> (Tensor, Tensor)? {
    if let a = (left.object as? Boxed<Tensor>)?.value {
      return try operand(right, beside: a, vm).map { (a, $0) }
    }
    guard let b = (right.object as? Boxed<Tensor>)?.value else { return nil }
    return try operand(left, beside: b, vm).map { ($0, b) }
  }

  static func binary(_ op: BinaryOperator, _ left: Value, _ right: Value, _ vm: VM) throws -> Value?
  {
    guard let (a, b) = try pair(left, right, vm) else { return nil }
    switch op {
    case .add: return vm.box(try a + b)
    case .subtract: return vm.box(try a - b)
    case .multiply: return vm.box(try a * b)
    case .divide: return vm.box(try a / b)
    case .floorDivide: return vm.box(try Tensor.arithmetic(.floorDivide, a, b))
    case .modulo: return vm.box(try Tensor.arithmetic(.remainder, a, b))
    case .matmul: return vm.box(try a.matmul(b))
    case .power:
      // Small whole powers have exact and cheap forms.
      if let exponent = right.number, right.object == nil, a.dtype.isFloating {
        return vm.box(try a.pow(exponent))
      }
      return vm.box(try a.pow(b))
    case .both, .either:
      let result = try Tensor.logic(op == .both ? .and : .or, a, b)
      return result.scalarValue ?? vm.box(result)
    }
  }

  static func compare(
    _ op: ComparisonOperator, _ left: Value, _ right: Value, _ vm: VM
  ) throws -> Value? {
    let comparison: ComparisonOperation
    switch op {
    case .equal: comparison = .equal
    case .notEqual: comparison = .notEqual
    case .less: comparison = .less
    case .lessEqual: comparison = .lessEqual
    case .greater: comparison = .greater
    case .greaterEqual: comparison = .greaterEqual
    case .in, .notIn: return nil
    }
    guard let (a, b) = try pair(left, right, vm) else { return nil }
    let result = try Tensor.compare(comparison, a, b)
    return result.scalarValue ?? vm.box(result)
  }
}

extension TensorIndex {
  /// One part of a script's subscript.
  init(_ part: SubscriptValue, _ vm: VM) throws {
    switch part {
    case .slice(let start, let stop, let step):
      self = .slice(from: start, to: stop, step: step ?? 1)
    case .ellipsis: self = .ellipsis
    case .index(.nothing): self = .newAxis
    case .index(.int(let int)): self = .at(int)
    case .index(let value):
      if let range = value.object as? RangeObject {
        self = .positions(try Tensor(ints: vm.integers(of: range)))
        return
      }
      guard value.number == nil || value.object != nil, let tensor = try Tensor.decode(value, vm)
      else {
        throw Fault(
          .type,
          "a tensor is indexed by ints, slices, masks and index tensors, not by \(value.typeWithArticle)"
        )
      }
      if tensor.dtype == .bool, tensor.rank > 0 {
        self = .mask(tensor)
      } else if tensor.isScalar, !tensor.dtype.isFloating, tensor.dtype != .bool {
        self = .at(try tensor.integerItem())
      } else if tensor.count == 0, tensor.rank == 1 {
        self = .positions(try tensor.cast(to: .i64))
      } else {
        self = .positions(tensor)
      }
    }
  }
}

/// Tensors out of numbers, nested lists and ranges.
enum TensorData {
  /// What a nested list turned out to hold.
  private struct Elements {
    var integers: [Int64] = []
    var floats: [Double] = []
    var isFloating = false
    var allBools = true

    mutating func append(_ value: Value) -> Bool {
      switch value {
      case .bool(let bool): append(integer: bool ? 1 : 0, isBool: true)
      case .int(let int): append(integer: Int64(int), isBool: false)
      case .float(let float): append(float)
      default: return false
      }
      return true
    }

    mutating func append(integer: Int64, isBool: Bool) {
      if !isBool { allBools = false }
      if isFloating { floats.append(Double(integer)) } else { integers.append(integer) }
    }

    mutating func append(_ float: Double) {
      allBools = false
      if !isFloating {
        floats = integers.map(Double.init)
        integers = []
        isFloating = true
      }
      floats.append(float)
    }

    var count: Int { isFloating ? floats.count : integers.count }
  }

  /// Ints give i64, bools give bool, anything with a float gives f32, unless `dtype` says otherwise.
  static func tensor(_ value: Value, _ dtype: DType?, _ vm: VM) throws -> Tensor {
    if let tensor = (value.object as? Boxed<Tensor>)?.value {
      return try dtype.map { try tensor.cast(to: $0) } ?? tensor
    }
    if let tensor = try ColumnOperators.tensor(value, dtype, vm) { return tensor }
    // A list of tensors of one shape is stacked, so that gradients flow.
    if let list = value.object as? ListObject, list.count > 0,
      list.values.allSatisfy({ ($0.object as? Boxed<Tensor>) != nil })
    {
      let parts = list.values.compactMap { ($0.object as? Boxed<Tensor>)?.value }
      let stacked = try Tensor.stacked(parts)
      return try dtype.map { try stacked.cast(to: $0) } ?? stacked
    }
    var elements = Elements()
    var sizes: [Int] = []
    try collect(value, 0, &sizes, &elements, vm)
    let shape = try Shape(checking: sizes)
    if elements.count == 0 { return try .zeros(shape, dtype ?? .f32) }
    if elements.isFloating {
      return try Tensor(elements.floats, shape: shape).cast(to: dtype ?? .f32)
    }
    return try Tensor(elements.integers, shape: shape)
      .cast(to: dtype ?? (elements.allBools ? .bool : .i64))
  }

  /// Appends what `value` holds; `sizes` are those of the first list at each depth, which all others must have.
  private static func collect(
    _ value: Value, _ depth: Int, _ sizes: inout [Int], _ elements: inout Elements, _ vm: VM
  ) throws {
    try vm.checkInterrupt(turn: elements.count)
    let isFirst = elements.count == 0
    switch value.object {
    case nil:
      guard elements.append(value) else { throw notANumber(value) }
      guard sizes.count == depth else { throw ragged(depth) }
    case let list as ListObject:
      try enter(list.count, depth, &sizes, isFirst)
      for item in list.values { try collect(item, depth + 1, &sizes, &elements, vm) }
    case let range as RangeObject:
      try enter(range.count, depth, &sizes, isFirst)
      guard sizes.count == depth + 1 else { throw ragged(depth + 1) }
      for integer in try vm.integers(of: range) {
        elements.append(integer: Int64(integer), isBool: false)
      }
    case let boxed as Boxed<Tensor>:
      // A tensor among numbers counts as the nested list that it looks like.
      for (axis, size) in boxed.value.shape.enumerated() {
        try enter(size, depth + axis, &sizes, isFirst)
      }
      guard sizes.count == depth + boxed.value.rank else { throw ragged(depth) }
      if boxed.value.dtype.isFloating {
        for item in try boxed.value.doubles() { elements.append(item) }
      } else {
        let isBool = boxed.value.dtype == .bool
        for item in try boxed.value.integers() {
          elements.append(integer: Int64(item), isBool: isBool)
        }
      }
    default: throw notANumber(value)
    }
  }

  private static func enter(
    _ count: Int, _ depth: Int, _ sizes: inout [Int], _ isFirst: Bool
  ) throws {
    guard depth < Shape.maximumRank else {
      throw Fault(.limit, "a tensor has at most \(Shape.maximumRank) axes")
    }
    if depth == sizes.count {
      guard isFirst else { throw ragged(depth) }
      sizes.append(count)
    } else if sizes[depth] != count {
      throw Fault(
        .shape,
        "the lists at depth \(depth + 1) have different lengths: \(sizes[depth]) and \(count)")
    }
  }

  private static func ragged(_ depth: Int) -> Fault {
    Fault(.shape, "numbers and lists are mixed at depth \(depth + 1)")
  }

  private static func notANumber(_ value: Value) -> Fault {
    Fault(.type, "a tensor holds numbers, found \(value.typeWithArticle)")
  }
}

/// Sizes given one by one or as one list: `x.reshape(2, 3)`, `x.reshape([2, 3])`.
struct Sizes: Bindable {
  var values: [Int]

  static let typeName = "int or list of int"
  static let takesRest = true
  static func decode(_ value: Value, _ vm: VM) throws -> Sizes? {
    if case .int(let int) = value { return Sizes(values: [int]) }
    if let tensor = (value.object as? Boxed<Tensor>)?.value, tensor.rank == 1 {
      return Sizes(values: try tensor.integers())
    }
    return try [Int].decode(value, vm).map { Sizes(values: $0) }
  }
  static func decodeRest(_ values: UnsafeBufferPointer<Value>, _ vm: VM) throws -> Sizes? {
    if values.count == 1 {
      guard let sizes = try decode(values[0], vm) else { throw mismatch(values[0]) }
      return sizes
    }
    return Sizes(
      values: try values.map { value in
        guard let int = Int.decode(value, vm) else { throw mismatch(value) }
        return int
      })
  }
  private static func mismatch(_ value: Value) -> Fault {
    Fault(.type, "expected ints or a list of ints, found \(value.typeWithArticle)")
  }
  func encode(_ vm: VM) throws -> Value { try values.encode(vm) }
}

/// The shape of a new tensor: a list of sizes, or one size.
struct ShapeArgument: Bindable {
  var shape: Shape

  static let typeName = "list of int"
  static func decode(_ value: Value, _ vm: VM) throws -> ShapeArgument? {
    guard let sizes = try Sizes.decode(value, vm) else { return nil }
    do {
      let shape = try Shape(checking: sizes.values)
      try vm.reserve(shape.count * 4)
      return ShapeArgument(shape: shape)
    } catch let error as DomainError { throw error.fault }
  }
  func encode(_ vm: VM) throws -> Value { try shape.array.encode(vm) }
  var defaultText: String { shape.description }
}

/// One axis, several, or (nil) all.
struct Axes: Bindable {
  var values: [Int]?

  static let all = Axes(values: nil)
  static let typeName = "int, list of int or nil"
  static func decode(_ value: Value, _ vm: VM) throws -> Axes? {
    if value.isNothing { return .all }
    return try Sizes.decode(value, vm).map { Axes(values: $0.values) }
  }
  func encode(_ vm: VM) throws -> Value { try values.encode(vm) }
  var defaultText: String { values.map { "\($0)" } ?? "nil" }
}

extension DType: Bindable {
  public static var typeName: String { "string" }
  public static func decode(_ value: Value, _ vm: VM) throws -> DType? {
    guard let name = value.string else { return nil }
    do { return try DType(named: name) } catch let error as DomainError { throw error.fault }
  }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    String.mayAccept(type, vm)
  }
  public func encode(_ vm: VM) -> Value { vm.makeString(name) }
  public var defaultText: String { "\"\(name)\"" }
}
