import Foundations
import Learning

/// How a device fares with the model that it keeps for itself, and with the one for all.
public struct PersonalAccuracy: Sendable, Equatable {
  public let key: DeviceKey
  /// Of how many examples.
  public let examples: Int
  /// The share of them that the server's model gets right.
  public let shared: Double
  /// The share that the device's own gets right.
  public let personal: Double
}

extension Simulation {
  /// The model that a device keeps for itself, by the device's place in the order of keys; nil where the strategy makes
  /// none or the device has never taken part.
  public func personalModel(_ device: Int) -> ParameterVector? {
    states[device].flatMap { strategy.personal($0) }
  }

  /// Measures personal models on examples of the devices of the same keys, held out from training or their own.
  /// - Returns: a row for each device that has a personal model and examples there, in the order of keys.
  /// - Throws: a value error where no device has a model of its own.
  public func personalAccuracies(on held: DeviceSet) throws -> [PersonalAccuracy] {
    let model = try self.model.copied()
    var places: [DeviceKey: Int] = [:]
    for device in 0..<held.count { places[held.key(device)] = device }
    var rows: [PersonalAccuracy] = []
    var isAnyPersonal = false
    for device in states.keys.sorted() {
      guard let own = personalModel(device) else { continue }
      isAnyPersonal = true
      try Cancellation.check()
      guard let place = places[devices.key(device)], held.size(place) > 0 else { continue }
      let examples = SubsetSource(held.source, held.examples(place).map(Int.init))
      func accuracy(_ numbers: ParameterVector) throws -> Double {
        try numbers.write(to: model)
        return try Evaluation(model).accuracy(examples)
      }
      rows.append(
        PersonalAccuracy(
          key: devices.key(device), examples: examples.count,
          shared: try accuracy(server.model), personal: try accuracy(own)))
    }
    guard isAnyPersonal else {
      throw DomainError(
        .value, "no device keeps a model of its own with the strategy \(strategy.name)",
        hint: "`fed.ditto(lambda: 0.1)` makes personal models")
    }
    return rows
  }
}
