import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

/// Examples with a column `day`.
private struct DatedSource: OrderedSource {
  let days: [Int32]
  var count: Int { days.count }
  func batch(_ indices: [Int]) throws -> Batch {
    throw DomainError(.value, "these examples are only counted")
  }
  func ranks(by column: String) throws -> [Int32] {
    guard column == "day" else { throw DomainError(.key, "there is no column `\(column)`") }
    return days
  }
}

@Suite struct ContinualTests {
  /// Device 0 holds 0…6, device 1 holds 7 and 8, device 2 nothing.
  private func devices(_ days: [Int32] = [Int32](repeating: 0, count: 9)) throws -> DeviceSet {
    try DeviceSet(
      source: DatedSource(days: days), assignments: [0, 0, 0, 0, 0, 0, 0, 1, 1], count: 3)
  }

  private func held(
    _ setting: any DataSetting, _ device: Int, _ devices: DeviceSet
  ) -> [[Int32]] {
    (0..<3).map { period in
      let examples = Array(setting.examples(of: device, in: devices, period: period))
      #expect(setting.size(of: device, in: devices, period: period) == examples.count)
      return examples
    }
  }

  @Test func policiesKeepWhatTheySay() throws {
    let set = try devices()
    let expected: [(ContinualSetting.Keep, [[Int32]])] = [
      (.all, [[0, 1, 2], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5, 6]]),
      (.window(2), [[0, 1, 2], [0, 1, 2, 3, 4], [3, 4, 5, 6]]),
      (.window(1), [[0, 1, 2], [3, 4], [5, 6]]),
      (.window(.max), [[0, 1, 2], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5, 6]]),
      (.fifo(2), [[1, 2], [3, 4], [5, 6]]), (.fifo(4), [[0, 1, 2], [1, 2, 3, 4], [3, 4, 5, 6]]),
      (.delete, [[0, 1, 2], [3, 4], [5, 6]]),
    ]
    for (keep, examples) in expected {
      let setting = try ContinualSetting(periods: 3, keep: keep)
      #expect(held(setting, 0, set) == examples)
      #expect(held(setting, 2, set) == [[], [], []])
    }
    // Two examples in three periods: none arrives in the last.
    #expect(held(try ContinualSetting(periods: 3, keep: .delete), 1, set) == [[7], [8], []])
    #expect(held(try ContinualSetting(periods: 3, keep: .all), 1, set) == [[7], [7, 8], [7, 8]])
  }

  @Test func columnsSetTheOrder() throws {
    let set = try devices([3, 1, 2, 1, 9, 8, 7, 5, 4])
    let setting = try ContinualSetting(periods: 3, keep: .delete, order: "day").prepared(for: set)
    #expect(held(setting, 0, set) == [[1, 3, 2], [0, 6], [5, 4]])
    #expect(held(setting, 1, set) == [[8], [7], []])
    #expect(throws: DomainError.self) {
      try ContinualSetting(periods: 3, order: "hour").prepared(for: set)
    }
    #expect(throws: DomainError.self) {
      let plain = try DeviceSet(source: points(2), assignments: [0, 0], count: 1)
      _ = try ContinualSetting(periods: 3, order: "day").prepared(for: plain)
    }
  }

  @Test func roundsSpreadEvenlyOverPeriods() throws {
    let setting = try ContinualSetting(periods: 3)
    #expect((0..<7).map { setting.period(of: $0, rounds: 7) } == [0, 0, 0, 1, 1, 2, 2])
    #expect((0..<6).map { setting.period(of: $0, rounds: 6) } == [0, 0, 1, 1, 2, 2])
    #expect((0..<2).map { setting.period(of: $0, rounds: 2) } == [0, 1])
    #expect(setting.period(of: .max - 1, rounds: .max) == 2)
  }

  @Test func forgottenDevicesHoldNothing() throws {
    let set = try devices()
    let setting = try ContinualSetting(periods: 3)
    try set.forget(.number(0))
    #expect(held(setting, 0, set) == [[], [], []])
    #expect(held(setting, 1, set) == [[7], [7, 8], [7, 8]])
    let ordered = try devices([3, 1, 2, 1, 9, 8, 7, 5, 4])
    let byDay = try ContinualSetting(periods: 3, order: "day").prepared(for: ordered)
    try ordered.forget(.number(0))
    #expect(held(byDay, 0, ordered) == [[], [], []])
    #expect(held(byDay, 1, ordered) == [[8], [8, 7], [8, 7]])
  }

  /// A device counts among those that can be selected only in periods in which it holds something.
  @Test func selectionSeesThePeriod() throws {
    let set = try DeviceSet(source: points(9), assignments: [0, 0, 0, 0, 0, 0, 0, 1, 1], count: 2)
    let local = try LocalTraining(
      epochs: 1, batch: 4, optimizer: SGD(rate: 0.1), loss: .crossEntropy())
    var options = SimulationOptions(rounds: 3, clients: 2, local: local, key: RandomKey(seed: 1))
    options.setting = try ContinualSetting(periods: 3, keep: .delete)
    let simulation = try Simulation(logistic(), set, strategy: FedAvg(), options: options)
    try simulation.run()
    #expect(simulation.history.rounds.map(\.cohort) == [[0, 1], [0, 1], [0]])
  }

  @Test func settingsRefuseWhatHasNoMeaning() {
    #expect(throws: DomainError.self) { try ContinualSetting(periods: 0) }
    #expect(throws: DomainError.self) { try ContinualSetting(periods: 2, keep: .window(0)) }
    #expect(throws: DomainError.self) { try ContinualSetting(periods: 2, keep: .fifo(0)) }
  }
}
