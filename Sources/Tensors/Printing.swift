// How a tensor reads: its type and shape, then aligned rows, the middle left out where it is large.

extension Tensor: CustomStringConvertible {
  /// `tensor f32 [3, 3]` and the rows below it; a scalar is written as its number.
  public var description: String {
    if isScalar { return TensorFormat(self).scalarText }
    let head = "tensor \(dtype.name) \(shape)"
    return count == 0 ? head : head + "\n" + TensorFormat(self).text
  }

  /// On one line: `tensor([0.6, 0.8])`; only type and shape where that would be long.
  public var inlineDescription: String {
    if isScalar { return TensorFormat(self).scalarText }
    guard count > 0, count <= 12 else { return "tensor \(dtype.name) \(shape)" }
    return "tensor(\(TensorFormat(self, aligned: false).text))"
  }
}

/// Writes the elements of one tensor with one number of decimals for all.
private struct TensorFormat {
  /// Beyond this many elements only the edges are shown.
  private static let elisionCount = 1000
  private static let edge = 3
  private static let precision = 4

  private let tensor: Tensor
  private let values: [Double]
  private let integers: [Int]
  private let aligned: Bool
  private let elided: Bool
  private var scientific = false
  private var decimals = 1
  private var width = 0

  init(_ tensor: Tensor, aligned: Bool = true) {
    self.aligned = aligned
    elided = tensor.count > TensorFormat.elisionCount
    let shown = elided ? TensorFormat.edges(of: tensor.detached) : tensor.detached
    self.tensor = shown
    // Reading fails only where memory has run out; the frame is then printed empty.
    let floating = tensor.dtype.isFloating
    values = floating ? (try? shown.doubles()) ?? [] : []
    integers = floating ? [] : (try? shown.integers()) ?? []
    chooseForm()
    if aligned {
      for index in 0..<shown.count { width = max(width, text(of: index).count) }
    }
  }

  /// The first and last elements along each long axis.
  private static func edges(of tensor: Tensor) -> Tensor {
    var result = tensor
    for axis in 0..<tensor.rank where tensor.shape[axis] > 2 * edge {
      let size = tensor.shape[axis]
      guard let head = try? result.sliced(axis: axis, from: 0, to: edge),
        let tail = try? result.sliced(axis: axis, from: size - edge, to: size),
        let joined = try? Tensor.concatenated([head, tail], axis: axis)
      else { return result }
      result = joined
    }
    return result
  }

  private mutating func chooseForm() {
    let finite = values.lazy.filter { $0.isFinite && $0 != 0 }.map { abs($0) }
    guard let largest = finite.max(), let smallest = finite.min() else { return }
    scientific = largest >= 1e8 || smallest < 1e-4 && largest < 1e-2 || largest / smallest > 1e8
    // As few decimals as show every element to the precision.
    let limit = TensorFormat.precision
    decimals = 1
    for value in values where value.isFinite && decimals < limit {
      let digits = scientific ? mantissa(value) : abs(value)
      while decimals < limit, needsMore(digits, decimals, limit) { decimals += 1 }
    }
  }

  private func mantissa(_ value: Double) -> Double {
    guard value != 0 else { return 0 }
    let text = TensorFormat.scientific(abs(value), TensorFormat.precision)
    return Double(text.prefix { $0 != "e" }) ?? 0
  }

  private func needsMore(_ value: Double, _ digits: Int, _ limit: Int) -> Bool {
    let full = FixedText.fixed(value, limit)
    let tail = full.suffix(limit - digits)
    return tail.contains { $0 != "0" }
  }

  static func scientific(_ value: Double, _ digits: Int) -> String {
    guard value != 0 else { return FixedText.fixed(0, digits) + "e+00" }
    var exponent = Int(FixedText.log10Floor(abs(value)))
    var scaled = value / FixedText.power(exponent)
    if Double(FixedText.fixed(abs(scaled), digits)) ?? 0 >= 10 {
      exponent += 1
      scaled = value / FixedText.power(exponent)
    }
    let sign = exponent < 0 ? "-" : "+"
    let size = String(abs(exponent))
    return FixedText.fixed(scaled, digits) + "e" + sign + (size.count < 2 ? "0" + size : size)
  }

