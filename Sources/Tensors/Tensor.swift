/// An immutable block of numbers with a shape. Copies share memory; views (slices, transposes) share it with other
/// strides. A tensor that was computed from something whose gradient is wanted carries the `node` of that computation.
public struct Tensor: Sendable {
  public private(set) var storage: Storage
  /// Where the first element lies, in elements.
  public let offset: Int
  public let shape: Shape
  /// Steps along each axis in elements; zero where an axis is repeated, negative where it runs backwards.
  public let strides: Shape
  public let dtype: DType
  /// The computation that made this tensor, where a gradient may be asked for.
  public internal(set) var node: Node?
  /// For a padded batch `[examples, time, …]`: how many steps of each example are real.
  public var lengths: Lengths?

  public init(
    storage: Storage, offset: Int = 0, shape: Shape, strides: Shape? = nil, dtype: DType,
    lengths: Lengths? = nil
  ) {
    self.storage = storage
    self.offset = offset
    self.shape = shape
    self.strides = strides ?? shape.contiguousStrides
    self.dtype = dtype
    self.lengths = lengths
    self.node = nil
  }

  /// Memory for a result, its contents not yet set.
  public static func uninitialized(_ shape: Shape, _ dtype: DType = .f32) throws -> Tensor {
    Tensor(
      storage: try Storage(byteCount: shape.count * dtype.size), shape: shape, dtype: dtype)
  }

  @inlinable public var count: Int { shape.count }
  @inlinable public var rank: Int { shape.rank }
  @inlinable public var isScalar: Bool { shape.rank == 0 }

  /// True where the elements lie in row-major order without gaps.
  @inlinable public var isContiguous: Bool {
    var step = 1
    var axis = shape.rank - 1
    while axis >= 0 {
      let size = shape.sizes[axis]
      if size == 0 { return true }
      if size != 1 {
        if strides.sizes[axis] != step { return false }
        step *= size
      }
      axis -= 1
    }
    return true
  }

  /// The same values without the trace for the backward pass.
  public var detached: Tensor {
    var copy = self
    copy.node = nil
    return copy
  }

  /// Whether no other tensor shares this one's memory: then who holds the tensor may overwrite it.
  public mutating func ownsMemory() -> Bool { isKnownUniquelyReferenced(&storage) }

  /// Whether a gradient can flow back through this tensor.
  public var requiresGradient: Bool { node != nil }

  public func with(lengths: Lengths?) -> Tensor {
    var copy = self
    copy.lengths = lengths
    return copy
  }

  /// Where the first element lies. The memory lives as long as some tensor on it: keep one alive around the use
  /// (`withExtendedLifetime`), and write only to a tensor that nobody else has seen yet.
  @inlinable public func pointer<T: TensorElement>(_ type: T.Type) -> UnsafeMutablePointer<T> {
    precondition(type.dtype == dtype, "tensor read as another type")
    return storage.pointer.assumingMemoryBound(to: T.self) + offset
  }

  /// `pointer(Float.self)`.
  @inlinable public var floats: UnsafeMutablePointer<Float> { pointer(Float.self) }

  /// Calls `body` with the elements in row-major order (copied first where they do not lie so).
  public func withUnsafeBuffer<T: TensorElement, R>(
    _ type: T.Type, _ body: (UnsafeBufferPointer<T>) throws -> R
  ) throws -> R {
    let dense = try contiguous()
    return try withExtendedLifetime(dense) {
      try body(UnsafeBufferPointer(start: dense.pointer(type), count: dense.count))
    }
  }
}

/// How many steps of each example of a padded batch are real.
public final class Lengths: Sendable, Equatable {
  public let values: [Int32]
  public init(_ values: [Int32]) { self.values = values }

  public static func == (a: Lengths, b: Lengths) -> Bool {
    a === b || a.values == b.values
  }
}
