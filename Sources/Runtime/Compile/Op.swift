import Syntax

/// The instructions of the register machine. A word is `op | A << 8 | B << 16 | C << 24`; `Bx` is the upper half as one
/// number. Instructions that need more have a second word. R[x] is a register, K[x] a constant.
enum Op: UInt8, CaseIterable {
  // Loads and moves.
  case halt
  /// R[A] = R[B]
  case move
  /// R[A] = K[Bx]
  case loadConstant
  /// R[A] = Bx as a signed number
  case loadInt
  case loadNil, loadTrue, loadFalse, loadMissing
  /// R[A] = global Bx
  case getGlobal, setGlobal
  /// R[A] = captured variable B
  case getCell, setCell
  /// The captured variables in R[A]… leave their registers.
  case closeCells
  /// R[A] = a closure of function Bx
  case makeClosure

  // Arithmetic: R[A] = R[B] op R[C]; `K` takes K[C] on the right, `Left` K[B] on the left.
  case add, subtract, multiply, divide, floorDivide, modulo, power, matmul, both, either
  case addK, subtractK, multiplyK, divideK, floorDivideK, moduloK, powerK
  case addLeft, subtractLeft, multiplyLeft, divideLeft
  /// R[A] = R[B] op C as a signed number
  case addInt, subtractInt
  case negate, not

  // Comparisons: R[A] = R[B] op R[C].
  case equal, notEqual, less, lessEqual, isIn, isNotIn
  // Jump by the second word when (R[A] op R[B]) == C.
  case jumpEqual, jumpLess, jumpLessEqual
  // The same with B as a signed number.
  case jumpEqualInt, jumpLessInt, jumpLessEqualInt, jumpGreaterInt, jumpGreaterEqualInt

  // Jumps by the second word.
  case jump
  /// Backwards: looks at interrupts and limits now and then.
  case loop
  /// When R[A] == B, which must be a bool; C: 1 for an operand of `and`, 2 of `or`, for the error's hint.
  case jumpIf
  case jumpIfNotNil
  /// When the argument R[A] was given.
  case jumpIfGiven
  /// R[A] must be a bool; C as in jumpIf.
  case requireBool

  // Subscripts and members.
  /// R[A] = R[B][R[C]]
  case getIndex
  /// R[A] = R[B][C as a signed number]
  case getIndexInt
  /// R[A][R[B]] = R[C]
  case setIndex
  /// R[A][B as a signed number] = R[C]
  case setIndexInt
  /// R[A][R[B]] = R[A][R[B]] op R[C], the operator in the second word
  case updateIndex
  /// The same with B as a signed number.
  case updateIndexInt
  /// R[A] = R[B][…]: the pattern is the second word, its values are R[B + 1]…
  case getSubscripts
  /// R[A][…] = R[C], the pattern in the second word, its values in R[A + 1]…
  case setSubscripts
  /// R[A] = R[B].K[word]
  case getMember
  /// R[A].K[word] = R[B]
  case setMember

  // Calls: the callee is R[A], B arguments follow it, the result replaces it.
  case call
  /// The last arguments have names: shape in the second word.
  case callNamed
  /// The native K[word] with B arguments in R[A + 1]…
  case callNative
  /// The method K[word & 0xFFFF] of the receiver R[A]; shape + 1, or 0, in the upper half of the word.
  case callMethod
  case `return`
  case returnNil
  /// Return from a function with captured variables.
  case returnClosing

  // Lists, maps, ranges, strings.
  /// R[A] = a list of C values from R[B]
  case newList
  /// Append C values from R[B] to the list R[A].
  case appendList
  case newMap
  /// Put C pairs from R[B] into the map R[A].
  case putMap
  /// R[A] = range from R[B], R[B + 1], R[B + 2]; C: 1 closed, 2 with a step
  case makeRange
  /// R[A]… = the C elements of R[B]
  case unpack
  /// R[A] = R[B] formatted by R[C]
  case format
  /// R[A] = the text of C values from R[B]
  case join
  /// R[A] = repr(R[B])
  case represent

