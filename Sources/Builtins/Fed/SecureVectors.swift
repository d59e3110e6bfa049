import Federated
import Foundations
import Runtime
import Synchronization
import Tensors

/// Vectors of clients, all of whole numbers or not.
struct SecureVectors {
  private enum Numbers {
    case whole([[Int]])
    case real([[Double]])
  }
  private let numbers: Numbers
  private let shape: Shape
  let count: Int

  /// - Throws: `type` for what holds no numbers, `shape` where they are not of one shape.
  init(_ values: [Value], _ vm: VM) throws {
    count = values.count
    let whole = try values.map { try Self.whole($0, vm) }
    if whole.allSatisfy({ $0 != nil }) {
      numbers = .whole(whole.compactMap { $0?.values })
      shape = try Self.common(whole.compactMap { $0?.shape })
      return
    }
    let vectors = try values.enumerated().map { place, value in
      guard let vector = try NumberVector.decode(value, vm) else {
        throw Fault(
          .type,
          "client \(place) has \(Representation.described(value)), not a list of numbers or a tensor"
        ).atArgument(0)
      }
      return vector
    }
    numbers = .real(vectors.map(\.values))
    shape = try Self.common(
      vectors.map { vector in
        if case .tensor(let shape, _) = vector.form { shape } else { [vector.values.count] }
      })
  }

  private static func whole(_ value: Value, _ vm: VM) throws -> (values: [Int], shape: Shape)? {
    if value.typeName == Tensor.typeName, let tensor = try Tensor.decode(value, vm) {
      guard tensor.dtype == .i64 else { return nil }
      return (try tensor.contiguous().array(Int64.self).map(Int.init), tensor.shape)
    }
    return try [Int].attempt(value, vm).map { ($0, [$0.count]) }
  }

  private static func common(_ shapes: [Shape]) throws -> Shape {
    guard let first = shapes.first, let other = shapes.first(where: { $0 != first }) else {
      return shapes.first ?? [0]
    }
    throw Fault(
      .shape, "clients' vectors must be of one shape, but there are \(first) and \(other)"
    ).atArgument(0)
  }

  func summed(
    by sum: SecureSum, clip: Double?, _ dropouts: SecureSum.Dropouts
  ) throws -> Record {
    let start = ContinuousClock.now
    let outcome: SecureSum.Outcome
    let total: Tensor
    let saturated = Mutex(0)
    switch numbers {
    case .whole(let vectors):
      let point = try FixedPoint(wholeNumbersModulo: sum.modulus, clients: count)
      outcome = try sum.run(length: shape.count, dropouts: dropouts) { client in
        try vectors[client].map { try point.encode(whole: $0) }
      }
      total = try Tensor(ints: outcome.sum.map(point.whole), shape: shape)
    case .real(let vectors):
      let largest = vectors.joined().reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
      let point = try FixedPoint(
        modulus: sum.modulus, clients: count, clip: clip ?? (largest > 0 ? largest : 1),
        weight: Double(count))
      outcome = try sum.run(length: shape.count, dropouts: dropouts) { client in
        var beyond = 0
        let encoded = try vectors[client].map { try point.encode($0, saturated: &beyond) }
        saturated.withLock { $0 += beyond }
        return encoded
      }
      total = try Tensor(outcome.sum.map(point.decode), shape: shape)
    }
    let cost = outcome.cost
    let seconds = ContinuousClock.now - start
    return Record([
      ("sum", total), ("survivors", outcome.survivors),
      ("bytes", cost.bytesUp + cost.bytesDown),
      (
        "seconds",
        Double(seconds.components.seconds) + Double(seconds.components.attoseconds) * 1e-18
      ), ("bytes_up", cost.bytesUp), ("bytes_down", cost.bytesDown),
      ("client_seconds", cost.clientSeconds / Double(count)),
      ("server_seconds", cost.serverSeconds), ("saturated", saturated.withLock { $0 }),
    ])
  }
}
