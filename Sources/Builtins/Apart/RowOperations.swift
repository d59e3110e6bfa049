import Learning
import Runtime
import Syntax
import Tensors

/// The operations on tensors that give each example of a batch what they would give it alone, with the arguments for
/// which they do. What is not listed here is not done on several examples at once.
enum RowOperations {
  /// One native's call on rows.
  struct Call {
    let vm: VM
    let name: String
    var arguments: [Value]
    /// What takes the place of the native's own result, where that would be one number for all examples.
    var result: Tensor?

    /// The row that is the first argument.
    func row() throws -> RowTensor {
      guard let first = arguments.first, let row = RowTensor.of(first) else { throw refuse() }
      return row
    }

    /// Ends the attempt: `reason` says what the native would do.
    func refuse(_ reason: String = "is not known to keep examples apart") -> Fault {
      let text = "`\(name)` \(reason)"
      (arguments.lazy.compactMap(RowTensor.of).first?.separation ?? Separation.current)?.fail(text)
      return Fault(.privacy, text)
    }

    func argument(_ index: Int) -> Value? {
      index < arguments.count && !arguments[index].isMissing ? arguments[index] : nil
    }

    func integer(_ index: Int, default value: Int? = nil) throws -> Int {
      guard let given = argument(index) else {
        guard let value else { throw refuse("takes all examples together") }
        return value
      }
      guard let integer = Int.decode(given, vm) else { throw refuse("takes all examples together") }
      return integer
    }

    /// An axis of `row` behind those that must stay.
    func requireFree(_ axis: Int, of row: RowTensor, rank: Int? = nil) throws {
      let rank = rank ?? row.rank
      guard (axis < 0 ? axis + rank : axis) >= row.fixedAxes else {
        throw refuse(
          row.isPadded ? "goes along the padding" : "along axis 0 takes all examples together")
      }
    }

    /// No argument behind the first is a row.
    func requirePlain(from start: Int = 1) throws {
      guard arguments.dropFirst(start).allSatisfy({ RowTensor.of($0) == nil }) else {
        throw refuse()
      }
    }

    /// All operands are rows of as many axes.
    mutating func align() throws -> RowTensor {
      let aligned = try AlignedRows(arguments, vm)
      arguments = aligned.operands
      return aligned.model
    }

    /// What lies behind the first argument takes its place.
    mutating func open() throws -> RowTensor {
      let row = try row()
      try requirePlain()
      arguments[0] = vm.box(row.tensor)
      return row
    }
  }

  /// Checks the arguments of a call and puts what lies behind the rows in their place; gives the row whose padding the
  /// result has.
  typealias Rule = @Sendable (inout Call) throws -> RowTensor

  /// Methods that a row has; those without a rule end the attempt.
  static let methods = [
    TensorMethods.shapes, TensorMethods.views, TensorMethods.reductions, TensorMethods.extremes,
    TensorMethods.orders, TensorMethods.selections, TensorMethods.conversions,
    TensorMethods.products, TensorMethods.functions,
  ]

  // MARK: Operators

  static func binary(_ op: BinaryOperator, _ left: Value, _ right: Value, _ vm: VM) throws -> Value?
  {
    if op == .matmul {
      var call = Call(vm: vm, name: "@", arguments: [left, right])
      let row = try product(&call)
      guard
        let result = try TensorOperators.binary(op, call.arguments[0], call.arguments[1], vm)
      else { return nil }
      return try wrap(result, row, vm)
    }
    guard isOperand(left), isOperand(right) else { return nil }
    let aligned = try AlignedRows([left, right], vm)
    guard
      let result = try TensorOperators.binary(op, aligned.operands[0], aligned.operands[1], vm)
    else { return nil }
    return try wrap(result, aligned.model, vm)
  }

  static func compare(
    _ op: ComparisonOperator, _ left: Value, _ right: Value, _ vm: VM
  ) throws -> Value? {
    guard isOperand(left), isOperand(right) else { return nil }
    let aligned = try AlignedRows([left, right], vm)
    guard
      let result = try TensorOperators.compare(op, aligned.operands[0], aligned.operands[1], vm)
    else { return nil }
    return try wrap(result, aligned.model, vm)
  }

  private static func isOperand(_ value: Value) -> Bool {
    guard let object = value.object else { return !value.isNothing }
    return object is Boxed<RowTensor> || object is Boxed<Tensor> || object is ListObject
  }

