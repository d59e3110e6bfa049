import Foundations
import Tensors

/// The examples of another source by whom they belong to: an element is a person with all of their examples, so that a
/// plan samples people and a private step clips what each of them adds as one.
public struct UnitSource: BatchSource {
  private let source: any BatchSource
  private let members: [[Int]]
  /// Whether a person's gradient is the mean of their examples' rather than their sum.
  public let isMean: Bool

  /// - Parameters:
  ///   - owners: whose each example is.
  ///   - limit: how many examples of one person are used at most, drawn once from all of theirs; nil uses all.
  ///   - key: of these draws, one for each person, so that no person's choice depends on another's.
  /// - Throws: `value` where there are not as many owners as examples, or the limit is below 1.
  public init(
    _ source: any BatchSource, owners: [String], limit: Int? = nil, isMean: Bool = true,
    key: RandomKey
  ) throws {
    guard owners.count == source.count else {
      throw DomainError(
        .value, "there are \(source.count) examples and \(owners.count) whose they are",
        hint: "each example needs one")
    }
    if let limit { try Check.size(limit, "the examples of one user") }
    var places: [Spelling: Int] = [:]
    var members: [[Int]] = []
    for (example, owner) in owners.enumerated() {
      if let place = places[Spelling(owner)] {
        members[place].append(example)
      } else {
        places[Spelling(owner)] = members.count
        members.append([example])
      }
    }
    self.source = source
    self.isMean = isMean
    self.members = members.enumerated().map { place, all in
      guard let limit, all.count > limit else { return all }
      var stream = key.derived("examples of a unit", place).stream
      return stream.permutation(all.count).prefix(limit).sorted().map { all[$0] }
    }
  }

  /// How many people there are.
  public var count: Int { members.count }

  /// How many examples are used of all people together.
  public var examples: Int { members.reduce(0) { $0 + $1.count } }

  public func batch(_ indices: [Int]) throws -> Batch {
    let rows = indices.flatMap { members[$0] }
    var batch = try source.batch(rows)
    batch.examples = batch.examples ?? rows
    var start = 0
    batch.units = indices.map { index in
      defer { start += members[index].count }
      return start..<(start + members[index].count)
    }
    batch.averagesUnits = isMean
    return batch
  }
}
