import Foundation
import Foundations
import Learning
import Tensors
import TestSupport
import Testing
import Text

@testable import Distillation

@Suite struct DistillationTrainingTests {
  private let lines: [String]
  private let reader: TokenReader
  private let corpus: DistillationCorpus
  private let map: CounterpartTokens

  init() throws {
    let texts = try BiographyCorpus.generate(seed: 21).train.prefix(24)
    lines = texts.map(\.text)
    reader = SpacedWords(lines + texts.map(\.counterpart)).reader
    corpus = try DistillationCorpus(
      lines: lines, reader: reader, reversal: .standard,
      options: .init(maximumLength: 16, beginToken: 0, endToken: 0))
    map = try CounterpartTokens(reader: reader)
  }

  private func model(_ seed: UInt64) throws -> Layer {
    try recurrentModel(vocabulary: reader.vocabularyCount, seed: seed)
  }

  private func train(
    _ student: Layer, _ corpus: DistillationCorpus, _ teacher: (any TeacherSource)?,
    _ objective: Objective, epochs: Int = 2, method: TrainingMethod = .plain,
    onNotice: @escaping (String) -> Void = { _ in }
  ) throws -> TrainingHistory {
    var callbacks = TrainingCallbacks()
    callbacks.onNotice = onNotice
    return try Trainer(
      model: student, loss: .distillation(objective, teacher: teacher),
      optimizer: Adam(rate: 1e-2), method: method,
      options: TrainingOptions(
        plan: SamplingPlan(examples: corpus.count, batch: 6, epochs: epochs, sampling: .shuffled),
        key: RandomKey(seed: 1))
    ).run(corpus, callbacks)
  }

  @Test func batchesPredictTheNextToken() throws {
    let batch = try corpus.batch([3, 0])
    let (x, y) = (
      try batch.inputs.array(Int64.self), try batch.labels.cast(to: .i64).array(Int64.self)
    )
    let time = batch.inputs.shape[1]
    for (row, example) in [3, 0].enumerated() {
      let ids = corpus.texts[example].ids.map(Int64.init)
      #expect(ids.first == 0 && ids.count <= 16)
      for t in 0..<time {
        #expect(x[row * time + t] == (t < ids.count - 1 ? ids[t] : 0))
        #expect(y[row * time + t] == (t < ids.count - 1 ? ids[t + 1] : -100))
      }
    }
    #expect(batch.inputs.lengths?.values.count == 2 && batch.examples == [3, 0])
  }

  @Test func studentApproachesItsTeacher() throws {
    let teacher = try model(1)
    let student = try model(2)
    let source = try LiveTeacher(teacher)
    for objective in [
      try Objective.hinton(), try Objective(divergence: .reverseKL), try .generalized(beta: 0.3),
    ] {
      let history = try train(student, corpus, source, objective, epochs: 6)
      let losses = history.epochs.map(\.loss)
      #expect(losses.last ?? 1 < losses.first ?? 0, "\(losses)")
    }
  }

