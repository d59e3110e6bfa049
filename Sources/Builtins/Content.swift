import Learning
import Runtime
import Tables
import Tensors
import Text

/// What native values are made of, for the names of recorded trials: a trial whose captured values have the same
/// content is the same trial, whatever process they were made in.
protocol ContentDescribed {
  func describe(to writer: ContentWriter)
}

extension Tensor: ContentDescribed {
  func describe(to writer: ContentWriter) {
    writer.write(dtype.name)
    writer.write((0..<rank).map { shape[$0] })
    writer.write(lengths?.values ?? [])
    guard let dense = try? contiguous() else { return writer.incomplete() }
    withExtendedLifetime(dense) {
      writer.write(
        UnsafeRawBufferPointer(
          start: dense.storage.pointer + dense.offset * dtype.size, count: dense.count * dtype.size)
      )
    }
  }
}

extension Parameter: ContentDescribed {
  func describe(to writer: ContentWriter) {
    writer.write(requiresGradient)
    writer.write(fixedRow ?? -1)
    data.describe(to: writer)
  }
}

extension FunctionLayer.Body: ContentDescribed {
  func describe(to writer: ContentWriter) {
    if let function = origin as? Callable {
      writer.write(function.value)
    } else {
      writer.incomplete()
    }
  }
}

extension Vocabulary: ContentDescribed {
  func describe(to writer: ContentWriter) { writer.write(words) }
}

extension Examples: ContentDescribed {
  func describe(to writer: ContentWriter) {
    writer.write(tokens)
    writer.write(offsets)
    writer.write(labels)
    writer.write(texts)
    vocabulary.describe(to: writer)
    writer.write(tokenizer.rawValue)
  }
}

extension SubwordTokenizer: ContentDescribed {
  func describe(to writer: ContentWriter) {
    guard let text = try? json() else { return writer.incomplete() }
    writer.write(text)
    writer.write("\(specialTokens)")
  }
}

extension Tagger: ContentDescribed {
  func describe(to writer: ContentWriter) {
    guard let bytes = try? encoded() else { return writer.incomplete() }
    writer.write(bytes)
  }
}

extension WordVectors: ContentDescribed {
  func describe(to writer: ContentWriter) {
    writer.write(words)
    writer.write(width)
    writer.write(values)
  }
}

extension Table: ContentDescribed {
  func describe(to writer: ContentWriter) {
    writer.write(rowCount)
    writer.write(columns.count)
    for column in columns {
      writer.write(column.name)
      writer.write(column.role == .value ? 0 : column.role == .axis ? 1 : 2)
      column.series.describe(to: writer)
    }
  }
}

extension Series: ContentDescribed {
  func describe(to writer: ContentWriter) {
    writer.write(count)
    for row in 0..<count { self[row].describe(to: writer) }
  }
}

extension Row: ContentDescribed {
  func describe(to writer: ContentWriter) { map.describe(to: writer) }
}

extension Cell: ContentDescribed {
  func describe(to writer: ContentWriter) {
    switch self {
    case .null: writer.write(0)
    case .bool(let value): writer.write(value ? 2 : 1)
    case .int(let value):
      writer.write(3)
      writer.write(value)
    case .float(let value):
      writer.write(4)
      writer.write(value)
    case .string(let value):
      writer.write(5)
      writer.write(value)
    case .date(let value):
      writer.write(11)
      writer.write(value)
    case .datetime(let value):
      writer.write(12)
      writer.write(value)
    case .opaque(let value):
      writer.write(6)
      writer.write(value)
    case .list(let cells):
      writer.write(7)
      writer.write(cells.count)
      for cell in cells { cell.describe(to: writer) }
    case .map(let entries):
      writer.write(8)
      writer.write(entries.count)
      for entry in entries {
        entry.key.describe(to: writer)
        entry.value.describe(to: writer)
      }
    case .tensor(let tensor):
      writer.write(9)
      writer.write(tensor.element.rawValue)
      writer.write(tensor.shape)
      writer.write(tensor.lengths ?? [])
      tensor.bytes.withUnsafeBytes { writer.write($0) }
    case .table(let table):
      writer.write(10)
      table.describe(to: writer)
    }
  }
}

