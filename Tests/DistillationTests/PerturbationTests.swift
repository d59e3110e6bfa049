import Foundation
import Foundations
import Learning
import Tensors
import TestSupport
import Testing
import Text

@testable import Distillation

@Suite struct PerturbationTests {
  private func softmax(_ tensor: Tensor) throws -> [Double] {
    try tensor.softmax().cast(to: .f64).array(Double.self)
  }

  /// The worked example: z (2, 1, .1), z′ (.5, 1.4, .2).
  @Test func workedExample() throws {
    let z = try Tensor([Float(2), 1, 0.1], shape: [1, 3])
    let other = try Tensor([Float(0.5), 1.4, 0.2], shape: [1, 3])
    let cases: [(TeacherPerturbation.Operation, [Double])] = [
      (.max, [0.58339295, 0.32017284, 0.09643421]), (.mean, [0.43780911, 0.41645690, 0.14573399]),
      (.meanProbability, [0.44853625, 0.41399701, 0.13746674]),
    ]
    for (operation, expected) in cases {
      let found = try TeacherPerturbation(operation, usesWordMap: false)
        .combined(z, other, .none)
      for (a, b) in zip(try softmax(found), expected) { #expect(abs(a - b) < 1e-6) }
    }
    let same = try TeacherPerturbation(.none).combined(z, other, .none)
    #expect(try same.array(Float.self) == z.array(Float.self))
  }

  @Test func swapTakesGenderedTokensOnly() throws {
    let map = try CounterpartTokens(groups: [.init(masculine: [0], feminine: [1])])
    let z = try Tensor([Float(2), 1, 0.1], shape: [1, 3])
    let other = try Tensor([Float(0.5), 1.4, 0.2], shape: [1, 3])
    let mapped = try TeacherPerturbation(.swap).combined(z, other, map)
    #expect(try mapped.array(Float.self) == [1.4, 0.5, 0.1])
    let plain = try TeacherPerturbation(.swap, usesWordMap: false).combined(z, other, map)
    #expect(try plain.array(Float.self) == [0.5, 1.4, 0.1])
  }

  private static let map: CounterpartTokens = {
    do {
      return try CounterpartTokens(groups: [
        .init(masculine: [0], feminine: [3]), .init(masculine: [1, 2], feminine: [4, 5]),
      ])
    } catch { return .none }
  }()

  /// Combining x with R(x), or R(x) with x, gives targets that are each other's counterparts: the mass of each side of
  /// every group goes over to the other side, and all other tokens are equal.
  @Test(arguments: [TeacherPerturbation.Operation.max, .mean, .meanProbability], [true, false])
  func textAndReversalGetTheSameTarget(
    _ operation: TeacherPerturbation.Operation, _ usesWordMap: Bool
  ) throws {
    var random = RandomStream(seed: 3)
    let z = try Tensor.normal([7, 9], deviation: 2, &random)
    let other = try Tensor.normal([7, 9], deviation: 2, &random)
    let perturbation = TeacherPerturbation(operation, usesWordMap: usesWordMap)
    let own = try perturbation.combined(z, other, Self.map)
    let reversed = try perturbation.combined(other, z, Self.map)
    guard usesWordMap else {
      #expect(try worst(own, reversed) < 0.2)
      return
    }
    for row in 0..<7 {
      let a = (0..<9).map { exp(Double(own.floats[row * 9 + $0])) }
      let b = (0..<9).map { exp(Double(reversed.floats[row * 9 + $0])) }
      for group in Self.map.groups {
        func mass(_ p: [Double], _ tokens: [Int32]) -> Double {
          tokens.reduce(0) { $0 + p[Int($1)] }
        }
        #expect(close(mass(a, group.masculine), mass(b, group.feminine)))
        #expect(close(mass(a, group.feminine), mass(b, group.masculine)))
      }
      for token in 6..<9 { #expect(close(a[token], b[token])) }
    }
  }

  private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-4 * max(a, b) }

  /// A prefix without any gender in it (z′ = z) makes both sides of every group equally likely.
  @Test(arguments: [TeacherPerturbation.Operation.max, .mean, .meanProbability])
  func neutralPrefixIsEqualised(_ operation: TeacherPerturbation.Operation) throws {
    var random = RandomStream(seed: 4)
    let z = try Tensor.normal([5, 9], deviation: 2, &random)
    let p = try softmax(TeacherPerturbation(operation).combined(z, z, Self.map))
    for row in 0..<5 {
      for group in Self.map.groups {
        let m = group.masculine.reduce(0) { $0 + p[row * 9 + Int($1)] }
        let f = group.feminine.reduce(0) { $0 + p[row * 9 + Int($1)] }
        #expect(close(m, f))
      }
    }
  }

  @Test func refusesWhatCannotBe() throws {
    #expect(throws: DomainError.self) {
      try CounterpartTokens(groups: [.init(masculine: [1], feminine: [1])])
    }
    #expect(throws: DomainError.self) {
      try CounterpartTokens(groups: [.init(masculine: [], feminine: [1])])
    }
    let z = try Tensor.zeros([1, 4])
    #expect(throws: DomainError.self) { try TeacherPerturbation(.max).combined(z, z, Self.map) }
    #expect(throws: DomainError.self) {
      try TeacherPerturbation(.max).combined(z, Tensor.zeros([1, 5]), .none)
    }
    let model = try recurrentModel(vocabulary: 4, seed: 1)
    #expect(throws: DomainError.self) { try LiveTeacher(model, perturbation: .init(.max)) }
  }

  // MARK: Alignment

  @Test func correspondingPrefixesReverseIntoEachOther() throws {
    let corpus = try BiographyCorpus.generate(seed: 2)
    let lines = corpus.train.prefix(300).map(\.text)
    let reader = SpacedWords(lines + corpus.train.map(\.counterpart)).reader
    let reversal = RoleReversal.standard
    let read = try DistillationCorpus(lines: lines, reader: reader, reversal: reversal)
    for text in read.texts {
      guard let other = text.counterpart else { continue }
      let own = try reader.encode(text.text)
      let reversed = try reader.encode(other.text)
      #expect(
        other.positions.allSatisfy { $0 >= 0 }, "every token of these texts ends at a boundary")
      for (t, s) in other.positions.enumerated() {
        let prefix = String(decoding: text.text.utf8.prefix(own.ends[t]), as: UTF8.self)
        let counterpart = String(
          decoding: other.text.utf8.prefix(reversed.ends[Int(s)]), as: UTF8.self)
        if t < other.firstChange {
          #expect(prefix == counterpart)
        } else {
          #expect(prefix != counterpart)
        }
        #expect(prefix.split(separator: " ").count == counterpart.split(separator: " ").count)
      }
    }
  }

  // MARK: With a teacher

  @Test func textsWithoutGenderKeepTheTeachersOwn() throws {
    let lines = ["The nurse went home.", "The nurse said that she was late."]
    let reader = SpacedWords(lines, extra: ["The nurse said that he was late."]).reader
    let corpus = try DistillationCorpus(lines: lines, reader: reader, reversal: .standard)
    #expect(corpus.reversibleCount == 1)
    let map = try CounterpartTokens(reader: reader)
    #expect(map.groups.count == 1)
    let model = try recurrentModel(vocabulary: reader.vocabularyCount, seed: 3)
    let batch = try corpus.batch([0, 1])
    let plain = try LiveTeacher(model).logits(for: batch)
    for operation in TeacherPerturbation.Operation.allCases {
      let teacher = try LiveTeacher(
        model, perturbation: .init(operation), corpus: corpus, map: map)
      let found = try teacher.logits(for: batch)
      let (own, perturbed) = (try plain.array(Float.self), try found.array(Float.self))
      let row = plain.shape[1] * plain.shape[2]
      #expect(Array(own[..<row]) == Array(perturbed[..<row]))
      #expect((Array(own[row...]) != Array(perturbed[row...])) == (operation != .none))
      // Behind the first change only.
      let late = try LiveTeacher(
        model, perturbation: .init(operation, scope: .afterChange), corpus: corpus, map: map
      ).logits(for: batch).array(Float.self)
      let unchanged = 4 * plain.shape[2]  // The nurse said that
      #expect(Array(late[row..<(row + unchanged)]) == Array(own[row..<(row + unchanged)]))
      #expect((late != own) == (operation != .none))
    }
    // Everywhere: a neutral text, too, makes he and she equally likely.
    let everywhere = try LiveTeacher(
      model, perturbation: .init(.mean, scope: .everywhere), corpus: corpus, map: map
    ).logits(for: batch)
    let (he, she) = (Int(map.groups[0].masculine[0]), Int(map.groups[0].feminine[0]))
    #expect(everywhere.floats[he] == everywhere.floats[she])
  }

  /// The teacher's target for x is the one for R(x) after the word map, position by position.
  @Test func pairsOfAnAugmentedCorpusAreEqualised() throws {
    let lines = ["The nurse said that she was late.", "The judge told his wife that he was tired."]
    let reversed = lines.map { RoleReversal.standard.reverse($0) }
    let reader = SpacedWords(lines + reversed).reader
    let corpus = try DistillationCorpus(lines: lines, reader: reader, reversal: .standard)
      .augmented(ratio: 0.5)
    #expect(corpus.texts.map(\.text) == lines + reversed)
    let map = try CounterpartTokens(reader: reader)
    let model = try recurrentModel(vocabulary: reader.vocabularyCount, seed: 5)
    let teacher = try LiveTeacher(model, perturbation: .init(.max), corpus: corpus, map: map)
    let z = try teacher.logits(for: corpus.batch([0, 1, 2, 3]))
    let (time, classes) = (z.shape[1], z.shape[2])
    for pair in 0..<2 {
      let other = try #require(corpus.texts[pair].counterpart)
      for (t, s) in other.positions.enumerated() {
        let own = z.floats + (pair * time + t) * classes
        let counterpart = z.floats + ((pair + 2) * time + Int(s)) * classes
        // Each group here is of one token a side, so the exchange is the map itself.
        map.exchange(counterpart, own: own)
        for c in 0..<classes {
          #expect(abs(own[c] - counterpart[c]) < 1e-4, "pair \(pair), position \(t), token \(c)")
        }
      }
    }
  }

  @Test func augmentationRatios() throws {
    let texts = try BiographyCorpus.generate(seed: 8).train.prefix(400)
    let lines = texts.map(\.text)
    let reader = SpacedWords(lines).reader
    let corpus = try DistillationCorpus(lines: lines, reader: reader, reversal: .standard)
    let gendered = corpus.reversibleCount
    for ratio in [0, 0.1, 0.25, 0.5] {
      let found = try corpus.augmented(ratio: ratio, seed: 4)
      let added = found.count - corpus.count
      #expect(abs(Double(added) / Double(gendered + added) - ratio) < 0.01)
      #expect(try corpus.augmented(ratio: ratio, seed: 4).texts == found.texts)
    }
    #expect(
      try corpus.augmented(ratio: 0.1, seed: 4).texts != corpus.augmented(ratio: 0.1, seed: 5).texts
    )
    #expect(try corpus.reversals().count == gendered)
    // A reversed text's counterpart is the text.
    let both = try corpus.augmented(ratio: 0.5)
    for text in both.texts[corpus.count...] {
      let other = try #require(text.counterpart)
      #expect(lines.contains(other.text))
      #expect(text.reversed?.reversed?.ids == text.ids)
    }
    #expect(throws: DomainError.self) { try corpus.augmented(ratio: 0.7) }
    let neutral = try DistillationCorpus(
      lines: ["The nurse went home."], reader: reader, reversal: .standard)
    #expect(throws: DomainError.self) { try neutral.augmented(ratio: 0.5) }
    #expect(throws: DomainError.self) {
      try LiveTeacher(
        recurrentModel(vocabulary: 9, seed: 1), perturbation: .init(.max), corpus: neutral)
    }
    #expect(throws: DomainError.self) { try DistillationCorpus(lines: ["", "x"], reader: reader) }
  }
}
