import Syntax

// What Swift types tell of the script's values: the results of natives, and what their parameters may take.

extension StaticType {
  /// The plain types that no list-like parameter takes.
  fileprivate var isNoSequence: Bool {
    switch self {
    case .nil, .bool, .int, .float, .function, .error: true
    default: false
    }
  }

  /// A native value that may stand for a number or a bool, or something of which nothing is known.
  fileprivate func mayBeScalar(_ vm: VM) -> Bool {
    switch self {
    case .any: true
    case .object(let name, _): vm.interpreter.type(named: name)?.mayBeScalar ?? true
    default: false
    }
  }
}

extension Int {
  public static var staticType: StaticType { .int }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    type == .int || type.mayBeScalar(vm)
  }
}

extension Double {
  public static var staticType: StaticType { .float }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    type.isNumber || type.mayBeScalar(vm)
  }
}

extension Float {
  public static var staticType: StaticType { .float }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    Double.mayAccept(type, vm)
  }
}

extension Bool {
  public static var staticType: StaticType { .bool }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    type == .bool || type.mayBeScalar(vm)
  }
}

extension String {
  public static var staticType: StaticType { .string }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    type == .string || type == .any
  }
}

extension Optional where Wrapped: Bindable {
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    type == .nil || Wrapped.mayAccept(type, vm)
  }
}

extension Array where Element: ValueEncodable {
  public static var staticType: StaticType { .list(Element.staticType) }
}

extension Array where Element: Bindable {
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    !type.isNoSequence && !(type == .string && Element.self == String.self)
  }
}

extension Dictionary where Key == String, Value: ValueEncodable {
  public static var staticType: StaticType { .map(nil) }
}

extension Dictionary where Key == String, Value: Bindable {
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    switch type {
    case .any, .map: true
    default: false
    }
  }
}

extension Record {
  public static var staticType: StaticType { .map(nil) }
}

extension StringObject {
  public static var staticType: StaticType { .string }
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    String.mayAccept(type, vm)
  }
}

extension ListObject {
  public static var staticType: StaticType { .list(.any) }
}

extension MapObject {
  public static var staticType: StaticType { .map(nil) }
}

extension RangeObject {
  public static var staticType: StaticType { .range }
}

extension ErrorObject {
  public static var staticType: StaticType { .error }
}

extension Callable {
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    switch type {
    case .any, .function: true
    case .object(let name, _):
      vm.interpreter.type(named: name)?.call != nil
        || vm.interpreter.type(named: name) == nil
    default: false
    }
  }
}

extension NativeValue {
  public static var staticType: StaticType { .object(nativeType.name, parts: nil) }
  /// For types that decode nothing but their own values.
  public static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    switch type {
    case .any: true
    case .object(let name, _): name == nativeType.name
    default: false
    }
  }
}

extension Snapshot {
  /// Nil for a range that is too long to be gone through in a check.
  init?(_ constant: Constant) {
    switch constant {
    case .nil: self = .nothing
    case .bool(let bool): self = .bool(bool)
    case .int(let int): self = .int(int)
    case .float(let float): self = .float(float)
    case .string(let text): self = .string(text)
    case .list(let items):
      let copies = items.compactMap(Snapshot.init)
      guard copies.count == items.count else { return nil }
      self = .list(copies)
    case .map(let entries):
      let copies = entries.sorted { $0.key < $1.key }.compactMap { entry in
        Snapshot(entry.value).map { (key: Snapshot.string(entry.key), value: $0) }
      }
      guard copies.count == entries.count else { return nil }
      self = .map(copies)
    case .range(let lower, let upper, let closed, let step):
      guard let range = RangeObject(from: lower, to: upper, closed: closed, step: step),
        range.count <= 1_000
      else { return nil }
      self = .range(start: lower, end: upper, closed: closed, step: step)
    case .interval: return nil
    }
  }
}

extension StaticType {
  /// The type by a Swift type, made more exact by what a declaration says in words.
  func declared(_ words: String) -> StaticType {
    let said = StaticType(parsing: words)
    switch (self, said) {
    case (.any, _), (.map(nil), .map): return said
    case (.object(let name, nil), .object(let saidName, _)): return name == saidName ? said : self
    case (.list(let own, _), .list(let said, _)):
      return .list(own == .any || own == .map(nil) ? said : own)
    default: return self
    }
  }
}

extension Value {
  /// Throws where a value is not what its declaration promises.
  func requireFit(_ type: StaticType, _ name: String) throws(Fault) {
    guard !fits(type) else { return }
    throw Fault(
      .type, "`\(name)` is declared to give \(type), it gave \(Representation.brief(self))")
  }

  /// Whether it is what a declaration promises; a list's first elements stand for all.
  func fits(_ type: StaticType) -> Bool {
    switch (type, self) {
    case (.any, _): return true
    case (.nil, .nothing), (.bool, .bool), (.int, .int), (.float, .float): return true
    case (_, .object(let reference)):
      switch (type, reference.kind) {
      case (.string, .string), (.range, .range), (.error, .error), (.map(nil), .map): return true
      case (.function, .closure), (.function, .nativeFunction), (.function, .boundMethod):
        return true
      case (.list(let element, _), .list):
        return reference.list.values.prefix(3).allSatisfy { $0.fits(element) }
      case (.map(let keys?), .map):
        let entries = reference.map.map { ($0.key.string ?? "", $0.value) }
        return entries.count == keys.count
          && entries.allSatisfy { key, value in keys[key].map { value.fits($0) } ?? false }
      case (.object(let name, let parts), .native):
        let native = reference.native
        guard native.type.name == name, let parts else { return native.type.name == name }
        return native.type.memberNames(native).allSatisfy(parts.contains)
      default: return false
      }
    default: return false
    }
  }
}
