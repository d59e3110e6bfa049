import CKernels
import Foundations

// Tensors out of nothing, out of Swift arrays and out of random streams.

extension Tensor {
  /// A tensor without elements.
  public static let empty: Tensor = {
    guard let storage = try? Storage(byteCount: 0) else {
      // A block of 64 bytes is the least that a process needs.
      fatalError("no memory is left")
    }
    return Tensor(storage: storage, shape: [0], dtype: .f32)
  }()

  public static func zeros(_ shape: Shape, _ dtype: DType = .f32) throws -> Tensor {
    Tensor(
      storage: try Storage(byteCount: shape.count * dtype.size, zeroed: true), shape: shape,
      dtype: dtype)
  }

  public static func ones(_ shape: Shape, _ dtype: DType = .f32) throws -> Tensor {
    try full(shape, 1, dtype)
  }

  /// Throws a value error where an integer type cannot hold `value`.
  public static func full(_ shape: Shape, _ value: Double, _ dtype: DType = .f32) throws -> Tensor {
    let result = try uninitialized(shape, dtype)
    switch dtype {
    case .f32: result.fill(Float(value)) { fl_fill_f32($0, $1, $2) }
    case .f64: result.fill(value) { $2.update(repeating: $1, count: $0) }
    case .i64: result.fill(try integer(value, Int64.self)) { fl_fill_i64($0, $1, $2) }
    case .i32:
      result.fill(try integer(value, Int32.self)) { $2.update(repeating: $1, count: $0) }
    case .bool: result.fill(value != 0) { $2.update(repeating: $1, count: $0) }
    }
    return result
  }

  /// Writes `value` to all elements of a new tensor.
  private func fill<T: TensorElement>(
    _ value: T, _ write: (Int, T, UnsafeMutablePointer<T>) -> Void
  ) {
    let out = pointer(T.self)
    Parallel.blocks(count, size: 1 << 20) { write($0.count, value, out + $0.lowerBound) }
  }

  public static func full(_ shape: Shape, integer value: Int) throws -> Tensor {
    let result = try uninitialized(shape, .i64)
    result.fill(Int64(value)) { fl_fill_i64($0, $1, $2) }
    return result
  }

  /// A tensor without axes.
  public static func scalar(_ value: Double, _ dtype: DType = .f32) throws -> Tensor {
    try full([], value, dtype)
  }

  public static func scalar(integer value: Int) throws -> Tensor { try full([], integer: value) }

  private static func integer<T: FixedWidthInteger>(_ value: Double, _ type: T.Type) throws -> T {
    guard let result = T(exactly: value.rounded(.towardZero)) else {
      throw DomainError(.value, "\(value) does not fit into an integer tensor")
    }
    return result
  }

