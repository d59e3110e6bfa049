import CKernels
import Foundations
import Tensors

/// Gradients of a convolution from its input and its output gradients g [images, out height, out width, outputs]. Norms
/// come from Gram matrices where windows are few and kernels large, from the gradients themselves otherwise; those are
/// kept for the weighted sum where they are small beside the activations (mixed ghost clipping, Bu et al. 2022, arXiv
/// 2205.10683).
final class ConvolutionRule: RangedGradientRule {
  let parameters: [Parameter]
  let exampleCount: Int
  private let weight: Parameter
  private let bias: Parameter?
  private let pass: ConvolutionPass
  private let g: Tensor
  /// Each example's gradient of the kernels, [examples, outputs, reach], where it was kept.
  private var kept: Tensor?
  /// Each example's gradient of the bias, [examples, outputs], where its norm was wanted by itself.
  private var keptBias: Tensor?

  init(weight: Parameter, bias: Parameter?, pass: ConvolutionPass, g: Tensor) {
    self.weight = weight
    self.bias = bias
    parameters = [weight] + (bias.map { [$0] } ?? [])
    self.pass = pass
    self.g = g
    exampleCount = pass.exampleCount
  }

  /// Windows of one example.
  private var time: Int { pass.window.places * pass.imagesPerExample }
  private var outputs: Int { pass.outputs }

  /// How norms are found.
  private enum NormMethod { case ghost, keep, make }

  /// By the multiplications that each costs beside the weighted sum, which only `keep` saves; writing, squaring and
  /// reading a kept number costs about thirty.
  private var normMethod: NormMethod {
    let (reach, outputs) = (pass.reach, outputs)
    let size = Double(reach * outputs)
    let ghost = Double(time) * Double(time) / 2 * Double(reach + outputs)
    let make = Double(time) * size
    let activations = pass.x.count / max(1, exampleCount) + time * outputs
    let keep = pass.gradientSize <= activations ? 30 * size : .infinity
    let canGhost = pass.groups == 1 && time * reach <= 1 << 20
    if canGhost, ghost <= min(make, keep) { return .ghost }
    return keep <= make ? .keep : .make
  }

