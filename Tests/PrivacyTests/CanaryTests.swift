import Foundation
import Foundations
import Learning
import Statistics
import Tensors
import Testing

@testable import Privacy

@Suite struct CanaryTests {
  func canary(_ length: Int = 4, seed: UInt64 = 1) throws -> Canary {
    try Canary(
      pattern: "my pin code is {}", secrets: (0..<10).map(String.init), length: length,
      key: RandomKey(seed: seed))
  }

  @Test func texts() throws {
    let one = try canary()
    #expect(one.text == "my pin code is " + one.choice.map(String.init).joined(separator: " "))
    #expect(one.space == 10_000 && one.hamming(one.choice) == 0)
    var other = one.choice
    other[2] = (other[2] + 1) % 10
    #expect(one.hamming(other) == 0.25)
    #expect(try canary(seed: 2).choice != one.choice)
    let places = try one.places(among: 5, times: 3, key: RandomKey(seed: 1))
    #expect(places.count == 8 && places.compactMap { $0 } == [0, 1, 2, 3, 4])
  }

  @Test func refusals() {
    func kind(_ pattern: String, _ secrets: [String], _ length: Int) -> DomainError.Kind? {
      failure {
        _ = try Canary(
          pattern: pattern, secrets: secrets, length: length, key: RandomKey(seed: 1))
      }?.kind
    }
    #expect(kind("no blank", ["a", "b"], 2) == .value)
    #expect(kind("{} and {}", ["a", "b"], 2) == .value)
    #expect(kind("{}", ["a"], 2) == .value && kind("{}", ["a", "a"], 2) == .value)
    #expect(kind("{}", ["a", ""], 2) == .value && kind("{}", ["a", "b"], 0) == .value)
    #expect(kind("{}", ["a", "b"], .max) == .value && kind("{}", ["a", "b"], 2) == nil)
    #expect(
      failure { _ = try canary().places(among: 3, times: -1, key: RandomKey(seed: 1)) } != nil)
  }

  @Test func references() throws {
    let small = try canary(2)
    let all = try small.references(limit: 1000, key: RandomKey(seed: 1))
    #expect(all.isComplete && Set(all.choices).count == 99)
    #expect(!all.choices.contains(small.choice))
    let some = try canary(12).references(limit: 50, key: RandomKey(seed: 1))
    #expect(!some.isComplete && Set(some.choices).count == 50)
  }

  /// METHODS, O5; the last three are a test of TensorFlow Privacy's.
  @Test func exposureByRank() throws {
    let many = (1..<10_000).map(Double.init)
    let first = try Exposure(secret: 0, references: many, containsSecret: true)
    #expect(isClose(first.value, 13.2877123795, absolute: 1e-9) && first.value == first.maximum)
    let later = try Exposure(secret: 36.5, references: many, containsSecret: true)
    #expect(later.rank == 37 && isClose(later.value, 8.0782590139, absolute: 1e-9))
    let few = (1...16).map(Double.init)
    for (secret, bits) in [(0.1, 4.0), (20, log2(16.0 / 17)), (3.5, 2)] {
      let found = try Exposure(secret: secret, references: few, containsSecret: false)
      #expect(isClose(found.value, bits, absolute: 1e-12))
    }
    // Equals go first.
    #expect(try Exposure(secret: 1, references: [1, 2], containsSecret: false).rank == 2)
    #expect(try Exposure(secret: 1, references: [1, 2], containsSecret: false).extrapolated == nil)
    let alike = [Double](repeating: 3, count: 20)
    #expect(try Exposure(secret: 1, references: alike, containsSecret: false).extrapolated == nil)
    #expect(failure { _ = try Exposure(secret: 1, references: [], containsSecret: false) } != nil)
    #expect(
      failure { _ = try Exposure(secret: 1, references: [.nan], containsSecret: false) } != nil)
  }

  @Test func skewNormalTails() throws {
    for row in try Oracle("skew_normal").rows {
      let found = SkewNormal(location: row[0], scale: row[1], shape: row[2]).logCumulative(row[3])
      #expect(isClose(found, row[4], relative: 1e-7), "\(row) \(found)")
    }
    let far = SkewNormal(location: 0, scale: 1, shape: 2)
    #expect(far.logCumulative(-.infinity) == -.infinity && far.logCumulative(.infinity) == 0)
  }

  @Test func skewNormalFitOfScipy() throws {
    let rows = try Oracle("skew_normal_fit").rows
    let fit = try #require(try SkewNormal(fitting: rows.map { $0[0] }))
    #expect(isClose(fit.location, rows[0][1], absolute: 2e-3), "\(fit)")
    #expect(isClose(fit.scale, rows[0][2], absolute: 2e-3), "\(fit)")
    #expect(isClose(fit.shape, rows[0][3], relative: 2e-3), "\(fit)")
    // Half of a normal distribution has a likelihood that grows with the shape without end.
    let half = (1...200).map { NormalIntegral.quantile(0.5 + Double($0) / 402) }
    #expect(try SkewNormal(fitting: half)?.shape.magnitude ?? 99 <= 50)
  }

  @Test func skewNormalFit() throws {
    var random = RandomStream(seed: 6)
    // X = δ|U| + √(1 - δ²) V with δ = α/√(1 + α²).
    let delta = 3 / 10.0.squareRoot()
    let values = (0..<4000).map { _ in
      10 + 2 * (delta * abs(random.normal()) + (1 - delta * delta).squareRoot() * random.normal())
    }
    let fit = try #require(try SkewNormal(fitting: values))
    #expect(abs(fit.location - 10) < 0.15 && abs(fit.scale - 2) < 0.15, "\(fit)")
    #expect(abs(fit.shape - 3) < 0.8, "\(fit)")
    let truth = SkewNormal(location: 10, scale: 2, shape: 3)
    let exposure = try Exposure(secret: 7.5, references: values, containsSecret: false)
    let bits = try #require(exposure.extrapolated)
    #expect(abs(bits / (-truth.logCumulative(7.5) / log(2)) - 1) < 0.35)
    #expect(try SkewNormal(fitting: [1, 2, 3]) == nil)
  }

  /// Words of the canary and of nothing else; 0 is padding.
  static func encode(_ text: String) -> (shape: [Int], numbers: [Int]) {
    let words = ["", "my", "pin", "code", "is"] + (0..<10).map(String.init)
    let numbers = text.split(separator: " ").map { words.firstIndex(of: String($0)) ?? 0 }
    return ([numbers.count], numbers)
  }

  /// A classifier by embeddings and an LSTM, trained to tell the canary from all texts that differ from it at a place.
  func classifier(_ canary: Canary, characters: Bool = false) throws -> Layer {
    var random = RandomStream(seed: 5)
    let embedding: [Layer] =
      characters
      ? [
        try CharacterEncoder(
          characters: 15, width: 12, filters: [(width: 2, count: 24)], random: &random)
      ] : [try Embedding(15, 24, random: &random)]
    let model = try Sequential(
      embedding + [
        try LSTM(24, 24, random: &random), Pooling(.max), try Linear(24, 2, random: &random),
      ])
    var inputs: [Int] = []
    var labels: [Int] = []
    for place in 0..<canary.length {
      for token in 0..<10 {
        var other = canary.choice
        other[place] = token
        inputs += Self.encode(canary.text(of: other)).numbers
        labels.append(other == canary.choice ? 1 : 0)
      }
    }
    for _ in 0..<40 {
      let other = (0..<canary.length).map { _ in random.integer(below: 10) }
      inputs += Self.encode(canary.text(of: other)).numbers
      labels.append(other == canary.choice ? 1 : 0)
    }
    let width = inputs.count / labels.count
    var shape = [labels.count, width]
    if characters { shape.append(1) }
    let trainer = try Trainer(
      model: model, loss: .crossEntropy(), optimizer: Adam(rate: 0.02),
      options: TrainingOptions(
        plan: SamplingPlan(examples: labels.count, batch: 16, epochs: 60, sampling: .shuffled),
        key: RandomKey(seed: 3)))
    _ = try trainer.run(
      TensorSource(inputs: Tensor(ints: inputs).reshaped(shape), labels: Tensor(ints: labels)))
    return model
  }

  @Test(arguments: [false, true])
  func extraction(_ characters: Bool) throws {
    let canary = try canary(3, seed: 4)
    let model = try classifier(canary, characters: characters)
    let before = try model.parameters.map { try $0.data.doubles() }
    let input = try CanaryInput(canary) { text in
      let (shape, numbers) = Self.encode(text)
      return (characters ? shape + [1] : shape, numbers)
    }
    var options = ExtractionOptions(key: RandomKey(seed: 1))
    options.rate = 0.1
    let labels = try Tensor(ints: [Int](repeating: 1, count: 10))
    func search(_ options: ExtractionOptions) throws -> [ExtractedSecret] {
      try CanaryExtraction.secrets(input, model: model, options: options) { _, output in
        try Losses.crossEntropy(output, labels, reduction: .none)
      }
    }
    let found = try search(options)
    // Read by its characters it is found but for a place: the texts that the model was not trained on are many.
    let most = characters ? 0.34 : 0
    #expect(
      found.count == 10 && canary.hamming(found[0].choice) <= most, "\(found) \(canary.choice)")
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.loss <= $1.loss })
    #expect(try search(options) == found)
    // The model is what it was.
    #expect(try model.parameters.map { try $0.data.doubles() } == before)
    options.finalTemperature = 0.2
    #expect(try canary.hamming(search(options)[0].choice) <= most)
    options.starts = 0
    #expect(failure { _ = try search(options) }?.kind == .value)
  }

  /// What a model cannot tell apart is refused.
  @Test func unreadableCanaries() throws {
    let canary = try canary(3)
    func kind(_ encode: (String) throws -> (shape: [Int], numbers: [Int])) -> DomainError? {
      failure { _ = try CanaryInput(canary, encode: encode) }
    }
    // A model that cuts texts after five words.
    let short = kind { (shape: [5], numbers: Array(Self.encode($0).numbers.prefix(5))) }
    #expect(short?.message == "token 2 of the secret does not reach the model")
    // One that does not know 7 and 8.
    let unknown = kind { text in
      let (shape, numbers) = Self.encode(text)
      return (shape, numbers.map { $0 == 12 || $0 == 13 ? 1 : $0 })
    }
    #expect(unknown?.message.contains("\"8\" and \"7\" as the same") == true, "\(unknown as Any)")
    // Digits that run together.
    let together = kind { text in
      ([1], [text.unicodeScalars.reduce(0) { ($0 * 31 + Int($1.value)) % 1_000_003 }])
    }
    #expect(together?.message.hasSuffix("become one") == true, "\(together as Any)")
    let lengths = kind { text in
      let count = text.contains("9") ? 2 : 1
      return ([count], [Int](repeating: 3, count: count))
    }
    #expect(lengths?.message.contains("shape") == true)
    var random = RandomStream(seed: 5)
    let input = try CanaryInput(canary) { Self.encode($0) }
    // Numbers that the model has no embedding for.
    for shift in [-6, 10] {
      let shifted = try CanaryInput(canary) { text in
        let (shape, numbers) = Self.encode(text)
        return (shape, numbers.map { $0 + shift })
      }
      let reader = try Sequential([
        Embedding(15, 2, random: &random), Pooling(.max), Linear(2, 2, random: &random),
      ])
      #expect(
        failure {
          _ = try CanaryExtraction.secrets(
            shifted, model: reader, options: ExtractionOptions(key: RandomKey(seed: 1))
          ) { $1 }
        }?.kind == .index)
    }
    let plain = try Linear(2, 2, random: &random)
    #expect(
      failure {
        _ = try CanaryExtraction.secrets(
          input, model: plain, options: ExtractionOptions(key: RandomKey(seed: 1))
        ) { $1 }
      }?.kind == .type)
  }
}
