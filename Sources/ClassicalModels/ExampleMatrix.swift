import Foundations
import Tensors

/// Examples by features in double precision, row after row: what every classical model is fitted to and asked about.
public struct ExampleMatrix: Sendable {
  /// How many examples there are.
  public let rows: Int
  /// How many features each has.
  public let columns: Int
  /// The numbers, `[rows, columns]` in row-major order; all are finite.
  public let values: [Double]

  /// A matrix of numbers in row-major order.
  /// - Throws: a `DomainError` of kind `shape` where the count is not rows × columns, `value` where a number is not
  ///   finite.
  public init(_ values: [Double], rows: Int, columns: Int) throws(DomainError) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !overflow, rows >= 0, columns >= 0, values.count == count else {
      throw DomainError(
        .shape, "\(values.count) numbers do not fill \(rows) examples of \(columns) features")
    }
    if let place = values.firstIndex(where: { !$0.isFinite }) {
      throw DomainError(
        .value,
        "the inputs must be finite, but feature \(place % columns) of example \(place / columns) is \(NumberText.shortest(values[place]))",
        hint: "fill or drop what is missing first: `data.tabular(…, missing: \"mean\")`")
    }
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The examples of a tensor `[examples, …]`; further axes are laid out as one.
  /// - Throws: a `DomainError` of kind `shape` for a tensor without axes or without features, `value` where a number is
  ///   not finite, `limit` where memory does not suffice.
  public init(_ tensor: Tensor) throws {
    guard tensor.rank >= 2 else {
      throw DomainError(
        .shape, "the inputs must be [examples, features], got shape \(tensor.shape)",
        hint: tensor.rank == 1 ? "one feature is a column: `x.reshape(-1, 1)`" : nil)
    }
    let rows = tensor.shape[0]
    let columns = (1..<tensor.rank).reduce(1) { $0 * tensor.shape[$1] }
    guard columns > 0 else {
      throw DomainError(.shape, "the inputs have no features: their shape is \(tensor.shape)")
    }
    try MemoryRoom.require(tensor.count * 8, for: "a matrix of \(rows) × \(columns) numbers")
    let values = try tensor.detached.cast(to: .f64).contiguous().array(Double.self)
    try self.init(values, rows: rows, columns: columns)
  }
}