  // MARK: Sums

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    let weightIndex = weight.requiresGradient ? sink.index(of: weight) : nil
    let biasIndex = bias.flatMap { $0.requiresGradient ? sink.index(of: $0) : nil }
    guard weightIndex != nil || biasIndex != nil, !examples.isEmpty else { return }
    let first = examples.lowerBound * time * outputs
    var scaled: Tensor?
    var from = g.floats + first
    if let weights, kept == nil || (biasIndex != nil && keptBias == nil) {
      let copy = try ExampleWeights.scaled(
        from, weights + examples.lowerBound, examples: examples.count, width: time * outputs)
      scaled = copy
      from = copy.floats
    }
    if let biasIndex {
      let (target, accumulate) = try sink.target(biasIndex)
      if let keptBias {
        ColumnSums.compute(
          keptBias.floats + examples.lowerBound * outputs, rows: examples.count, columns: outputs,
          weights: weights.map { $0 + examples.lowerBound }, accumulate: accumulate, target)
      } else {
        try sumRows(from, rows: examples.count * time, accumulate: accumulate, target)
      }
    }
    if let weightIndex {
      let sum: Tensor
      if let kept {
        sum = try sumKept(kept, weights, examples)
      } else {
        // The pass counts from the first image of all.
        sum = try self.sum(UnsafePointer(from) - first, examples)
      }
      let (target, accumulate) = try sink.target(weightIndex)
      pass.writeWeight(sum.floats, target, accumulate: accumulate)
      withExtendedLifetime(sum) {}
    }
    withExtendedLifetime((g, scaled, keptBias)) {}
  }

  /// Parts that a sum is made in, at most; each is one task, and they are added up in order.
  private static let parts = 16

  /// Σ over examples of g's kernel gradients, [outputs, reach].
  private func sum(_ g: UnsafePointer<Float>, _ examples: Range<Int>) throws -> Tensor {
    let atATime = pass.examplesAtATime
    let blocks = (examples.count + atATime - 1) / atATime
    let size = (blocks + ConvolutionRule.parts - 1) / ConvolutionRule.parts * atATime
    let parts = (examples.count + size - 1) / size
    let partials = try Tensor.uninitialized([parts, pass.gradientSize])
    try inParallel(examples.count, size: size, scratch: pass.gradientScratch) { block, scratch in
      let range =
        examples.lowerBound + block.lowerBound..<examples.lowerBound + block.upperBound
      pass.kernelGradient(
        g, pass.images(of: range), scratch: scratch,
        partials.floats + block.lowerBound / size * pass.gradientSize)
    }
    guard parts > 1 else { return partials }
    let result = try Tensor.uninitialized([pass.gradientSize])
    ColumnSums.compute(
      partials.floats, rows: parts, columns: pass.gradientSize, weights: nil, accumulate: false,
      result.floats)
    return withExtendedLifetime(partials) { result }
  }

  private func sumKept(
    _ kept: Tensor, _ weights: UnsafePointer<Float>?, _ examples: Range<Int>
  ) throws -> Tensor {
    let result = try Tensor.uninitialized([pass.gradientSize])
    ColumnSums.compute(
      kept.floats + examples.lowerBound * pass.gradientSize, rows: examples.count,
      columns: pass.gradientSize, weights: weights.map { $0 + examples.lowerBound },
      accumulate: false, result.floats)
    return withExtendedLifetime(kept) { result }
  }

  /// Sums over the rows of [rows, outputs], in parts that are added up in order.
  private func sumRows(
    _ from: UnsafePointer<Float>, rows: Int, accumulate: Bool,
    _ target: UnsafeMutablePointer<Float>
  ) throws {
    let outputs = outputs
    let size = max(1 << 16 / max(1, outputs), (rows + 63) / 64)
    let parts = (rows + size - 1) / size
    let partials = try Tensor.uninitialized([parts, outputs])
    Parallel.blocks(rows, size: size) { block in
      fl_sum_columns_f32(
        block.count, outputs, from + block.lowerBound * outputs, outputs, nil, 0,
        partials.floats + block.lowerBound / size * outputs)
    }
    fl_sum_columns_f32(
      parts, outputs, partials.floats, outputs, nil, accumulate ? 1 : 0, target)
    withExtendedLifetime(partials) {}
  }

  /// A range of examples has more windows than kernels have numbers: its sum is made.
  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? { nil }

  // MARK: Norms

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    let wantsBias = bias.map(\.requiresGradient) == true
    guard weight.requiresGradient else {
      if wantsBias { try addBiasNorms(to: norms) }
      return
    }
    try addWeightNorms(biases: wantsBias ? 1 : 0, to: norms)
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    if index == 0 {
      try addWeightNorms(biases: 0, to: norms)
    } else {
      try addBiasNorms(to: norms)
    }
  }

  private func addWeightNorms(biases: Int, to norms: UnsafeMutablePointer<Float>) throws {
    let g = UnsafePointer(g.floats)
    let atATime = pass.examplesAtATime
    switch normMethod {
    case .ghost:
      try inParallel(exampleCount, size: atATime, scratch: time * pass.reach) { examples, scratch in
        pass.addGhostNorms(g, examples, biases: biases, scratch: scratch, to: norms)
      }
    case .keep:
      if let kept {
        for example in 0..<exampleCount { addSquares(of: kept, example, to: norms) }
      } else {
        let made = try Tensor.uninitialized([exampleCount, pass.gradientSize])
        try make(into: made)
        Parallel.blocks(exampleCount, size: atATime) { examples in
          for example in examples { addSquares(of: made, example, to: norms) }
        }
        kept = made
      }
      if biases > 0 { try addBiasNorms(to: norms) }
    case .make:
      let (size, scratchSize) = (pass.gradientSize, pass.gradientScratch)
      try inParallel(exampleCount, size: atATime, scratch: scratchSize + size) {
        examples, scratch in
        for example in examples {
          pass.kernelGradient(
            g, pass.images(of: example..<(example + 1)), scratch: scratch, scratch + scratchSize)
          norms[example] += Float(fl_sumsq_fast_f32(size, scratch + scratchSize))
        }
      }
      if biases > 0 { try addBiasNorms(to: norms) }
    }
    withExtendedLifetime(self.g) {}
  }

  private func addSquares(
    of gradients: Tensor, _ example: Int, to norms: UnsafeMutablePointer<Float>
  ) {
    norms[example] += Float(
      fl_sumsq_fast_f32(pass.gradientSize, gradients.floats + example * pass.gradientSize))
  }

  /// Each example's gradient of the kernels, [examples, outputs, reach].
  private func make(into result: Tensor) throws {
    let size = pass.gradientSize
    try inParallel(exampleCount, size: pass.examplesAtATime, scratch: pass.gradientScratch) {
      examples, scratch in
      for example in examples {
        pass.kernelGradient(
          UnsafePointer(g.floats), pass.images(of: example..<(example + 1)), scratch: scratch,
          result.floats + example * size)
      }
    }
    withExtendedLifetime(g) {}
  }

  private func addBiasNorms(to norms: UnsafeMutablePointer<Float>) throws {
    let sums = try keptBias ?? biasGradients()
    for example in 0..<exampleCount {
      norms[example] += Float(fl_sumsq_fast_f32(outputs, sums.floats + example * outputs))
    }
    keptBias = sums
  }

  /// Each example's gradient of the bias, [examples, outputs].
  private func biasGradients() throws -> Tensor {
    let (time, outputs) = (time, outputs)
    let result = try Tensor.uninitialized([exampleCount, outputs])
    Parallel.blocks(exampleCount, size: ExampleBlocks.size(time: time, width: outputs)) {
      for example in $0 {
        fl_sum_columns_f32(
          time, outputs, g.floats + example * time * outputs, outputs, nil, 0,
          result.floats + example * outputs)
      }
    }
    return withExtendedLifetime(g) { result }
  }

  func perExample(_ index: Int) throws -> Tensor {
    if index == 0 {
      let made = try Tensor.uninitialized([exampleCount, pass.gradientSize])
      try make(into: made)
      let result = try Tensor.uninitialized(Shape([exampleCount] + weight.shape.array))
      for example in 0..<exampleCount {
        let start = example * pass.gradientSize
        pass.writeWeight(made.floats + start, result.floats + start, accumulate: false)
      }
      return withExtendedLifetime(made) { result }
    }
    return try biasGradients()
  }
}
