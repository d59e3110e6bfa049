import Foundations
import Learning

/// How the model does on the devices that hold about equally many examples.
public struct ActivityBucket: Sendable, Equatable {
  public var devices: Int
  /// On how many of their examples it was measured.
  public var examples: Int
  /// Nil where there was nothing to measure, or the model gives no classes.
  public var accuracy: Double?
  public var loss: Double?
}

extension Simulation {
  /// The server's model measured on the devices' examples, devices in groups by how many examples they hold: as many
  /// devices in each as the number of devices allows, the lightest first. Averages are over a group's examples.
  ///
  /// Measured are the examples that devices hold in the last period: what they have deleted, and who was forgotten,
  /// cannot be asked any more.
  /// - Parameter held: examples to measure on in place of those that were trained on, matched by the devices' keys.
  public func activity(buckets: Int, held: DeviceSet? = nil) throws -> [ActivityBucket] {
    guard buckets >= 1 else {
      throw DomainError(.value, "there must be 1 group of devices at least, got \(buckets)")
    }
    let order = (0..<devices.count).filter { devices.size($0) > 0 }.sorted {
      (devices.size($0), $0) < (devices.size($1), $1)
    }
    let number = min(buckets, order.count)
    return try serverModel { model in
      try (0..<number).map { bucket in
        let group = order[
          bucket * order.count / number..<(bucket + 1) * order.count / number]
        return try measure(Array(group), model, held)
      }
    }
  }

  private func measure(
    _ group: [Int], _ model: Layer, _ held: DeviceSet?
  ) throws -> ActivityBucket {
    let source: any BatchSource
    if let held {
      source = SubsetSource(
        held.source,
        group.flatMap { device in
          held.position(of: devices.key(device)).map { held.examples($0).map(Int.init) } ?? []
        })
    } else {
      let last = options.setting.period(of: options.rounds - 1, rounds: options.rounds)
      source = SubsetSource(
        devices.source,
        group.flatMap { device in
          options.setting.examples(of: device, in: devices, period: last).map(Int.init)
        })
    }
    var bucket = ActivityBucket(devices: group.count, examples: source.count)
    guard source.count > 0 else { return bucket }
    let evaluation = Evaluation(model)
    bucket.loss = try evaluation.meanLoss(source, options.local.loss)
    if model.givesClasses { bucket.accuracy = try evaluation.accuracy(source) }
    return bucket
  }

  /// Calls `body` with a model that has the server's numbers, whatever became of the simulation's own since.
  private func serverModel<Result>(_ body: (Layer) throws -> Result) throws -> Result {
    let copy: Layer
    do { copy = try model.copied() } catch let error as DomainError where error.kind == .type {
      let now = try ParameterVector(model)
      try server.model.write(to: model)
      defer { try? now.write(to: model) }
      return try body(model)
    }
    try server.model.write(to: copy)
    return try body(copy)
  }
}

extension DeviceSet {
  /// Where the device of this key comes in the order of keys; nil where there is none.
  func position(of key: DeviceKey) -> Int? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self.key(middle) < key { low = middle + 1 } else { high = middle }
    }
    return low < count && self.key(low) == key ? low : nil
  }

  /// The examples of all devices.
  public var examples: any BatchSource { SubsetSource(source, members.map(Int.init)) }
}