  /// A native's result for all examples as rows; a list of tensors as a list of rows.
  static func wrap(_ result: Value, _ row: RowTensor, _ vm: VM) throws -> Value {
    if let tensor = (result.object as? Boxed<Tensor>)?.value {
      guard tensor.rank >= row.fixedAxes,
        tensor.shape.prefix(row.fixedAxes).elementsEqual(row.tensor.shape.prefix(row.fixedAxes))
      else { throw row.refuse("an operation takes all examples together") }
      return vm.box(RowTensor(tensor, row))
    }
    guard let list = result.object as? ListObject else {
      throw row.refuse("an operation takes all examples together")
    }
    return vm.makeList(try list.values.map { try wrap($0, row, vm) })
  }

  static func subscripted(_ row: RowTensor, _ subscripts: [SubscriptValue], _ vm: VM) throws
    -> RowTensor
  {
    var taken = 0
    var gathered = 0
    var numbers = 0
    for part in subscripts {
      switch part {
      case .slice, .ellipsis: break
      case .index(.nothing): continue
      case .index(let value):
        guard RowTensor.of(value) == nil else {
          throw row.refuse("a tensor is indexed by what belongs to the examples")
        }
        if case .int = value { numbers += 1 } else { gathered += 1 }
      }
      if case .ellipsis = part {} else { taken += 1 }
    }
    // Index tensors move axes about where several meet, or a number.
    guard gathered == 0 || gathered == 1 && numbers == 0, taken <= row.rank else {
      throw row.refuse("a tensor is indexed in a way that may mix examples")
    }
    var axis = 0
    var isFirstStep = false
    for part in subscripts where axis < row.fixedAxes {
      switch part {
      case .ellipsis: axis += row.rank - taken
      case .slice(nil, nil, let step) where step == nil || step == 1: axis += 1
      // Every example has a first step.
      case .index(.int(0)) where axis == 1:
        isFirstStep = true
        axis += 1
      default: throw row.refuse("a subscript of axis \(axis) takes some examples out of all")
      }
    }
    let result = try row.tensor.subscripted(try subscripts.map { try TensorIndex($0, vm) })
    return isFirstStep
      ? RowTensor(result.with(lengths: nil), row.separation) : RowTensor(result, row)
  }

  // MARK: Natives

  static func rule(for name: String) -> Rule? { rules[name] }

  /// Whether a native joins tensors that a list holds.
  static func joins(_ name: String) -> Bool { name == "tensor.concat" || name == "tensor.stack" }

  static func draws(_ name: String) -> Bool {
    ["tensor.rand", "tensor.randn", "tensor.randint", "tensor.permutation"].contains(name)
  }

  private static let elementwise: Rule = { call in
    var operands = call
    let row = try operands.align()
    call = operands
    return row
  }

  /// Along one axis, which is argument `index`.
  private static func along(_ index: Int, default axis: Int? = nil) -> Rule {
    { call in
      let row = try call.row()
      try call.requireFree(call.integer(index, default: axis), of: row)
      return try call.open()
    }
  }

  /// Over some axes, which are argument `index`.
  private static func over(_ index: Int) -> Rule {
    { call in
      let row = try call.row()
      guard let value = call.argument(index), let axes = try Axes.decode(value, call.vm)?.values,
        !axes.isEmpty
      else {
        throw call.refuse(
          "of all numbers takes all examples together (give it the axes of one example, or leave it away where there is one number an example)"
        )
      }
      for axis in axes { try call.requireFree(axis, of: row) }
      return try call.open()
    }
  }

  private static let unsqueeze: Rule = { call in
    let row = try call.row()
    try call.requireFree(call.integer(1), of: row, rank: row.rank + 1)
    return try call.open()
  }

  private static let transpose: Rule = { call in
    let row = try call.row()
    for (index, axis) in [(1, -2), (2, -1)] {
      try call.requireFree(call.integer(index, default: axis), of: row)
    }
    return try call.open()
  }

  private static func sizes(_ call: Call) throws -> [Int] {
    let given = Array(call.arguments.dropFirst())
    if given.count == 1, let sizes = try Sizes.decode(given[0], call.vm) { return sizes.values }
    return try given.map { value in
      guard let size = Int.decode(value, call.vm) else { throw call.refuse() }
      return size
    }
  }

  private static let permute: Rule = { call in
    let row = try call.row()
    guard try Array(sizes(call).prefix(row.fixedAxes)) == Array(0..<row.fixedAxes) else {
      throw call.refuse("moves the axis of the examples")
    }
    return try call.open()
  }

