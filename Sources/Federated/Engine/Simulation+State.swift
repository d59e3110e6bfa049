import Foundations
import Learning
import Tensors

/// Checkpoints of a simulation: the server's state, the devices' states, the history, and what tells another simulation
/// apart.
extension Simulation {
  // MARK: What tells simulations apart

  func fingerprintOfModel() throws -> String {
    var writer = FingerprintWriter()
    try writer.add(model)
    return writer.fingerprint.description
  }

  private func fingerprintOfDevices() throws -> String {
    var writer = FingerprintWriter()
    writer.add(try devices.source.fingerprint())
    writer.add(devices.keys.map { $0.map { "\($0)" }.joined(separator: "\n") } ?? "")
    devices.offsets.withUnsafeBytes { writer.add(bytes: $0) }
    devices.members.withUnsafeBytes { writer.add(bytes: $0) }
    return writer.fingerprint.description
  }

  /// What decides the simulation's bits, by what a person calls it.
  private func fingerprints() throws -> [(name: String, value: String)] {
    let local = options.local
    return [
      ("model", modelFingerprint ?? ""), ("devices", try fingerprintOfDevices()),
      ("strategy", strategy.fingerprint), ("rounds", "\(options.rounds)"),
      ("clients", "\(options.clients)"),
      ("random seed", options.key.fingerprint),
      (
        "local training",
        "\(local.epochs) epochs, batch \(local.batch), \(local.optimizer.fingerprint), rate \(local.optimizer.rate), loss \(local.loss.name)"
      ),
      ("selection", options.selection.fingerprint), ("weights", options.weights.rawValue),
      ("setting", options.setting.fingerprint),
      ("availability", options.availability?.fingerprint ?? "none"),
      ("labels", options.labelling?.fingerprint ?? "given"),
      ("update steps", options.updateSteps.map(\.fingerprint).joined(separator: ", ")),
      ("sum steps", options.sumSteps.map(\.fingerprint).joined(separator: ", ")),
      ("aggregation", options.combiner?.fingerprint ?? "mean"),
      ("privacy", options.privacy.map { "\($0.fingerprint), \(options.neighbours)" } ?? "none"),
      ("failing clients", options.skipsFailures ? "skip" : "stop"),
    ]
  }

  // MARK: Saving

  /// All that is needed to go on.
  func state() throws -> TrainingState {
    var state = TrainingState()
    if savedFingerprints.isEmpty { savedFingerprints = try fingerprints() }
    for (name, value) in savedFingerprints { state.texts[Spelling("simulation.\(name)")] = value }
    state.counters["rounds done"] = server.round
    Simulation.save(server.model, "server.model", &state)
    for (name, vector) in server.vectors {
      Simulation.save(vector, "server.vector.\(name)", &state)
    }
    for (name, number) in server.numbers { state.numbers[Spelling("server.\(name)")] = number }
    for (device, kept) in states {
      for (name, vector) in kept { Simulation.save(vector, "device.\(device).\(name)", &state) }
    }
    try save(history, &state)
    return state
  }

  private static func save(
    _ vector: ParameterVector, _ name: String, _ state: inout TrainingState
  ) {
    state.tensors[Spelling(name)] = vector.tensor
    state.texts[Spelling("shapes.\(name)")] = vector.shapes.map { shape in
      shape.array.map(String.init).joined(separator: ",")
    }.joined(separator: ";")
  }

  private func save(_ history: SimulationHistory, _ state: inout TrainingState) throws {
    let rounds = history.rounds
    func column(_ name: String, _ value: (SimulationHistory.Round) -> Double?) throws {
      // What was not measured is a nan with bits that no arithmetic gives.
      let numbers = rounds.map { value($0) ?? Simulation.absent }
      state.tensors[Spelling("history.\(name)")] = try Tensor(numbers)
    }
    try column("loss", \.loss)
    try column("accuracy", \.accuracy)
    try column("train loss", \.trainLoss)
    try column("epsilon", \.epsilon)
    try column("seconds", \.seconds)
    state.tensors["history.bytes up"] = try Tensor(ints: rounds.map(\.bytesUp))
    state.tensors["history.bytes down"] = try Tensor(ints: rounds.map(\.bytesDown))
    state.tensors["history.clients"] = try Tensor(ints: rounds.map(\.cohort.count))
    state.tensors["history.cohorts"] = try Tensor(
      ints: rounds.flatMap { $0.cohort.map(Int.init) })
    state.texts["history.notes"] = history.notes.joined(separator: "\n")
  }

  private static let absent = Double(bitPattern: 0x7FF8_0000_FEDE_7A7E)

  // MARK: Going on

