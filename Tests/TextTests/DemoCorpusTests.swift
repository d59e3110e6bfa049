import Foundation
import Tensors
import Testing

@testable import Text

@Suite struct DemoCorpusTests {
  @Test func sameSeedSameCorpus() throws {
    let corpus = try DemoCorpus.intents(train: 500, test: 100, seed: 3)
    #expect(try DemoCorpus.intents(train: 500, test: 100, seed: 3) == corpus)
    #expect(try DemoCorpus.intents(train: 500, test: 100, seed: 4) != corpus)
    #expect(corpus.train.count == 500 && corpus.test.count == 100)
  }

  @Test func distinctAndTagged() throws {
    let corpus = try DemoCorpus.intents(train: 24_000, test: 1_000)
    let all = corpus.train + corpus.test
    #expect(Set(all.map(\.text)).count == 25_000)
    #expect(corpus.classes.count == 16)
    #expect(corpus.classes == DemoCorpus.classes)
    for utterance in all {
      let tags = utterance.slots ?? []
      #expect(tags.count == utterance.text.split(separator: " ").count)
      #expect(!utterance.text.contains { "(){}|".contains($0) }, "\(utterance.text)")
      for (i, tag) in tags.enumerated() where tag.hasPrefix("I-") {
        let before = i > 0 ? tags[i - 1] : "O"
        #expect(before != "O" && before.dropFirst(2) == tag.dropFirst(2), "\(utterance)")
      }
    }
    #expect(all.contains { $0.slots?.contains("B-pin") == true })
    let gendered = all.count { RoleReversal.standard.reverse($0.text) != $0.text }
    #expect(gendered > 1_000)
  }

  /// A unigram model's accuracy: noise must leave room below 100%, and the task must be learnable.
  @Test func neitherTrivialNorHopeless() throws {
    let set = try IntentDataset(try DemoCorpus.intents())
    let words = set.vocabulary.count
    let classes = set.classes.count
    var counts = [Double](repeating: 0.1, count: words * classes)
    var priors = [Double](repeating: 0, count: classes)
    for i in 0..<set.train.count {
      let label = Int(set.train.labels[i])
      priors[label] += 1
      for token in set.train.tokens(of: i) { counts[label * words + Int(token)] += 1 }
    }
    let totals = (0..<classes).map { c in counts[(c * words)..<((c + 1) * words)].reduce(0, +) }
    var right = 0
    for i in 0..<set.test.count {
      let scores = (0..<classes).map { c in
        set.test.tokens(of: i).reduce(logarithm(priors[c])) {
          $0 + logarithm(counts[c * words + Int($1)] / totals[c])
        }
      }
      if scores.firstIndex(of: scores.max() ?? 0) == Int(set.test.labels[i]) { right += 1 }
    }
    let accuracy = Double(right) / Double(set.test.count)
    #expect(accuracy > 0.85 && accuracy < 0.97)
  }

  @Test func badCounts() {
    #expect(failure { _ = try DemoCorpus.intents(train: 0) }?.kind == .value)
    #expect(failure { _ = try DemoCorpus.intents(train: 1, test: -1) }?.kind == .value)
    #expect(failure { _ = try DemoCorpus.intents(train: Int.max, test: 1) }?.kind == .value)
  }

  @Test func noiseCanBeOff() throws {
    let corpus = try DemoCorpus.intents(train: 300, test: 0, noise: .none)
    let um = corpus.train.count { $0.text.split(separator: " ").contains("um") }
    #expect(um == 0)
  }
}

private func logarithm(_ x: Double) -> Double { log(x) }