  // Loops.
  /// R[A], R[A + 1], R[A + 2] are the bounds and the step (C as in makeRange); makes them counters, sets R[A + 3], or
  /// jumps.
  case rangeStart
  /// Next element into R[A + 3] and back, or go on.
  case rangeNext
  /// R[A] is what is iterated; R[A + 1], R[A + 2] keep the place.
  case iterate
  /// The same for `x.items()` taken apart into two.
  case iterateItems
  /// The same for what a native gives, called as by callNative and taken apart into two; R[C] is the loop's.
  case iteratePairs
  /// Next element into R[A + 3], or jump.
  case next
  /// Next pair into R[A + 3] and R[A + 4], or jump.
  case nextPair
  /// The same after iteratePairs.
  case nextSideBySide

  // Errors and contexts.
  case throwValue
  case rethrow
  /// B: 1 where R[A] is a message.
  case assertionFailed
  /// Enter the context R[A]; R[B] = what is bound.
  case enterContext
  /// Leave the context R[A]; R[B] is the error where R[C] is -1.
  case exitContext

  // The host's statements; the second word is an index into the function's table of them.
  case importModule
  case parameter
  case sweep
  case test

  /// How many words the instruction has.
  var length: Int {
    switch self {
    case .jumpEqual, .jumpLess, .jumpLessEqual, .jumpEqualInt, .jumpLessInt, .jumpLessEqualInt,
      .jumpGreaterInt, .jumpGreaterEqualInt, .jump, .loop, .jumpIf, .jumpIfNotNil, .jumpIfGiven,
      .updateIndex, .updateIndexInt, .getSubscripts, .setSubscripts, .getMember, .setMember,
      .callNamed, .callNative, .callMethod, .iteratePairs,
      .rangeStart, .rangeNext, .next, .nextPair, .nextSideBySide, .importModule, .parameter, .sweep,
      .test:
      return 2
    default: return 1
    }
  }

  /// Whether the second word is how far to jump.
  var jumps: Bool {
    switch self {
    case .jumpEqual, .jumpLess, .jumpLessEqual, .jumpEqualInt, .jumpLessInt, .jumpLessEqualInt,
      .jumpGreaterInt, .jumpGreaterEqualInt, .jump, .loop, .jumpIf, .jumpIfNotNil, .jumpIfGiven,
      .rangeStart, .rangeNext, .next, .nextPair, .nextSideBySide:
      return true
    default: return false
    }
  }
}

extension BinaryOperator {
  static let inOrder: [BinaryOperator] = [
    .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .matmul, .power, .both, .either,
  ]

  /// How the second word of an instruction names it: the index in `inOrder`.
  var code: Int { BinaryOperator.inOrder.firstIndex(of: self) ?? 0 }
}

/// The operands of an instruction word.
struct Instruction {
  let word: UInt32

  @inline(__always) var op: Op {
    // The verifier has seen that the byte is one of the cases.
    unsafeBitCast(UInt8(truncatingIfNeeded: word), to: Op.self)
  }
  @inline(__always) var a: Int { Int(truncatingIfNeeded: (word >> 8) & 0xFF) }
  @inline(__always) var b: Int { Int(truncatingIfNeeded: (word >> 16) & 0xFF) }
  @inline(__always) var c: Int { Int(truncatingIfNeeded: word >> 24) }
  @inline(__always) var bx: Int { Int(truncatingIfNeeded: word >> 16) }
  @inline(__always) var signedB: Int { Int(Int8(truncatingIfNeeded: word >> 16)) }
  @inline(__always) var signedC: Int { Int(Int8(truncatingIfNeeded: word >> 24)) }
  @inline(__always) var signedBx: Int { Int(Int16(truncatingIfNeeded: word >> 16)) }

  static func encode(_ op: Op, _ a: Int, _ b: Int, _ c: Int) -> UInt32 {
    UInt32(op.rawValue) | UInt32(truncatingIfNeeded: a & 0xFF) << 8
      | UInt32(truncatingIfNeeded: b & 0xFF) << 16 | UInt32(truncatingIfNeeded: c & 0xFF) << 24
  }
}

/// One part of a subscript: which of its values stand in registers.
enum SubscriptPattern: Sendable {
  case index
  case slice(start: Bool, stop: Bool, step: Bool)
  case ellipsis

  var valueCount: Int {
    switch self {
    case .index: 1
    case .slice(let start, let stop, let step): (start ? 1 : 0) + (stop ? 1 : 0) + (step ? 1 : 0)
    case .ellipsis: 0
    }
  }
}
