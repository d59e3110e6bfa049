import Tensors

/// Where the rows of each example lie in a matrix that has the examples' rows one behind the other.
struct RowLayout: Sendable {
  /// Neighbours that have the same number of rows, `time`, each.
  struct Part {
    let examples: Range<Int>
    let time: Int
    let firstRow: Int
  }

  /// In the order of examples and rows, without gaps.
  let parts: [Part]
  let exampleCount: Int
  let rowCount: Int

  /// Every example has `time` rows.
  init(examples: Int, time: Int) {
    parts = [Part(examples: 0..<examples, time: time, firstRow: 0)]
    exampleCount = examples
    rowCount = examples * time
  }

  /// Parts of `size` examples, each example with as many rows as the longest of its part.
  init(_ lengths: [Int], size: Int) {
    var parts: [Part] = []
    var row = 0
    for start in stride(from: 0, to: lengths.count, by: size) {
      let examples = start..<min(start + size, lengths.count)
      // A part has an example.
      let part = Part(examples: examples, time: lengths[examples].max() ?? 0, firstRow: row)
      parts.append(part)
      row += part.examples.count * part.time
    }
    self.parts = parts
    exampleCount = lengths.count
    rowCount = row
  }

  /// The rows of some examples.
  func rows(of examples: Range<Int>) -> Range<Int> {
    firstRow(of: examples.lowerBound)..<firstRow(of: examples.upperBound)
  }

  func firstRow(of example: Int) -> Int {
    var (low, high) = (0, parts.count)
    while low < high {
      let middle = (low + high) / 2
      if parts[middle].examples.upperBound <= example { low = middle + 1 } else { high = middle }
    }
    guard low < parts.count else { return rowCount }
    return parts[low].firstRow + (example - parts[low].examples.lowerBound) * parts[low].time
  }

  /// The parts cut into what a thread treats at a time when norms are taken of rows of `width` numbers.
  func blocks(width: Int) -> [Part] {
    parts.flatMap { part in
      let size = ExampleBlocks.size(time: part.time, width: width)
      return stride(from: part.examples.lowerBound, to: part.examples.upperBound, by: size).map {
        Part(
          examples: $0..<min($0 + size, part.examples.upperBound), time: part.time,
          firstRow: part.firstRow + ($0 - part.examples.lowerBound) * part.time)
      }
    }
  }

  /// A number per example as one per row, for some examples; `weights` is indexed by example from 0.
  func repeated(_ weights: UnsafePointer<Float>, _ examples: Range<Int>) throws -> Tensor {
    let rows = rows(of: examples)
    let result = try Tensor.uninitialized([rows.count])
    for part in parts where part.examples.overlaps(examples) {
      for example in part.examples.clamped(to: examples) {
        let row = part.firstRow + (example - part.examples.lowerBound) * part.time
        (result.floats + (row - rows.lowerBound)).update(
          repeating: weights[example], count: part.time)
      }
    }
    return result
  }
}
