/// A value outside all heaps: what a trial of a sweep gives to its parent, and what a host passes to a script.
public indirect enum Snapshot: @unchecked Sendable {
  // A boxed native inside has been made for sharing (`Transfer`).
  case nothing
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list([Snapshot])
  case map([(key: Snapshot, value: Snapshot)])
  case range(start: Int, end: Int, closed: Bool, step: Int)
  case native(NativeObject)

  /// Deeper values are refused: they would overflow the stack when they are taken apart.
  static let maximumDepth = 200
}

extension VM {
  /// Copies a value out of its heap.
  /// - Throws: a `value` fault for functions, errors and natives that cannot leave, a `limit` fault for a value nested
  ///   too deeply.
  public func snapshot(_ value: Value) throws -> Snapshot {
    var turn = 0
    return try snapshot(value, depth: 0, &turn)
  }

  private func snapshot(_ value: Value, depth: Int, _ turn: inout Int) throws -> Snapshot {
    turn += 1
    try checkInterrupt(turn: turn)
    guard depth < Snapshot.maximumDepth else {
      throw Fault(.limit, "this value is nested too deeply to be copied")
    }
    switch value {
    case .nothing: return .nothing
    case .bool(let bool): return .bool(bool)
    case .int(let int): return .int(int)
    case .float(let float): return .float(float)
    case .object(let reference):
      switch reference.kind {
      case .string: return .string(reference.string.text)
      case .list:
        return .list(try reference.list.values.map { try snapshot($0, depth: depth + 1, &turn) })
      case .map:
        return .map(
          try reference.map.map {
            (
              try snapshot($0.key, depth: depth + 1, &turn),
              try snapshot($0.value, depth: depth + 1, &turn)
            )
          })
      case .range:
        let range = reference.range
        return .range(start: range.start, end: range.end, closed: range.isClosed, step: range.step)
      case .native:
        guard let copy = try reference.native.type.transferred(reference.native) else {
          if let scalar = reference.native.scalar {
            return try snapshot(scalar, depth: depth, &turn)
          }
          throw Fault(
            .value, "\(value.typeWithArticle) cannot leave the place where it was made",
            hint: "give numbers, strings, lists and maps instead")
        }
        return .native(copy)
      default:
        throw Fault(
          .value, "\(value.typeWithArticle) cannot leave the place where it was made",
          hint: "give numbers, strings, lists and maps instead")
      }
    }
  }

  /// A value in this interpreter's heap.
  public func value(of snapshot: Snapshot) -> Value {
    switch snapshot {
    case .nothing: return .nothing
    case .bool(let bool): return .bool(bool)
    case .int(let int): return .int(int)
    case .float(let float): return .float(float)
    case .string(let text): return makeString(text)
    case .list(let items):
      let list = ListObject(capacity: items.count)
      let result = adopt(list)
      for item in items { list.append(value(of: item)) }
      return result
    case .map(let entries):
      let map = MapObject(capacity: entries.count)
      let result = adopt(map)
      for (key, item) in entries { map.set(value(of: key), value(of: item)) }
      return result
    case .range(let start, let end, let closed, let step):
      guard let range = RangeObject(from: start, to: end, closed: closed, step: step) else {
        return .nothing
      }
      return adopt(range)
    case .native(let object):
      // The box in the snapshot belongs to no heap; each receiver gets its own.
      return adopt(object.type.rebox(object))
    }
  }
}
