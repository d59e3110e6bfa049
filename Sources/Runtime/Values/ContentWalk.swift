import Syntax

extension VM {
  /// Takes down what `value` is and all that it reaches, as it stands now: see `ContentWalk`.
  public func writeContent(of value: Value, to writer: ContentWriter) {
    ContentWalk(interpreter, writer).take(value)
  }
}

/// Takes down what a value is and all that it reaches: data by content, functions by their code, the variables that
/// they captured, the top-level names that they use, and those members of imported modules that their code names.
///
/// Where names stand in the source, comments and layout leave no trace: code is taken down as it was compiled, and a
/// top-level name by what it holds. Nothing is taken down twice, so circles end; there is no recursion, so depth is no
/// matter.
final class ContentWalk {
  private enum Item {
    case object(Unmanaged<Object>)
    case global(Int)
    case code(Prototype)
  }

  private let interpreter: Interpreter
  private let writer: ContentWriter
  private var items: [Item] = []
  private var done = 0
  private var objects: [UnsafeMutableRawPointer: Int] = [:]
  private var globals: [Int: Int] = [:]
  private var codes: [ObjectIdentifier: Int] = [:]
  /// The imported modules that were met, with the members that were taken down.
  private var modules: [(module: ModuleObject, taken: Set<String>)] = []
  private var nativeModules: [ModuleObject] = []
  /// All strings in the code that was met: the names of members are among them.
  private var names: Set<String> = []
  /// The natives that the code can call, by their whole names.
  private(set) var natives: Set<String> = []

  init(_ interpreter: Interpreter, _ writer: ContentWriter) {
    self.interpreter = interpreter
    self.writer = writer
    writer.visit = { [unowned self] in write($0) }
  }

  /// Takes down a value and all that it reaches that was not yet.
  func take(_ value: Value) {
    write(value)
    repeat {
      while done < items.count {
        writer.write(done)
        switch items[done] {
        case .object(let reference): write(contentOf: reference)
        case .global(let slot): write(interpreter.globals[slot])
        case .code(let prototype): write(prototype)
        }
        done += 1
      }
    } while takeMembers()
    for module in nativeModules {
      for (name, member) in module.members where names.contains(name) {
        if case .value(.object(let reference)) = member, reference.kind == .nativeFunction {
          natives.insert(reference.nativeFunction.native.signature.name)
        }
      }
    }
    // `e.trace` shows where things stand in the source.
    if names.contains("trace") { writePlaces() }
  }

  /// Takes down the members of imported modules that are named somewhere and were not taken down yet; false where there
  /// are none.
  private func takeMembers() -> Bool {
    var hasTaken = false
    for index in modules.indices {
      let module = modules[index].module
      let wanted = module.memberNames.filter {
        names.contains($0) && !modules[index].taken.contains($0)
      }
      for name in wanted.sorted() {
        modules[index].taken.insert(name)
        writer.write(index)
        writer.write(name)
        switch module.members[name] {
        case .global(let slot)?: write(global: slot)
        case .value(let value)?: write(value)
        case nil: break
        }
        hasTaken = true
      }
    }
    return hasTaken
  }

  // MARK: Values

  private func write(_ value: Value) {
    switch value {
    case .nothing: writer.write(0)
    case .bool(let bool): writer.write(bool ? 2 : 1)
    case .int(let int):
      writer.write(3)
      writer.write(int)
    case .float(let float):
      writer.write(4)
      writer.write(float)
    case .object(let reference):
      if reference.toOpaque() == Object.missingAddress {
        writer.write(5)
      } else if reference.kind == .string {
        writer.write(6)
        write(text: reference)
      } else {
        writer.write(7)
        writer.write(number(of: reference))
      }
    }
  }

  private func write(text reference: Unmanaged<Object>) {
    let storage = reference.stringStorage.pointee
    writer.write(UnsafeRawBufferPointer(start: storage.bytes, count: Int(storage.byteCount)))
  }

  private func number(of reference: Unmanaged<Object>) -> Int {
    let address = reference.toOpaque()
    if let known = objects[address] { return known }
    objects[address] = items.count
    items.append(.object(reference))
    return items.count - 1
  }

  private func write(global slot: Int) {
    if globals[slot] == nil {
      globals[slot] = items.count
      items.append(.global(slot))
    }
    writer.write(globals[slot] ?? -1)
  }

