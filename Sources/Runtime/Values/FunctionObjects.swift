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
