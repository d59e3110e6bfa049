import Syntax

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Arithmetic of numbers with Python's rules: `/` gives a float, `//` and `%` floor, ints that leave 64 bits are an
/// error.
enum Arithmetic {
  /// The number's value as a float; false where it is none.
  @inline(__always)
  static func double(_ value: Value, _ result: inout Double) -> Bool {
    switch value {
    case .float(let float):
      result = float
      return true
    case .int(let int):
      result = Double(int)
      return true
    default: return false
    }
  }

  /// Nil where it overflows or `b` is 0.
  @inline(__always)
  static func floorDivide(_ a: Int, _ b: Int) -> Int? {
    if b == 0 || (b == -1 && a == .min) { return nil }
    let quotient = a / b
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
  }

  /// The remainder with the sign of `b`; nil where `b` is 0.
  @inline(__always)
  static func modulo(_ a: Int, _ b: Int) -> Int? {
    if b == 0 { return nil }
    if b == -1 { return 0 }
    // The usual case fits in 32 bits, whose division is much faster.
    if (a | b) >> 31 == 0 {
      return Int(UInt32(truncatingIfNeeded: a) % UInt32(truncatingIfNeeded: b))
    }
    let remainder = a % b
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
  }

  static func floorDivide(_ a: Double, _ b: Double) -> Double { floorDivision(a, b).quotient }
  static func modulo(_ a: Double, _ b: Double) -> Double { floorDivision(a, b).remainder }

  /// Quotient and remainder as Python computes them, exact where they can be.
  private static func floorDivision(_ a: Double, _ b: Double) -> (
    quotient: Double, remainder: Double
  ) {
    var remainder = fmod(a, b)
    var quotient = (a - remainder) / b
    if remainder != 0 {
      if (b < 0) != (remainder < 0) {
        remainder += b
        quotient -= 1
      }
    } else {
      remainder = b < 0 ? -0.0 : 0.0
    }
    if quotient != 0 {
      let floor = quotient.rounded(.down)
      return (quotient - floor > 0.5 ? floor + 1 : floor, remainder)
    }
    return ((a / b).sign == .minus ? -0.0 : 0.0, remainder)
  }

  /// Nil where the result does not fit; the exponent is not negative.
  static func power(_ base: Int, _ exponent: Int) -> Int? {
    var result = 1
    var square = base
    var rest = exponent
    while true {
      if rest & 1 == 1 {
        let (product, overflow) = result.multipliedReportingOverflow(by: square)
        if overflow { return nil }
        result = product
      }
      rest >>= 1
      if rest == 0 { return result }
      let (product, overflow) = square.multipliedReportingOverflow(by: square)
      if overflow { return nil }
      square = product
    }
  }

  /// The result for two numbers; nil where they are not both numbers.
  static func numeric(_ op: BinaryOperator, _ left: Value, _ right: Value) throws(Fault) -> Value? {
    if case .int(let a) = left, case .int(let b) = right { return try integer(op, a, b) }
    var a = 0.0
    var b = 0.0
    guard double(left, &a), double(right, &b) else { return nil }
    switch op {
    case .add: return .float(a + b)
    case .subtract: return .float(a - b)
    case .multiply: return .float(a * b)
    case .divide:
      if b == 0 { throw divisionByZero() }
      return .float(a / b)
    case .floorDivide:
      if b == 0 { throw divisionByZero() }
      return .float(floorDivide(a, b))
    case .modulo:
      if b == 0 { throw divisionByZero() }
      return .float(modulo(a, b))
    case .power:
      if a == 0, b < 0 { throw Fault(.value, "0 cannot be raised to a negative power") }
      if a < 0, a.isFinite, b.isFinite, b.rounded() != b {
        throw Fault(.value, "a negative number has no real power \(Formatting.float(b))")
      }
      return .float(pow(a, b))
    case .matmul, .both, .either: return nil
    }
  }

  /// The result for two bools; nil where they are not both bools, or for another operator.
  static func logical(_ op: BinaryOperator, _ left: Value, _ right: Value) -> Value? {
    guard case .bool(let a) = left, case .bool(let b) = right else { return nil }
    switch op {
    case .both: return .bool(a && b)
    case .either: return .bool(a || b)
    default: return nil
    }
  }

