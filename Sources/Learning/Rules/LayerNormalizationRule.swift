import CKernels
import Foundations
import Tensors

/// Gradients of a layer normalisation. Per example they are two rows, so that a rule that has to wait makes them and
/// lets go of the inputs and output gradients that they come from (Lee and Kifer 2021, arXiv 2009.03106).
final class LayerNormalizationRule: RangedGradientRule {
  let parameters: [Parameter]
  let exampleCount: Int
  private let time: Int
  private let width: Int
  private var source: Source

  private enum Source {
    /// Inputs and output gradients [examples, time, width], means and reciprocal deviations [examples, time].
    case rows(x: Tensor, mean: Tensor, deviation: Tensor, g: Tensor)
    /// Of weight and bias, [examples, width] each.
    case gradients([Tensor])
  }

  init(
    weight: Parameter, bias: Parameter, x: Tensor, mean: Tensor, deviation: Tensor, g: Tensor
  ) {
    parameters = [weight, bias]
    width = weight.count
    exampleCount = g.rank > 1 ? g.shape[0] : 1
    time = g.count / max(1, exampleCount * width)
    source = .rows(x: x, mean: mean, deviation: deviation, g: g)
  }

  func compact() throws {
    if time > 2 { source = .gradients(try gradients()) }
  }

  private func gradients() throws -> [Tensor] {
    guard case .rows(let x, let mean, let deviation, let g) = source else {
      if case .gradients(let made) = source { return made }
      return []
    }
    let (time, width) = (time, width)
    let made = try (0..<2).map { _ in try Tensor.zeros([exampleCount, width]) }
    withExtendedLifetime((x, mean, deviation, g, made)) {
      let (x, mean, deviation, g) = (x.floats, mean.floats, deviation.floats, g.floats)
      let (weight, bias) = (made[0].floats, made[1].floats)
      Parallel.blocks(exampleCount, size: ExampleBlocks.size(time: time, width: width)) {
        for example in $0 {
          let first = example * time
          fl_layernorm_parameters_f32(
            time, width, g + first * width, x + first * width, mean + first, deviation + first, nil,
            weight + example * width, bias + example * width)
        }
      }
    }
    return made
  }

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    let width = self.width
    let indices = parameters.map { $0.requiresGradient ? sink.index(of: $0) : nil }
    guard indices.contains(where: { $0 != nil }) else { return }
    switch source {
    case .gradients(let made):
      for (gradient, index) in zip(made, indices) {
        guard let index else { continue }
        let (target, accumulate) = try sink.target(index)
        ColumnSums.compute(
          gradient.floats + examples.lowerBound * width, rows: examples.count, columns: width,
          weights: weights.map { $0 + examples.lowerBound }, accumulate: accumulate, target)
      }
      withExtendedLifetime(made) {}
    case .rows(let x, let mean, let deviation, let g):
      let first = examples.lowerBound * time
      let rowWeights = try weights.map {
        try ExampleWeights.repeated($0 + examples.lowerBound, examples: examples.count, times: time)
      }
      let targets = try indices.map { try $0.map { try sink.zeroedTarget($0) } }
      let rows = examples.count * time
      // A fixed number of rows, at most 64 blocks of them: each is summed by itself, then the sums in order.
      let size = max(RowBlocks.size(width: width), (rows + 63) / 64)
      let blocks = (rows + size - 1) / size
      let parts = blocks > 1 ? try Tensor.zeros([blocks, 2, width]) : nil
      withExtendedLifetime((x, mean, deviation, g, rowWeights, parts)) {
        Parallel.blocks(rows, size: size) { block in
          let row = first + block.lowerBound
          let part = parts.map { $0.floats + block.lowerBound / size * 2 * width }
          fl_layernorm_parameters_f32(
            block.count, width, g.floats + row * width, x.floats + row * width, mean.floats + row,
            deviation.floats + row, rowWeights.map { $0.floats + block.lowerBound },
            part ?? targets[0], part.map { $0 + width } ?? targets[1])
        }
        guard let parts else { return }
        for block in 0..<blocks {
          for (index, target) in targets.enumerated() {
            guard let target else { continue }
            fl_axpy_f32(width, 1, parts.floats + (2 * block + index) * width, target)
          }
        }
      }
    }
  }

  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? {
    guard case .gradients(let made) = source else { return nil }
    let sum = try Tensor.uninitialized([max(1, width)])
    return withExtendedLifetime((made, sum)) {
      ranges.map { range in
        guard !range.isEmpty else { return 0 }
        var total = 0.0
        for (parameter, gradient) in zip(parameters, made) where parameter.requiresGradient {
          ColumnSums.compute(
            gradient.floats + range.lowerBound * width, rows: range.count, columns: width,
            weights: nil, accumulate: false, sum.floats)
          total += fl_sumsq_fast_f32(width, sum.floats)
        }
        return total
      }
    }
  }

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    guard case .rows(let x, let mean, let deviation, let g) = source,
      parameters.allSatisfy(\.requiresGradient)
    else {
      for index in 0..<2 where parameters[index].requiresGradient {
        try addSquaredNorms(ofParameter: index, to: norms)
      }
      return
    }
    let (time, width) = (time, width)
    withExtendedLifetime((x, mean, deviation, g)) {
      Parallel.blocks(exampleCount, size: ExampleBlocks.size(time: time, width: width)) {
        let first = $0.lowerBound * time
        fl_layernorm_example_norms_f32(
          $0.count, time, width, g.floats + first * width, x.floats + first * width,
          mean.floats + first, deviation.floats + first, norms + $0.lowerBound)
      }
    }
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    let gradients = try perExample(index)
    withExtendedLifetime(gradients) {
      for example in 0..<exampleCount {
        norms[example] += Float(fl_sumsq_f32(width, gradients.floats + example * width))
      }
    }
  }

  func perExample(_ index: Int) throws -> Tensor { try gradients()[index] }
}
