import Foundations
import Learning

/// Labels by a rule, given for every example of the store before the first round (weak supervision: Ratner et al., "Data
/// Programming", NeurIPS 2016, with one labelling function). An example for which the rule abstains is not learnt from.
public struct RuleLabels: Labelling {
  /// For each example its class; nil where the rule has none.
  public let classes: [Int32?]

  public init(_ classes: [Int32?]) { self.classes = classes }

  public var fingerprint: String {
    var hash = FingerprintWriter("rule labels")
    for label in classes { hash.add(label.map { "\($0)" } ?? "-") }
    return "weak(\(hash.fingerprint))"
  }

  /// - Throws: `value` where an example has no place in the list.
  public func labels(_ source: any BatchSource, examples: [Int], model: Layer) throws -> (
    examples: [Int], labels: [Int]
  ) {
    var result: (examples: [Int], labels: [Int]) = ([], [])
    for example in examples {
      guard classes.indices.contains(example) else {
        throw DomainError(
          .value, "the rule labelled \(classes.count) examples, and there is a number \(example)")
      }
      guard let label = classes[example] else { continue }
      result.examples.append(example)
      result.labels.append(Int(label))
    }
    return result
  }
}
