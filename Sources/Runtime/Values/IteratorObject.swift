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
