import Federated

/// A secure sum (SecAgg) of 100 clients with 100,000 numbers each, of whom 10 are lost after they shared their secrets:
/// all messages of clients and server.
final class SecureSumWork: Workload {
  private static let length = 100_000
  private let sum: SecureSum
  private let dropouts: SecureSum.Dropouts
  private var last = 0.0

  init() throws {
    sum = try SecureSum(clients: 100, threshold: 67)
    var dropouts = SecureSum.Dropouts()
    dropouts.upload = Set(0..<10)
    self.dropouts = dropouts
  }

  var facts: [(name: String, value: Double)] {
    [("clients", Double(sum.clients)), ("numbers", Double(SecureSumWork.length))]
  }

  var check: Double { last }

  func run(_ count: Int) throws -> [Double] {
    try (0..<count).map { _ in
      let start = monotonicSeconds()
      let outcome = try sum.run(length: SecureSumWork.length, dropouts: dropouts) { client in
        (0..<SecureSumWork.length).map { UInt32(($0 * 31 + client) & 0xFFFF) }
      }
      last = Double(outcome.sum[0])
      return monotonicSeconds() - start
    }
  }
}
