import CKernels
import Foundations
import Tensors

/// Gradients of a linear layer from its inputs a [examples, time, inputs] and output gradients g [examples, time,
/// outputs]. Norms of single examples need no gradients of theirs: Goodfellow 2015 (arXiv 1510.01799), for sequences by
/// Gram matrices Li et al. 2022 (arXiv 2110.05679, section 4).
final class LinearRule: RangedGradientRule {
  let weight: Parameter
  let bias: Parameter?
  let parameters: [Parameter]
  let exampleCount: Int
  private let time: Int
  private let inputs: Int
  private let outputs: Int
  private let a: Tensor
  private let g: Tensor

  /// Inputs and output gradients.
  var factors: (inputs: Tensor, gradient: Tensor) { (a, g) }

  init(weight: Parameter, bias: Parameter?, a: Tensor, g: Tensor) {
    self.weight = weight
    self.bias = bias
    parameters = [weight] + (bias.map { [$0] } ?? [])
    inputs = weight.shape[1]
    outputs = weight.shape[0]
    exampleCount = g.rank > 1 ? g.shape[0] : 1
    time = g.count / max(1, exampleCount * outputs)
    self.a = a
    self.g = g
  }

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    let rows = examples.count * time
    let weightIndex = weight.requiresGradient ? sink.index(of: weight) : nil
    let biasIndex = bias.flatMap { $0.requiresGradient ? sink.index(of: $0) : nil }
    guard weightIndex != nil || biasIndex != nil else { return }
    var left = g.floats + examples.lowerBound * time * outputs
    var right = a.floats + examples.lowerBound * time * inputs
    var rowWeights: Tensor?
    var scaled: Tensor?
    if let weights {
      // Σ wᵢ gᵢᵀaᵢ: the narrower of the two factors takes the weights.
      if outputs <= inputs || weightIndex == nil {
        let copy = try ExampleWeights.scaled(
          left, weights + examples.lowerBound, examples: examples.count, width: time * outputs)
        left = copy.floats
        scaled = copy
      } else {
        let copy = try ExampleWeights.scaled(
          right, weights + examples.lowerBound, examples: examples.count, width: time * inputs)
        right = copy.floats
        scaled = copy
        if biasIndex != nil {
          rowWeights = try ExampleWeights.repeated(
            weights + examples.lowerBound, examples: examples.count, times: time)
        }
      }
    }
    try withExtendedLifetime((a, g, scaled, rowWeights)) {
      if let weightIndex {
        let (target, accumulate) = try sink.target(weightIndex)
        Matmul.gemm(
          transposeA: true, m: outputs, n: inputs, k: rows, left, outputs, right, inputs,
          beta: accumulate ? 1 : 0, target, inputs)
      }
      if let biasIndex {
        let (target, accumulate) = try sink.target(biasIndex)
        ColumnSums.compute(
          left, rows: rows, columns: outputs, weights: rowWeights?.floats, accumulate: accumulate,
          target)
      }
    }
  }

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    JointNorms.add(
      weight.requiresGradient ? [a] : [], biases: bias.map(\.requiresGradient) == true ? 1 : 0, g,
      RowLayout(examples: exampleCount, time: time), to: norms)
  }

  var heldCount: Int? { a.count + g.count }

  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? {
    JointNorms.ofRanges(
      ranges, weight.requiresGradient ? [a] : [],
      biases: bias.map(\.requiresGradient) == true ? 1 : 0, g,
      RowLayout(examples: exampleCount, time: time))
  }

  /// The squared norms of the sums over ranges by Gram matrices, whatever they cost.
  func gramNorms(of ranges: [Range<Int>]) -> [Double] {
    JointNorms.byGramMatrices(
      ranges, weight.requiresGradient ? [a] : [],
      biases: bias.map(\.requiresGradient) == true ? 1 : 0, g,
      RowLayout(examples: exampleCount, time: time))
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    let (time, inputs, outputs) = (time, inputs, outputs)
    withExtendedLifetime((a, g)) {
      let (a, g) = (a.floats, g.floats)
      Parallel.blocks(exampleCount, size: ExampleBlocks.size(time: time, width: inputs + outputs)) {
        let rows = $0.lowerBound * time
        if index == 0 {
          fl_linear_example_norms_f32(
            $0.count, time, inputs, outputs, a + rows * inputs, g + rows * outputs,
            norms + $0.lowerBound)
        } else {
          fl_bias_example_norms_f32(
            $0.count, time, outputs, g + rows * outputs, norms + $0.lowerBound)
        }
      }
    }
  }

  func perExample(_ index: Int) throws -> Tensor {
    try withExtendedLifetime((a, g)) {
      if index == 0 {
        let result = try Tensor.uninitialized([exampleCount, outputs, inputs])
        Matmul.batched(
          exampleCount, transposeA: true, m: outputs, n: inputs, k: time, g.floats, outputs,
          strideA: time * outputs, a.floats, inputs, strideB: time * inputs, result.floats, inputs,
          strideC: outputs * inputs)
        return result
      }
      let result = try Tensor.uninitialized([exampleCount, outputs])
      for example in 0..<exampleCount {
        fl_sum_columns_f32(
          time, outputs, g.floats + example * time * outputs, outputs, nil, 0,
          result.floats + example * outputs)
      }
      return result
    }
  }
}
