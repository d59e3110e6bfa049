import CKernels
import Foundations
import Tensors

/// The numbers of a model's trained parameters in one flat buffer, in the order of `Layer.parameters`, a parameter that
/// layers share once: what models are compared, averaged and moved by. Frozen parameters are left out; a fixed row is
/// there as it is.
///
/// Sums are made in blocks of fixed size, the same bits on any number of threads. Vectors that belong together come
/// from models whose trained parameters have the same shapes in the same order; anything else throws a shape error.
public struct ParameterVector: Sendable {
  /// The shapes of the parameters that the numbers are of.
  public let shapes: [Shape]
  /// [count] of f32. Copied when it is changed where others hold it, too.
  private var numbers: Tensor

  /// Elements of a block.
  private static let blockSize = 1 << 14

  private init(_ shapes: [Shape], _ numbers: Tensor) {
    self.shapes = shapes
    self.numbers = numbers
  }

  /// The trained parameters of `model` as they are now. Throws a memory error where there is no room for them.
  public init(_ model: Layer) throws { try self.init(ParameterVector.trained(model)) }

  /// The numbers of `parameters`, one after the other.
  public init(_ parameters: [Parameter]) throws {
    shapes = parameters.map(\.shape)
    numbers = try .uninitialized([shapes.reduce(0) { $0 + $1.count }])
    var start = 0
    for parameter in parameters {
      let data = parameter.data
      let (from, to) = (data.floats, numbers.floats + start)
      Parallel.blocks(data.count, size: ParameterVector.blockSize) {
        (to + $0.lowerBound).update(from: from + $0.lowerBound, count: $0.count)
      }
      withExtendedLifetime(data) {}
      start += data.count
    }
  }

  /// How far the trained parameters of `model` are from `other`.
  public init(_ model: Layer, minus other: ParameterVector) throws {
    try self.init(ParameterVector.trained(model), minus: other)
  }

  /// How far `parameters` are from `other`.
  public init(_ parameters: [Parameter], minus other: ParameterVector) throws {
    let shapes = parameters.map(\.shape)
    self.init(shapes, try .uninitialized([shapes.reduce(0) { $0 + $1.count }]))
    try set(to: parameters, minus: other)
  }

  /// - Parameter tensor: [count] of f32, contiguous.
  /// - Throws: `shape` where the shapes have another number of elements.
  public init(_ tensor: Tensor, shapes: [Shape]) throws {
    guard tensor.dtype == .f32, tensor.shape == [shapes.reduce(0) { $0 + $1.count }] else {
      throw DomainError(
        .shape,
        "\(tensor.dtype.name) \(tensor.shape) are not the numbers of \(shapes.count) parameters")
    }
    self.init(shapes, try tensor.detached.contiguous())
  }

  /// The same number as often as `other` has numbers.
  public init(repeating value: Float, like other: ParameterVector) throws {
    self.init(other.shapes, try .full([other.count], Double(value)))
  }

  /// As many zeros as `other` has numbers.
  public init(zerosLike other: ParameterVector) throws {
    self.init(other.shapes, try .zeros([other.count]))
  }

  /// The parameters of `model` that are trained, in the order of their numbers here.
  public static func trained(_ model: Layer) -> [Parameter] {
    model.parameters.filter(\.requiresGradient)
  }

  public var count: Int { numbers.count }

  /// The numbers, [count]; a later change of the vector does not change them.
  public var tensor: Tensor { numbers }

  /// The numbers of each parameter, as it is shaped.
  public func parts() throws -> [Tensor] {
    var start = 0
    return try shapes.map { shape in
      defer { start += shape.count }
      return try numbers.sliced(axis: 0, from: start, to: start + shape.count).reshaped(shape.array)
    }
  }

  /// Sets the trained parameters of `model` to these numbers. Where it throws a shape error, nothing has changed.
  public func write(to model: Layer) throws { try write(to: ParameterVector.trained(model)) }

  /// Sets `parameters` to these numbers. Where it throws a shape error, nothing has changed.
  public func write(to parameters: [Parameter]) throws {
    try requireShapes(parameters.map(\.shape))
    var start = 0
    for parameter in parameters {
      let from = numbers.floats + start
      try parameter.update { to in
        guard let to = to.baseAddress else { return }
        Parallel.blocks(parameter.count, size: ParameterVector.blockSize) {
          (to + $0.lowerBound).update(from: from + $0.lowerBound, count: $0.count)
        }
      }
      start += parameter.count
    }
    withExtendedLifetime(numbers) {}
  }

