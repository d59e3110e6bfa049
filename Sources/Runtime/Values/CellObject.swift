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
