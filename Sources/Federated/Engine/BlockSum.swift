import Foundations
import Learning
import Tensors

/// The weighted sum of some clients' updates, one after the other, in memory that serves round after round.
struct BlockSum {
  private(set) var vectors: [ParameterVector] = []
  private(set) var numbers: [Double] = []
  /// Σ of the weights' numerators: examples, or clients.
  private(set) var clients = 0
  private(set) var examples = 0

  /// Forgets the last round's sum and keeps its memory.
  mutating func begin() {
    clients = 0
    examples = 0
  }

  /// - Parameter weight: what the update is multiplied with.
  /// - Throws: `shape` where the update is not like those before it.
  mutating func add(_ update: ClientUpdate, weight: Double) throws {
    if clients == 0 {
      try start(with: update, Float(weight))
    } else {
      // Before anything is added: who does not fit leaves the sum as it is.
      try requireAlike(update.vectors.map(\.shapes), update.numbers.count)
      for index in vectors.indices {
        try vectors[index].add(update.vectors[index], times: Float(weight))
      }
    }
    for index in numbers.indices { numbers[index] += weight * update.numbers[index] }
    clients += 1
    examples += update.examples
  }

  /// Adds what other blocks summed, one after the other.
  mutating func add(_ others: [BlockSum]) throws {
    let others = others.filter { $0.clients > 0 }
    for other in others {
      try requireAlike(other.vectors.map(\.shapes), other.numbers.count)
      for index in numbers.indices { numbers[index] += other.numbers[index] }
      clients += other.clients
      examples += other.examples
    }
    for index in vectors.indices { try vectors[index].add(others.map { $0.vectors[index] }) }
  }

  mutating func scale(by factor: Double) throws {
    for index in vectors.indices { try vectors[index].scale(by: Float(factor)) }
    for index in numbers.indices { numbers[index] *= factor }
  }

  private mutating func start(with update: ClientUpdate, _ weight: Float) throws {
    let isReused =
      vectors.count == update.vectors.count
      && zip(vectors, update.vectors).allSatisfy { $0.shapes == $1.shapes }
    if !isReused { vectors = update.vectors }
    for index in vectors.indices {
      try vectors[index].set(to: update.vectors[index], times: weight)
    }
    numbers = [Double](repeating: 0, count: update.numbers.count)
  }

  private func requireAlike(_ shapes: [[Shape]], _ numberCount: Int) throws {
    guard shapes.count == vectors.count, numberCount == numbers.count else {
      throw DomainError(
        .shape,
        "clients of one round send alike updates: one sends \(shapes.count) vectors and \(numberCount) numbers, those before it \(vectors.count) and \(numbers.count)"
      )
    }
    guard zip(shapes, vectors).allSatisfy({ $0 == $1.shapes }) else {
      throw DomainError(
        .shape, "clients of one round send alike updates: one sends a vector of other shapes")
    }
  }
}