  // MARK: Sums

  /// How far this model is from another: `new - old`.
  public static func - (new: ParameterVector, old: ParameterVector) throws -> ParameterVector {
    var result = new
    try result.add(old, times: -1)
    return result
  }

  public static func + (a: ParameterVector, b: ParameterVector) throws -> ParameterVector {
    var result = a
    try result.add(b)
    return result
  }

  /// Adds `other` times `factor`, in place.
  public mutating func add(_ other: ParameterVector, times factor: Float = 1) throws {
    try requireShapes(other.shapes)
    let from = other.numbers
    try change { block, to in
      fl_axpy_f32(block.count, factor, from.floats + block.lowerBound, to)
    }
  }

  /// Multiplies every number by `factor`, in place.
  public mutating func scale(by factor: Float) throws {
    try change { block, to in fl_scale_f32(block.count, factor, to, to) }
  }

  /// Sets every number to that of `other` times `factor`.
  public mutating func set(to other: ParameterVector, times factor: Float) throws {
    try requireShapes(other.shapes)
    let from = other.numbers
    try replace { block, to in
      fl_scale_f32(block.count, factor, from.floats + block.lowerBound, to)
    }
  }

  /// Sets the numbers to how far `parameters` are from `other`. Memory that nobody else holds serves again.
  public mutating func set(to parameters: [Parameter], minus other: ParameterVector) throws {
    try requireShapes(parameters.map(\.shape))
    try requireShapes(other.shapes)
    try makeRoom()
    var start = 0
    for parameter in parameters {
      let data = parameter.data
      let (new, old, to) = (data.floats, other.numbers.floats + start, numbers.floats + start)
      Parallel.blocks(data.count, size: ParameterVector.blockSize) {
        fl_sub_vv_f32($0.count, new + $0.lowerBound, old + $0.lowerBound, to + $0.lowerBound)
      }
      withExtendedLifetime((data, other)) {}
      start += data.count
    }
  }

  /// Adds `others`, one after the other, in one pass over these numbers.
  public mutating func add(_ others: [ParameterVector]) throws {
    for other in others { try requireShapes(other.shapes) }
    let from = others.map(\.numbers)
    try change { block, to in
      for numbers in from { fl_axpy_f32(block.count, 1, numbers.floats + block.lowerBound, to) }
    }
  }

  /// √Σx².
  public var norm: Double {
    withExtendedLifetime(numbers) {
      UnsafePointer(numbers.floats).sumOfSquares(count).squareRoot()
    }
  }

  /// Calls `body` with every block and where it begins, on numbers that nobody else holds.
  mutating func change(_ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void) throws {
    if !numbers.ownsMemory() {
      let copy = try Tensor.uninitialized(numbers.shape)
      let (from, to) = (numbers.floats, copy.floats)
      Parallel.blocks(count, size: ParameterVector.blockSize) {
        (to + $0.lowerBound).update(from: from + $0.lowerBound, count: $0.count)
      }
      numbers = copy
    }
    let to = numbers.floats
    Parallel.blocks(count, size: ParameterVector.blockSize) { body($0, to + $0.lowerBound) }
  }

  /// The same where `body` sets all numbers, so that the old ones need not be there.
  private mutating func replace(
    _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) throws {
    try makeRoom()
    let to = numbers.floats
    Parallel.blocks(count, size: ParameterVector.blockSize) { body($0, to + $0.lowerBound) }
  }

  /// Memory of this vector's own, with any numbers in it.
  private mutating func makeRoom() throws {
    if !numbers.ownsMemory() { numbers = try .uninitialized(numbers.shape) }
  }

  func requireShapes(_ others: [Shape]) throws {
    guard shapes != others else { return }
    throw DomainError(
      .shape,
      "these are the numbers of another model: \(count) of \(shapes.count) trained parameters, not \(others.reduce(0) { $0 + $1.count }) of \(others.count)",
      hint: "both need the same trained parameters in the same order")
  }
}