extension NativeType {
  /// Lets values of this type tell their content: as they describe themselves, else by their stored properties.
  /// - Parameter ignored: stored properties that are no part of it, such as how long something took.
  func hasContent(ignoring ignored: Set<String> = []) {
    content = { value, writer in
      var reflection = ContentReflection(writer: writer, ignored: ignored)
      reflection.write(value)
    }
  }
}

/// Takes down a Swift value by its stored properties, down to what describes itself. Settings and models are told so,
/// in which a property that was added later cannot be forgotten; what has no content (a closure, foreign memory) makes
/// the whole incomplete.
struct ContentReflection {
  let writer: ContentWriter
  let ignored: Set<String>
  private var objects: [ObjectIdentifier: Int] = [:]

  /// Working memory, and what is computed from the properties beside it; the kernels' own structures (`fl_…`) are, too.
  private static let scratch: Set<String> = ["RowScratch", "LexiconTable", "CopyWatch"]

  init(writer: ContentWriter, ignored: Set<String>) {
    self.writer = writer
    self.ignored = ignored
  }

  mutating func write(_ value: Any) {
    switch value {
    case let value as Value: return writer.write(value)
    case let value as Callable: return writer.write(value.value)
    case let value as Bool: return writer.write(value)
    case let value as String: return writer.write(value)
    case let value as Int: return writer.write(value)
    case let value as Double: return writer.write(value)
    case let value as Float: return writer.write(Double(value))
    case let value as any BinaryInteger: return writer.write("\(value)")
    case let value as [Int]: return writer.write(value)
    case let value as [Int32]: return writer.write(value)
    case let value as [Float]: return writer.write(value)
    case let value as [Double]: return writer.write(value)
    case let value as [String]: return writer.write(value)
    default: break
    }
    let mirror = Mirror(reflecting: value)
    // Not its whole name: that of a private type holds an address.
    let type = "\(mirror.subjectType)"
    writer.write(type)
    if mirror.displayStyle == .class {
      let id = ObjectIdentifier(value as AnyObject)
      if let known = objects[id] { return writer.write(known) }
      objects[id] = objects.count
    }
    if let described = value as? any ContentDescribed { return described.describe(to: writer) }
    if ContentReflection.scratch.contains(type) || type.hasPrefix("fl_") { return }
    // A pointer would show its address.
    if type.hasPrefix("Unsafe") || type.hasPrefix("Opaque") { return writer.incomplete() }
    switch mirror.displayStyle {
    case .optional, .tuple, .struct, .collection: write(mirror.children)
    case .enum:
      if mirror.children.isEmpty { writer.write("\(value)") } else { write(mirror.children) }
    case .dictionary, .set: writeUnordered(mirror.children)
    case .class:
      var next: Mirror? = mirror
      var hasProperties = false
      while let level = next {
        hasProperties = hasProperties || !level.children.isEmpty
        write(level.children)
        next = level.superclassMirror
      }
      if !hasProperties { writer.incomplete() }
    default: writer.incomplete()
    }
  }

  private mutating func write(_ children: Mirror.Children) {
    writer.write(children.count)
    for child in children {
      writer.write(child.label ?? "")
      if let label = child.label, ignored.contains(label) { continue }
      write(child.value)
    }
  }

  /// Elements that have no order, in the order of their bytes.
  private func writeUnordered(_ children: Mirror.Children) {
    var elements: [ContentWriter] = []
    for child in children {
      let element = ContentWriter()
      var reflection = ContentReflection(writer: element, ignored: ignored)
      reflection.write(child.value)
      elements.append(element)
    }
    writer.write(elements.count)
    for element in elements.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
      writer.append(contentsOf: element)
    }
  }
}