  private func text(of index: Int) -> String {
    if tensor.dtype == .bool {
      return integers.indices.contains(index) && integers[index] != 0 ? "true" : "false"
    }
    if !tensor.dtype.isFloating {
      return integers.indices.contains(index) ? String(integers[index]) : ""
    }
    guard values.indices.contains(index) else { return "" }
    let value = values[index]
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return scientific
      ? TensorFormat.scientific(value, decimals) : FixedText.fixed(value, decimals)
  }

  /// A number alone: in its shortest form that reads back the same.
  var scalarText: String {
    if tensor.dtype == .bool || !tensor.dtype.isFloating { return text(of: 0) }
    if tensor.dtype == .f32, tensor.count == 1 { return FixedText.shortest(tensor.floats[0]) }
    return FixedText.shortest(values.first ?? .nan)
  }

  var text: String {
    var out = ""
    write(axis: 0, from: 0, count: tensor.count, into: &out)
    return out
  }

  private func write(axis: Int, from: Int, count: Int, into out: inout String) {
    guard axis < tensor.rank else {
      let cell = text(of: from)
      if aligned { out += String(repeating: " ", count: max(0, width - cell.count)) }
      out += cell
      return
    }
    let size = tensor.shape[axis]
    let step = size > 0 ? count / size : 0
    let cut = elided && size == 2 * TensorFormat.edge
    let last = axis == tensor.rank - 1
    let separator =
      last || !aligned
      ? ", "
      : "," + String(repeating: "\n", count: max(1, tensor.rank - 1 - axis))
        + String(repeating: " ", count: axis + 1)
    out += "["
    for i in 0..<size {
      if i > 0 { out += separator }
      if cut, i == TensorFormat.edge { out += "…" + separator }
      write(axis: axis + 1, from: from + i * step, count: step, into: &out)
    }
    out += "]"
  }
}

/// Decimal text of numbers without locale or C's format functions.
enum FixedText {
  /// `value` with `digits` decimals, rounded half to even on the exact binary value.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    let sign = value.sign == .minus ? "-" : ""
    let size = abs(value)
    guard size < 0x1p53 else { return sign + String(describing: size) }
    let scale = power(digits)
    let whole = size.rounded(.towardZero)
    // The fraction is exact; its product with 10^digits is rounded once.
    var fraction = ((size - whole) * scale).rounded(.toNearestOrEven)
    var integer = UInt64(whole)
    if fraction >= scale {
      fraction -= scale
      integer += 1
    }
    if digits == 0 { return sign + String(integer) }
    let tail = String(UInt64(fraction))
    return sign + String(integer) + "."
      + String(repeating: "0", count: max(0, digits - tail.count)) + tail
  }

  /// 10^exponent.
  static func power(_ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<abs(exponent) { result *= 10 }
    return exponent < 0 ? 1 / result : result
  }

  static func log10Floor(_ value: Double) -> Double {
    var exponent = 0
    var rest = value
    while rest >= 10 {
      rest /= 10
      exponent += 1
    }
    while rest < 1, rest > 0 {
      rest *= 10
      exponent -= 1
    }
    return Double(exponent)
  }

  /// Python's way of writing a float: `2.0`, `1e-05`, `inf`, `nan`.
  static func shortest<T: BinaryFloatingPoint & CustomStringConvertible>(_ value: T) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let text = value.description
    guard let mark = text.firstIndex(where: { $0 == "e" }) else { return text }
    var mantissa = String(text[..<mark])
    if mantissa.hasSuffix(".0") { mantissa.removeLast(2) }
    guard let exponent = Int(text[text.index(after: mark)...]) else { return text }
    if exponent >= 0, exponent < 16 {
      // Swift turns to exponents at 2⁵³ (2²⁴ for f32), Python at 10¹⁶.
      let digits = mantissa.filter { $0 != "." && $0 != "-" }
      let pad = exponent + 1 - digits.count
      if pad >= 0 {
        return (value < 0 ? "-" : "") + digits + String(repeating: "0", count: pad) + ".0"
      }
      return text
    }
    let size = String(abs(exponent))
    return mantissa + "e" + (exponent < 0 ? "-" : "+") + (size.count < 2 ? "0" + size : size)
  }
}
