/// The interpreter's loop: one switch over the instructions, with the place in the code and the registers in local
/// variables. `frame.pointee.pc` is brought up to date before anything that may fail, allocate or call back, so that
/// errors find their place; everything rare is in functions of its own. This file is long because the loop is one
/// function, which is what makes it fast.
extension VM {
  /// Runs from the current frame until the frame `entry` returns.
  func execute(_ entry: UnsafeMutablePointer<FrameRecord>) throws(Fault) -> Value {
    let machine = self.machine
    let heapID = heap.id
    let globals = interpreter.globals
    let missing = Object.missingAddress
    var frame = machine.pointee.frame
    var pc = frame.pointee.pc
    var base = frame.pointee.base
    var constants = frame.pointee.constants
    var fuel = machine.pointee.fuel

    while true {
      let i = Instruction(word: pc.pointee)
      pc += 1
      switch i.op {
      // MARK: Loads and moves

      case .halt: return .nothing
      case .move: base[i.a] = base[i.b]
      case .loadConstant: base[i.a] = constants[i.bx]
      case .loadInt: base[i.a] = .int(i.signedBx)
      case .loadNil: base[i.a] = .nothing
      case .loadTrue: base[i.a] = .bool(true)
      case .loadFalse: base[i.a] = .bool(false)
      case .loadMissing: base[i.a] = .missing

      case .getGlobal:
        let value = globals[i.bx]
        if case .object(let reference) = value, reference.toOpaque() == missing {
          frame.pointee.pc = pc
          throw undefinedGlobal(i.bx)
        }
        base[i.a] = value

      case .setGlobal:
        if refusal != nil {
          frame.pointee.pc = pc
          throw foreignVariable()
        }
        globals[i.bx] = base[i.a]

      case .getCell:
        let cells = frame.pointee.closure.closureStorage.pointee.cells.unsafelyUnwrapped
        let value = cells[i.b].cellStorage.pointee.location.pointee
        if case .object(let reference) = value, reference.toOpaque() == missing {
          frame.pointee.pc = pc
          throw undefinedCapture()
        }
        base[i.a] = value

      case .setCell:
        let cell = frame.pointee.closure.closureStorage.pointee.cells.unsafelyUnwrapped[i.b]
        if cell.owner != heapID {
          frame.pointee.pc = pc
          throw foreignVariable()
        }
        cell.cellStorage.pointee.location.pointee = base[i.a]

      case .closeCells: closeCells(from: base + i.a)

      case .makeClosure:
        frame.pointee.pc = pc
        try safePoint()
        base[i.a] = makeClosure(i.bx, frame.pointee.closure, base, into: i.a)

      // MARK: Arithmetic

      case .add:
        let left = base[i.b]
        let right = base[i.c]
        if Fast.add(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try add(left, right)
      case .subtract:
        let left = base[i.b]
        let right = base[i.c]
        if Fast.subtract(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.subtract, left, right)
      case .multiply:
        let left = base[i.b]
        let right = base[i.c]
        if Fast.multiply(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.multiply, left, right)
      case .divide:
        let left = base[i.b]
        let right = base[i.c]
        if Fast.divide(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.divide, left, right)
      case .floorDivide:
        let left = base[i.b]
        let right = base[i.c]
        if Fast.floorDivide(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.floorDivide, left, right)
      case .modulo:
        let left = base[i.b]
        let right = base[i.c]
        if Fast.modulo(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.modulo, left, right)
      case .power:
        let left = base[i.b]
        let right = base[i.c]
        if Fast.power(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.power, left, right)
      case .addK:
        let left = base[i.b]
        let right = constants[i.c]
        if Fast.add(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try add(left, right)
      case .subtractK:
        let left = base[i.b]
        let right = constants[i.c]
        if Fast.subtract(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.subtract, left, right)
      case .multiplyK:
        let left = base[i.b]
        let right = constants[i.c]
        if Fast.multiply(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.multiply, left, right)
      case .divideK:
        let left = base[i.b]
        let right = constants[i.c]
        if Fast.divide(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.divide, left, right)
      case .floorDivideK:
        let left = base[i.b]
        let right = constants[i.c]
        if Fast.floorDivide(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.floorDivide, left, right)
      case .moduloK:
        let left = base[i.b]
        let right = constants[i.c]
        if Fast.modulo(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.modulo, left, right)
      case .powerK:
        let left = base[i.b]
        let right = constants[i.c]
        if Fast.power(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.power, left, right)
      case .addLeft:
        let left = constants[i.b]
        let right = base[i.c]
        if Fast.add(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try add(left, right)
      case .subtractLeft:
        let left = constants[i.b]
        let right = base[i.c]
        if Fast.subtract(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.subtract, left, right)
      case .multiplyLeft:
        let left = constants[i.b]
        let right = base[i.c]
        if Fast.multiply(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.multiply, left, right)
      case .divideLeft:
        let left = constants[i.b]
        let right = base[i.c]
        if Fast.divide(base + i.a, left, right) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.divide, left, right)
      case .addInt:
        let left = base[i.b]
        if Fast.add(base + i.a, left, .int(i.signedC)) { continue }
        frame.pointee.pc = pc
        base[i.a] = try add(left, .int(i.signedC))
      case .subtractInt:
        let left = base[i.b]
        if Fast.subtract(base + i.a, left, .int(i.signedC)) { continue }
        frame.pointee.pc = pc
        base[i.a] = try binary(.subtract, left, .int(i.signedC))
      case .matmul:
        frame.pointee.pc = pc
        base[i.a] = try binary(.matmul, base[i.b], base[i.c])
      case .both:
        frame.pointee.pc = pc
        base[i.a] = try binary(.both, base[i.b], base[i.c])
      case .either:
        frame.pointee.pc = pc
        base[i.a] = try binary(.either, base[i.b], base[i.c])

      case .negate:
        switch base[i.b] {
        case .float(let float): base[i.a] = .float(-float)
        case .int(let int) where int != .min: base[i.a] = .int(-int)
        case let value:
          frame.pointee.pc = pc
          base[i.a] = try negate(value)
        }

      case .not:
        if case .bool(let bool) = base[i.b] {
          base[i.a] = .bool(!bool)
        } else {
          frame.pointee.pc = pc
          base[i.a] = try invert(base[i.b])
        }

      // MARK: Comparisons

      case .equal:
        let left = base[i.b]
        let right = base[i.c]
        if let result = Fast.equal(left, right) {
          base[i.a] = .bool(result)
        } else {
          frame.pointee.pc = pc
          base[i.a] = try equal(left, right, negated: false)
        }
      case .notEqual:
        let left = base[i.b]
        let right = base[i.c]
        if let result = Fast.equal(left, right) {
          base[i.a] = .bool(!result)
        } else {
          frame.pointee.pc = pc
          base[i.a] = try equal(left, right, negated: true)
        }
      case .less:
        let left = base[i.b]
        let right = base[i.c]
        if let result = Fast.less(left, right) {
          base[i.a] = .bool(result)
        } else {
          frame.pointee.pc = pc
          base[i.a] = try less(left, right, orEqual: false)
        }
      case .lessEqual:
        let left = base[i.b]
        let right = base[i.c]
        if let result = Fast.lessEqual(left, right) {
          base[i.a] = .bool(result)
        } else {
          frame.pointee.pc = pc
          base[i.a] = try less(left, right, orEqual: true)
        }
      case .isIn:
        frame.pointee.pc = pc
        base[i.a] = .bool(try contains(base[i.c], base[i.b]))
      case .isNotIn:
        frame.pointee.pc = pc
        base[i.a] = .bool(!(try contains(base[i.c], base[i.b])))

      case .jumpEqual:
        let left = base[i.a]
        let right = base[i.b]
        let holds: Bool
        if let result = Fast.equal(left, right) {
          holds = result
        } else {
          frame.pointee.pc = pc
          holds = try truth(equal(left, right, negated: false))
        }
        pc += holds == (i.c != 0) ? Int(Int32(bitPattern: pc.pointee)) + 1 : 1
      case .jumpLess:
        let left = base[i.a]
        let right = base[i.b]
        let holds: Bool
        if let result = Fast.less(left, right) {
          holds = result
        } else {
          frame.pointee.pc = pc
          holds = try truth(less(left, right, orEqual: false))
        }
        pc += holds == (i.c != 0) ? Int(Int32(bitPattern: pc.pointee)) + 1 : 1
      case .jumpLessEqual:
        let left = base[i.a]
        let right = base[i.b]
        let holds: Bool
        if let result = Fast.lessEqual(left, right) {
          holds = result
        } else {
          frame.pointee.pc = pc
          holds = try truth(less(left, right, orEqual: true))
        }
        pc += holds == (i.c != 0) ? Int(Int32(bitPattern: pc.pointee)) + 1 : 1
      case .jumpEqualInt:
        let left = base[i.a]
        let holds: Bool
        if case .int(let int) = left {
          holds = int == i.signedB
        } else {
          frame.pointee.pc = pc
          let right = Value.int(i.signedB)
          holds = try truth(equal(left, right, negated: false))
        }
        pc += holds == (i.c != 0) ? Int(Int32(bitPattern: pc.pointee)) + 1 : 1
      case .jumpLessInt:
        let left = base[i.a]
        let holds: Bool
        if case .int(let int) = left {
          holds = int < i.signedB
        } else {
          frame.pointee.pc = pc
          let right = Value.int(i.signedB)
          holds = try truth(less(left, right, orEqual: false))
        }
        pc += holds == (i.c != 0) ? Int(Int32(bitPattern: pc.pointee)) + 1 : 1
      case .jumpLessEqualInt:
        let left = base[i.a]
        let holds: Bool
        if case .int(let int) = left {
          holds = int <= i.signedB
        } else {
          frame.pointee.pc = pc
          let right = Value.int(i.signedB)
          holds = try truth(less(left, right, orEqual: true))
        }
        pc += holds == (i.c != 0) ? Int(Int32(bitPattern: pc.pointee)) + 1 : 1
      case .jumpGreaterInt:
        let left = base[i.a]
        let holds: Bool
        if case .int(let int) = left {
          holds = int > i.signedB
        } else {
          frame.pointee.pc = pc
          let right = Value.int(i.signedB)
          holds = try truth(less(right, left, orEqual: false))
        }
        pc += holds == (i.c != 0) ? Int(Int32(bitPattern: pc.pointee)) + 1 : 1
      case .jumpGreaterEqualInt:
        let left = base[i.a]
        let holds: Bool
        if case .int(let int) = left {
          holds = int >= i.signedB
        } else {
          frame.pointee.pc = pc
          let right = Value.int(i.signedB)
          holds = try truth(less(right, left, orEqual: true))
        }
        pc += holds == (i.c != 0) ? Int(Int32(bitPattern: pc.pointee)) + 1 : 1
      // MARK: Jumps

      case .jump: pc += Int(Int32(bitPattern: pc.pointee)) + 1

      case .loop:
        fuel &-= 1
        if fuel < 0 {
          // Before the jump, so that an interrupt belongs to the loop and not to what stands before it.
          frame.pointee.pc = pc
          fuel = try poll()
        }
        pc += Int(Int32(bitPattern: pc.pointee)) + 1

      case .jumpIf:
        let holds: Bool
        if case .bool(let bool) = base[i.a] {
          holds = bool
        } else {
          frame.pointee.pc = pc
          holds = try truth(base[i.a], asking: i.c)
        }
        pc += holds == (i.b != 0) ? Int(Int32(bitPattern: pc.pointee)) + 1 : 1

      case .jumpIfNotNil:
        if case .nothing = base[i.a] {
          pc += 1
        } else {
          pc += Int(Int32(bitPattern: pc.pointee)) + 1
        }

      case .jumpIfGiven:
        if base[i.a].isMissing { pc += 1 } else { pc += Int(Int32(bitPattern: pc.pointee)) + 1 }

      case .requireBool:
        if case .bool = base[i.a] {
        } else {
          frame.pointee.pc = pc
          base[i.a] = .bool(try truth(base[i.a], asking: i.c))
        }

      // MARK: Subscripts and members

      case .getIndex:
        let object = base[i.b]
        let index = base[i.c]
        if case .object(let reference) = object, case .int(var place) = index,
          reference.kind == .list
        {
          let list = reference.listStorage
          if place < 0 { place &+= list.pointee.count }
          if UInt(bitPattern: place) < UInt(bitPattern: list.pointee.count) {
            base[i.a] = list.pointee.items.unsafelyUnwrapped[place]
            continue
          }
        }
        frame.pointee.pc = pc
        base[i.a] = try getIndex(object, index)

      case .getIndexInt:
        let object = base[i.b]
        if case .object(let reference) = object, reference.kind == .list {
          let list = reference.listStorage
          var place = i.signedC
          if place < 0 { place &+= list.pointee.count }
          if UInt(bitPattern: place) < UInt(bitPattern: list.pointee.count) {
            base[i.a] = list.pointee.items.unsafelyUnwrapped[place]
            continue
          }
        }
        frame.pointee.pc = pc
        base[i.a] = try getIndex(object, .int(i.signedC))

      case .setIndex:
        let object = base[i.a]
        let index = base[i.b]
        if case .object(let reference) = object, case .int(var place) = index,
          reference.kind == .list,
          reference.owner == heapID
        {
          let list = reference.listStorage
          if place < 0 { place &+= list.pointee.count }
          if UInt(bitPattern: place) < UInt(bitPattern: list.pointee.count) {
            list.pointee.items.unsafelyUnwrapped[place] = base[i.c]
            continue
          }
        }
        frame.pointee.pc = pc
        try setIndex(object, index, base[i.c])

      case .setIndexInt:
        let object = base[i.a]
        if case .object(let reference) = object, reference.kind == .list, reference.owner == heapID
        {
          let list = reference.listStorage
          var place = i.signedB
          if place < 0 { place &+= list.pointee.count }
          if UInt(bitPattern: place) < UInt(bitPattern: list.pointee.count) {
            list.pointee.items.unsafelyUnwrapped[place] = base[i.c]
            continue
          }
        }
        frame.pointee.pc = pc
        try setIndex(object, .int(i.signedB), base[i.c])

      case .updateIndex:
        let op = pc.pointee
        pc += 1
        if case .object(let reference) = base[i.a], case .int(var place) = base[i.b],
          reference.kind == .list, reference.owner == heapID
        {
          let list = reference.listStorage
          if place < 0 { place &+= list.pointee.count }
          if UInt(bitPattern: place) < UInt(bitPattern: list.pointee.count) {
            let target = list.pointee.items.unsafelyUnwrapped + place
            if op == 0
              ? Fast.add(target, target.pointee, base[i.c])
              : op == 1 && Fast.subtract(target, target.pointee, base[i.c])
            {
              continue
            }
          }
        }
        frame.pointee.pc = pc
        try updateIndex(base[i.a], base[i.b], op, base[i.c])

      case .updateIndexInt:
        let op = pc.pointee
        pc += 1
        if case .object(let reference) = base[i.a], reference.kind == .list,
          reference.owner == heapID
        {
          let list = reference.listStorage
          var place = i.signedB
          if place < 0 { place &+= list.pointee.count }
          if UInt(bitPattern: place) < UInt(bitPattern: list.pointee.count) {
            let target = list.pointee.items.unsafelyUnwrapped + place
            if op == 0
              ? Fast.add(target, target.pointee, base[i.c])
              : op == 1 && Fast.subtract(target, target.pointee, base[i.c])
            {
              continue
            }
          }
        }
        frame.pointee.pc = pc
        try updateIndex(base[i.a], .int(i.signedB), op, base[i.c])

      case .getSubscripts:
        let pattern = Int(pc.pointee)
        pc += 1
        frame.pointee.pc = pc
        try safePoint()
        base[i.a] = try getSubscripts(base + i.b, pattern)

      case .setSubscripts:
        let pattern = Int(pc.pointee)
        pc += 1
        frame.pointee.pc = pc
        try setSubscripts(base + i.a, pattern, base[i.c])

      case .getMember:
        let name = constants[Int(pc.pointee)]
        pc += 1
        if case .object(let reference) = base[i.b], reference.kind == .map,
          case .object(let key) = name
        {
          let map = reference.mapStorage
          let entry = MapObject.find(map, name, key.stringStorage.pointee.hash)
          if entry >= 0 {
            base[i.a] = map.pointee.entries.unsafelyUnwrapped[entry].value
            continue
          }
        }
        frame.pointee.pc = pc
        base[i.a] = try getMember(base[i.b], name)

      case .setMember:
        let name = constants[Int(pc.pointee)]
        pc += 1
        frame.pointee.pc = pc
        try setMember(base[i.a], name, base[i.b])

      // MARK: Calls

      case .call:
        if case .object(let reference) = base[i.a], reference.kind == .closure {
          let closure = reference.closureStorage
          let next = base + (i.a + 1)
          fuel &-= 1
          if closure.pointee.plainArgumentCount == Int32(truncatingIfNeeded: i.b), fuel >= 0,
            next + Int(closure.pointee.registerCount) <= machine.pointee.stackTouched,
            frame + 1 < machine.pointee.frameEnd
          {
            frame.pointee.pc = pc
            frame += 1
            frame.pointee.base = next
            frame.pointee.constants = closure.pointee.constants
            frame.pointee.closure = reference
            machine.pointee.frame = frame
            pc = closure.pointee.code
            constants = closure.pointee.constants
            base = next
            continue
          }
        }
        frame.pointee.pc = pc
        machine.pointee.fuel = fuel
        if try call(base + i.a, i.b, names: nil) {
          frame = machine.pointee.frame
          pc = frame.pointee.pc
          base = frame.pointee.base
          constants = frame.pointee.constants
        }
        fuel = machine.pointee.fuel

      case .callNamed:
        let shape = Int(pc.pointee)
        pc += 1
        frame.pointee.pc = pc
        machine.pointee.fuel = fuel
        if try call(base + i.a, i.b, names: frame.pointee.closure.closure.prototype.shapes[shape]) {
          frame = machine.pointee.frame
          pc = frame.pointee.pc
          base = frame.pointee.base
          constants = frame.pointee.constants
        }
        fuel = machine.pointee.fuel

      case .callNative:
        guard case .object(let function) = constants[Int(pc.pointee)] else { return .nothing }
        pc += 1
        frame.pointee.pc = pc
        machine.pointee.fuel = fuel
        try safePoint()
        base[i.a] = try invoke(function.nativeFunction.native, base + (i.a + 1), i.b)
        fuel = machine.pointee.fuel

      case .callMethod:
        let word = pc.pointee
        pc += 1
        frame.pointee.pc = pc
        machine.pointee.fuel = fuel
        if try callMethod(
          base + i.a, i.b, constants[Int(word & 0xFFFF)], shape: Int(word >> 16) - 1)
        {
          frame = machine.pointee.frame
          pc = frame.pointee.pc
          base = frame.pointee.base
          constants = frame.pointee.constants
        }
        fuel = machine.pointee.fuel

      // By itself, so that the usual return does not ask which one it is: every call ends with it.
      case .return:
        let result = base[i.a]
        if frame == entry {
          machine.pointee.frame = frame - 1
          machine.pointee.fuel = fuel
          return result
        }
        base[-1] = result
        frame -= 1
        machine.pointee.frame = frame
        pc = frame.pointee.pc
        base = frame.pointee.base
        constants = frame.pointee.constants

      case .returnNil, .returnClosing:
        let result = i.op == .returnNil ? .nothing : base[i.a]
        if i.op == .returnClosing { closeCells(from: base) }
        if frame == entry {
          machine.pointee.frame = frame - 1
          machine.pointee.fuel = fuel
          return result
        }
        base[-1] = result
        frame -= 1
        machine.pointee.frame = frame
        pc = frame.pointee.pc
        base = frame.pointee.base
        constants = frame.pointee.constants

      // MARK: Lists, maps, ranges, strings

      case .newList:
        frame.pointee.pc = pc
        try safePoint()
        base[i.a] = adopt(ListObject(UnsafeBufferPointer(start: base + i.b, count: i.c)))

      case .appendList:
        if case .object(let reference) = base[i.a] {
          frame.pointee.pc = pc
          let list = reference.list
          for index in 0..<i.c { try append(base[i.b + index], to: list) }
        }

      case .newMap:
        frame.pointee.pc = pc
        try safePoint()
        base[i.a] = adopt(MapObject(capacity: i.b))

      case .putMap:
        frame.pointee.pc = pc
        for index in 0..<i.c {
          try setIndex(base[i.a], base[i.b + 2 * index], base[i.b + 2 * index + 1])
        }

      case .makeRange:
        frame.pointee.pc = pc
        base[i.a] = try makeRange(base + i.b, i.c)

      case .unpack:
        if case .object(let reference) = base[i.b], reference.kind == .list,
          reference.listStorage.pointee.count == i.c
        {
          // The list may stand among the registers that its items go to: keep the pointer.
          let list = reference.listStorage.pointee
          for index in 0..<i.c { base[i.a + index] = list.items.unsafelyUnwrapped[index] }
        } else {
          frame.pointee.pc = pc
          try safePoint()
          try unpack(base[i.b], base + i.a, i.c)
        }

      case .format:
        frame.pointee.pc = pc
        try safePoint()
        base[i.a] = try format(base[i.b], base[i.c])

      case .join:
        frame.pointee.pc = pc
        try safePoint()
        base[i.a] = try join(base + i.b, i.c)

      case .represent:
        frame.pointee.pc = pc
        try safePoint()
        base[i.a] = try represent(base[i.b])

      // MARK: Loops

      case .rangeStart:
        let offset = Int(Int32(bitPattern: pc.pointee)) + 1
        if i.c == 0, case .int(let lower) = base[i.a], case .int(let upper) = base[i.a + 1] {
          let (count, overflow) = upper.subtractingReportingOverflow(lower)
          if !overflow {
            if count <= 0 {
              pc += offset
            } else {
              base[i.a + 1] = .int(count)
              base[i.a + 2] = .int(1)
              base[i.a + 3] = .int(lower)
              pc += 1
            }
            continue
          }
        }
        frame.pointee.pc = pc
        pc += try startRange(base + i.a, i.c) ? 1 : offset

      case .rangeNext:
        // `rangeStart` has put ints there and no other instruction changes them, so the tags need no look.
        let counters = UnsafeMutableRawPointer(base + i.a)
        let left = counters.load(fromByteOffset: 16, as: Int.self)
        if left > 1 {
          let next = counters.load(as: Int.self) &+ counters.load(fromByteOffset: 32, as: Int.self)
          counters.storeBytes(of: next, as: Int.self)
          counters.storeBytes(of: left &- 1, toByteOffset: 16, as: Int.self)
          base[i.a + 3] = .int(next)
          fuel &-= 1
          if fuel < 0 {
            frame.pointee.pc = pc
            fuel = try poll()
          }
          pc += Int(Int32(bitPattern: pc.pointee)) + 1
        } else {
          pc += 1
        }

      case .iterate:
        frame.pointee.pc = pc
        try startIteration(base + i.a)

      case .iterateItems:
        frame.pointee.pc = pc
        try startItems(base + i.a)

      case .iteratePairs:
        guard case .object(let function) = constants[Int(pc.pointee)] else { return .nothing }
        pc += 1
        frame.pointee.pc = pc
        machine.pointee.fuel = fuel
        try safePoint()
        let native = function.nativeFunction.native
        if try !startPairs(native, base + (i.a + 1), i.b, base + i.c) {
          base[i.c] = try invoke(native, base + (i.a + 1), i.b)
          try startIteration(base + i.c)
        }
        fuel = machine.pointee.fuel

      case .next:
        if case .object(let reference) = base[i.a], reference.kind == .list,
          case .int(let place) = base[i.a + 1]
        {
          let list = reference.listStorage
          if place < list.pointee.count {
            base[i.a + 1] = .int(place &+ 1)
            base[i.a + 3] = list.pointee.items.unsafelyUnwrapped[place]
            pc += 1
          } else {
            pc += Int(Int32(bitPattern: pc.pointee)) + 1
          }
        } else {
          frame.pointee.pc = pc
          pc += try next(base + i.a) ? 1 : Int(Int32(bitPattern: pc.pointee)) + 1
        }

      case .nextPair:
        frame.pointee.pc = pc
        pc += try nextPair(base + i.a) ? 1 : Int(Int32(bitPattern: pc.pointee)) + 1

      case .nextSideBySide:
        frame.pointee.pc = pc
        pc += try nextSideBySide(base + i.a) ? 1 : Int(Int32(bitPattern: pc.pointee)) + 1

      // MARK: Errors and contexts

      case .throwValue:
        frame.pointee.pc = pc
        throw thrown(base[i.a])

      case .rethrow:
        frame.pointee.pc = pc
        throw thrown(base[i.a])

      case .assertionFailed:
        frame.pointee.pc = pc
        throw try assertionFailed(i.b == 0 ? nil : base[i.a])

      case .enterContext:
        frame.pointee.pc = pc
        base[i.b] = try enterContext(base[i.a])

      case .exitContext:
        frame.pointee.pc = pc
        try exitContext(base[i.a], base[i.b], base[i.c])

      // MARK: The host's statements

      case .importModule:
        let index = Int(pc.pointee)
        pc += 1
        frame.pointee.pc = pc
        machine.pointee.fuel = fuel
        base[i.a] = try importModule(index, base[i.a])
        fuel = machine.pointee.fuel

      case .parameter:
        let index = Int(pc.pointee)
        pc += 1
        frame.pointee.pc = pc
        base[i.a] = try parameter(index, base + i.a)

      case .sweep:
        let index = Int(pc.pointee)
        pc += 1
        frame.pointee.pc = pc
        machine.pointee.fuel = fuel
        base[i.a] = try sweep(index, base + i.a, i.b)
        fuel = machine.pointee.fuel

      case .test:
        let index = Int(pc.pointee)
        pc += 1
        frame.pointee.pc = pc
        try test(index, base[i.a])
      }
    }
  }
}
