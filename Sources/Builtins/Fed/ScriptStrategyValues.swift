import Federated
import Foundations
import Learning
import Runtime
import Tensors

/// Examples that can be chosen from and given to a script as they were.
protocol SelectableExamples {
  func selected(_ places: [Int]) throws -> any ValueEncodable
}

extension ExampleSource: SelectableExamples {
  func selected(_ places: [Int]) throws -> any ValueEncodable { try examples.selecting(places) }
}

/// A device as a strategy's `client` sees it.
struct ScriptDevice: NativeValue {
  let key: DeviceKey
  let count: Int
  /// Makes the value of its examples.
  let examples: () throws -> any ValueEncodable
  /// What it has kept.
  let state: ParameterVector?

  static let nativeType = NativeType<ScriptDevice>(
    "participant", "A device that takes part in a round."
  ) { type in
    type.representation = { device, _ in "device \(device.key) with \(device.count) examples" }
    type.length = { $0.count }
    type.field("examples", "What it trains on, as `nn.train` takes it.") { vm, device in
      try device.examples().encode(vm)
    }
    type.field("key", "What the device is called.") { vm, device in
      switch device.key {
      case .number(let number): Value.int(number)
      case .real(let number): Value.float(number)
      case .text(let text): vm.makeString(text)
      }
    }
    type.field(
      "state",
      "What `client` returned as `state` when the device last took part. Nil before, and where it returned none."
    ) { vm, device in
      try device.state.map { try PackedState.value($0, vm) } ?? .nothing
    }
  }
}

/// A round as a strategy's functions see it.
struct ScriptRound: NativeValue {
  /// Counted from 1.
  let number: Int
  let server: Model
  let state: ParameterVector?

  static let nativeType = NativeType<ScriptRound>("round", "A round of federated learning.") {
    type in
    type.representation = { round, _ in "round \(round.number)" }
    type.field("number", "The round, counted from 1.") { $0.number }
    type.field("server", "The server's model at the beginning of the round, as it was sent.") {
      $0.server
    }
    type.field("state", "What `start` gave or `server` last returned as `state`; nil for none.") {
      vm, round in
      try round.state.map { try PackedState.value($0, vm) } ?? .nothing
    }
  }
}

/// The updates of a round as a strategy's `server` sees them.
struct ScriptUpdates: NativeValue {
  let sum: RoundSum
  let names: [String]

  private func update(_ vector: ParameterVector) -> ModelUpdate {
    ModelUpdate(names: names, vector: vector)
  }

  /// The updates one by one.
  /// - Throws: a `privacy` fault where only their sum reaches the server.
  private func held() throws -> [ClientUpdate] {
    guard let updates = sum.updates else {
      throw Fault(
        .privacy,
        "the server does not see single updates: privacy, a secure or a robust sum stands before it",
        hint: "`updates.mean()` is what it gets")
    }
    return updates
  }

  private func mean(_ weighting: Weighting?) throws -> ModelUpdate {
    guard let weighting else { return update(sum.vectors[0]) }
    guard let updates = sum.updates else {
      throw Fault(
        .privacy,
        "these updates cannot be weighed again: privacy, a secure or a robust sum stands before the server",
        hint: "`updates.mean()` has the weights that `fed.simulate(…, weights: …)` gave it")
    }
    var mean = try ParameterVector(zerosLike: sum.vectors[0])
    let examples = Double(updates.reduce(0) { $0 + $1.examples })
    for update in updates {
      let weight =
        weighting == .samples ? Double(update.examples) / examples : 1 / Double(updates.count)
      try mean.add(update.vectors[0], times: Float(weight))
    }
    return update(mean)
  }

  static let nativeType = NativeType<ScriptUpdates>(
    "updates", "The updates of a round's clients, in the order of their keys."
  ) { type in
    type.representation = { updates, _ in "\(updates.sum.clients) updates" }
    type.length = { $0.sum.clients }
    type.index = { updates, subscripts, vm in
      let held = try updates.held()
      guard subscripts.count == 1, case .index(let value) = subscripts[0],
        let place = Int.decode(value, vm)
      else { throw Fault(.type, "updates are indexed by one int: `updates[0]`") }
      let index = place < 0 ? place + held.count : place
      guard held.indices.contains(index) else {
        throw Fault(.index, "index \(place) is out of range for \(held.count) updates")
      }
      return vm.box(updates.update(held[index].vectors[0]))
    }
    type.iterate = { updates, _ in
      let held = try updates.held()
      var next = 0
      return IteratorObject("updates") { vm in
        guard next < held.count else { return nil }
        next += 1
        return vm.box(updates.update(held[next - 1].vectors[0]))
      }
    }
    type.field("sizes", "How many examples each client trained on.") {
      try $0.held().map(\.examples)
    }
    type.methods([
      Native(
        "mean",
        "The mean of the updates. With privacy, secure or robust sums it is what they let through, and cannot be weighed otherwise.",
        Param<ScriptUpdates>("updates"),
        Param<String?>(
          "weights",
          "\"samples\" counts a client by its examples, \"equal\" all alike; nil as `fed.simulate` says.",
          default: nil, .oneOf(["samples", "equal"]), named: true),
        returns: "update"
      ) { updates, weights in
        try updates.mean(weights.flatMap(Weighting.init(rawValue:)))
      }
    ])
  }
}
