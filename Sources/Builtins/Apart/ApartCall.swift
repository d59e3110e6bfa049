import Foundations
import Learning
import Runtime
import Syntax
import Tensors

/// Calls a script's losses and modules. In private training (`VM.sealed`) they leave nothing behind and draw random
/// numbers of their own, and where a step computes several examples at once they are given `RowTensor`s.
enum ApartCall {
  /// What a script is told that tries to keep something.
  static let refusal = Refusal(
    .privacy,
    "a loss or module may not change what was made outside of it while a model is trained privately: what it keeps would carry one example to others",
    hint: "make what it changes inside the function; keep nothing from call to call")

  static func result(
    of function: Callable, _ parts: [any ValueEncodable], _ tensors: [Tensor]
  ) throws -> Tensor {
    // The script may change whatever it reaches.
    try Cancellation.whole { try called(function, parts, tensors) }
  }

  private static func called(
    _ function: Callable, _ parts: [any ValueEncodable], _ tensors: [Tensor]
  ) throws -> Tensor {
    guard let vm = VM.current else {
      throw Fault(.value, "a function of the script cannot be called from here")
    }
    guard vm.isSealed, let context = ForwardContext.current else {
      return try tensor(vm) { try function.call(parts + tensors) }
    }
    // How many numbers other examples have drawn says something of them.
    let random = vm.random
    vm.random = RandomState(key: context.nextKey().low)
    defer { vm.random = random }
    guard let separation = Separation.current else {
      return try tensor(vm) { try function.call(parts + tensors) }
    }
    let before = (vm.watch, vm.catchesErrors)
    vm.watch = RowWatch(separation, vm)
    vm.catchesErrors = false
    defer { (vm.watch, vm.catchesErrors) = before }
    do {
      return try vm.scope {
        let rows: [any ValueEncodable] = tensors.map { RowTensor($0, separation) }
        let value = try function.call(parts + rows)
        if let row = RowTensor.of(value) { return row.tensor }
        separation.fail("the function gives something that belongs to no example")
        throw notATensor(value)
      }
    } catch {
      // What fails for several examples may work for one; an interrupt or a limit is none of that.
      let fault = (error as? any FaultConvertible)?.fault ?? error as? Fault
      if fault?.isCatchable ?? true {
        separation.fail(
          "the function fails for several examples at once: \(fault?.message ?? "\(error)")")
      }
      throw error
    }
  }

  /// The tensor that a call gives; what it made is not kept alive beyond that.
  private static func tensor(_ vm: VM, _ call: () throws -> Value) throws -> Tensor {
    try vm.scope {
      let value = try call()
      guard let tensor = try Tensor.decode(value, vm) else { throw notATensor(value) }
      return tensor
    }
  }

  private static func notATensor(_ value: Value) -> Fault {
    Fault(.type, "the function must give a tensor, it gave \(Representation.described(value))")
  }
}

/// Lets natives see rows only where `RowOperations` knows that they keep examples apart.
final class RowWatch: CallWatch {
  private let separation: Separation
  /// In force when the function was called: `with seed(n)` inside of it draws numbers that are known.
  private let seed: AnyObject?

  init(_ separation: Separation, _ vm: VM) {
    self.separation = separation
    seed = vm.services[ObjectIdentifier(SeedScope.self)]
  }

  func result(of native: Native, _ call: NativeCall) throws -> Value? {
    let name = native.fullName
    var hasRow = false
    var model: Model?
    for value in call.values {
      guard let object = value.object else { continue }
      switch object {
      case is Boxed<RowTensor>: hasRow = true
      case let boxed as Boxed<Model>: model = boxed.value
      // Other natives that take rows out of a list as such find no tensors there.
      case let list as ListObject where RowOperations.joins(name):
        hasRow = hasRow || list.values.contains { RowTensor.of($0) != nil }
      default: break
      }
    }
    if let model, native === Model.nativeType.call { return try output(of: model, call) }
    if hasRow || model != nil {
      var operation = RowOperations.Call(
        vm: call.vm, name: native.name, arguments: Array(call.values))
      if name == "len" { return nil }
      guard hasRow, let rule = RowOperations.rule(for: name), model == nil || name == "nn.crf_loss"
      else { throw operation.refuse() }
      let row = try rule(&operation)
      if let result = operation.result { return call.vm.box(RowTensor(result, separation)) }
      return try RowOperations.wrap(call.result(with: operation.arguments), row, call.vm)
    }
    return try drawn(native, name, call)
  }

  /// A model, called with rows, or with what is the same for all examples where that trains nothing.
  private func output(of model: Model, _ call: NativeCall) throws -> Value {
    func refuse(_ reason: String) -> Fault {
      separation.fail(reason)
      return Fault(.privacy, reason)
    }
    let inputs = call.values.dropFirst().filter { !$0.isMissing && !$0.isNothing }
    let rows = inputs.compactMap(RowTensor.of)
    guard !rows.isEmpty else {
      guard model.layer.parameters.allSatisfy({ !$0.requiresGradient }) else {
        throw refuse("`\(model.layer.kind)` is called with what belongs to no example")
      }
      return try separation.suspended { try call.result(with: Array(call.values)) }
    }
    guard rows.count == inputs.count,
      model.layer.keepsExamplesApart(padded: rows.contains { $0.isPadded })
    else { throw refuse("`\(model.layer.kind)` does not keep the examples apart here") }
    let result = try call.result(
      with: call.values.map { value in RowTensor.of(value).map { call.vm.box($0.tensor) } ?? value }
    )
    guard let tensor = (result.object as? Boxed<Tensor>)?.value, tensor.rank > 0,
      tensor.shape[0] == separation.examples
    else { throw refuse("`\(model.layer.kind)` takes all examples together") }
    return call.vm.box(RowTensor(tensor, separation))
  }

  /// Random tensors of one example's shape: each example has its own.
  private func drawn(_ native: Native, _ name: String, _ call: NativeCall) throws -> Value? {
    guard RowOperations.draws(name) else { return nil }
    func refuse() -> Fault {
      let reason = "`\(native.name)` draws random numbers"
      separation.fail(reason)
      return Fault(.privacy, reason)
    }
    guard name == "tensor.rand" || name == "tensor.randn", let first = call.argument(0),
      seed === call.vm.services[ObjectIdentifier(SeedScope.self)],
      var sizes = try [Int].decode(first, call.vm), sizes.first == 1
    else { throw refuse() }
    sizes[0] = separation.examples
    var arguments = Array(call.values)
    arguments[0] = call.vm.makeList(sizes.map { .int($0) })
    guard let tensor = (try call.result(with: arguments).object as? Boxed<Tensor>)?.value else {
      throw refuse()
    }
    return call.vm.box(RowTensor(tensor, separation))
  }
}
