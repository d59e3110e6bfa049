import Foundations
import Learning
import Tensors

/// QSGD (Alistarh, Grubic, Li, Tomioka, Vojnović 2017, arXiv 1610.02132, section 3.1): each number becomes one of
/// `levels` parts of the vector's norm with its sign, the part below or above at random, so that it is right on
/// average. Sent are the norm in 32 bits and each number in ⌈log₂(2·levels + 1)⌉ bits, a fixed length in place of the
/// paper's Elias code.
struct QSGD: Compressor {
  let levels: Int

  /// - Throws: `value` where there are no levels or more than 2¹⁵.
  init(levels: Int) throws {
    guard levels >= 1, levels <= 1 << 15 else {
      throw DomainError(.value, "QSGD has from 1 to 32768 levels, got \(levels)")
    }
    self.levels = levels
  }

  var fingerprint: String { "qsgd \(levels)" }

  func compress(_ vector: ParameterVector, key: RandomKey) throws -> (
    sent: ParameterVector, bits: Int
  ) {
    let exact = vector.squaredNorm.squareRoot()
    // The norm is sent as f32, and no number is to be above it.
    let norm = Double(Float(exact)) < exact ? Float(exact).nextUp : Float(exact)
    guard norm.isFinite else {
      throw DomainError(.value, "the norm of an update, \(exact), is more than 32 bits can carry")
    }
    let tensor = vector.tensor
    let result = try Tensor.zeros([vector.count])
    if norm > 0 {
      let (from, to) = (tensor.floats, result.floats)
      Parallel.blocks(vector.count, size: ParameterVector.block) { block in
        var stream = key.derived(block.lowerBound).stream
        for index in block {
          let part = Double(levels) * Double(from[index].magnitude) / Double(norm)
          let below = part.rounded(.down)
          let level = below + (stream.uniform() < part - below ? 1 : 0)
          let size = Float(Double(norm) * level / Double(levels))
          to[index] = from[index] < 0 ? -size : size
        }
      }
      withExtendedLifetime(tensor) {}
    }
    let bits = 32 + vector.count * (2 * levels + 1).bitsToTellApart
    return (try ParameterVector(result, shapes: vector.shapes), bits)
  }
}

/// Signs alone, all of the vector's mean size (Karimireddy, Rebjock, Stich, Jaggi 2019, arXiv 1901.09847, section 4).
/// Sent are the mean size in 32 bits and one bit a number, 0 counting as positive.
struct SignCompressor: Compressor {
  var fingerprint: String { "sign" }

  func compress(_ vector: ParameterVector, key: RandomKey) throws -> (
    sent: ParameterVector, bits: Int
  ) {
    let tensor = vector.tensor
    let result = try Tensor.uninitialized([vector.count])
    let (from, to) = (tensor.floats, result.floats)
    let size = Float(vector.absoluteSum / Double(max(1, vector.count)))
    Parallel.blocks(vector.count, size: ParameterVector.block) { block in
      for index in block { to[index] = from[index] < 0 ? -size : size }
    }
    withExtendedLifetime(tensor) {}
    return (try ParameterVector(result, shapes: vector.shapes), 32 + vector.count)
  }
}