  private func write(contentOf reference: Unmanaged<Object>) {
    writer.write(Int(reference.kind.rawValue))
    switch reference.kind {
    case .list:
      let storage = reference.listStorage.pointee
      writer.write(storage.count)
      if let elements = storage.items {
        for index in 0..<storage.count { write(elements[index]) }
      }
    case .map:
      writer.write(reference.map.count)
      for (key, value) in reference.map {
        write(key)
        write(value)
      }
    case .range:
      let range = reference.range
      for part in [range.start, range.end, range.step, range.isClosed ? 1 : 0] {
        writer.write(part)
      }
    case .closure: write(reference.closure)
    case .cell: write(reference.cellStorage.pointee.location.pointee)
    case .nativeFunction: write(reference.nativeFunction.native)
    case .boundMethod:
      write(reference.boundMethod.receiver)
      write(reference.boundMethod.native)
    case .module: write(reference.module)
    case .error:
      let fault = reference.error.fault
      writer.write([fault.kind.rawValue, fault.message, fault.hint ?? ""])
      write(fault.data)
      writer.write(fault.trace.count)
      for frame in fault.trace {
        writer.write([frame.function, frame.source.name])
        writer.write(frame.source.position(of: Int(frame.span.start)).line)
      }
    case .native: reference.native.type.writeContent(of: reference.native, to: writer)
    case .string: write(text: reference)
    // How far an iterator has got only its own code knows.
    case .iterator: writer.incomplete()
    case .missing: break
    }
  }

  private func write(_ native: Native) {
    let name = native.signature.name
    natives.insert(name)
    writer.write(name)
  }

  /// A module by its name; the members of an imported one follow as code names them.
  private func write(_ module: ModuleObject) {
    writer.write(module.name)
    let isImported = module.members.values.contains {
      if case .global = $0 { true } else { false }
    }
    if isImported { modules.append((module, [])) } else { nativeModules.append(module) }
  }

  // MARK: Code

  private func write(_ closure: Closure) {
    write(code: closure.prototype)
    guard let cells = closure.reference.closureStorage.pointee.cells else { return }
    for index in 0..<closure.prototype.captures.count {
      write(cells[index].cellStorage.pointee.location.pointee)
    }
  }

  private func write(code prototype: Prototype) {
    let id = ObjectIdentifier(prototype)
    if codes[id] == nil {
      codes[id] = items.count
      items.append(.code(prototype))
    }
    writer.write(codes[id] ?? -1)
  }

  private func write(_ prototype: Prototype) {
    writer.write(prototype.name)
    writer.write(prototype.registerCount)
    writer.write(prototype.parameters.count)
    for parameter in prototype.parameters {
      writer.write(parameter.name)
      writer.write((parameter.namedOnly ? 2 : 0) + (parameter.hasDefault ? 1 : 0))
    }
    writeInstructions(of: prototype)
    writer.write(prototype.constantCount)
    for index in 0..<prototype.constantCount {
      let constant = prototype.constants[index]
      write(constant)
      if let text = constant.string { names.insert(text) }
    }
    writer.write(prototype.functions.count)
    for function in prototype.functions {
      writer.write(function.captures.count)
      for capture in function.captures {
        writer.write(capture.index * 2 + (capture.fromRegister ? 1 : 0))
      }
      write(code: function)
    }
    writer.write(prototype.handlers.count)
    for handler in prototype.handlers {
      let isFinally = handler.isFinally ? 1 : 0
      for part in [handler.start, handler.end, handler.target, handler.register, isFinally] {
        writer.write(part)
      }
    }
    writer.write(prototype.shapes.count)
    for shape in prototype.shapes {
      writer.write(shape)
      names.formUnion(shape)
    }
    writer.write(prototype.subscripts.count)
    for pattern in prototype.subscripts { writer.write("\(pattern)") }
    for case .sweep(let axes) in prototype.statements { writer.write(axes) }
  }

  /// The instructions; the number of a top-level name, which depends on what else the script declares, is replaced by
  /// what the name holds.
  private func writeInstructions(of prototype: Prototype) {
    writer.write(prototype.codeCount)
    var offset = 0
    while offset < prototype.codeCount {
      let instruction = Instruction(word: prototype.code[offset])
      let op = instruction.op
      if op == .getGlobal || op == .setGlobal {
        writer.write(Int(instruction.word & 0xFFFF))
        write(global: instruction.bx)
      } else {
        for place in offset..<min(offset + op.length, prototype.codeCount) {
          writer.write(Int(prototype.code[place]))
        }
      }
      offset += op.length
    }
  }

  private func writePlaces() {
    for case .code(let prototype) in items {
      writer.write(prototype.source.name)
      for (offset, span) in prototype.spans {
        writer.write(Int(offset))
        writer.write(prototype.source.position(of: Int(span.start)).line)
      }
    }
  }
}
