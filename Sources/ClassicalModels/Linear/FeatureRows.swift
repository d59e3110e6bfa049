import Foundations

/// The rows of a matrix for passes that multiply by them: where most numbers are 0, as after one-hot encoding, only the
/// others are kept, each with its column.
struct FeatureRows: Sendable {
  let rows: Int
  let columns: Int
  /// Row i's numbers are at `starts[i]..<starts[i + 1]`.
  private let starts: [Int]
  private let places: [Int32]
  private let numbers: [Double]
  let isSparse: Bool
  /// How many numbers of a row are not 0, on average.
  let meanFilled: Double

  init(_ examples: ExampleMatrix) {
    rows = examples.rows
    columns = examples.columns
    let filled = examples.values.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    isSparse = filled <= examples.values.count / 3
    meanFilled = Double(filled) / Double(max(1, rows))
    guard isSparse else {
      starts = []
      places = []
      numbers = examples.values
      return
    }
    var starts = [0]
    var places: [Int32] = []
    var numbers: [Double] = []
    starts.reserveCapacity(rows + 1)
    places.reserveCapacity(filled)
    numbers.reserveCapacity(filled)
    for row in 0..<rows {
      for column in 0..<columns {
        let value = examples.values[row * columns + column]
        guard value != 0 else { continue }
        places.append(Int32(column))
        numbers.append(value)
      }
      starts.append(numbers.count)
    }
    self.starts = starts
    self.places = places
    self.numbers = numbers
  }

  /// The rows for a loop over them; valid within `body` only.
  func withRows<Result>(_ body: (Rows) throws -> Result) rethrows -> Result {
    try starts.withUnsafeBufferPointer { starts in
      try places.withUnsafeBufferPointer { places in
        try numbers.withUnsafeBufferPointer { numbers in
          try body(
            Rows(
              isSparse: isSparse, columns: columns, starts: starts.baseAddress,
              places: places.baseAddress, numbers: numbers.baseAddress))
        }
      }
    }
  }

  /// The rows in memory. Unchecked: rows are within the matrix, vectors as long as a row.
  struct Rows: @unchecked Sendable {
    // Read only, by several threads.
    fileprivate let isSparse: Bool
    fileprivate let columns: Int
    fileprivate let starts: UnsafePointer<Int>?
    fileprivate let places: UnsafePointer<Int32>?
    fileprivate let numbers: UnsafePointer<Double>?

    /// xᵀ w.
    @inline(__always)
    func product(_ row: Int, _ weights: UnsafePointer<Double>) -> Double {
      guard let numbers else { return 0 }
      var sum = 0.0
      if isSparse, let starts, let places {
        for k in starts[row]..<starts[row + 1] { sum += numbers[k] * weights[Int(places[k])] }
      } else {
        let x = numbers + row * columns
        // Four sums, so that an addition need not wait for the last one.
        var (a, b, c) = (0.0, 0.0, 0.0)
        var k = 0
        while k + 4 <= columns {
          sum += x[k] * weights[k]
          a += x[k + 1] * weights[k + 1]
          b += x[k + 2] * weights[k + 2]
          c += x[k + 3] * weights[k + 3]
          k += 4
        }
        while k < columns {
          sum += x[k] * weights[k]
          k += 1
        }
        sum = (sum + a) + (b + c)
      }
      return sum
    }

    /// target += factor x.
    @inline(__always)
    func add(_ row: Int, times factor: Double, to target: UnsafeMutablePointer<Double>) {
      guard let numbers else { return }
      if isSparse, let starts, let places {
        for k in starts[row]..<starts[row + 1] { target[Int(places[k])] += factor * numbers[k] }
      } else {
        let x = numbers + row * columns
        for k in 0..<columns { target[k] += factor * x[k] }
      }
    }

    /// target += factor x², number by number.
    @inline(__always)
    func addSquares(_ row: Int, times factor: Double, to target: UnsafeMutablePointer<Double>) {
      guard let numbers else { return }
      if isSparse, let starts, let places {
        for k in starts[row]..<starts[row + 1] {
          target[Int(places[k])] += factor * numbers[k] * numbers[k]
        }
      } else {
        let x = numbers + row * columns
        for k in 0..<columns { target[k] += factor * x[k] * x[k] }
      }
    }

    /// target[i, j] += Σ factor x[i] x[j] for i ≤ j over some rows; `stride` from row to row of the target, whose last
    /// column (at `columns`) takes Σ factor x[i], as for a feature that is 1 always.
    @inline(__always)
    func addOuterProducts(
      _ range: Range<Int>, _ factor: (Int) -> Double, to target: UnsafeMutablePointer<Double>,
      stride: Int
    ) {
      guard let numbers else { return }
      if isSparse, let starts, let places {
        for row in range {
          let weight = factor(row)
          let end = starts[row + 1]
          for k in starts[row]..<end {
            let scaled = weight * numbers[k]
            let line = target + Int(places[k]) * stride
            for m in k..<end { line[Int(places[m])] += scaled * numbers[m] }
            line[columns] += scaled
          }
        }
        return
      }
      // Four rows at a time: a line of the target is read and written once for all of them.
      var row = range.lowerBound
      while row < range.upperBound {
        let count = min(4, range.upperBound - row)
        let (w0, w1) = (factor(row), count > 1 ? factor(row + 1) : 0)
        let (w2, w3) = (count > 2 ? factor(row + 2) : 0, count > 3 ? factor(row + 3) : 0)
        let x0 = numbers + row * columns
        let (x1, x2) = (count > 1 ? x0 + columns : x0, count > 2 ? x0 + 2 * columns : x0)
        let x3 = count > 3 ? x0 + 3 * columns : x0
        for i in 0..<columns {
          let (a, b, c, d) = (w0 * x0[i], w1 * x1[i], w2 * x2[i], w3 * x3[i])
          let line = target + i * stride
          for j in i..<columns { line[j] += (a * x0[j] + b * x1[j]) + (c * x2[j] + d * x3[j]) }
          line[columns] += (a + b) + (c + d)
        }
        row += count
      }
    }
  }
}
