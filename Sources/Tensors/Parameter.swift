import Foundations
import Synchronization

/// A trainable tensor (f32) of a model. Its identity is what gradients are filed under; its value changes in place.
public final class Parameter: @unchecked Sendable {
  public var name: String
  /// False while frozen: no gradient is computed for it.
  public var requiresGradient: Bool
  /// A row of a table that training never changes, whatever the optimizer does to the others: that of padding.
  public var fixedRow: Int?
  /// Which part of the program made it: who runs beside others may change only what it made itself.
  private let maker: Int
  private var stored: Tensor

  /// The part of the program that runs on this thread, where several share what was made before them: a number of its
  /// own for each trial of a sweep, 0 outside.
  @TaskLocal public static var currentMaker = 0

  /// Whether what runs on this thread has made it.
  public var isOwn: Bool { maker == Parameter.currentMaker }

  /// Throws a type error where the value is not f32.
  public init(_ name: String, _ value: Tensor, requiresGradient: Bool = true) throws {
    guard value.dtype == .f32 else {
      throw DomainError(
        .type, "parameter `\(name)` must be f32, got \(value.dtype.name)")
    }
    self.name = name
    self.requiresGradient = requiresGradient
    maker = Parameter.currentMaker
    stored = try value.detached.contiguous()
  }

  /// Another parameter with the same numbers, frozen and fixed as this one is.
  public func copied() throws -> Parameter {
    let numbers = try Tensor.uninitialized(shape)
    numbers.floats.update(from: stored.floats, count: count)
    let copy = try Parameter(name, numbers, requiresGradient: requiresGradient)
    copy.fixedRow = fixedRow
    return copy
  }

  public var shape: Shape { stored.shape }
  public var count: Int { stored.count }
  /// The elements of the fixed row; empty without one.
  public var fixedElements: Range<Int> {
    guard let fixedRow, shape.rank > 0 else { return 0..<0 }
    let width = count / max(1, shape[0])
    return fixedRow * width..<(fixedRow + 1) * width
  }
  /// How many numbers training changes.
  public var trainedCount: Int { count - fixedElements.count }

  /// The numbers without a trace; what layers with a gradient rule of their own read. Contiguous.
  public var data: Tensor { stored }

  /// The numbers with a trace where recording is on: an operation on it leads back to this parameter, and the
  /// backward pass finds that it was used without a gradient rule.
  public var value: Tensor {
    guard requiresGradient, Tape.isRecording else { return stored }
    var tensor = stored
    tensor.node = Node(parameter: self)
    return tensor
  }

  /// Replaces the numbers. Throws a shape error where the shapes differ.
  public func set(_ value: Tensor) throws {
    guard value.shape == stored.shape else {
      throw DomainError(
        .shape,
        "parameter `\(name)` has shape \(stored.shape), the new value has \(value.shape)")
    }
    stored = try value.detached.cast(to: .f32).contiguous()
  }

  /// Changes the numbers in place; tensors that were read before keep the old ones (they are copied out where some
  /// still exist).
  public func update<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) throws -> R {
    // The storage is shared where someone else holds a reference beside `stored`.
    var storage = stored.storage
    let shape = stored.shape
    stored = Tensor.empty
    if !isKnownUniquelyReferenced(&storage) {
      let copy: Storage
      do { copy = try Storage(byteCount: shape.count * 4) } catch {
        stored = Tensor(storage: storage, shape: shape, dtype: .f32)
        throw error
      }
      copy.pointer.copyMemory(from: storage.pointer, byteCount: shape.count * 4)
      storage = copy
    }
    stored = Tensor(storage: storage, shape: shape, dtype: .f32)
    return try body(UnsafeMutableBufferPointer(start: stored.floats, count: shape.count))
  }
}

extension Parameter: Hashable {
  public static func == (a: Parameter, b: Parameter) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
