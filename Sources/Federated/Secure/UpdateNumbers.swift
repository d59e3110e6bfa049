import Foundations
import Learning
import Synchronization
import Tensors

/// The numbers of an update as one vector and back.
enum UpdateNumbers {
  static func count(_ update: ClientUpdate) -> Int {
    update.vectors.reduce(update.numbers.count) { $0 + $1.count }
  }

  static func flattened(_ update: ClientUpdate) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(count(update))
    for vector in update.vectors {
      let tensor = vector.tensor
      let numbers = UnsafeBufferPointer(start: tensor.floats, count: vector.count)
      withExtendedLifetime(tensor) { result.append(contentsOf: numbers.lazy.map(Double.init)) }
    }
    return result + update.numbers
  }

  /// - Parameter numbers: as many as `update` has.
  static func sum(_ numbers: [Double], like update: ClientUpdate) throws -> RoundSum {
    var start = 0
    let vectors = try update.vectors.map { other in
      let vector = try ParameterVector(zerosLike: other)
      // Nobody else holds the new vector's numbers.
      let tensor = vector.tensor
      let floats = tensor.floats
      withExtendedLifetime(tensor) {
        for i in 0..<vector.count { floats[i] = Float(numbers[start + i]) }
      }
      start += vector.count
      return vector
    }
    return RoundSum(
      vectors: vectors, numbers: Array(numbers[start...]), clients: 0, examples: 0)
  }
}

/// Counts over threads.
final class SaturationCount: Sendable {
  private let count = Mutex(0)
  func add(_ more: Int) { count.withLock { $0 += more } }
  var value: Int { count.withLock { $0 } }
}
