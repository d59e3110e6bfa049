import CKernels
import Foundations
import Learning
import Tensors

/// All numbers of an update's vectors, one after the other in pieces: what norms, distances and compression need.
extension ClientUpdate {
  /// The L2 norm of all vectors together, in sums of 64 bits; nan or infinite where a number is.
  var norm: Double {
    vectors.reduce(0) { $0 + $1.squaredNorm }.squareRoot()
  }

  var isFinite: Bool { norm.isFinite && numbers.allSatisfy(\.isFinite) }

  /// How many numbers the vectors have together.
  var width: Int { vectors.reduce(0) { $0 + $1.count } }

  /// - Throws: `shape` where the updates of a round are not of the same vectors and numbers.
  static func requireAlike(_ updates: [ClientUpdate]) throws {
    guard let first = updates.first else { return }
    for update in updates {
      guard update.numbers.count == first.numbers.count,
        update.vectors.map(\.shapes) == first.vectors.map(\.shapes)
      else {
        throw DomainError(
          .shape,
          "the updates of a round differ: \(first.width) numbers in \(first.vectors.count) vectors and \(update.width) in \(update.vectors.count)"
        )
      }
    }
  }
}

extension ParameterVector {
  /// Elements of a block: sums over a vector are made of sums over blocks, in their order.
  static let block = 1 << 14

  /// Σx², in sums of 64 bits.
  var squaredNorm: Double {
    blockSum { fl_sumsq_f32($0.count, $1 + $0.lowerBound) }
  }

  /// Σ|x|, in sums of 64 bits.
  var absoluteSum: Double {
    blockSum { fl_sumabs_f32($0.count, $1 + $0.lowerBound) }
  }

  /// Σ(x - y)², in sums of 64 bits. `other` must be as long.
  func squaredDistance(to other: ParameterVector) -> Double {
    let tensor = other.tensor
    return withExtendedLifetime(tensor) {
      let to = tensor.floats
      return blockSum { block, from in
        var lanes = SIMD8<Double>()
        var index = block.lowerBound
        while index + 8 <= block.upperBound {
          let a = UnsafeRawPointer(from + index).loadUnaligned(as: SIMD8<Float>.self)
          let b = UnsafeRawPointer(to + index).loadUnaligned(as: SIMD8<Float>.self)
          let difference = SIMD8<Double>(a) - SIMD8<Double>(b)
          lanes += difference * difference
          index += 8
        }
        var sum = lanes.sum()
        while index < block.upperBound {
          let difference = Double(from[index]) - Double(to[index])
          sum += difference * difference
          index += 1
        }
        return sum
      }
    }
  }

  private func blockSum(_ ofBlock: (Range<Int>, UnsafePointer<Float>) -> Double) -> Double {
    let tensor = tensor
    return withExtendedLifetime(tensor) {
      let from = UnsafePointer(tensor.floats)
      guard count > Self.block else { return ofBlock(0..<count, from) }
      let blocks = (count + Self.block - 1) / Self.block
      return withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { parts in
        Parallel.blocks(count, size: Self.block) {
          parts[$0.lowerBound / Self.block] = ofBlock($0, from)
        }
        return parts.reduce(0, +)
      }
    }
  }

  /// Σ weight·vector over vectors of the same length, in sums of 64 bits.
  static func sum(of vectors: [ParameterVector], _ weights: [Double], length: Int) -> [Double] {
    let tensors = vectors.map(\.tensor)
    return withExtendedLifetime(tensors) {
      let pointers = tensors.map { UnsafePointer($0.floats) }
      return [Double](unsafeUninitializedCapacity: length) { sum, count in
        nonisolated(unsafe) let sum = sum
        Parallel.blocks(length, size: block) { block in
          guard let to = sum.baseAddress.map({ $0 + block.lowerBound }) else { return }
          to.initialize(repeating: 0, count: block.count)
          for (index, pointer) in pointers.enumerated() where weights[index] != 0 {
            fl_accumulate_f64(block.count, weights[index], pointer + block.lowerBound, to)
          }
        }
        count = length
      }
    }
  }

  /// The same parameters with `numbers`, rounded to f32.
  init(like other: ParameterVector, rounding numbers: ArraySlice<Double>) throws {
    let tensor = try Tensor.uninitialized([other.count])
    let to = tensor.floats
    numbers.withUnsafeBufferPointer { from in
      guard let from = from.baseAddress else { return }
      Parallel.blocks(other.count, size: Self.block) {
        fl_convert_f64_f32($0.count, from + $0.lowerBound, to + $0.lowerBound)
      }
    }
    try self.init(tensor, shapes: other.shapes)
  }
}