  /// From disk the student learns the same as from the model, up to the rounding of what is stored.
  @Test func cachedTeacherTeachesTheSame() throws {
    let folder = try TemporaryFolder()
    let teacher = try model(1)
    let perturbation = TeacherPerturbation(.mean)
    let augmented = try corpus.augmented(ratio: 0.3, seed: 9)
    let live = try LiveTeacher(
      teacher, perturbation: perturbation, corpus: augmented, map: map)
    let objective = try Objective.hinton()
    let expected = try model(2)
    let history = try train(expected, augmented, live, objective)
    for (precision, tolerance) in [(LogitFormat.Precision.single, 0.02), (.half, 2)] {
      var progress: [Int] = []
      let prepared = try CachedTeacher.prepare(
        folder: folder.path, teacher: teacher, corpus: corpus,
        vocabulary: reader.vocabularyCount, augmentation: 0.3, seed: 9,
        perturbation: perturbation, map: map, format: LogitFormat(precision: precision), batch: 5,
        onProgress: { done, all in
          progress.append(done)
          #expect(all == corpus.count + corpus.reversibleCount)
        })
      #expect(progress.last == corpus.count + corpus.reversibleCount)
      #expect(prepared.corpus.texts == augmented.texts)
      let student = try model(2)
      let found = try train(student, prepared.corpus, prepared.teacher, objective)
      #expect(
        abs((found.epochs.last?.loss ?? 0) - (history.epochs.last?.loss ?? 1)) < 1e-3 * tolerance)
      for ((name, a), (_, b)) in zip(student.state, expected.state) {
        #expect(try worst(a, b, rtol: 1e-2, atol: 1e-3) < max(1, tolerance), "\(name)")
      }
    }
    // Another ratio or seed asks the teacher nothing: both caches are complete.
    let other = try LogitCache(
      folder: folder.path, teacher: teacher, perturbation: perturbation,
      corpus: corpus.reversals(), vocabulary: reader.vocabularyCount, format: LogitFormat())
    #expect(other.isComplete)
    // Another teacher, perturbation or corpus has a cache of its own.
    let keys = Set([
      other.key,
      try LogitCache(
        folder: folder.path, teacher: model(7), perturbation: perturbation,
        corpus: corpus.reversals(), vocabulary: reader.vocabularyCount, format: LogitFormat()
      ).key,
      try LogitCache(
        folder: folder.path, teacher: teacher, perturbation: .init(.max),
        corpus: corpus.reversals(), vocabulary: reader.vocabularyCount, format: LogitFormat()
      ).key,
      try LogitCache(
        folder: folder.path, teacher: teacher, perturbation: perturbation, corpus: corpus,
        vocabulary: reader.vocabularyCount, format: LogitFormat()
      ).key,
      try LogitCache(
        folder: folder.path, teacher: teacher, perturbation: perturbation, corpus: corpus,
        vocabulary: reader.vocabularyCount, format: LogitFormat(largest: 9, temperatures: [2])
      ).key,
    ])
    #expect(keys.count == 5)
  }

  /// A private step by rules clips each example's gradient as if it were computed by itself.
  @Test func privateDistillation() throws {
    let teacher = try LiveTeacher(model(1), perturbation: .init(.max), corpus: corpus, map: map)
    let objective = try Objective.hinton()
    let loss = try Loss.distillation(objective, teacher: teacher)
    let student = try model(2)
    var notices: [String] = []
    let batch = try corpus.batch([0, 5, 7, 2])
    let bound = 0.05
    let parameters = student.parameters
    var expected = parameters.map { [Float](repeating: 0, count: $0.count) }
    for example in [0, 5, 7, 2] {
      let one = try corpus.batch([example])
      let gradients = try Tape.gradients(
        of: loss.value(student, one).sum(), withRespectTo: parameters)
      let arrays = try gradients.map { try $0.array(Float.self) }
      let norm = arrays.joined().reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      let factor = Float(min(1, bound / norm))
      for i in expected.indices {
        for k in expected[i].indices { expected[i][k] += arrays[i][k] * factor }
      }
    }
    let before = try parameters.map { try $0.data.array(Float.self) }
    let step = try TrainingStep(
      model: student, loss: loss, optimizer: SGD(rate: 1),
      method: .private(
        PrivateOptions(
          bound: bound, noiseMultiplier: 1e-9, expectedBatch: 4,
          noise: .seeded(RandomKey(seed: 3)))),
      key: RandomKey(seed: 4))
    step.onNotice = { notices.append($0) }
    let result = try step.run(batch)
    #expect(notices.isEmpty, "\(notices)")
    #expect(result.examples == 4 && result.clipped > 0)
    for (i, parameter) in parameters.enumerated() {
      let after = try parameter.data.array(Float.self)
      for k in after.indices {
        #expect(abs((before[i][k] - after[k]) - expected[i][k] / 4) < 2e-6)
      }
    }
  }

  @Test func privateTrainingRuns() throws {
    let options = try PrivateOptions(
      bound: 1, noiseMultiplier: 0.5, expectedBatch: 6, noise: .seeded(RandomKey(seed: 3)))
    let history = try train(
      model(2), corpus, LiveTeacher(model(1)), .hinton(), method: .private(options))
    #expect(history.steps == 8 && history.epochs.allSatisfy { $0.loss.isFinite })
  }

  @Test func crossEntropyAloneNeedsNoTeacher() throws {
    let history = try train(model(2), corpus, nil, .crossEntropy(), epochs: 5)
    #expect(history.epochs[4].loss < history.epochs[0].loss)
    #expect(throws: DomainError.self) { try Loss.distillation(.hinton(), teacher: nil) }
    let alone = try Loss.distillation(.distilBERT(), teacher: LiveTeacher(model(1)))
    #expect(throws: DomainError.self) { try alone.value(model(2), corpus.batch([0])) }
  }

  private func transformer(blocks: Int, seed: UInt64) throws -> GPT2 {
    var random = RandomStream(seed: seed)
    return try GPT2(
      .init(
        vocabulary: reader.vocabularyCount, context: 24, width: 16, blocks: blocks, heads: 2),
      random: &random)
  }

  /// The triple of DistilBERT is the sum of its parts, and its gradient that of central differences.
  @Test func tripleOfDistilBERT() throws {
    let teacher = try transformer(blocks: 2, seed: 1)
    let student = try Student.of(teacher)
    for parameter in student.parameters {
      var random = RandomStream(seed: 9)
      try parameter.set(parameter.data + Tensor.normal(parameter.shape, deviation: 0.1, &random))
    }
    let batch = try corpus.batch([0, 3])
    let objective = try Objective.distilBERT()
    let loss = try Loss.distillation(objective, teacher: LiveTeacher(teacher))
    func value() throws -> Double {
      try ForwardContext.evaluation { try loss.value(student, batch).sum().item() }
    }
    let cosine = try ForwardContext.evaluation {
      try DistillationLoss.cosine(
        student: student.hiddenStates(batch.inputs), teacher: teacher.hiddenStates(batch.inputs),
        labels: batch.labels
      ).sum().item()
    }
    var rest = objective
    rest.cosineWeight = 0
    let others = try ForwardContext.evaluation {
      try Loss.distillation(rest, teacher: LiveTeacher(teacher)).value(student, batch).sum().item()
    }
    let whole = try value()
    #expect(cosine > 0.01 && abs(whole - cosine - others) < 1e-4)
    let parameters = student.parameters
    let gradients = try Tape.gradients(
      of: loss.value(student, batch).sum(), withRespectTo: parameters)
    for (parameter, gradient) in zip(parameters, gradients) {
      let index = parameter.count / 2
      let step: Float = 5e-3
      func moved(_ by: Float) throws -> Double {
        try parameter.update { $0[index] += by }
        defer { try? parameter.update { $0[index] -= by } }
        return try value()
      }
      let expected = (try moved(step) - (try moved(-step))) / Double(2 * step)
      let found = Double(gradient.floats[index])
      #expect(abs(found - expected) < 2e-2 * max(0.2, abs(expected)), "\(parameter.name)")
    }
  }

  /// A BERT's student is its embeddings, the chosen blocks one after the other, and its pooler.
  @Test func aStudentOfABERTKeepsBlocks() throws {
    var random = RandomStream(seed: 4)
    let tokens = try Tensor(ints: [1, 5, 2, 7, 7, 3], shape: [2, 3])
    for types in [2, 0] {
      let teacher = try BERT(
        .init(
          vocabulary: 9, context: 4, width: 8, blocks: 5, heads: 2, types: types,
          hasPooler: types > 0), random: &random)
      // Numbers that no other model has by chance.
      for parameter in teacher.parameters {
        try parameter.set(.normal(parameter.shape, deviation: 0.3, &random))
      }
      let student = try Student.of(teacher)
      #expect(student.settings.blocks == 3)
      var x = try teacher.positions.forward(
        types > 0
          ? teacher.tokens.forward(tokens) + #require(teacher.types).forward(.zeros([2, 3], .i64))
          : teacher.tokens.forward(tokens))
      x = try teacher.norm.forward(x)
      for block in [0, 2, 4] { x = try teacher.transformer.blocks[block].forward(x) }
      let found = try student.forward(tokens)
      #expect(try Tensor.identical(found.detached, x.detached))
      if types > 0 {
        #expect(try Tensor.identical(student.pooled(found).detached, teacher.pooled(x).detached))
      }
      // It shares nothing with its teacher.
      try student.parameters[0].set(.zeros(student.parameters[0].shape))
      #expect(try teacher.tokens.weight.data.doubles().contains { $0 != 0 })
      #expect(throws: DomainError.self) { try teacher.keeping(blocks: [5]) }
    }
  }

  @Test func studentsKeepBlocksOfTheirTeacher() throws {
    let teacher = try transformer(blocks: 5, seed: 3)
    let student = try Student.of(teacher)
    #expect(student.transformer.blocks.count == 3)
    let all = try Student.of(teacher, layers: .chosen([0, 1, 2, 3, 4]))
    let batch = try corpus.batch([0, 1])
    let expected = try ForwardContext.evaluation { try teacher.forward(batch.inputs) }
    let copied = try ForwardContext.evaluation { try all.forward(batch.inputs) }
    #expect(try worst(copied, expected) == 0)
    #expect(try Student.Layers.everySecond.indices(of: 12) == [0, 2, 4, 6, 8, 10])
    #expect(try Student.Layers.spread(6).indices(of: 12) == [0, 2, 4, 7, 9, 11])
    #expect(try Student.Layers.spread(1).indices(of: 4) == [0])
    for layers in [Student.Layers.spread(6), .spread(0), .chosen([]), .chosen([5])] {
      #expect(throws: DomainError.self) { try Student.of(teacher, layers: layers) }
    }
    // They share no memory: training one leaves the other.
    let before = try teacher.state.map { try $0.value.array(Float.self) }
    _ = try train(student, corpus, LiveTeacher(teacher), .hinton(), epochs: 1)
    #expect(try teacher.state.map { try $0.value.array(Float.self) } == before)
  }

  @Test func onPolicyBatches() throws {
    let student = try model(2)
    /// Writes the number of the prompt's first token, two times.
    let sampler = TextSampler { _, prompts, limit, _ in
      prompts.map { $0 + Array(repeating: $0[1], count: min(2, limit)) }
    }
    let source = try OnPolicySource(
      corpus, student: student, fraction: 0.5, promptLength: 3, sampler: sampler,
      key: RandomKey(seed: 5))
    for _ in 0..<200 {
      let before = source.sampledBatches
      let batch = try source.batch([1, 2])
      guard source.sampledBatches > before else {
        #expect(
          try batch.inputs.array(Int64.self) == corpus.batch([1, 2]).inputs.array(Int64.self))
        continue
      }
      #expect(batch.inputs.shape == [2, 4])
      let labels = try batch.labels.array(Int64.self)
      let first = corpus.texts[1].ids
      #expect(labels[..<4] == [-100, -100, Int64(first[1]), Int64(first[1])])
    }
    #expect((70...130).contains(source.sampledBatches) && source.batches == 200)
    let history = try Trainer(
      model: student,
      loss: .distillation(.generalized(beta: 0.5), teacher: LiveTeacher(model(1))),
      optimizer: Adam(rate: 1e-2),
      options: TrainingOptions(
        plan: SamplingPlan(examples: source.count, batch: 6, epochs: 2, sampling: .shuffled),
        key: RandomKey(seed: 1))
    ).run(source)
    #expect(history.steps == 8)
    #expect(throws: DomainError.self) {
      try OnPolicySource(
        corpus, student: student, fraction: 2, sampler: sampler, key: RandomKey(seed: 5))
    }
    let wrong = try OnPolicySource(
      corpus, student: student, fraction: 1,
      sampler: TextSampler { _, p, _, _ in p.map { _ in [] } },
      key: RandomKey(seed: 5))
    #expect(throws: DomainError.self) { try wrong.batch([0]) }
  }

  /// The library's own tokenizer and generator: bytes align, he and she are tokens, the teacher's texts become a
  /// corpus.
  @Test func readsAndWritesWithTheLibrary() throws {
    var trainer = BytePairTrainer(vocabularySize: 700, specialTokens: ["<|endoftext|>"])
    let texts = try BiographyCorpus.generate(seed: 4).train.prefix(300)
    for text in texts { try trainer.count(text.text + " " + text.counterpart) }
    let tokenizer = try trainer.train()
    let reader = TokenReader(tokenizer)
    #expect(reader.vocabularyCount == tokenizer.vocabularySize)
    let map = try CounterpartTokens(reader: reader)
    let (he, she) = (try #require(reader.single(" he")), try #require(reader.single(" she")))
    #expect(map.groups.contains { $0.masculine == [he] && $0.feminine == [she] })
    #expect(map.groups.contains { $0.masculine.count == 2 && $0.feminine.count >= 1 })
    let corpus = try DistillationCorpus(
      lines: texts.prefix(40).map(\.text), reader: reader, reversal: .standard,
      options: .init(maximumLength: 60, beginToken: 0, endToken: 0))
    for text in corpus.texts {
      guard let other = text.counterpart else { continue }
      // Only positions inside of exchanged words lack a counterpart, and the ends of texts correspond.
      #expect(other.positions.count { $0 < 0 } * 2 < other.positions.count)
      if text.ids.count < 60, other.ids.count < 60 {
        #expect(other.positions.last == Int32(other.ids.count - 2))
      }
    }
    var random = RandomStream(seed: 1)
    let model = try GPT2(
      .init(
        vocabulary: tokenizer.vocabularySize, context: 64, width: 16, blocks: 1, heads: 2),
      random: &random)
    let decoder = { (model: Layer) in
      try UncachedDecoder(model, vocabularySize: tokenizer.vocabularySize, contextLength: 64)
    }
    let prompts = corpus.texts.prefix(3).map { Array($0.ids.prefix(4)) }
    for beams in [nil, BeamOptions(beams: 2)] {
      let written = try SequenceLevel.corpus(
        teacher: decoder(model), prompts: prompts, options: .init(maximumNewTokens: 5),
        beams: beams, key: RandomKey(seed: 1), tokenizer: tokenizer.fingerprint)
      #expect(written.texts.map(\.ids.count) == [9, 9, 9])
      let labels = try written.batch([0]).labels.array(Int64.self)
      #expect(labels[..<3] == [-100, -100, -100] && labels[3...].allSatisfy { $0 >= 0 })
      _ = try train(model, written, nil, .crossEntropy(), epochs: 1)
    }
    let source = try OnPolicySource(
      corpus, student: model, fraction: 1, promptLength: 4, newTokens: 6,
      sampler: .generation(stopTokens: [0], decoder: decoder), key: RandomKey(seed: 2))
    let first = try source.batch([0, 1]).inputs.array(Int64.self)
    #expect(first[..<4] == prompts[0].map(Int64.init)[...])
    let loss = try Loss.distillation(.generalized(), teacher: LiveTeacher(model))
    // Teacher and student are one model: nothing is to be learnt.
    let value = try loss.value(model, source.batch([0, 1])).sum().item()
    #expect(abs(value) < 1e-5)
    #expect(throws: DomainError.self) {
      try DistillationCorpus(sequences: [[1, 2]], given: [2], tokenizer: "x")
    }
  }

  @Test func vocabulariesAreComparedByContent() throws {
    try SharedVocabulary.require(teacher: ["a", "b"], student: ["a", "b"])
    do {
      try SharedVocabulary.require(teacher: ["a", "b", "c"], student: ["a", "\u{1}x", "c"])
      Issue.record("they differ")
    } catch {
      #expect(error.message.contains("token 1 is \"b\" for the teacher and \"\\u{1}x\""))
    }
    do {
      try SharedVocabulary.require(teacher: ["a"], student: ["a", "b"])
      Issue.record("they differ")
    } catch {
      #expect(error.message.contains("only the student has is 1, \"b\""))
    }
    // Logits of another size are refused in any case.
    let other = try LiveTeacher(recurrentModel(vocabulary: 9_999, seed: 1))
    #expect(throws: DomainError.self) {
      try Loss.distillation(.hinton(), teacher: other).value(model(2), corpus.batch([0]))
    }
  }
}
