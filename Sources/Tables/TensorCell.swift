/// A tensor as a cell keeps it: all of its elements, bit for bit.
public struct TensorCell: Sendable, Hashable {
  public enum Element: String, Sendable {
    case f32, f64, i64, i32, bool

    public var size: Int {
      switch self {
      case .bool: 1
      case .f32, .i32: 4
      case .f64, .i64: 8
      }
    }
  }

  public let element: Element
  public let shape: [Int]
  /// For a padded batch, how many steps of each example are real.
  public let lengths: [Int]?
  /// The elements in row-major order, as they lie in memory (the lowest byte first).
  public let bytes: [UInt8]

  /// Nil where the bytes are not those of a tensor of this shape.
  public init?(element: Element, shape: [Int], lengths: [Int]? = nil, bytes: [UInt8]) {
    var count = element.size
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { return nil }
      count = product
    }
    guard count == bytes.count else { return nil }
    if element == .bool, bytes.contains(where: { $0 > 1 }) { return nil }
    self.element = element
    self.shape = shape
    self.lengths = lengths
    self.bytes = bytes
  }

  /// Longer ones are shown by their type and shape alone.
  private static let shownCount = 8

  /// As a table shows it.
  var text: String {
    bytes.count <= TensorCell.shownCount * element.size
      ? "tensor(\(list.sourceText))" : "tensor \(element.rawValue) \(shape)"
  }

  /// The elements as nested lists; those of f32 as the shortest numbers that read back the same.
  public var list: Cell {
    var place = 0
    return list(axis: 0, &place)
  }

  private func list(axis: Int, _ place: inout Int) -> Cell {
    guard axis < shape.count else {
      defer { place += 1 }
      return item(place)
    }
    return .list((0..<shape[axis]).map { _ in list(axis: axis + 1, &place) })
  }

  private func item(_ index: Int) -> Cell {
    func load<T>(_ type: T.Type) -> T {
      bytes.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: type)
      }
    }
    switch element {
    case .f32:
      let value = load(Float.self)
      return .float(Double("\(value)") ?? Double(value))
    case .f64: return .float(load(Double.self))
    case .i64: return .int(Int(load(Int64.self)))
    case .i32: return .int(Int(load(Int32.self)))
    case .bool: return .bool(bytes[index] != 0)
    }
  }
}
