import Foundations
import Tensors

/// What examples are labelled with: classes by number, or numbers to be met.
public enum TrainingLabels: Sendable {
  /// The class of each example within `0..<count`.
  case classes([Int32], count: Int)
  /// Targets `[examples, width]`, row after row.
  case values([Double], width: Int)

  /// Labels of a tensor: integers and bools are classes, floats `[examples]` or `[examples, targets]` are values.
  /// - Parameter classCount: how many classes there are, where that is known; else one more than the greatest label.
  /// - Throws: a `DomainError` of kind `value` for a negative class or a value that is not finite, `shape` for labels
  ///   of another shape, `limit` for more than 10,000 classes.
  public init(_ tensor: Tensor, classCount: Int? = nil) throws {
    guard tensor.rank == 1 || (tensor.rank == 2 && tensor.dtype.isFloating) else {
      throw DomainError(.shape, "the labels must be [examples], got shape \(tensor.shape)")
    }
    let plain = try tensor.detached.contiguous()
    if tensor.dtype.isFloating {
      let values = try plain.cast(to: .f64).array(Double.self)
      if let place = values.firstIndex(where: { !$0.isFinite }) {
        throw DomainError(
          .value, "the labels must be finite, but one is \(NumberText.shortest(values[place]))")
      }
      self = .values(values, width: tensor.rank == 1 ? 1 : tensor.shape[1])
      return
    }
    let numbers = try plain.cast(to: .i64).array(Int64.self)
    guard let greatest = numbers.max(), let least = numbers.min() else {
      self = .classes([], count: classCount ?? 0)
      return
    }
    guard least >= 0 else {
      throw DomainError(.value, "a class is a number from 0 on, but a label is \(least)")
    }
    let most = classCount ?? TrainingLabels.mostClasses
    let count = classCount ?? Int(min(greatest, Int64(most))) + 1
    guard greatest < most else {
      throw DomainError(
        .limit,
        "a label is \(greatest), but there are \(most) classes at most",
        hint: "labels that are numbers to be met, not classes, are floats: `labels.to(\"f32\")`")
    }
    self = .classes(numbers.map(Int32.init), count: count)
  }

  private static let mostClasses = 10_000

  public var exampleCount: Int {
    switch self {
    case .classes(let labels, _): labels.count
    case .values(let values, let width): values.count / max(1, width)
    }
  }

  /// - Throws: a `DomainError` of kind `shape` where there are not as many labels as examples, `value` for none.
  func check(_ examples: ExampleMatrix) throws(DomainError) {
    guard exampleCount == examples.rows else {
      throw DomainError(
        .shape, "there are \(examples.rows) examples and \(exampleCount) labels")
    }
    guard examples.rows > 0 else { throw DomainError(.value, "there are no examples to fit to") }
  }
}

/// Classes that occur, in rising order, and the place of each example's class among them. A class that no example has
/// gets no chance.
struct OccurringClasses {
  let present: [Int]
  let places: [Int32]
  let total: Int

  init(_ labels: [Int32], count: Int) {
    var counts = [Int](repeating: 0, count: count)
    for label in labels { counts[Int(label)] += 1 }
    present = counts.indices.filter { counts[$0] > 0 }
    var place = [Int32](repeating: 0, count: count)
    for (index, label) in present.enumerated() { place[label] = Int32(index) }
    places = labels.map { place[Int($0)] }
    total = count
  }

  /// Log chances of all classes from those of the present ones, `[examples, present]` both ways row after row.
  static func spread(_ found: [Double], _ present: [Int], total: Int) -> [Double] {
    guard present.count < total else { return found }
    let rows = found.count / max(1, present.count)
    var all = [Double](repeating: -.infinity, count: rows * total)
    for row in 0..<rows {
      for (place, label) in present.enumerated() {
        all[row * total + label] = found[row * present.count + place]
      }
    }
    return all
  }
}
