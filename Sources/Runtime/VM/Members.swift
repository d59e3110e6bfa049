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
          return try calling { try type.fields[index].get(native, self) }
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
      (isCall ? functionHint(object, name) : nil) ?? Suggest.hint(for: name, in: names)
      ?? functionHint(object, name) ?? searchHint(object, name)
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
      return Fault(
        .name, "\(object.typeWithArticle) has no \(isCall ? "method" : "field") `\(name)`",
        hint: hint)
    }
  }

  /// For `list.sorted()`, where `sorted(list)` is meant.
  private func functionHint(_ object: Value, _ name: String) -> String? {
    guard case .object(let reference) = object, reference.kind != .module,
      case .function? = interpreter.entities[name]
    else { return nil }
    return "there is a function for that: `\(name)(…)`"
  }

  /// What a word of another language is called here: the method, else the function, that lists it among its search words.
  private func searchHint(_ object: Value, _ word: String) -> String? {
    guard case .object(let reference) = object else { return nil }
    let finds = { (signature: Signature) in signature.search.contains(word) }
    let methods =
      reference.kind == .native
      ? reference.native.type.methods.filter { finds($0.signature) }.map(\.name)
      : (interpreter.methods[reference.kind] ?? [:]).filter { finds($1.native.signature) }.map(
        \.key)
    if let method = methods.min() { return "did you mean `\(method)`?" }
    let functions = interpreter.entities.compactMap { name, entity -> String? in
      if case .function(let signature) = entity, finds(signature) { name } else { nil }
    }
    return functions.min().map { "there is a function for that: `\($0)(…)`" }
  }

  /// The names that may follow `value.`, for completion and suggestions: fields, methods, keys, members.
  public func memberNames(of value: Value) -> [String] {
    guard case .object(let reference) = value else { return [] }
    var names: [String] = []
    switch reference.kind {
    case .map: names = reference.map.compactMap { $0.key.string }
    case .module: names = reference.module.memberNames
    case .error: names = ["kind", "message", "data", "hint", "trace"]
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
      heap.count(
        MapObject.set(reference.mapStorage, name, nameReference.stringStorage.pointee.hash, value))
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
