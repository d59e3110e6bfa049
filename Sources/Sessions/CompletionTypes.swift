import Builtins
import Runtime
import Syntax
import Tables

// What completion knows of the values of expressions: the types of the session's values and what declarations say of
// calls. Nothing is called to find it.

extension Session {
  /// The type of an expression; `any` where it is not certain, or the text is no expression.
  func type(of text: String) -> StaticType {
    let source = Source(name: "prompt", text: text)
    guard let program = try? Parsing.parse(source) else { return .any }
    var known: [String: StaticType] = [:]
    for (name, value) in interpreter.variables where source.contains(name) {
      known[name] = Session.type(of: value)
    }
    let environment = CheckEnvironment(
      globals: interpreter.entities(for: source).merging(declared) { $1 },
      judge: interpreter.judge(sweepType: Library.sweepType), known: known)
    return interpreter.whileChecking { Checking.type(of: program, in: environment) }
  }

  /// The items of a map or list that are looked at, and how deep.
  private static let itemLimit = 200
  private static let depthLimit = 3

  /// The type of a value that is there, with its columns or keys.
  static func type(of value: Value, depth: Int = 0) -> StaticType {
    guard let object = value.object else { return StaticType(parsing: value.typeName) }
    switch object {
    case let groups as Boxed<Grouping>:
      return .object(groups.type.name, parts: Set(groups.value.table.names))
    case let native as NativeObject:
      let names = native.type.memberNames(native)
      return .object(native.type.name, parts: names.isEmpty ? nil : Set(names))
    case let map as MapObject:
      guard depth < depthLimit, map.count <= itemLimit else { return .map(nil) }
      var keys: [String: StaticType] = [:]
      for (key, item) in map {
        guard let name = key.string else { return .map(nil) }
        keys[name] = type(of: item, depth: depth + 1)
      }
      return .map(keys)
    case let list as ListObject:
      guard depth < depthLimit, let first = list.values.first else { return .list(.any) }
      // The first stands for all that are of its type: the rows of records.
      let isUniform = list.values.prefix(itemLimit).allSatisfy { $0.typeName == first.typeName }
      return .list(isUniform ? type(of: first, depth: depth + 1) : .any)
    default:
      return StaticType(parsing: value.typeName)
    }
  }

  /// The members of values of a type.
  func members(of type: StaticType) -> [Completions.Candidate] {
    switch type {
    case .string: return methods(of: .string)
    case .list: return methods(of: .list)
    case .map(let keys):
      let names = (keys ?? [:]).keys.filter(Session.isName).sorted()
      return names.map { .init($0, .field) } + methods(of: .map)
    case .range: return methods(of: .range)
    case .function: return methods(of: .closure)
    case .error:
      return ErrorObject.fields.map { .init($0.name, .field, detail: $0.summary) }
        + methods(of: .error)
    case .object(let name, let parts):
      guard let native = interpreter.nativeTypes[name]?() else { return [] }
      let hasParts = interpreter.judge().description(ofType: name)?.hasParts ?? false
      let names = hasParts ? (parts ?? []).filter(Session.isName).sorted() : []
      return members(of: native) { names }
    case .any, .nil, .bool, .int, .float: return []
    }
  }

  /// - Parameter own: the names of members that values have beyond those of their type.
  func members(of type: AnyNativeType, own: () -> [String]) -> [Completions.Candidate] {
    type.fields.map { .init($0.name, .field, detail: $0.summary) }
      + own().map { .init($0, .field) }
      + type.methods.map {
        .init($0.name, .function, detail: Session.detail($0.signature, isMethod: true))
      }
  }

  /// The names of the parts (columns) of a value of a type; nil where they are not known.
  private static func parts(of type: StaticType) -> [String]? {
    switch type {
    case .object(_, let parts?): parts.sorted()
    case .map(let keys?): keys.keys.sorted()
    default: nil
    }
  }

  /// The keys or columns of what an index is taken of.
  func partNames(of text: String) -> [String] { Session.parts(of: type(of: text)) ?? [] }

  /// The parameters of the call at the cursor, without that for the value whose method it is.
  func parameters(of call: CursorContext.Call, in text: String) -> [Signature.Parameter] {
    if let callee = call.callee {
      switch entity(callee) {
      case .function(let signature), .module(_, let signature?): return signature.parameters
      default: break
      }
      if let closure = value(callee)?.object as? Closure { return closure.signature.parameters }
    }
    return method(of: call, in: text).map { Array($0.signature.parameters.dropFirst()) } ?? []
  }

  /// The native method that is called, and the type of the value whose it is.
  private func method(
    of call: CursorContext.Call, in text: String
  ) -> (signature: Signature, receiver: StaticType)? {
    let bytes = Array(text.utf8)[call.text]
    guard let point = bytes.lastIndex(of: UInt8(ascii: ".")) else { return nil }
    let name = String(decoding: bytes[(point + 1)...], as: UTF8.self).filter { $0 != " " }
    let receiver = type(of: String(decoding: bytes[..<point], as: UTF8.self))
    guard let typeName = receiver.name,
      let signature = interpreter.judge().description(ofType: typeName)?.methods[name]
    else { return nil }
    return (signature, receiver)
  }

  /// The columns that the string at the cursor may name, where the parameter of its call names columns; nil where it
  /// does not.
  func columns(namedIn call: CursorContext.Call, of text: String) -> [String]? {
    let signature: Signature
    let owner: StaticType
    if case .function(let function)? = call.callee.flatMap(entity) {
      signature = function
      owner =
        call.first.map { type(of: String(decoding: Array(text.utf8)[$0], as: UTF8.self)) } ?? .any
    } else if let method = method(of: call, in: text) {
      (signature, owner) = method
    } else {
      return nil
    }
    let isOwned = signature.insight?.partNames?.owner == signature.parameters.first?.name
    let parameters = parameters(of: call, in: text)
    let positional = parameters.filter { !$0.namedOnly }
    let parameter: Signature.Parameter?
    if let name = call.name {
      parameter = parameters.first { $0.name == name }
    } else if positional.indices.contains(call.position) {
      parameter = positional[call.position]
    } else {
      parameter = positional.last { $0.variadic }
    }
    guard isOwned, let parameter,
      signature.insight?.partNames?.parameters.contains(parameter.name) == true
    else { return nil }
    return Session.parts(of: owner) ?? []
  }
}
