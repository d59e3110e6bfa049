import Fairness
import Foundations
import Testing

struct StereotypeTests {
  /// Values of Python's `difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()`, the equal parts.
  @Test func sharedTokensAreDifflibs() {
    let cases: [(a: [Int32], b: [Int32], left: [Int], right: [Int])] = [
      ([1, 2, 3, 4, 5], [1, 9, 3, 4, 5], [0, 2, 3, 4], [0, 2, 3, 4]),
      ([1, 2, 3], [4, 5, 6], [], []),
      ([], [1], [], []),
      ([1, 2, 1, 2, 3], [2, 1, 2, 1], [0, 1, 2], [1, 2, 3]),
      ([7, 1, 2, 8, 3, 4, 9], [1, 2, 3, 4, 3], [1, 2, 4, 5], [0, 1, 2, 3]),
      ([5, 5, 5, 6], [5, 6, 5, 5], [0, 1], [2, 3]),
    ]
    for (a, b, left, right) in cases {
      let found = CrowSPairs.shared(a, b)
      #expect(found.a == left && found.b == right, "\(a) \(b)")
    }
  }

  @Test func scoresAreMeansOverTargets() {
    func item(_ target: String, _ domain: String = "race") -> StereoSet.Item {
      .init(
        domain: domain, target: target, stereotype: "s", antiStereotype: "a", unrelated: "u")
    }
    let set = StereoSet([item("x"), item("x"), item("y"), item("z", "gender")])
    let (domains, overall) = set.scores([
      (3, 2, 1), (1, 2, 3), (2, 3, 1), (3, 1, 2),
    ])
    #expect(domains.map(\.name) == ["gender", "race"])
    // Of x: one of two stereotypes, two of four related; of y: none and two of two.
    let race = domains[1].score
    #expect(race.items == 3 && race.targets == 2)
    #expect(race.stereotype == 25 && race.languageModelling == 75)
    #expect(race.idealized == 37.5)
    #expect(domains[0].score.stereotype == 100 && domains[0].score.idealized == 0)
    #expect(abs(overall.stereotype - 50) < 1e-12)
    #expect(abs(overall.languageModelling - 200 / 3) < 1e-12)
  }
}
