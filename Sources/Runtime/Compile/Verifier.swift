import Syntax

/// Checks that code can do no harm whatever the compiler did: all registers, constants and targets exist. The
/// interpreter relies on it and checks nothing again.
enum Verifier {
  static func verify(_ prototype: Prototype) throws(Fault) {
    var starts = [Bool](repeating: false, count: prototype.codeCount + 1)
    var offset = 0
    while offset < prototype.codeCount {
      guard let op = Op(rawValue: UInt8(truncatingIfNeeded: prototype.code[offset])) else {
        throw broken(prototype, offset, "unknown instruction")
      }
      starts[offset] = true
      guard offset + op.length <= prototype.codeCount else {
        throw broken(prototype, offset, "cut off")
      }
      offset += op.length
    }
    offset = 0
    var last = Op.halt
    while offset < prototype.codeCount {
      let instruction = Instruction(word: prototype.code[offset])
      last = instruction.op
      let word = last.length == 2 ? prototype.code[offset + 1] : 0
      try verify(instruction, word, offset, prototype)
      if last.jumps {
        let target = offset + 2 + Int(Int32(bitPattern: word))
        guard target >= 0, target < prototype.codeCount, starts[target] else {
          throw broken(prototype, offset, "jump out of the code")
        }
      }
      offset += last.length
    }
    switch last {
    case .return, .returnNil, .returnClosing, .halt, .jump, .loop, .throwValue, .rethrow: break
    default: throw broken(prototype, offset, "the code does not end")
    }
    for handler in prototype.handlers {
      guard handler.start >= 0, handler.end <= prototype.codeCount,
        handler.target < prototype.codeCount,
        starts[handler.target], handler.register < prototype.registerCount
      else { throw broken(prototype, handler.target, "handler") }
    }
  }

  private static func broken(_ prototype: Prototype, _ offset: Int, _ what: String) -> Fault {
    Fault(.limit, "the code of `\(prototype.name)` is broken at \(offset): \(what)")
  }

  /// The registers that an instruction touches, as (first, count), and the table entries that it names.
  private static func verify(
    _ i: Instruction, _ word: UInt32, _ offset: Int, _ prototype: Prototype
  ) throws(Fault) {
    func registers(_ first: Int, _ count: Int = 1) throws(Fault) {
      if first + count > prototype.registerCount {
        throw broken(prototype, offset, "register \(first)")
      }
    }
    func constant(_ index: Int) throws(Fault) {
      if index >= prototype.constantCount { throw broken(prototype, offset, "constant \(index)") }
    }
    func name(_ index: Int) throws(Fault) {
      try constant(index)
      guard case .object(let reference) = prototype.constants[index], reference.kind == .string
      else {
        throw broken(prototype, offset, "name \(index)")
      }
    }
    func entry(_ index: Int, _ count: Int) throws(Fault) {
      if index >= count { throw broken(prototype, offset, "entry \(index)") }
    }
    let index = Int(word)
    switch i.op {
    case .halt, .returnNil, .jump, .loop: break
    case .move, .not, .negate, .represent:
      try registers(i.a)
      try registers(i.b)
    case .loadConstant:
      try registers(i.a)
      try constant(i.bx)
    case .loadInt, .loadNil, .loadTrue, .loadFalse, .loadMissing, .getGlobal, .setGlobal,
      .closeCells,
      .return, .returnClosing, .jumpIf, .jumpIfNotNil, .jumpIfGiven, .requireBool, .throwValue,
      .rethrow,
      .assertionFailed, .newMap, .jumpEqualInt, .jumpLessInt, .jumpLessEqualInt, .jumpGreaterInt,
      .jumpGreaterEqualInt:
      try registers(i.a)
    case .getCell, .setCell:
      try registers(i.a)
      try entry(i.b, prototype.captures.count)
    case .makeClosure:
      try registers(i.a)
      try entry(i.bx, prototype.functions.count)
      for capture in prototype.functions[i.bx].captures {
        if capture.fromRegister {
          try registers(capture.index)
        } else {
          try entry(capture.index, prototype.captures.count)
        }
      }
    case .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .power, .matmul, .both,
      .either, .equal, .notEqual, .less, .lessEqual, .isIn, .isNotIn, .getIndex, .setIndex, .format:
      try registers(i.a)
      try registers(i.b)
      try registers(i.c)
    case .addK, .subtractK, .multiplyK, .divideK, .floorDivideK, .moduloK, .powerK:
      try registers(i.a)
      try registers(i.b)
      try constant(i.c)
    case .addLeft, .subtractLeft, .multiplyLeft, .divideLeft:
      try registers(i.a)
      try constant(i.b)
      try registers(i.c)
    case .jumpEqual, .jumpLess, .jumpLessEqual, .getIndexInt, .addInt, .subtractInt, .enterContext:
      try registers(i.a)
      try registers(i.b)
    case .updateIndex:
      try registers(i.a)
      try registers(i.b)
      try registers(i.c)
      try entry(index, BinaryOperator.inOrder.count)
    case .updateIndexInt:
      try registers(i.a)
      try registers(i.c)
      try entry(index, BinaryOperator.inOrder.count)
    case .setIndexInt:
      try registers(i.a)
      try registers(i.c)
    case .getSubscripts:
      try registers(i.a)
      try entry(index, prototype.subscripts.count)
      try registers(i.b, 1 + prototype.subscripts[index].reduce(0) { $0 + $1.valueCount })
    case .setSubscripts:
      try registers(i.c)
      try entry(index, prototype.subscripts.count)
      try registers(i.a, 1 + prototype.subscripts[index].reduce(0) { $0 + $1.valueCount })
    case .getMember, .setMember:
      try registers(i.a)
      try registers(i.b)
      try name(index)
    case .call: try registers(i.a, i.b + 1)
    case .callNamed:
      try registers(i.a, i.b + 1)
      try entry(index, prototype.shapes.count)
      try entry(prototype.shapes[index].count, i.b + 1)
    case .callNative, .iteratePairs:
      try registers(i.a, i.b + 1)
      if i.op == .iteratePairs { try registers(i.c, 5) }
      try constant(index)
      guard case .object(let reference) = prototype.constants[index],
        reference.kind == .nativeFunction
      else {
        throw broken(prototype, offset, "native \(index)")
      }
    case .callMethod:
      try registers(i.a, i.b + 1)
      try name(index & 0xFFFF)
      if index >> 16 > 0 {
        try entry((index >> 16) - 1, prototype.shapes.count)
        try entry(prototype.shapes[(index >> 16) - 1].count, i.b + 1)
      }
    case .newList, .appendList, .join:
      try registers(i.a)
      try registers(i.b, i.c)
    case .putMap:
      try registers(i.a)
      try registers(i.b, 2 * i.c)
    case .makeRange:
      try registers(i.a)
      try registers(i.b, i.c & 2 == 0 ? 2 : 3)
    case .unpack:
      try registers(i.a, i.c)
      try registers(i.b)
    case .rangeStart, .rangeNext, .next: try registers(i.a, 4)
    case .nextPair, .nextSideBySide: try registers(i.a, 5)
    case .iterate, .iterateItems: try registers(i.a, 3)
    case .exitContext:
      try registers(i.a)
      try registers(i.b)
      try registers(i.c)
    case .importModule, .test:
      try registers(i.a)
      try entry(index, prototype.statements.count)
    case .parameter:
      try registers(i.a, 3)
      try entry(index, prototype.statements.count)
    case .sweep:
      try registers(i.a, 2 + i.b)
      try entry(index, prototype.statements.count)
    }
  }
}
