import CKernels
import Tensor

/// In which order a direction visits the steps.
struct StepOrder {
  let count: Int
  let isReverse: Bool
  func step(_ i: Int) -> Int { isReverse ? count - 1 - i : i }
}

/// The lengths of a padded batch as a recurrent layer needs them.
struct SequenceLengths {
  private let batch: Int
  private let time: Int
  private let lengths: [Int32]?
  /// [time, batch]: whether the step is real; nil where all are.
  private let active: Storage?

  init(_ lengths: Lengths?, batch: Int, time: Int) throws {
    self.batch = batch
    self.time = time
    guard let lengths, lengths.values.contains(where: { $0 < time }) else {
      self.lengths = nil
      active = nil
      return
    }
    guard lengths.values.count == batch else {
      throw DomainError(
        .shape, "a batch of \(batch) examples came with \(lengths.values.count) lengths")
    }
    let values = lengths.values.map { min(max($0, 0), Int32(time)) }
    self.lengths = values
    let mask = try Storage(byteCount: batch * time)
    let bytes = mask.pointer.bindMemory(to: UInt8.self, capacity: batch * time)
    for step in 0..<time {
      for row in 0..<batch { bytes[step * batch + row] = Int(values[row]) > step ? 1 : 0 }
    }
    active = mask
  }

  /// The longest of some examples: steps behind it are padding for all of them.
  func steps(_ rows: Range<Int>) -> Int {
    guard let lengths else { return time }
    var longest = 0
    for row in rows { longest = max(longest, Int(lengths[row])) }
    return longest
  }

  /// Which examples from `row` on have step `step`; nil where all have.
  func mask(_ step: Int, _ row: Int) -> UnsafePointer<UInt8>? {
    active.map {
      UnsafePointer($0.pointer.assumingMemoryBound(to: UInt8.self) + step * batch + row)
    }
  }

  /// Where a direction of example `row` ends; nil where the example is empty.
  func lastStep(isReverse: Bool, _ row: Int) -> Int? {
    let length = lengths.map { Int($0[row]) } ?? time
    return length == 0 ? nil : isReverse ? 0 : length - 1
  }
}

enum RecurrentWeights {
  /// The transpose of a matrix, for products with its rows.
  static func transposed(_ weight: Tensor) throws -> Tensor {
    let (rows, columns) = (weight.shape[0], weight.shape[1])
    let result = try Tensor.uninitialized([columns, rows])
    withExtendedLifetime(weight) {
      Parallel.blocks(rows, size: 128) {
        fl_transpose_f32(
          $0.count, columns, weight.floats + $0.lowerBound * columns, columns,
          result.floats + $0.lowerBound, rows)
      }
    }
    return result
  }
}

/// Gradients of a recurrent layer's parameters: of each sum of products x Wᵀ + … + b + … the gradient g [examples, time, width]
/// and the factors x [examples, time, inputs] of its weights [width, inputs]. Its biases [width] all have the gradient Σ g.
final class RecurrentRule: RangedGradientRule {
  struct Product {
    let gradient: Tensor
    let factors: [(weight: Parameter, input: Tensor)]
    let biases: [Parameter]
    var width: Int { gradient.shape[2] }
  }

  let parameters: [Parameter]
  let exampleCount: Int
  private let products: [Product]
  private let time: Int
  /// For each parameter its product and its place among the factors; nil for a bias.
  private let places: [(product: Int, factor: Int?)]