  /// As many numbers of each example, which stay behind axis 0.
  private static let reshape: Rule = { call in
    let row = try call.row()
    var sizes = try sizes(call)
    let own = row.shape.reduce(1, *)
    let rest = sizes.dropFirst()
    let known = rest.filter { $0 != -1 }.reduce(1) {
      $0.multipliedReportingOverflow(by: $1).partialValue
    }
    let isWhole =
      sizes.first == 1 && (known == own || rest.contains(-1))
      || sizes.first == -1 && known == own && !rest.contains(-1)
    guard !row.isPadded, isWhole else { throw call.refuse("joins the numbers of several examples") }
    sizes[0] = row.separation.examples
    call.arguments = [call.vm.box(row.tensor), call.vm.makeList(sizes.map { .int($0) })]
    return row
  }

  private static let flatten: Rule = { call in
    let row = try call.row()
    // One number an example stays one an example.
    if row.isPadded || row.shape.reduce(1, *) != 1 {
      try call.requireFree(call.integer(1, default: 0), of: row)
    }
    return try call.open()
  }

  private static let `repeat`: Rule = { call in
    let row = try call.row()
    let counts = try sizes(call)
    guard counts.count == row.rank, counts.prefix(row.fixedAxes).allSatisfy({ $0 == 1 }) else {
      throw call.refuse("repeats the examples")
    }
    return try call.open()
  }

  /// One label for each row along the last axis.
  private static let pick: Rule = { call in
    let row = try call.row()
    guard call.arguments.count == 2, let labels = RowTensor.of(call.arguments[1]),
      labels.rank == row.rank - 1, !row.isPadded, !labels.isPadded,
      labels.tensor.shape.array == Array(row.tensor.shape.dropLast())
    else { throw call.refuse() }
    call.arguments = [call.vm.box(row.tensor), call.vm.box(labels.tensor)]
    return row
  }

  private static let gather: Rule = { call in
    let row = try call.row()
    try call.requireFree(call.integer(1), of: row)
    guard call.arguments.count == 3, let indices = RowTensor.of(call.arguments[2]),
      indices.rank == row.rank, !row.isPadded, !indices.isPadded
    else { throw call.refuse() }
    call.arguments[0] = call.vm.box(row.tensor)
    call.arguments[2] = call.vm.box(indices.tensor)
    return row
  }

  /// A matrix product in which no axis that is summed over, and none that is matched, is that of the examples.
  private static let product: Rule = { call in
    guard call.arguments.count == 2 else { throw call.refuse() }
    let reason = "multiplies the examples with each other"
    let (left, right) = (RowTensor.of(call.arguments[0]), RowTensor.of(call.arguments[1]))
    func plain(_ index: Int) throws -> Tensor {
      guard let tensor = try Tensor.decode(call.arguments[index], call.vm) else {
        throw call.refuse()
      }
      return tensor
    }
    let model: RowTensor
    switch (left, right) {
    case (let left?, let right?):
      guard left.rank == right.rank, left.rank >= 3, !left.isPadded, !right.isPadded else {
        throw call.refuse(reason)
      }
      model = left
    case (let left?, nil):
      let right = try plain(1)
      guard left.rank > left.fixedAxes, (1...2).contains(right.rank) else {
        throw call.refuse(reason)
      }
      model = left
    case (nil, let right?):
      let left = try plain(0)
      guard left.rank == 2, right.rank >= 3, !right.isPadded else { throw call.refuse(reason) }
      model = right
    case (nil, nil): throw call.refuse()
    }
    call.arguments = try [0, 1].map { index in
      if let row = RowTensor.of(call.arguments[index]) { return call.vm.box(row.tensor) }
      return call.vm.box(try plain(index))
    }
    return model
  }

  /// Tensors in a list, joined along an axis behind that of the examples; `newAxis` where it is one more.
  private static func joined(newAxis: Bool) -> Rule {
    { call in
      guard let list = call.argument(0)?.object as? ListObject else { throw call.refuse() }
      let rows = list.values.compactMap(RowTensor.of)
      guard let first = rows.first, rows.count == list.count,
        rows.allSatisfy({ $0.rank == first.rank && $0.isPadded == first.isPadded })
      else { throw call.refuse() }
      try call.requireFree(
        call.integer(1, default: 0), of: first, rank: first.rank + (newAxis ? 1 : 0))
      call.arguments[0] = call.vm.makeList(rows.map { call.vm.box($0.tensor) })
      return first
    }
  }

