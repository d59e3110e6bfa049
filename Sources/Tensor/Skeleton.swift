// Signatures whose bodies follow in this file's successors.
func pending() -> Never { fatalError("pending") }

extension Tensor {
  // creation
  public static var empty: Tensor { emptyTensor }
  public static func zeros(_ shape: Shape, _ dtype: DType = .f32) throws -> Tensor { pending() }
  public static func ones(_ shape: Shape, _ dtype: DType = .f32) throws -> Tensor { pending() }
  public static func full(_ shape: Shape, _ value: Double, _ dtype: DType = .f32) throws -> Tensor {
    pending()
  }
  public static func scalar(_ value: Double, _ dtype: DType = .f32) throws -> Tensor { pending() }
  public init<T: TensorElement>(_ values: [T], shape: Shape? = nil) throws { pending() }
  public init(ints values: [Int], shape: Shape? = nil) throws { pending() }
  public static func arange(_ start: Double, _ end: Double, step: Double = 1, _ dtype: DType = .f32)
    throws -> Tensor
  { pending() }
  public static func linspace(_ start: Double, _ end: Double, count: Int, _ dtype: DType = .f32)
    throws -> Tensor
  { pending() }
  public static func eye(_ rows: Int, _ columns: Int? = nil, _ dtype: DType = .f32) throws -> Tensor
  { pending() }
  public static func uniform(
    _ shape: Shape, low: Double = 0, high: Double = 1, _ random: inout RandomStream
  ) throws -> Tensor { pending() }
  public static func normal(
    _ shape: Shape, mean: Double = 0, deviation: Double = 1, _ random: inout RandomStream
  ) throws -> Tensor { pending() }
  public static func integers(
    _ shape: Shape, from low: Int, below high: Int, _ random: inout RandomStream
  ) throws -> Tensor { pending() }
  // conversion
  public func contiguous() throws -> Tensor { pending() }
  public func cast(to dtype: DType) throws -> Tensor { pending() }
  public func array<T: TensorElement>(_ type: T.Type) throws -> [T] { pending() }
  /// The one element as a number.
  public func item() throws -> Double { pending() }
  public func integerItem() throws -> Int { pending() }
  // shape
  public func reshaped(_ sizes: [Int]) throws -> Tensor { pending() }
  public func flattened(from: Int = 0, to: Int = -1) throws -> Tensor { pending() }
  public func transposed(_ a: Int, _ b: Int) throws -> Tensor { pending() }
  public func permuted(_ axes: [Int]) throws -> Tensor { pending() }
  public func squeezed(_ axis: Int? = nil) throws -> Tensor { pending() }
  public func unsqueezed(_ axis: Int) throws -> Tensor { pending() }
  public func expanded(to sizes: [Int]) throws -> Tensor { pending() }
  public static func concatenated(_ tensors: [Tensor], axis: Int = 0) throws -> Tensor { pending() }
  public static func stacked(_ tensors: [Tensor], axis: Int = 0) throws -> Tensor { pending() }
  public func split(_ sizes: [Int], axis: Int = 0) throws -> [Tensor] { pending() }
  public func sliced(axis: Int, from: Int?, to: Int?, step: Int = 1) throws -> Tensor { pending() }
  public func selected(axis: Int, index: Int) throws -> Tensor { pending() }
  public func indexSelected(axis: Int, _ indices: Tensor) throws -> Tensor { pending() }
  public func gathered(axis: Int, _ indices: Tensor) throws -> Tensor { pending() }
  public func pick(_ labels: Tensor) throws -> Tensor { pending() }
  public static func select(_ mask: Tensor, _ a: Tensor, _ b: Tensor) throws -> Tensor { pending() }
  public func oneHot(_ classes: Int, _ dtype: DType = .f32) throws -> Tensor { pending() }
  // arithmetic
  public static func + (a: Tensor, b: Tensor) throws -> Tensor { pending() }
  public static func - (a: Tensor, b: Tensor) throws -> Tensor { pending() }
  public static func * (a: Tensor, b: Tensor) throws -> Tensor { pending() }
  public static func / (a: Tensor, b: Tensor) throws -> Tensor { pending() }
  public static func + (a: Tensor, b: Double) throws -> Tensor { pending() }
  public static func - (a: Tensor, b: Double) throws -> Tensor { pending() }
  public static func * (a: Tensor, b: Double) throws -> Tensor { pending() }
  public static func / (a: Tensor, b: Double) throws -> Tensor { pending() }
  public static prefix func - (a: Tensor) throws -> Tensor { pending() }
  public func pow(_ exponent: Tensor) throws -> Tensor { pending() }
  public func pow(_ exponent: Double) throws -> Tensor { pending() }
  func adding(_ other: Tensor) throws -> Tensor { pending() }
  // functions
  public func exp() throws -> Tensor { pending() }
  public func log() throws -> Tensor { pending() }
  public func sqrt() throws -> Tensor { pending() }
  public func tanh() throws -> Tensor { pending() }
  public func sigmoid() throws -> Tensor { pending() }
  public func relu() throws -> Tensor { pending() }
  public func gelu(approximate: Bool = true) throws -> Tensor { pending() }
  public func square() throws -> Tensor { pending() }
  public func abs() throws -> Tensor { pending() }
  // reductions (axes nil: all)
  public func sum(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor { pending() }
  public func mean(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor { pending() }
  public func maximum(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor { pending() }
  public func minimum(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor { pending() }
  public func argmax(axis: Int? = nil, keepAxes: Bool = false) throws -> Tensor { pending() }
  public func argmin(axis: Int? = nil, keepAxes: Bool = false) throws -> Tensor { pending() }
  public func logSumExp(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor { pending() }
  public func softmax(axis: Int = -1) throws -> Tensor { pending() }
  public func logSoftmax(axis: Int = -1) throws -> Tensor { pending() }
  public func matmul(_ other: Tensor) throws -> Tensor { pending() }
}

let emptyTensor: Tensor = {
  // A block of 64 bytes is always to be had.
  guard let storage = try? Storage(byteCount: 0) else { fatalError("no memory") }
  return Tensor(storage: storage, shape: [0], dtype: .f32)
}()

/// Matrix products of plain memory, row-major, f32.
public enum Matmul {
  /// C[m, n] = alpha · op(A) · op(B) + beta · C; leading dimensions (row strides) in elements; beta = 0: C is not read.
  public static func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int, beta: Float = 0,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) { pending() }

  /// `count` products whose matrices lie `strideA`, `strideB`, `strideC` elements apart (0: the same for all).
  public static func batched(
    _ count: Int, transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int,
    alpha: Float = 1, _ a: UnsafePointer<Float>, _ lda: Int, strideA: Int,
    _ b: UnsafePointer<Float>, _ ldb: Int, strideB: Int, beta: Float = 0,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int, strideC: Int
  ) { pending() }
}