  private static func integer(_ op: BinaryOperator, _ a: Int, _ b: Int) throws(Fault) -> Value? {
    let result: (partialValue: Int, overflow: Bool)
    switch op {
    case .add: result = a.addingReportingOverflow(b)
    case .subtract: result = a.subtractingReportingOverflow(b)
    case .multiply: result = a.multipliedReportingOverflow(by: b)
    case .divide:
      if b == 0 { throw divisionByZero() }
      return .float(Double(a) / Double(b))
    case .floorDivide:
      if b == 0 { throw divisionByZero() }
      guard let quotient = floorDivide(a, b) else { throw overflow(op, a, b) }
      return .int(quotient)
    case .modulo:
      guard let remainder = modulo(a, b) else { throw divisionByZero() }
      return .int(remainder)
    case .power:
      if b < 0 {
        if a == 0 { throw Fault(.value, "0 cannot be raised to a negative power") }
        return .float(pow(Double(a), Double(b)))
      }
      guard let power = power(a, b) else { throw overflow(op, a, b) }
      return .int(power)
    case .matmul, .both, .either: return nil
    }
    if result.overflow { throw overflow(op, a, b) }
    return .int(result.partialValue)
  }

  /// The value of an operator on literals; nil where it would fail.
  static func fold(_ op: BinaryOperator, _ left: Value, _ right: Value) -> Value? {
    (try? numeric(op, left, right)) ?? nil
  }

  static func divisionByZero() -> Fault { Fault(.value, "division by zero") }

  static func overflow(_ op: BinaryOperator, _ a: Int, _ b: Int) -> Fault {
    Fault(
      .value, "the result of \(a) \(op.rawValue) \(b) does not fit in a 64-bit int",
      hint: "write one of them as a float: `\(a).0`")
  }
}

extension VM {
  /// All operators on all values; the interpreter's loop comes here when its own fast ways do not apply.
  @inline(never)
  func binary(_ op: BinaryOperator, _ left: Value, _ right: Value) throws(Fault) -> Value {
    if let result = try Arithmetic.numeric(op, left, right) { return result }
    if let result = Arithmetic.logical(op, left, right) { return result }
    if case .object(let a) = left {
      if a.kind == .string, case .object(let b) = right, b.kind == .string, op == .add {
        return try concatenate(a, b)
      }
      if a.kind == .list, case .object(let b) = right, b.kind == .list, op == .add {
        try reserve((a.list.count + b.list.count) * 16)
        let result = ListObject(capacity: a.list.count + b.list.count)
        if let target = result.storage.pointee.items {
          let (first, second) = (a.listStorage.pointee, b.listStorage.pointee)
          if let items = first.items { try copy(items, first.count, to: target) }
          if let items = second.items { try copy(items, second.count, to: target + first.count) }
          result.storage.pointee.count = first.count + second.count
        }
        return adopt(result)
      }
      if op == .multiply, case .int(let count) = right, a.kind == .string || a.kind == .list {
        return try repeated(a, count)
      }
    }
    if op == .multiply, case .int(let count) = left, case .object(let b) = right,
      b.kind == .string || b.kind == .list
    {
      return try repeated(b, count)
    }
    if let result = try nativeOperation(left, right, { try $0.binary(self, op, left, right) }) {
      return result
    }
    // A native that stands for a number or a bool, with one on the other side.
    if let a = left.plain, let b = right.plain,
      let result = try Arithmetic.numeric(op, a, b) ?? Arithmetic.logical(op, a, b)
    {
      return result
    }
    var hint: String?
    if op.isLogical { hint = logicalHint(op, left, right) }
    if op == .add, left.string != nil || right.string != nil {
      hint = "put values into a string with f\"…{value}…\""
    }
    throw Fault(
      .type,
      "`\(op.rawValue)` does not take \(Representation.described(left)) and \(Representation.described(right))",
      hint: hint)
  }

  private func logicalHint(_ op: BinaryOperator, _ left: Value, _ right: Value) -> String {
    for case .object(let operand) in [left, right] where operand.kind == .list {
      return "make a mask of the list: `tensor([true, false])`"
    }
    let usage = "`\(op.rawValue)` joins bools and masks: `x > 0 \(op.rawValue) y > 0`"
    return left.number != nil && right.number != nil
      ? usage + "; there are no operators on the bits of ints" : usage
  }

