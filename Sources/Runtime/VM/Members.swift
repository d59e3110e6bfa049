import Syntax

extension VM {
  /// `object.name`.
  @inline(never)
  func getMember(_ object: Value, _ name: Value) throws(Fault) -> Value {
    guard case .object(let nameReference) = name else { return .nothing }
    guard case .object(let reference) = object else {
      throw noMember(object, nameReference.string.text, isCall: false)
    }
    let text = nameReference.string.text
    switch reference.kind {
    case .map:
      let entry = MapObject.find(reference.mapStorage, name, MapObject.hash(name, heap.id))
      if entry >= 0, let entries = reference.mapStorage.pointee.entries {
        return entries[entry].value
      }
    case .module:
      if let value = interpreter.member(text, of: reference.module) { return value }
    case .error:
      if let value = errorMember(reference.error.fault, text) { return value }
    case .native:
      let native = reference.native
      let type = native.type
      do {
        if let index = type.fieldIndex[text] {
          let value = try calling { try type.fields[index].get(native, self) }
          #if DEBUG
            try value.requireFit(type.fields[index].type(), "\(type.name).\(text)")
          #endif
          return value
        }
        if let value = try calling({ try type.member(native, text, self) }) { return value }
      } catch {
        throw Fault(error)
      }
      if let method = type.methodObjects[text] {
        return adopt(BoundMethod(receiver: object, native: method.native))
      }
    default: break
    }
    if let method = method(nameReference, of: reference.kind) {
      return adopt(BoundMethod(receiver: object, native: method.native))
    }
    throw noMember(object, text, isCall: false)
  }

  private func errorMember(_ fault: Fault, _ name: String) -> Value? {
    switch name {
    case "kind": return makeString(fault.kind.rawValue)
    case "message": return makeString(fault.message)
    case "data": return fault.data
    case "hint": return fault.hint.map(makeString) ?? .nothing
    case "trace":
      return makeList(
        fault.trace.map { frame in
          let (line, _) = frame.source.position(of: Int(frame.span.start))
          return makeString("\(frame.function) (\(frame.source.name):\(line))")
        })
    default: return nil
    }
  }

  func noMember(_ object: Value, _ name: String, isCall: Bool) -> Fault {
    let names = memberNames(of: object)
    let hint =
      isCall && names.contains(name)
      ? "it is a field: write `.\(name)` without `(…)`"
      : Suggest.member(
        name, isCalled: isCall, among: names, of: methods(of: object),
        foreign: foreignNames(of: object),
        globals: hasFunctions(object) ? interpreter.entities : [:])
    guard case .object(let reference) = object else {
      return Fault(
        .type, "\(object.typeWithArticle) has no \(isCall ? "method" : "field") `\(name)`",
        hint: hint)
    }
    switch reference.kind {
    case .map where !isCall: return Fault(.key, "the map has no key `\(name)`", hint: hint)
    case .module:
      return Fault(.name, "the module `\(reference.module.name)` has no `\(name)`", hint: hint)
    default:
      let own =
        isCall || reference.kind != .native
        ? [] : reference.native.type.memberNames(reference.native)
      return Fault(
        .name, "\(object.typeWithArticle) has no \(isCall ? "method" : "field") `\(name)`",
        hint: hint ?? Suggest.parts(own))
    }
  }

  /// What other tools call members of a value, with what to write here.
  private func foreignNames(of object: Value) -> [String: String] {
    if case .object(let reference) = object, reference.kind == .module {
      return Suggest.foreignMembers(of: reference.module.name)
    }
    return object.nativeType?.foreignNames ?? [:]
  }

  /// Whether a global function may be meant where a value has no such member.
  private func hasFunctions(_ object: Value) -> Bool {
    guard case .object(let reference) = object else { return false }
    return reference.kind != .module
  }

  private func methods(of object: Value) -> [Signature] {
    guard case .object(let reference) = object else { return [] }
    return reference.kind == .native
      ? reference.native.type.methods.map(\.signature)
      : (interpreter.methods[reference.kind] ?? [:]).values.map(\.native.signature)
  }

  /// The names that may follow `value.`, for completion and suggestions: fields, methods, keys, members.
  public func memberNames(of value: Value) -> [String] {
    guard case .object(let reference) = value else { return [] }
    var names: [String] = []
    switch reference.kind {
    case .map: names = reference.map.compactMap { $0.key.string }
    case .module: names = reference.module.memberNames
    case .error: names = ErrorObject.fields.map(\.name)
    case .native:
      let type = reference.native.type
      return type.fields.map(\.name) + type.methods.map(\.name) + type.memberNames(reference.native)
    default: break
    }
    let kind: ObjectKind =
      reference.kind == .nativeFunction || reference.kind == .boundMethod
      ? .closure : reference.kind
    return names + (interpreter.methods[kind] ?? [:]).keys.sorted()
  }

  /// A member by name, for the host: `x.name`.
  public func member(_ name: String, of value: Value) throws -> Value {
    try getMember(value, makeString(name))
  }

  /// `object.name = value`.
  func setMember(_ object: Value, _ name: Value, _ value: Value) throws(Fault) {
    guard case .object(let reference) = object, case .object(let nameReference) = name else {
      throw Fault(.type, "\(object.typeWithArticle) has no fields to set")
    }
    switch reference.kind {
    case .map:
      try requireOwned(reference)
      try set(name, value, in: reference)
      return
    case .native:
      let text = nameReference.string.text
      do {
        try requireOwned(reference)
        if try calling({ try reference.native.type.setMember(reference.native, text, value, self) })
        {
          return
        }
      } catch {
        throw Fault(error)
      }
      throw Fault(.name, "the field `\(text)` of \(object.typeWithArticle) cannot be set")
    default:
      throw Fault(.type, "the fields of \(object.typeWithArticle) cannot be set")
    }
  }
}