  /// A tensor of `values` in row-major order; one axis where no shape is given. Throws a shape error where the counts
  /// differ.
  public init<T: TensorElement>(_ values: [T], shape: Shape? = nil) throws {
    let shape = shape ?? [values.count]
    guard shape.count == values.count else {
      throw DomainError(
        .shape, "\(values.count) values do not fill a tensor of shape \(shape)")
    }
    self = try Tensor.uninitialized(shape, T.dtype)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress {
        pointer(T.self).update(from: base, count: source.count)
      }
    }
  }

  /// A tensor of 64-bit integers.
  public init(ints values: [Int], shape: Shape? = nil) throws {
    try self.init(values.map(Int64.init), shape: shape)
  }

  /// start, start + step, … below `end` (above it for a negative step).
  public static func arange(
    _ start: Double, _ end: Double, step: Double = 1, _ dtype: DType = .f32
  ) throws -> Tensor {
    guard step != 0, start.isFinite, end.isFinite, step.isFinite else {
      throw DomainError(
        .value,
        "`arange` needs finite numbers and a step other than 0, got \(start), \(end), \(step)")
    }
    let steps = max(0, ((end - start) / step).rounded(.up))
    guard steps < 0x1p40 else { throw DomainError(.limit, "`arange` would have \(steps) elements") }
    return try generated(Int(steps), dtype) { start + Double($0) * step }
  }

  public static func arange(integers start: Int, _ end: Int, step: Int = 1) throws -> Tensor {
    guard step != 0 else { throw DomainError(.value, "`arange` needs a step other than 0") }
    let (span, overflow) = end.subtractingReportingOverflow(start)
    guard !overflow, step != .min else {
      throw DomainError(.limit, "`arange` spans more than 64 bits")
    }
    let size = step > 0 ? step : -step
    let length = step > 0 ? span : 0 &- span
    let count = length <= 0 ? 0 : (length - 1) / size + 1
    let shape = try Shape(checking: [count])
    let result = try uninitialized(shape, .i64)
    let out = result.pointer(Int64.self)
    for i in 0..<count { out[i] = Int64(start + i * step) }
    return result
  }

  /// `count` evenly spaced numbers from `start` to `end`, both included.
  public static func linspace(
    _ start: Double, _ end: Double, count: Int, _ dtype: DType = .f32
  ) throws -> Tensor {
    guard count >= 0 else {
      throw DomainError(.value, "`linspace` needs a count of at least 0, got \(count)")
    }
    _ = try Shape(checking: [count])
    let last = Double(max(count - 1, 1))
    return try generated(count, dtype) {
      // Both ends exactly.
      $0 == count - 1 && count > 1 ? end : start + (end - start) * (Double($0) / last)
    }
  }

  private static func generated(
    _ count: Int, _ dtype: DType, _ value: (Int) -> Double
  ) throws -> Tensor {
    let result = try uninitialized([count], .f64)
    let out = result.pointer(Double.self)
    for i in 0..<count { out[i] = value(i) }
    return try result.cast(to: dtype)
  }

  /// Ones on the diagonal.
  public static func eye(_ rows: Int, _ columns: Int? = nil, _ dtype: DType = .f32) throws -> Tensor
  {
    let columns = columns ?? rows
    let result = try zeros(try Shape(checking: [rows, columns]), .f32)
    for i in 0..<min(rows, columns) { result.floats[i * columns + i] = 1 }
    return try result.cast(to: dtype)
  }

  /// Numbers in [low, high).
  public static func uniform(
    _ shape: Shape, low: Double = 0, high: Double = 1, _ random: inout RandomStream
  ) throws -> Tensor {
    let result = try uninitialized(shape)
    random.fillUniform(result.floats, count: result.count, low: Float(low), high: Float(high))
    return result
  }

  /// Normal numbers.
  public static func normal(
    _ shape: Shape, mean: Double = 0, deviation: Double = 1, _ random: inout RandomStream
  ) throws -> Tensor {
    let result = try uninitialized(shape)
    random.fillNormal(
      result.floats, count: result.count, mean: Float(mean), deviation: Float(deviation))
    return result
  }

  /// 64-bit integers in low..<high.
  public static func integers(
    _ shape: Shape, from low: Int, below high: Int, _ random: inout RandomStream
  ) throws -> Tensor {
    let (range, overflow) = high.subtractingReportingOverflow(low)
    guard !overflow, range > 0 else {
      throw DomainError(.value, "random integers need low < high, got \(low) and \(high)")
    }
    let result = try uninitialized(shape, .i64)
    let out = result.pointer(Int64.self)
    for i in 0..<result.count {
      try Cancellation.check(turn: i)
      out[i] = Int64(low + random.integer(below: range))
    }
    return result
  }
}

extension Tensor {
  /// The numbers below `count` in random order, i64: that of `RandomStream.permutation`.
  public static func permutation(_ count: Int, _ random: inout RandomStream) throws -> Tensor {
    let result = try uninitialized([count], .i64)
    let out = result.pointer(Int64.self)
    for i in 0..<count {
      try Cancellation.check(turn: i)
      out[i] = Int64(i)
    }
    for i in stride(from: count - 1, to: 0, by: -1) {
      try Cancellation.check(turn: i)
      let other = random.integer(below: i + 1)
      (out[i], out[other]) = (out[other], out[i])
    }
    return result
  }
}

extension RandomStream {
  /// Elements of a bulk fill that one parallel block makes.
  private static let fillBlock = 32768

  /// Sets bulk elements aside and names them for the kernels: the stream and the first element's position in it.
  public mutating func reserve(elements: Int) -> (stream: fl_stream, offset: UInt64) {
    // The kernels make 32 elements of eight Philox blocks at a time.
    let start = reserve(blocks: (elements + 31) / 32 * 8, aligned: 8)
    let stream = fl_stream(
      key: key.low, key_high: 0, stream: key.high, generator: UInt32(FL_GENERATOR_PHILOX))
    return (stream, start * 4)
  }

  public mutating func fillUniform(
    _ out: UnsafeMutablePointer<Float>, count: Int, low: Float = 0, high: Float = 1
  ) {
    let (stream, offset) = reserve(elements: count)
    Parallel.blocks(count, size: RandomStream.fillBlock) { range in
      var stream = stream
      fl_random_uniform_f32(
        range.count, low, high, &stream, offset + UInt64(range.lowerBound),
        out + range.lowerBound)
    }
  }

  public mutating func fillNormal(
    _ out: UnsafeMutablePointer<Float>, count: Int, mean: Float = 0, deviation: Float = 1
  ) {
    let (stream, offset) = reserve(elements: count)
    Parallel.blocks(count, size: RandomStream.fillBlock) { range in
      var stream = stream
      fl_random_normal_f32(
        range.count, mean, deviation, &stream, offset + UInt64(range.lowerBound),
        out + range.lowerBound)
    }
  }
}