  /// Asks the native type of either operand; nil where none knows the operation.
  private func nativeOperation(
    _ left: Value, _ right: Value, _ ask: (AnyNativeType) throws -> Value?
  ) throws(Fault) -> Value? {
    do {
      let first = left.nativeType
      var result = try first.flatMap { type in try calling { try ask(type) } }
      if result == nil, let second = right.nativeType, second !== first {
        result = try calling { try ask(second) }
      }
      try lookAround()
      return result
    } catch {
      throw Fault(error)
    }
  }

  /// `+`, which makes strings and lists.
  @inline(never)
  func add(_ left: Value, _ right: Value) throws(Fault) -> Value {
    try safePoint()
    if case .object(let a) = left, case .object(let b) = right, a.kind == .string, b.kind == .string
    {
      return try concatenate(a, b)
    }
    return try binary(.add, left, right)
  }

  @inline(never)
  func negate(_ value: Value) throws(Fault) -> Value {
    switch value {
    case .int(let int):
      if int == .min { throw Fault(.value, "the result of -(\(int)) does not fit in a 64-bit int") }
      return .int(-int)
    case .float(let float): return .float(-float)
    case .object(let reference) where reference.kind == .native:
      do {
        if let result = try calling({ try reference.native.type.negated(self, reference.native) }) {
          return result
        }
      } catch {
        throw Fault(error)
      }
      if let scalar = reference.native.scalar { return try negate(scalar) }
    default: break
    }
    throw Fault(.type, "`-` does not take \(Representation.described(value))")
  }

  /// `not value`: the opposite of a bool, or of a mask element by element.
  @inline(never)
  func invert(_ value: Value) throws(Fault) -> Value {
    if case .object(let reference) = value, reference.kind == .native {
      do {
        if let result = try calling({ try reference.native.type.inverted(self, reference.native) })
        {
          return result
        }
      } catch {
        throw Fault(error)
      }
    }
    return .bool(!(try truth(value)))
  }

  // MARK: Comparing

  @inline(never)
  func equal(_ left: Value, _ right: Value, negated: Bool) throws(Fault) -> Value {
    // Nothing but nil is equal to nil, whatever a native type thinks of it.
    if left.isNothing || right.isNothing {
      return .bool((left.isNothing && right.isNothing) != negated)
    }
    if left.nativeType != nil || right.nativeType != nil,
      let result = try nativeOperation(
        left, right, { try $0.compared(self, negated ? .notEqual : .equal, left, right) })
    {
      return result
    }
    do {
      return .bool(try Comparison.equal(left, right, self) != negated)
    } catch {
      throw Fault(error)
    }
  }

  /// `left < right`, or `left <= right`.
  @inline(never)
  func less(_ left: Value, _ right: Value, orEqual: Bool) throws(Fault) -> Value {
    if left.nativeType != nil || right.nativeType != nil,
      let result = try nativeOperation(
        left, right, { try $0.compared(self, orEqual ? .lessEqual : .less, left, right) })
    {
      return result
    }
    do {
      if !orEqual {
        if let result = try Comparison.less(left, right, self) { return .bool(result) }
      } else {
        switch (left.plain, right.plain) {
        case (.float(let a)?, .float(let b)?): return .bool(a <= b)
        case (.float(let a)?, .int?) where a.isNaN, (.int?, .float(let a)?) where a.isNaN:
          return .bool(false)
        default:
          // For what has a total order, `a <= b` is `not b < a`.
          if let result = try Comparison.less(right, left, self) { return .bool(!result) }
        }
      }
    } catch {
      throw Fault(error)
    }
    throw Fault(
      .type,
      "\(Representation.described(left)) and \(Representation.described(right)) have no order",
      hint: left.isNothing || right.isNothing
        ? "nil is a missing value: ask for it first, `x != nil`; a mask leaves it out, `t[t.v > 1]`"
        : nil)
  }

  /// What asks for a condition's value, as the instructions name it.
  enum Asking {
    static let condition = 0
    static let and = 1
    static let or = 2
  }

