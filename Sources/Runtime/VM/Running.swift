import Syntax

extension VM {
  /// Runs from the current frame until `entry` returns, with errors going to the handlers of the frames above it.
  func run(_ entry: UnsafeMutablePointer<FrameRecord>) throws(Fault) -> Value {
    while true {
      do {
        return try execute(entry)
      } catch {
        // What the loop had counted is lost with it: an endless loop of caught errors must come to a poll too.
        machine.pointee.fuel = min(machine.pointee.fuel, VM.pollInterval) - 100
        if !error.isCatchable { stopped(by: error) }
        locate(error)
        try unwind(error, entry)
      }
    }
  }

  /// Goes on at the innermost handler, or takes the frames down to `entry` away and throws on.
  private func unwind(_ fault: Fault, _ entry: UnsafeMutablePointer<FrameRecord>) throws(Fault) {
    var frame = machine.pointee.frame
    while true {
      let prototype = frame.pointee.closure.closure.prototype
      let offset = frame.pointee.pc - UnsafePointer(prototype.code) - 1
      for handler in prototype.handlers
      where handler.start <= offset && offset < handler.end
        && (handler.isFinally
          ? fault.isCatchable || handler.leavesContext || !fault.isFinal
          : fault.isCatchable && catchesErrors)
      {
        closeCells(from: frame.pointee.base + handler.register)
        frame.pointee.base[handler.register] = adopt(ErrorObject(fault))
        frame.pointee.pc = UnsafePointer(prototype.code) + handler.target
        machine.pointee.frame = frame
        return
      }
      closeCells(from: frame.pointee.base)
      if frame == entry {
        machine.pointee.frame = frame - 1
        throw fault
      }
      frame -= 1
    }
  }

  /// The place of an error and the calls that led there. Frames of the calls around natives are there too: they lie
  /// below on the same stack.
  func locate(_ fault: Fault) {
    guard !fault.hasTrace else { return }
    var calls: [Fault.Call] = []
    var frame = machine.pointee.frame
    let bottom = machine.pointee.frames
    guard frame > bottom else { return }
    var skipped = 0
    while frame > bottom {
      let prototype = frame.pointee.closure.closure.prototype
      let offset = frame.pointee.pc - UnsafePointer(prototype.code) - 1
      if calls.count < 40 || frame - bottom <= 10 {
        calls.append(Fault.Call(prototype: prototype, offset: offset, omitted: skipped))
        skipped = 0
      } else {
        skipped += 1
      }
      frame -= 1
    }
    fault.located(calls)
  }

  // MARK: Memory

  /// Collects garbage where that is due. Everything that is needed later must be in a register, global or handle.
  @inline(__always)
  func safePoint() throws(Fault) {
    let counters = heap.counters
    if counters.pointee.bytes > counters.pointee.threshold { try collectIfDue() }
  }

  @inline(never)
  private func collectIfDue() throws(Fault) {
    collect()
    if isMemoryShort {
      isMemoryShort = false
      interpreter.freesMemory?()
      if interpreter.watchdog?.isMemoryShort == true {
        // Up again, for trials that run beside this one and for the sweep.
        interrupt.raise(.memory)
        throw VM.fault(for: .memory, limits)
      }
    }
    let limit = memoryLimit
    if heap.byteCount > limit {
      throw Fault(.limit, "this uses more memory than the limit of \(VM.megabytes(limit))")
    }
  }

  /// A trial is over, perhaps before it came to collect what it was asked to: the next one is not to begin without
  /// memory.
  func settleMemory() throws(Fault) {
    if isMemoryShort { try collectIfDue() }
  }

  /// Frees what nothing reaches.
  public func collectGarbage() { collect() }

