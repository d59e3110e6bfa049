import Syntax

/// What the interpreter needs of a closure in order to call it.
struct ClosureStorage {
  var code: UnsafePointer<UInt32>
  var constants: UnsafePointer<Value>
  var registerCount: Int32
  /// How many arguments a call must have to start without further ado; -1 where defaults make it more complicated.
  var plainArgumentCount: Int32
  var cells: UnsafeMutablePointer<Unmanaged<Object>>?
}

/// A function written in Fairlead with the variables that it captured.
public final class Closure: Object {
  private var stored: ClosureStorage
  let prototype: Prototype

  init(_ prototype: Prototype) {
    stored = ClosureStorage(
      code: UnsafePointer(prototype.code), constants: UnsafePointer(prototype.constants),
      registerCount: Int32(prototype.registerCount),
      plainArgumentCount: Int32(prototype.plainArgumentCount), cells: nil)
    self.prototype = prototype
    let captured = prototype.captures.count
    if captured > 0 {
      let cells = UnsafeMutablePointer<Unmanaged<Object>>.allocate(capacity: captured)
      cells.initialize(repeating: Object.missing, count: captured)
      stored.cells = cells
    }
    super.init(.closure)
  }

  deinit { stored.cells?.deallocate() }

  public override var typeName: String { "function" }
  override var byteCount: Int { 96 + prototype.captures.count * 8 }

  override func visitChildren(_ visit: (Value) -> Void) {
    guard let cells = reference.closureStorage.pointee.cells else { return }
    for index in 0..<prototype.captures.count { visit(.object(cells[index])) }
  }

  /// What help and completion show; the parameters and the `##` comment of its declaration.
  public var signature: Signature { prototype.signature }
}

struct CellStorage {
  /// The register of the function that declared the variable while that runs, afterwards `own`.
  var location: UnsafeMutablePointer<Value>
  var own: Value
  /// The next open cell further down the stack.
  var nextOpen: Unmanaged<Object>?
}

/// A captured variable.
final class CellObject: Object {
  private var stored: CellStorage

  init(_ location: UnsafeMutablePointer<Value>, next: Unmanaged<Object>?) {
    stored = CellStorage(location: location, own: .nothing, nextOpen: next)
    super.init(.cell)
  }

  override var byteCount: Int { 72 }
  override func visitChildren(_ visit: (Value) -> Void) {
    visit(reference.cellStorage.pointee.location.pointee)
  }
}

extension Unmanaged<Object> {
  /// Moves a variable from its register into its cell.
  func closeCell() {
    let cell = cellStorage
    cell.pointee.own = cell.pointee.location.pointee
    let offset = MemoryLayout<CellStorage>.offset(of: \.own) ?? MemoryLayout<UInt>.size
    cell.pointee.location = (UnsafeMutableRawPointer(cell) + offset).assumingMemoryBound(
      to: Value.self)
    cell.pointee.nextOpen = nil
  }
}

/// A native function as a value.
public final class NativeFunction: Object {
  public let native: Native

  public init(_ native: Native) {
    self.native = native
    super.init(.nativeFunction)
  }

  public override var typeName: String { "function" }
}

/// A method together with the value that it was taken from: `let add = xs.append`.
public final class BoundMethod: Object {
  let receiver: Value
  let native: Native

  init(receiver: Value, native: Native) {
    self.receiver = receiver
    self.native = native
    super.init(.boundMethod)
  }

  /// What help shows.
  public var signature: Signature { native.signature }

  public override var typeName: String { "function" }
  override func visitChildren(_ visit: (Value) -> Void) { visit(receiver) }
}

/// `a..b by step` with whole numbers.
public final class RangeObject: Object {
  public let start: Int
  public let step: Int
  public let count: Int
  /// As it was written, for printing: the upper bound and whether it is included.
  let end: Int
  let isClosed: Bool

  /// Nil where `step` is 0 or the range has more elements than an int can count.
  public init?(from start: Int, to end: Int, closed: Bool, step: Int = 1) {
    guard step != 0 else { return nil }
    let (distance, overflow) = end.subtractingReportingOverflow(start)
    guard !overflow, distance != Int.min, step != Int.min else { return nil }
    let towards = step > 0 ? distance : -distance
    let size = abs(step)
    if towards < 0 || (towards == 0 && !closed) {
      count = 0
    } else if closed {
      guard towards / size < Int.max else { return nil }
      count = towards / size + 1
    } else {
      count = (towards - 1) / size + 1
    }
    self.start = start
    self.step = step
    self.end = end
    isClosed = closed
    super.init(.range)
  }

  public override var typeName: String { "range" }
  override var byteCount: Int { 80 }

  /// The element at an index in `0..<count`; never overflows, because the last element is in range.
  public func element(_ index: Int) -> Int { start &+ index &* step }

  public func contains(_ value: Int) -> Bool {
    let (offset, overflow) = value.subtractingReportingOverflow(start)
    guard !overflow, count > 0, offset % step == 0 else { return false }
    let index = offset / step
    return index >= 0 && index < count
  }
}

/// A native sequence that makes its elements one by one, for `for` and comprehensions.
public final class IteratorObject: Object {
  let name: String
  let nextValue: (VM) throws -> Value?
  /// Values that `next` still needs.
  let held: [Value]

  /// - Parameter holding: values that the closure keeps using.
  public init(_ name: String, holding held: [Value] = [], next: @escaping (VM) throws -> Value?) {
    self.name = name
    self.held = held
    nextValue = next
    super.init(.iterator)
  }

  public override var typeName: String { name }
  override func visitChildren(_ visit: (Value) -> Void) { for value in held { visit(value) } }
}

/// An error as a script sees it in `catch e`: `e.kind`, `e.message`, `e.data`, `e.trace`.
public final class ErrorObject: Object {
  public let fault: Fault

  public init(_ fault: Fault) {
    self.fault = fault
    super.init(.error)
  }

  /// What scripts read of an error.
  public static let fields = [
    (
      name: "kind",
      summary: "What went wrong, in a word: \"type\", \"value\" or \"io\", for example."
    ),
    (name: "message", summary: "What went wrong, in a sentence."),
    (name: "data", summary: "The value that was thrown."),
    (name: "hint", summary: "What to do instead; nil where nobody knows."),
    (name: "trace", summary: "The calls that led to it, the innermost first, as texts."),
  ]

  public override var typeName: String { "error" }
  override var byteCount: Int { 256 }
  override func visitChildren(_ visit: (Value) -> Void) { visit(fault.data) }
}