  /// A condition's value: a bool, or a native that stands for one.
  @inline(never)
  func truth(_ value: Value, asking: Int = Asking.condition) throws(Fault) -> Bool {
    if case .bool(let bool) = value { return bool }
    if let native = value.nativeType, case .object(let reference) = value {
      if case .bool(let bool)? = reference.native.scalar { return bool }
      throw Fault(
        .type, "a condition must be a bool, found \(Value.withArticle(native.name))",
        hint: native.joinsMasks ? hintForMask(asking) : nil)
    }
    throw Fault(
      .type, "a condition must be a bool, found \(Representation.described(value))",
      hint: hintForTruth(value))
  }

  private func hintForMask(_ asking: Int) -> String {
    switch asking {
    case Asking.and: "masks are joined element by element with `&`: `x > 0 & y > 0`"
    case Asking.or: "masks are joined element by element with `|`: `x > 0 | y > 0`"
    default: "reduce it to one bool with `.any()` or `.all()`"
    }
  }

  private func hintForTruth(_ value: Value) -> String? {
    switch value {
    case .nothing: return "compare it: `x != nil`"
    case .int, .float: return "compare it: `x != 0`"
    case .object(let reference):
      switch reference.kind {
      case .string, .list, .map: return "ask for its length: `len(x) > 0`"
      default: return nil
      }
    default: return nil
    }
  }

  /// Whether a value of several values is in a list as a whole is seldom meant where the list holds none such.
  /// - Parameter list: nil for a sequence of numbers.
  private func requireWhole(_ item: Value, in list: ListObject?) throws(Fault) {
    guard case .object(let reference) = item, reference.kind == .native,
      let hint = reference.native.type.membershipHint
    else { return }
    let type = reference.native.type
    if let list {
      // Of a list without elements nothing is known, and the answer is the same.
      guard list.count > 0 else { return }
      let holdsSuch = list.values.contains { ($0.object as? NativeObject)?.type === type }
      if holdsSuch { return }
    }
    throw Fault(
      .type, "`in` asks of the whole \(type.name) whether it is an element: that is one bool",
      hint: hint)
  }

  @inline(never)
  func contains(_ container: Value, _ item: Value) throws(Fault) -> Bool {
    guard case .object(let reference) = container else {
      throw Fault(
        .type,
        "`in` needs a sequence or a map on its right, found \(Representation.described(container))")
    }
    do {
      switch reference.kind {
      case .map:
        guard MapObject.isKey(item) else {
          try requireWhole(item, in: nil)
          return false
        }
        return MapObject.find(reference.mapStorage, item, MapObject.hash(item, heap.id)) >= 0
      case .list:
        let list = reference.list
        try requireWhole(item, in: list)
        for index in 0..<list.count where index < list.count {
          if try Comparison.equal(list[index], item, self) { return true }
          try checkInterrupt(turn: index)
        }
        if list.count > 1 << 10 { try lookAround() }
        return false
      case .string:
        guard case .object(let part) = item, part.kind == .string else {
          throw Fault(.type, "a string holds only strings, not \(Representation.described(item))")
        }
        let text = reference.string.utf8
        let found = try SubstringSearch.first(
          part.string.utf8, in: text, 0..<text.count
        ) { () throws(Fault) in try lookAround() }
        if text.count > 1 << 16 { try lookAround() }
        return found != nil
      case .range:
        switch item {
        case .int(let int): return reference.range.contains(int)
        case .float(let float): return Int(exactly: float).map(reference.range.contains) ?? false
        case .object:
          try requireWhole(item, in: nil)
          return false
        default: return false
        }
      case .native:
        if let result = try calling({
          try reference.native.type.contains(reference.native, item, self)
        }) {
          return result
        }
        let iterator = try self.iterator(of: container)
        var turn = 0
        while let next = try iterator.nextValue(self) {
          if try Comparison.equal(next, item, self) { return true }
          turn += 1
          try checkInterrupt(turn: turn)
        }
        return false
      case .module: return item.string.map { reference.module.members[$0] != nil } ?? false
      default: break
      }
    } catch {
      throw Fault(error)
    }
    throw Fault(
      .type,
      "`in` needs a sequence or a map on its right, found \(Representation.described(container))")
  }
}

extension Value {
  var nativeType: AnyNativeType? {
    if case .object(let reference) = self, reference.kind == .native {
      return reference.native.type
    }
    return nil
  }
}