  /// The order of `parameters` is that of the products, in each the weights before the biases.
  init(_ products: [Product], examples: Int, time: Int) {
    self.products = products
    exampleCount = examples
    self.time = time
    parameters = products.flatMap { $0.factors.map(\.weight) + $0.biases }
    places = products.enumerated().flatMap { number, product in
      product.factors.indices.map { (number, Optional($0)) }
        + product.biases.map { _ in (number, nil) }
    }
  }

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    let rows = examples.count * time
    let first = examples.lowerBound * time
    let weights = weights.map { $0 + examples.lowerBound }
    let rowWeights = try weights.map {
      try ExampleWeights.repeated($0, examples: examples.count, times: time)
    }
    // Both directions read the same input: it is scaled once.
    var scaled: [ObjectIdentifier: Tensor] = [:]
    func input(_ tensor: Tensor, _ width: Int) throws -> UnsafePointer<Float> {
      let from = tensor.floats + first * width
      guard let weights else { return UnsafePointer(from) }
      let key = ObjectIdentifier(tensor.storage)
      if let copy = scaled[key] { return UnsafePointer(copy.floats) }
      let copy = try ExampleWeights.scaled(
        from, weights, examples: examples.count, width: time * width)
      scaled[key] = copy
      return UnsafePointer(copy.floats)
    }
    for product in products {
      let width = product.width
      let g = product.gradient.floats + first * width
      for (weight, factor) in product.factors {
        guard let index = index(weight, sink) else { continue }
        let inputs = weight.shape[1]
        let from = try input(factor, inputs)
        let (target, accumulate) = try sink.target(index)
        Matmul.gemm(
          transposeA: true, m: width, n: inputs, k: rows, g, width, from, inputs,
          beta: accumulate ? 1 : 0, target, inputs)
      }
      try addBiases(product, g, rows, rowWeights, sink)
    }
    withExtendedLifetime((scaled, rowWeights)) {}
  }

  private func index(_ parameter: Parameter, _ sink: GradientSink) -> Int? {
    parameter.requiresGradient ? sink.index(of: parameter) : nil
  }

  private func addBiases(
    _ product: Product, _ g: UnsafePointer<Float>, _ rows: Int, _ rowWeights: Tensor?,
    _ sink: GradientSink
  ) throws {
    let indices = product.biases.compactMap { index($0, sink) }
    guard !indices.isEmpty else { return }
    let width = product.width
    let sums = try Tensor.uninitialized([width])
    ColumnSums.compute(
      g, rows: rows, columns: width, weights: rowWeights?.floats, accumulate: false, sums.floats)
    for index in indices {
      let (target, accumulate) = try sink.target(index)
      if accumulate {
        fl_axpy_f32(width, 1, sums.floats, target)
      } else {
        target.update(from: sums.floats, count: width)
      }
    }
    withExtendedLifetime((sums, rowWeights)) {}
  }

  /// What of a product is trained: factors of weights, number of biases.
  private func trained(_ product: Product) -> (factors: [Tensor], biases: Int) {
    (
      product.factors.filter(\.weight.requiresGradient).map(\.input),
      product.biases.count(where: \.requiresGradient)
    )
  }

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    for product in products {
      let (factors, biases) = trained(product)
      guard !factors.isEmpty || biases > 0 else { continue }
      JointNorms.add(
        factors, biases: biases, product.gradient, examples: exampleCount, time: time, to: norms)
    }
  }

  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? {
    var sum = [Double](repeating: 0, count: ranges.count)
    for product in products {
      let (factors, biases) = trained(product)
      guard
        let norms = JointNorms.ofRanges(
          ranges, factors, biases: biases, product.gradient, examples: exampleCount, time: time)
      else { return nil }
      for index in sum.indices { sum[index] += norms[index] }
    }
    return sum
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    let product = products[places[index].product]
    let factor = places[index].factor.map { product.factors[$0].input }
    let (time, width) = (time, product.width)
    let inputs = factor.map { $0.shape[2] } ?? 0
    withExtendedLifetime((product.gradient, factor)) {
      let g = product.gradient.floats
      Parallel.blocks(exampleCount, size: ExampleBlocks.size(time: time, width: width)) {
        let first = $0.lowerBound * time
        if let factor {
          fl_linear_example_norms_f32(
            $0.count, time, inputs, width, factor.floats + first * inputs, g + first * width,
            norms + $0.lowerBound)
        } else {
          fl_bias_example_norms_f32(
            $0.count, time, width, g + first * width, norms + $0.lowerBound)
        }
      }
    }
  }

  func perExample(_ index: Int) throws -> Tensor {
    let product = products[places[index].product]
    let (g, width) = (product.gradient, product.width)
    guard let place = places[index].factor else {
      let result = try Tensor.uninitialized([exampleCount, width])
      for example in 0..<exampleCount {
        fl_sum_columns_f32(
          time, width, g.floats + example * time * width, width, nil, 0,
          result.floats + example * width)
      }
      return withExtendedLifetime(g) { result }
    }
    let factor = product.factors[place].input
    let inputs = factor.shape[2]
    let result = try Tensor.uninitialized([exampleCount, width, inputs])
    withExtendedLifetime((g, factor)) {
      Matmul.batched(
        exampleCount, transposeA: true, m: width, n: inputs, k: time, g.floats, width,
        strideA: time * width, factor.floats, inputs, strideB: time * inputs, result.floats,
        inputs, strideC: width * inputs)
    }
    return result
  }
}