  /// Puts a checkpoint of this simulation into force. Nothing has changed where it throws.
  func restore(_ state: TrainingState) throws {
    savedFingerprints = try fingerprints()
    for (name, value) in savedFingerprints {
      guard let saved = state.texts[Spelling("simulation.\(name)")] else {
        throw DomainError(.data, "the checkpoint is of no federated simulation")
      }
      guard saved != value else { continue }
      let isHash = ["model", "devices", "random seed"].contains(name)
      throw DomainError(
        .value,
        isHash
          ? "the checkpoint is of another simulation: its \(name) is another"
          : "the checkpoint is of another simulation: its \(name) is `\(saved)`, here it is `\(value)`",
        hint: "give another file for `checkpoint`, or remove this one")
    }
    guard let done = state.counters["rounds done"], (0...options.rounds).contains(done) else {
      throw Simulation.malformed("rounds")
    }
    var restored = server
    restored.round = done
    restored.model = try Simulation.vector("server.model", state)
    guard restored.model.shapes == server.model.shapes else { throw Simulation.malformed("model") }
    restored.vectors = try Simulation.vectors("server.vector.", state)
    restored.numbers = [:]
    for (name, number) in state.numbers where name.text.hasPrefix("server.") {
      restored.numbers[String(name.text.dropFirst("server.".count))] = number
    }
    var kept: [Int: [String: ParameterVector]] = [:]
    for (name, vector) in try Simulation.vectors("device.", state) {
      let parts = name.split(separator: ".", maxSplits: 1)
      guard parts.count == 2, let device = Int(parts[0]), (0..<devices.count).contains(device)
      else { throw Simulation.malformed("devices") }
      kept[device, default: [:]][String(parts[1])] = vector
    }
    history.rounds = try rounds(state, done)
    history.notes = (state.texts["history.notes"] ?? "").split(separator: "\n").map(String.init)
    server = restored
    states = kept
    try server.model.write(to: model)
  }

  private func rounds(_ state: TrainingState, _ count: Int) throws -> [SimulationHistory.Round] {
    func column(_ name: String) throws -> [Double] {
      guard let tensor = state.tensors[Spelling("history.\(name)")], tensor.dtype == .f64,
        tensor.count == count
      else { throw Simulation.malformed("history") }
      return try tensor.array(Double.self)
    }
    func integers(_ name: String, _ count: Int?) throws -> [Int] {
      guard let tensor = state.tensors[Spelling("history.\(name)")], tensor.dtype == .i64,
        count == nil || tensor.count == count
      else { throw Simulation.malformed("history") }
      return try tensor.array(Int64.self).map(Int.init)
    }
    func present(_ value: Double) -> Double? {
      value.bitPattern == Simulation.absent.bitPattern ? nil : value
    }
    let (loss, accuracy) = (try column("loss"), try column("accuracy"))
    let (trainLoss, epsilon) = (try column("train loss"), try column("epsilon"))
    let seconds = try column("seconds")
    let (up, down) = (try integers("bytes up", count), try integers("bytes down", count))
    let sizes = try integers("clients", count)
    let members = try integers("cohorts", nil)
    guard sizes.allSatisfy({ (0...members.count).contains($0) }),
      sizes.reduce(0, +) == members.count,
      members.allSatisfy({ (0..<devices.count).contains($0) })
    else { throw Simulation.malformed("cohorts") }
    var start = 0
    return (0..<count).map { index in
      defer { start += sizes[index] }
      return SimulationHistory.Round(
        number: index + 1, loss: present(loss[index]), accuracy: present(accuracy[index]),
        trainLoss: trainLoss[index],
        cohort: members[start..<start + sizes[index]].map(Int32.init), bytesUp: up[index],
        bytesDown: down[index], epsilon: present(epsilon[index]), seconds: seconds[index])
    }
  }

  private static func vectors(
    _ prefix: String, _ state: TrainingState
  ) throws -> [String: ParameterVector] {
    var result: [String: ParameterVector] = [:]
    for name in state.tensors.keys where name.text.hasPrefix(prefix) {
      result[String(name.text.dropFirst(prefix.count))] = try vector(name.text, state)
    }
    return result
  }

  private static func vector(_ name: String, _ state: TrainingState) throws -> ParameterVector {
    guard let tensor = state.tensors[Spelling(name)],
      let text = state.texts[Spelling("shapes.\(name)")]
    else { throw malformed(name) }
    let shapes = try text.split(separator: ";", omittingEmptySubsequences: false).map { shape in
      try Shape(
        checking: shape.split(separator: ",").map { size in
          guard let size = Int(size) else { throw malformed(name) }
          return size
        })
    }
    return try ParameterVector(tensor, shapes: shapes)
  }

  private static func malformed(_ what: String) -> DomainError {
    DomainError(
      .data, "the checkpoint is malformed: its \(what) do not fit this simulation",
      hint: "resume from an older checkpoint")
  }
}
