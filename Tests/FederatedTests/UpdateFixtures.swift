import Foundation
import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

/// What tests of protection make updates of.
enum Fixture {
  static func vector(_ values: [Float]) throws -> ParameterVector {
    try ParameterVector(Tensor(values), shapes: [[values.count]])
  }

  static func update(_ vectors: [Float]..., examples: Int = 1, numbers: [Double] = []) throws
    -> ClientUpdate
  {
    try ClientUpdate(
      vectors: vectors.map(vector), numbers: numbers, examples: examples, steps: 1, loss: 1)
  }

  static func server(_ count: Int, devices: Int = 10, rounds: Int = 5) throws -> ServerState {
    ServerState(
      model: try vector([Float](repeating: 0, count: count)), devices: devices, rounds: rounds)
  }

  static func sender(
    _ device: Int = 0, round: Int = 0, state: [String: ParameterVector] = [:],
    key: RandomKey = RandomKey(seed: 1)
  ) -> Sender {
    Sender(
      device: device, key: .number(device), round: round,
      random: key.derived("round", round).derived("client", device), state: state)
  }

  static func numbers(_ vector: ParameterVector) throws -> [Float] {
    try vector.tensor.array(Float.self)
  }

  static func combine(
    _ combiner: any Combiner, _ updates: [ClientUpdate], weights: [Double]? = nil
  ) throws -> [Float] {
    var server = try server(updates.first?.vectors.first?.count ?? 1)
    let equal = [Double](repeating: 1 / Double(max(1, updates.count)), count: updates.count)
    let sum = try combiner.combine(
      updates, weights: weights ?? equal, devices: Array(updates.indices), server: &server,
      random: RandomKey(seed: 3))
    return try numbers(sum.vectors[0])
  }

  static func failure(_ body: () throws -> Void) -> DomainError? {
    do {
      try body()
      return nil
    } catch {
      return error as? DomainError
    }
  }

  /// Rows of a file of Oracles, split at commas.
  static func oracle(_ name: String) throws -> [[String]] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Oracles/\(name).csv")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst()
      .map { $0.split(separator: ",").map(String.init) }
  }

  static func isClose(_ a: [Float], _ b: [Double], _ tolerance: Double) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy { abs(Double($0) - $1) <= tolerance * max(1, abs($1)) }
  }
}
