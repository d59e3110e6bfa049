/// What an object is; the interpreter switches over this byte instead of casting.
public enum ObjectKind: UInt8, Sendable {
  case string, list, map, range, closure, native, nativeFunction, boundMethod, module, error, cell,
    iterator, missing
}

/// The first words of every object.
struct ObjectHeader {
  var kind: ObjectKind
  /// Set while a collection marks what is reachable.
  var marked: Bool
  /// Free for the kinds' own use.
  var flags: UInt16
  /// The heap that made the object; 0 for constants and other objects that no heap collects.
  var owner: UInt32
  /// The heap's list of all its objects.
  var next: Unmanaged<Object>?
}

/// A value with identity that a heap owns: string, list, map, function …
///
/// The interpreter reads the fields of hot kinds through raw pointers at fixed offsets (`Unmanaged.header`,
/// `Unmanaged.listStorage`, …): that compiles to plain loads, where a class reference costs reference counting. Swift
/// lays out a class as two words followed by the stored properties in order; `Object.layoutIsAsExpected` checks it.
public class Object {
  /// Reached only through `Unmanaged.header`.
  private final var storedHeader: ObjectHeader

  init(_ kind: ObjectKind) {
    storedHeader = ObjectHeader(kind: kind, marked: false, flags: 0, owner: 0, next: nil)
  }

  @inline(__always)
  final var reference: Unmanaged<Object> { Unmanaged.passUnretained(self) }

  public final var kind: ObjectKind { reference.kind }

  /// The id of the heap that made the object. A trial of a sweep may change only what its own heap made.
  final var owner: UInt32 { reference.header.pointee.owner }

  /// The type's name as a script calls it.
  public var typeName: String { "value" }

  /// Calls `visit` with every value that the object holds.
  func visitChildren(_ visit: (Value) -> Void) {}

  /// The bytes that the object takes, insides included.
  var byteCount: Int { 64 }

  nonisolated(unsafe) static let missing: Unmanaged<Object> = Unmanaged.passRetained(
    Object(.missing))
  nonisolated(unsafe) static let missingAddress: UnsafeMutableRawPointer = missing.toOpaque()
}

/// Where Swift puts a class's first stored property, and where that of `Object`'s subclasses lies behind the header.
enum ObjectLayout {
  static let header = 16
  static let fields = 32
}

extension Unmanaged<Object> {
  @inline(__always)
  var header: UnsafeMutablePointer<ObjectHeader> {
    (toOpaque() + ObjectLayout.header).assumingMemoryBound(to: ObjectHeader.self)
  }

  @inline(__always)
  var kind: ObjectKind { header.pointee.kind }

  @inline(__always)
  var owner: UInt32 { header.pointee.owner }

  /// The fields of a hot kind, behind the header.
  @inline(__always)
  func fields<Storage>(_ type: Storage.Type) -> UnsafeMutablePointer<Storage> {
    (toOpaque() + ObjectLayout.fields).assumingMemoryBound(to: Storage.self)
  }

  @inline(__always)
  var listStorage: UnsafeMutablePointer<ListStorage> { fields(ListStorage.self) }

  @inline(__always)
  var stringStorage: UnsafeMutablePointer<StringStorage> { fields(StringStorage.self) }

  @inline(__always)
  var mapStorage: UnsafeMutablePointer<MapStorage> { fields(MapStorage.self) }

  @inline(__always)
  var closureStorage: UnsafeMutablePointer<ClosureStorage> { fields(ClosureStorage.self) }

  @inline(__always)
  var cellStorage: UnsafeMutablePointer<CellStorage> { fields(CellStorage.self) }

  // The caller has looked at `kind`, so the casts cannot be wrong.
  @inline(__always)
  func cast<T: Object>(_ type: T.Type) -> T { unsafeDowncast(takeUnretainedValue(), to: type) }

  var string: StringObject { cast(StringObject.self) }
  var list: ListObject { cast(ListObject.self) }
  var map: MapObject { cast(MapObject.self) }
  var range: RangeObject { cast(RangeObject.self) }
  var closure: Closure { cast(Closure.self) }
  var native: NativeObject { cast(NativeObject.self) }
  var nativeFunction: NativeFunction { cast(NativeFunction.self) }
  var boundMethod: BoundMethod { cast(BoundMethod.self) }
  var module: ModuleObject { cast(ModuleObject.self) }
  var error: ErrorObject { cast(ErrorObject.self) }
  var iterator: IteratorObject { cast(IteratorObject.self) }
}

extension Object {
  /// That the raw offsets are those which the compiler chose; checked once when an interpreter is made.
  static let layoutIsAsExpected: Bool = {
    let string = StringObject("layout")
    let list = ListObject(capacity: 3)
    list.append(.int(7))
    let map = MapObject()
    // Every class below Object starts its own fields at the same place: nothing comes between.
    return string.reference.kind == .string && list.reference.kind == .list
      && map.reference.kind == .map && string.text == "layout" && list.count == 1
      && map.count == 0
      && MemoryLayout<ObjectHeader>.size == ObjectLayout.fields - ObjectLayout.header
  }()
}
