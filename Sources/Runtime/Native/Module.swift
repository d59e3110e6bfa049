import Syntax

/// A native module: a named group of natives, constants and further modules.
///
/// Lists of natives are best kept to ten in one literal: sixty in one take the Swift compiler ten times as long.
public struct Module: Sendable {
  public let name: String
  public let summary: String
  public var natives: [Native]
  public var constants: [Constant]
  public var modules: [Module]
  /// What calling the module itself does: `tensor([1.0])`.
  public var call: Native?

  public struct Constant: Sendable {
    public let name: String
    public let summary: String
    let value: Snapshot
    public init(_ name: String, _ summary: String, _ value: Snapshot) {
      self.name = name
      self.summary = summary
      self.value = value
    }
  }

  public init(
    _ name: String, _ summary: String, natives: [Native] = [], constants: [Constant] = [],
    modules: [Module] = [], call: Native? = nil
  ) {
    self.name = name
    self.summary = summary
    self.natives = natives
    self.constants = constants
    self.modules = modules
    self.call = call
    for native in natives { native.qualify(with: name) }
    for module in modules { module.natives.forEach { $0.qualify(with: "\(name).\(module.name)") } }
  }

  /// What the checker, help and completion know of it.
  public var entity: Entity {
    var members: [String: Entity] = [:]
    for native in natives { members[native.name] = .function(native.signature) }
    for constant in constants { members[constant.name] = .value }
    for module in modules { members[module.name] = module.entity }
    return .module(members, callable: call?.signature)
  }
}

enum ModuleMember {
  case value(Value)
  /// A top-level name of a script: its global slot, so that the importer sees later changes.
  case global(Int)
}

/// A module as a value: native, or an imported script.
public final class ModuleObject: Object {
  public let name: String
  public let summary: String
  var members: [String: ModuleMember] = [:]
  /// In the order of declaration.
  public internal(set) var memberNames: [String] = []
  var call: NativeFunction?
  /// Native members must outlive the values that scripts hold of them.
  private var retained: [Object] = []

  init(name: String, summary: String) {
    self.name = name
    self.summary = summary
    super.init(.module)
  }

  public override var typeName: String { "module" }

  func define(_ name: String, _ member: ModuleMember, retaining object: Object? = nil) {
    if members.updateValue(member, forKey: name) == nil { memberNames.append(name) }
    if let object { retained.append(object) }
  }

  func define(_ name: String, object: Object) {
    define(name, .value(Value(object)), retaining: object)
  }
}
