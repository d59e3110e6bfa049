import CKernels
import Foundations
import Tensors

/// Gradients of a recurrent layer's parameters: of each sum of products x Wᵀ + … + b + … the gradient g [rows, width]
/// and the factors x [rows, inputs] of its weights [width, inputs]. Its biases [width] all have the gradient Σ g. The
/// rows are those of a batch's packed sequences. Per-example norms of recurrent layers: Lee and Kifer 2021 (arXiv
/// 2009.03106).
final class RecurrentRule: RangedGradientRule {
  struct Product {
    let gradient: Tensor
    let factors: [(weight: Parameter, input: Tensor)]
    let biases: [Parameter]
    var width: Int { gradient.shape[1] }
  }

  let parameters: [Parameter]
  private let products: [Product]
  private let layout: RowLayout
  /// For each parameter its product and its place among the factors; nil for a bias.
  private let places: [(product: Int, factor: Int?)]

  /// The order of `parameters` is that of the products, in each the weights before the biases.
  init(_ products: [Product], _ layout: RowLayout) {
    self.products = products
    self.layout = layout
    parameters = products.flatMap { $0.factors.map(\.weight) + $0.biases }
    places = products.enumerated().flatMap { number, product in
      product.factors.indices.map { (number, Optional($0)) }
        + product.biases.map { _ in (number, nil) }
    }
  }

  var exampleCount: Int { layout.exampleCount }

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    let rows = layout.rows(of: examples)
    let rowWeights = try weights.map { try layout.repeated($0, examples) }
    // Both directions read the same input: it is scaled once.
    var scaled: [ObjectIdentifier: Tensor] = [:]
    func input(_ tensor: Tensor, _ width: Int) throws -> UnsafePointer<Float> {
      let from = tensor.floats + rows.lowerBound * width
      guard let rowWeights else { return UnsafePointer(from) }
      let key = ObjectIdentifier(tensor.storage)
      if let copy = scaled[key] { return UnsafePointer(copy.floats) }
      let copy = try ExampleWeights.scaled(
        from, rowWeights.floats, examples: rows.count, width: width)
      scaled[key] = copy
      return UnsafePointer(copy.floats)
    }
    for product in products {
      let width = product.width
      let g = product.gradient.floats + rows.lowerBound * width
      for (weight, factor) in product.factors {
        guard let index = index(weight, sink) else { continue }
        let inputs = weight.shape[1]
        let from = try input(factor, inputs)
        let (target, accumulate) = try sink.target(index)
        Matmul.gemm(
          transposeA: true, m: width, n: inputs, k: rows.count, g, width, from, inputs,
          beta: accumulate ? 1 : 0, target, inputs)
      }
      try addBiases(product, g, rows.count, rowWeights, sink)
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
      JointNorms.add(factors, biases: biases, product.gradient, layout, to: norms)
    }
  }

  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? {
    var sum = [Double](repeating: 0, count: ranges.count)
    for product in products {
      let (factors, biases) = trained(product)
      guard
        let norms = JointNorms.ofRanges(
          ranges, factors, biases: biases, product.gradient, layout)
      else { return nil }
      for index in sum.indices { sum[index] += norms[index] }
    }
    return sum
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    let product = products[places[index].product]
    let factor = places[index].factor.map { product.factors[$0].input }
    let width = product.width
    let inputs = factor.map { $0.shape[1] } ?? 0
    let blocks = layout.blocks(width: width)
    withExtendedLifetime((product.gradient, factor)) {
      let g = product.gradient.floats
      Parallel.each(blocks.count) {
        let block = blocks[$0]
        if let factor {
          fl_linear_example_norms_f32(
            block.examples.count, block.time, inputs, width,
            factor.floats + block.firstRow * inputs,
            g + block.firstRow * width, norms + block.examples.lowerBound)
        } else {
          fl_bias_example_norms_f32(
            block.examples.count, block.time, width, g + block.firstRow * width,
            norms + block.examples.lowerBound)
        }
      }
    }
  }

  func perExample(_ index: Int) throws -> Tensor {
    let product = products[places[index].product]
    let (g, width) = (product.gradient, product.width)
    guard let place = places[index].factor else {
      let result = try Tensor.uninitialized([exampleCount, width])
      for part in layout.parts {
        for (index, example) in part.examples.enumerated() {
          fl_sum_columns_f32(
            part.time, width, g.floats + (part.firstRow + index * part.time) * width, width, nil, 0,
            result.floats + example * width)
        }
      }
      return withExtendedLifetime(g) { result }
    }
    let factor = product.factors[place].input
    let inputs = factor.shape[1]
    let result = try Tensor.uninitialized([exampleCount, width, inputs])
    withExtendedLifetime((g, factor)) {
      for part in layout.parts {
        Matmul.batched(
          part.examples.count, transposeA: true, m: width, n: inputs, k: part.time,
          g.floats + part.firstRow * width, width, strideA: part.time * width,
          factor.floats + part.firstRow * inputs, inputs, strideB: part.time * inputs,
          result.floats + part.examples.lowerBound * width * inputs, inputs,
          strideC: width * inputs)
      }
    }
    return result
  }
}
