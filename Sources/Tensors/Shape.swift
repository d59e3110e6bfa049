import Foundations

/// The sizes of a tensor's axes (or its strides, in elements): at most eight, held in place, so that making and copying
/// one allocates nothing.
public struct Shape: Sendable {
  public static let maximumRank = 8

  @usableFromInline var sizes: InlineArray<8, Int>
  @usableFromInline var rankByte: UInt8

  /// The shape of a scalar.
  @inlinable public init() {
    sizes = InlineArray(repeating: 0)
    rankByte = 0
  }

  /// For sizes that our own code made; a script's go through `init(checking:)`.
  @inlinable public init<S: Sequence<Int>>(_ sizes: S) {
    self.init()
    for size in sizes { append(size) }
  }

  @inlinable public init(repeating size: Int, rank: Int) {
    self.init()
    for _ in 0..<rank { append(size) }
  }

  /// Takes sizes from outside. Throws where there are more than eight, one is negative, or the elements cannot be
  /// counted.
  public init(checking sizes: [Int]) throws {
    guard sizes.count <= Shape.maximumRank else {
      throw DomainError(
        .limit, "a tensor has at most \(Shape.maximumRank) axes, got \(sizes.count)")
    }
    var count = 1
    for size in sizes {
      guard size >= 0 else {
        throw DomainError(
          .value, "a size cannot be negative, got \(size) in \(Shape.text(sizes))")
      }
    }
    // The sizes beside a 0 count, too: strides and the shapes of reductions are products of them.
    for size in sizes where size > 0 {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, product <= 1 << 48 else {
        throw DomainError(.limit, "a tensor of shape \(Shape.text(sizes)) is too large")
      }
      count = product
    }
    self.init(sizes)
  }

  @inlinable public var rank: Int { Int(rankByte) }

  /// The number of elements.
  @inlinable public var count: Int {
    var product = 1
    for axis in 0..<rank { product *= sizes[axis] }
    return product
  }

  @inlinable public subscript(axis: Int) -> Int {
    get {
      precondition(axis >= 0 && axis < rank, "axis out of range")
      return sizes[axis]
    }
    set {
      precondition(axis >= 0 && axis < rank, "axis out of range")
      sizes[axis] = newValue
    }
  }

  @inlinable public var last: Int? { rank == 0 ? nil : sizes[rank - 1] }

  @inlinable public mutating func append(_ size: Int) {
    precondition(rankByte < 8, "a shape holds at most eight sizes")
    sizes[rank] = size
    rankByte += 1
  }

  public mutating func insert(_ size: Int, at axis: Int) {
    precondition(rankByte < 8 && axis >= 0 && axis <= rank)
    var i = rank
    while i > axis {
      sizes[i] = sizes[i - 1]
      i -= 1
    }
    sizes[axis] = size
    rankByte += 1
  }

  public mutating func remove(at axis: Int) {
    precondition(axis >= 0 && axis < rank)
    for i in axis..<(rank - 1) { sizes[i] = sizes[i + 1] }
    rankByte -= 1
    sizes[rank] = 0
  }

  /// Row-major strides in elements.
  @inlinable public var contiguousStrides: Shape {
    var strides = self
    var step = 1
    var axis = rank - 1
    while axis >= 0 {
      strides.sizes[axis] = step
      step *= Swift.max(sizes[axis], 1)
      axis -= 1
    }
    return strides
  }

  public var array: [Int] { Array(self) }

  static func text(_ sizes: some Sequence<Int>) -> String {
    "[" + sizes.map(String.init).joined(separator: ", ") + "]"
  }
}

// A sequence and not a collection: a collection's `count` would be the rank, and the one wanted everywhere is that of
// the elements.
extension Shape: Sequence {
  public struct Iterator: IteratorProtocol {
    @usableFromInline let shape: Shape
    @usableFromInline var axis = 0

    @inlinable init(_ shape: Shape) { self.shape = shape }

    @inlinable public mutating func next() -> Int? {
      guard axis < shape.rank else { return nil }
      axis += 1
      return shape.sizes[axis - 1]
    }
  }

  @inlinable public func makeIterator() -> Iterator { Iterator(self) }
  @inlinable public var underestimatedCount: Int { rank }
  public var first: Int? { rank == 0 ? nil : sizes[0] }
  public var indices: Range<Int> { 0..<rank }

  /// The sizes of a range of axes.
  public subscript(range: some RangeExpression<Int>) -> ArraySlice<Int> { array[range] }
}

extension Shape: Equatable, Hashable {
  @inlinable public static func == (a: Shape, b: Shape) -> Bool {
    guard a.rankByte == b.rankByte else { return false }
    for axis in 0..<a.rank where a.sizes[axis] != b.sizes[axis] { return false }
    return true
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(rankByte)
    for axis in 0..<rank { hasher.combine(sizes[axis]) }
  }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
  public init(arrayLiteral sizes: Int...) { self.init(sizes) }

  /// As messages write it: `[3, 4]`.
  public var description: String { Shape.text(self) }
}
