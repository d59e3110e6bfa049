/// Work that Scripts/bench has repeated when it wants; made ready once, then done again and again.
protocol Workload: AnyObject {
  /// What the `ready` line says beside `ready`: name to number.
  var facts: [(name: String, value: Double)] { get }

  /// A number that shows that the work was done, such as the loss of the last step.
  var check: Double { get }

  /// Does the work `count` times. Returns the seconds of each, or of all together in one element.
  func run(_ count: Int) throws -> [Double]
}

/// Why a case cannot be measured, in words for the person who asked for it.
struct Unsupported: Error {
  let message: String
}