  private func collect() {
    let machine = self.machine
    let top = self.top
    var place = machine.pointee.stack
    while place < top {
      heap.mark(place.pointee)
      place += 1
    }
    // What calls that are over have left above is not kept alive, so it must not be seen by the next collection.
    if machine.pointee.stackTouched > top {
      top.update(repeating: .nothing, count: machine.pointee.stackTouched - top)
    }
    var frame = machine.pointee.frames
    while frame <= machine.pointee.frame {
      heap.mark(frame.pointee.closure)
      frame += 1
    }
    var cell = machine.pointee.openCells
    while let reference = cell {
      heap.mark(reference)
      cell = reference.cellStorage.pointee.nextOpen
    }
    for value in kept { heap.mark(value) }
    if !isTrial { interpreter.visitGlobals { heap.mark($0) } }
    heap.collect()
    let threshold = heap.counters.pointee.threshold
    // Near the limit what nothing reaches takes half of what is left at most: natives need room, too.
    let live = heap.byteCount
    let half = live + max(1 << 20, (memoryLimit - live) / 2)
    heap.counters.pointee.threshold = collectsAlways ? -1 : min(threshold, half, memoryLimit)
  }

  /// Collect before every allocation: finds objects that are not rooted. For tests.
  func collectAlways() {
    collectsAlways = true
    heap.counters.pointee.threshold = -1
  }

  // MARK: Captured variables

  /// A closure of the running function's `index`th inner function.
  @inline(never)
  func makeClosure(
    _ index: Int, _ running: Unmanaged<Object>, _ base: UnsafeMutablePointer<Value>,
    into register: Int
  ) -> Value {
    let prototype = running.closure.prototype.functions[index]
    let closure = Closure(prototype)
    let value = adopt(closure)
    guard let cells = closure.reference.closureStorage.pointee.cells else { return value }
    for (index, capture) in prototype.captures.enumerated() {
      if capture.fromRegister {
        cells[index] = openCell(base + capture.index)
      } else {
        // The running function has these cells, or it could not name them.
        cells[index] = running.closureStorage.pointee.cells.unsafelyUnwrapped[capture.index]
      }
    }
    return value
  }

  /// The cell of a register, made where there is none yet. Cells are kept in the order of their registers.
  private func openCell(_ location: UnsafeMutablePointer<Value>) -> Unmanaged<Object> {
    var previous: Unmanaged<Object>?
    var next = machine.pointee.openCells
    while let cell = next, cell.cellStorage.pointee.location > location {
      previous = cell
      next = cell.cellStorage.pointee.nextOpen
    }
    if let cell = next, cell.cellStorage.pointee.location == location { return cell }
    let object = CellObject(location, next: next)
    adopt(object)
    if let previous {
      previous.cellStorage.pointee.nextOpen = object.reference
    } else {
      machine.pointee.openCells = object.reference
    }
    return object.reference
  }

  @inline(__always)
  func closeCells(from location: UnsafeMutablePointer<Value>) {
    while let cell = machine.pointee.openCells, cell.cellStorage.pointee.location >= location {
      machine.pointee.openCells = cell.cellStorage.pointee.nextOpen
      cell.closeCell()
    }
  }

  // MARK: Errors

  func thrown(_ value: Value) -> Fault {
    if case .object(let reference) = value {
      if reference.kind == .error { return reference.error.fault }
      if reference.kind == .string { return Fault(.user, reference.string.text) }
    }
    return Fault(
      .type, "only an error or a string can be thrown, found \(Representation.described(value))",
      hint: "make one: error(\"value\", \"what is wrong\")")
  }

  func assertionFailed(_ message: Value?) throws(Fault) -> Fault {
    do {
      guard let message else { return Fault(.assert, "the assertion does not hold") }
      return Fault(.assert, try Representation.message(of: message, self))
    } catch {
      throw Fault(error)
    }
  }

  @inline(never)
  func undefinedGlobal(_ slot: Int) -> Fault {
    Fault(.name, "`\(interpreter.name(ofSlot: slot))` is used before it is declared")
  }

  @inline(never)
  func undefinedCapture() -> Fault { Fault(.name, "this is used before its declaration") }

  @inline(never)
  func foreignVariable() -> Fault {
    let refusal = refusal ?? .trial
    return Fault(refusal.kind, refusal.message, hint: refusal.variableHint)
  }
}

extension Prototype {
  /// The offset of the instruction that covers a code offset.
  func instructionStart(at offset: Int) -> Int? {
    var low = 0
    var high = spans.count
    while low < high {
      let middle = (low + high) / 2
      if Int(spans[middle].offset) <= offset { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : Int(spans[low - 1].offset)
  }
}