  /// Pairs of rows along the last axis.
  private static let pairs: Rule = { call in
    let ranks = call.arguments.prefix(2).compactMap { RowTensor.of($0) }
    guard ranks.count == 2, ranks.allSatisfy({ $0.rank > $0.fixedAxes }) else {
      throw call.refuse("takes the numbers of all examples together")
    }
    return try elementwise(&call)
  }

  /// The mean over one example is that example's number: its loss, or the mean over its positions.
  private static let crossEntropy: Rule = { call in
    let row = try call.row()
    guard let labels = call.argument(1).flatMap(RowTensor.of), !row.isPadded, !labels.isPadded
    else { throw call.refuse() }
    let smoothing = call.argument(3).flatMap { Double.decode($0, call.vm) } ?? 0
    let loss = try Loss.crossEntropy(
      ignoreIndex: call.integer(2, default: -100), labelSmoothing: smoothing)
    call.result = try loss(row.tensor, labels.tensor)
    return row
  }

  /// A tensor that is the same for all examples, indexed by what belongs to each: `weights[labels]`.
  static func picked(_ tensor: Tensor, _ subscripts: [SubscriptValue], _ vm: VM) throws -> Value? {
    let first = subscripts.lazy.compactMap { part -> RowTensor? in
      if case .index(let value) = part { RowTensor.of(value) } else { nil }
    }
    guard let row = first.first else { return nil }
    guard subscripts.count == 1, !row.tensor.dtype.isFloating, row.tensor.dtype != .bool else {
      throw row.refuse(
        "a tensor is indexed by what belongs to the examples, and not by labels only")
    }
    return vm.box(RowTensor(try tensor.subscripted([.positions(row.tensor)]), row))
  }

  /// The likelihood of a CRF: the layer, then rows.
  private static let field: Rule = { call in
    let rows = call.arguments.compactMap(RowTensor.of)
    guard rows.count == 2, let emissions = rows.first, !emissions.isPadded else {
      throw call.refuse()
    }
    call.arguments = call.arguments.map { value in
      RowTensor.of(value).map { call.vm.box($0.tensor) } ?? value
    }
    return emissions
  }

  private static let rules: [String: Rule] = {
    var rules: [String: Rule] = [:]
    for function in TensorMath.elementwise {
      rules[function.name] = elementwise
      rules["tensor." + function.name] = elementwise
    }
    for name in [
      "pow", "hypot", "atan2", "isnan", "isfinite", "isinf", "clamp", "select", "maximum",
      "minimum", "both", "either", "tensor.to", "tensor.detach", "tensor.isnan",
      "tensor.isfinite", "tensor.not", "tensor.clamp", "tensor.one_hot", "tensor.zeros_like",
      "tensor.ones_like", "nn.binary_cross_entropy",
    ] {
      rules[name] = elementwise
    }
    for name in ["softmax", "log_softmax", "tensor.softmax", "tensor.log_softmax", "tensor.cumsum"]
    {
      rules[name] = along(1, default: -1)
    }
    for name in ["tensor.sort", "tensor.argsort"] { rules[name] = along(1, default: -1) }
    for name in ["argmax", "argmin", "tensor.argmax", "tensor.argmin", "tensor.index_select"] {
      rules[name] = along(1)
    }
    rules["tensor.flip"] = along(1, default: 0)
    rules["tensor.split"] = along(2, default: 0)
    rules["tensor.squeeze"] = along(1)
    for name in [
      "sum", "mean", "prod", "any", "all", "logsumexp", "var", "std", "max", "min",
    ] {
      rules["tensor." + name] = over(1)
    }
    rules["logsumexp"] = over(1)
    rules["tensor.norm"] = over(2)
    rules["tensor.unsqueeze"] = unsqueeze
    rules["tensor.transpose"] = transpose
    rules["tensor.permute"] = permute
    rules["tensor.reshape"] = reshape
    rules["tensor.flatten"] = flatten
    rules["tensor.repeat"] = `repeat`
    rules["tensor.pick"] = pick
    rules["tensor.gather"] = gather
    rules["tensor.matmul"] = product
    rules["tensor.concat"] = joined(newAxis: false)
    rules["tensor.stack"] = joined(newAxis: true)
    rules["nn.kl_divergence"] = pairs
    rules["nn.cosine_distance"] = pairs
    rules["nn.crf_loss"] = field
    rules["nn.cross_entropy"] = crossEntropy
    return rules
  }()
}
