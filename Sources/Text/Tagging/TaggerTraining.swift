// Training of the averaged perceptron: see `Tagger`.

import Foundations

struct TaggerTraining {
  private let sentences: [TaggedSentence]
  private let options: Tagger.Options
  private let tags: [String]
  private let numbers: [Spelling: Int]
  private var features = FeatureTable()
  /// For each feature and tag: the weight, the sum of its values over steps so far, and the step up to which that sum
  /// reaches.
  private var weights: [Float] = []
  private var sums: [Double] = []
  private var stamps: [Int32] = []
  private var step: Int32 = 0

  init(_ sentences: [TaggedSentence], _ options: Tagger.Options) throws(DomainError) {
    guard (1...1000).contains(options.epochs), options.minimumCount >= 1 else {
      throw DomainError(
        .value,
        "expected 1 to 1000 epochs and a minimum count of at least 1, got \(options.epochs) and \(options.minimumCount)"
      )
    }
    let words = sentences.reduce(0) { $0 + $1.words.count }
    guard words.multipliedReportingOverflow(by: options.epochs).partialValue < Int(Int32.max) else {
      throw DomainError(
        .limit, "\(words) words in \(options.epochs) epochs are more than 2³¹ steps")
    }
    self.sentences = sentences
    self.options = options
    tags = sentences.flatMap { $0.tags.compactMap { $0 } }.distinctSpellings()
    guard !tags.isEmpty else { throw DomainError(.data, "no word of the sentences has a tag") }
    guard tags.count <= 255 else {
      throw DomainError(.limit, "\(tags.count) different tags are more than 255")
    }
    numbers = Dictionary(uniqueKeysWithValues: tags.enumerated().map { (Spelling($1), $0) })
  }

  mutating func run() throws(DomainError) -> Tagger {
    let kept = frequentFeatures()
    // The static features of each word, once for all epochs.
    let prepared = sentences.map { SentenceFeatures($0.words) }
    var rows: [[[Int32]]] = []
    rows.reserveCapacity(sentences.count)
    var keys: [UInt64] = []
    for (number, sentence) in sentences.enumerated() {
      var lists: [[Int32]] = []
      for i in sentence.words.indices {
        keys.removeAll(keepingCapacity: true)
        prepared[number].addStatic(i, to: &keys)
        var list: [Int32] = []
        for key in keys where kept.contains(key) { list.append(try insert(key)) }
        lists.append(list)
      }
      rows.append(lists)
    }
    var random = SplitMix64(seed: options.seed)
    var order = Array(sentences.indices)
    for _ in 0..<options.epochs {
      for i in order.indices.dropFirst().reversed() { order.swapAt(i, random.below(i + 1)) }
      for number in order {
        try learn(sentences[number], prepared[number], rows[number], &keys)
      }
    }
    return finished()
  }

  private mutating func insert(_ key: UInt64) throws(DomainError) -> Int32 {
    guard let row = features.insert(key) else {
      throw DomainError(.limit, "the sentences have more than 2³¹ features")
    }
    let needed = features.count * tags.count
    if weights.count < needed {
      let missing = needed - weights.count
      weights.append(contentsOf: repeatElement(0, count: missing))
      sums.append(contentsOf: repeatElement(0, count: missing))
      stamps.append(contentsOf: repeatElement(0, count: missing))
    }
    return Int32(row)
  }

  private func frequentFeatures() -> Set<UInt64> {
    var counts: [UInt64: Int] = [:]
    var keys: [UInt64] = []
    for sentence in sentences {
      let features = SentenceFeatures(sentence.words)
      for i in sentence.words.indices {
        keys.removeAll(keepingCapacity: true)
        features.addStatic(i, to: &keys)
        for key in keys { counts[key, default: 0] += 1 }
      }
    }
    return Set(counts.filter { $0.value >= options.minimumCount }.keys)
  }

  private mutating func learn(
    _ sentence: TaggedSentence, _ prepared: SentenceFeatures, _ rows: [[Int32]],
    _ keys: inout [UInt64]
  ) throws(DomainError) {
    var guesses: [Int] = []
    var scores = [Float](repeating: 0, count: tags.count)
    for i in sentence.words.indices {
      keys.removeAll(keepingCapacity: true)
      prepared.addDynamic(i, previous: guesses, to: &keys)
      var active = rows[i]
      for key in keys { active.append(try insert(key)) }
      for tag in scores.indices { scores[tag] = 0 }
      for row in active {
        let first = Int(row) * tags.count
        for tag in scores.indices { scores[tag] += weights[first + tag] }
      }
      let guess = Tagger.best(scores)
      guesses.append(guess)
      guard let tag = sentence.tags[i], let truth = numbers[tag] else { continue }
      step += 1
      guard guess != truth else { continue }
      for row in active {
        change(Int(row) * tags.count + truth, by: 1)
        change(Int(row) * tags.count + guess, by: -1)
      }
    }
  }

  private mutating func change(_ place: Int, by amount: Float) {
    sums[place] += Double(step - stamps[place]) * Double(weights[place])
    stamps[place] = step
    weights[place] += amount
  }

  /// The means of all weights, features without any left out.
  private func finished() -> Tagger {
    var table = FeatureTable()
    var means: [Float] = []
    let count = tags.count
    for (row, key) in features.keys.enumerated() {
      let places = row * count..<(row + 1) * count
      let values = places.map { place in
        Float(
          (sums[place] + Double(step - stamps[place]) * Double(weights[place]))
            / Double(max(step, 1)))
      }
      guard values.contains(where: { $0 != 0 }), table.insert(key) != nil else { continue }
      means.append(contentsOf: values)
    }
    return Tagger(tags: tags, features: table, weights: means)
  }
}
