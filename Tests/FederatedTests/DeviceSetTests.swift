import Foundation
import Foundations
import Learning
import Testing

@testable import Federated

private func devices() throws -> DeviceSet {
  try DeviceSet(
    source: points(8), assignments: [2, 0, 1, 2, 2, 1, 0, 2], count: 3,
    keys: [.text("ben"), .text("ada"), .number(4)], classes: [0, 1, 0, 1, 0, 1, 0, 1])
}

@Suite struct DeviceSetTests {
  @Test func devicesStandInTheOrderOfKeys() throws {
    let set = try devices()
    #expect((0..<3).map(set.key) == [.number(4), .text("ada"), .text("ben")])
    #expect(set.sizes == [4, 2, 2])
    #expect(Array(set.examples(0)) == [0, 3, 4, 7])
    #expect(set.place(of: .text("ben")) == 2)
    #expect(set.place(of: .text("eve")) == nil)
    #expect(set.place(of: .number(0)) == nil)
  }

  @Test func forgottenDevicesAreGone() throws {
    let set = try devices()
    let other = DeviceSet(copying: set)
    try set.forget(.text("ada"))
    #expect(set.leftCount == 2)
    #expect(set.places == [0, 2])
    #expect(set.place(ofLeft: 1) == 2)
    #expect(set.sizes == [4, 0, 2])
    #expect(set.examples(1).isEmpty)
    #expect(set.place(of: .text("ada")) == nil)
    #expect(other.sizes == [4, 2, 2])
    #expect(throws: DomainError.self) { try set.forget(.text("ada")) }
    #expect(throws: DomainError.self) { try set.forget(.number(0)) }
    let numbered = try DeviceSet(source: points(4), assignments: [0, 1, 2, 3], count: 4)
    try numbered.forget(.number(3))
    #expect(numbered.places == [0, 1, 2])
    #expect(numbered.place(of: .number(2)) == 2)
    #expect(throws: DomainError.self) { try numbered.forget(.number(-1)) }
  }

  /// A simulation in whose first round a device is forgotten: it trains in none after that.
  @Test func simulationsLeaveForgottenDevicesOut() throws {
    let set = try DeviceSet(source: points(12), assignments: (0..<12).map { $0 % 3 }, count: 3)
    let local = try LocalTraining(
      epochs: 1, batch: 4, optimizer: SGD(rate: 0.1), loss: .crossEntropy())
    let strategy = ForgettingStrategy(devices: set)
    let simulation = try Simulation(
      logistic(), set, strategy: strategy,
      options: SimulationOptions(rounds: 3, clients: 3, local: local, key: RandomKey(seed: 1)))
    try simulation.run()
    #expect(simulation.history.rounds.map { $0.cohort } == [[0, 1, 2], [0, 2], [0, 2]])
  }

  @Test func filesComeBackWhole() throws {
    let path = FileManager.default.temporaryDirectory.path + "/devices-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let set = try devices()
    try set.forget(.number(4))
    var file = DeviceFile()
    set.write(to: &file)
    try file.write(to: path)
    let read = try DeviceSet(DeviceFile(path, shownAs: "d"), source: points(8))
    #expect(read.keys == set.keys)
    #expect(read.offsets == set.offsets)
    #expect(read.members == set.members)
    #expect(read.classes == set.classes)
    #expect(read.places == [1, 2])
    #expect(throws: DomainError.self) {
      try DeviceSet(DeviceFile(path, shownAs: "d"), source: points(4))
    }
  }

  /// Whatever byte is changed and wherever the file is cut: it is refused, and nothing else happens.
  @Test func damagedFilesAreRefused() throws {
    let path = FileManager.default.temporaryDirectory.path + "/devices-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var file = DeviceFile()
    try devices().write(to: &file)
    try file.write(to: path)
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    for place in whole.indices {
      var changed = whole
      changed[place] ^= 0x41
      try Data(changed).write(to: URL(fileURLWithPath: path))
      #expect(throws: DomainError.self) { try DeviceFile(path, shownAs: "d") }
      try Data(whole.prefix(place)).write(to: URL(fileURLWithPath: path))
      #expect(throws: DomainError.self) { try DeviceFile(path, shownAs: "d") }
    }
    try Data(whole + [0]).write(to: URL(fileURLWithPath: path))
    #expect(throws: DomainError.self) { try DeviceFile(path, shownAs: "d") }
  }

  /// A right checksum over parts that do not fit.
  @Test func partsMustFitEachOther() throws {
    for (offsets, members) in [
      ([0, 2, 1, 4], [0, 1, 2, 3]), ([0, 2], [0, 1, 2]), ([0, 1], [9]), ([0, 1], [-1]), ([0], []),
      ([1, 1], [0]), ([-1, 1], [0]),
    ] as [([Int64], [Int32])] {
      var file = DeviceFile()
      file.add("offsets", offsets)
      file.add("members", members)
      file.add("forgotten", [Int64]())
      #expect(throws: DomainError.self) { try DeviceSet(file, source: points(4)) }
    }
  }
}

/// Forgets device 1 when the first round is summed.
private struct ForgettingStrategy: Strategy, @unchecked Sendable {
  let devices: DeviceSet
  let plain = FedAvg()
  var name: String { "forgetting" }
  var fingerprint: String { "forgetting" }
  func client(_ client: ClientWork) throws -> ClientUpdate { try plain.client(client) }
  func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    if server.round == 0 { try devices.forget(.number(1)) }
    try plain.aggregate(sum, &server)
  }
}
