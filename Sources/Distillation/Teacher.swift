import Foundations
import Learning
import Tensors

/// Where a student's targets come from.
public protocol TeacherSource {
  /// What the teacher says about every position of a batch, for an objective's temperature.
  func logits(for batch: Batch, temperature: Double) throws -> TeacherLogits
}

/// A teacher in memory: it runs for every batch, in evaluation mode and without a trace.
public final class LiveTeacher: TeacherSource {
  public let model: Layer
  public let perturbation: TeacherPerturbation
  private let map: CounterpartTokens
  /// Where the counterparts of a batch's examples are; nil where nothing is perturbed.
  private let corpus: DistillationCorpus?

  /// - Parameters:
  ///   - corpus: the texts that batches come from, needed for a perturbation.
  ///   - map: the counterparts among tokens.
  /// - Throws: `value` where a perturbation lacks its corpus; `data` where the corpus has no gendered word.
  public init(
    _ model: Layer, perturbation: TeacherPerturbation = .none, corpus: DistillationCorpus? = nil,
    map: CounterpartTokens? = nil
  ) throws(DomainError) {
    self.model = model
    self.perturbation = perturbation
    self.map = map ?? .none
    self.corpus = corpus
    guard perturbation.operation != .none else { return }
    guard let corpus else {
      throw DomainError(
        .value, "perturbing the teacher needs the corpus, which knows the reversed texts")
    }
    if perturbation.scope != .everywhere {
      try corpus.requireGenderedWords("a perturbation of the teacher")
    }
    if perturbation.operation == .swap, self.map.groups.isEmpty {
      throw DomainError(
        .value, "no gendered word of the lexicon is one token of this vocabulary",
        hint: "combine by \"max\" or \"mean\", or train a tokenizer with a larger vocabulary")
    }
  }

  public func logits(for batch: Batch, temperature: Double) throws -> TeacherLogits {
    .full(try logits(for: batch))
  }

  /// The target logits [examples, positions, vocabulary].
  public func logits(for batch: Batch) throws -> Tensor {
    let z = try ForwardContext.evaluation {
      try Cancellation.abandonable { try model.forward(batch.inputs).contiguous() }
    }
    guard z.rank == 3, z.dtype == .f32, z.shape[0] == batch.count,
      z.shape[1] == batch.inputs.shape[1]
    else {
      throw DomainError(
        .shape,
        "a teacher gives logits [examples, positions, vocabulary], this one gave \(z.shape) for tokens \(batch.inputs.shape)"
      )
    }
    guard perturbation.operation != .none, let corpus else { return z }
    return try perturbed(z, batch, corpus)
  }

  // MARK: Perturbation

  /// A position of the batch and the one of the counterparts' batch that it is combined with.
  private struct Match {
    var own: Int
    var other: Int
  }

  private func perturbed(_ z: Tensor, _ batch: Batch, _ corpus: DistillationCorpus) throws -> Tensor
  {
    let (time, classes) = (z.shape[1], z.shape[2])
    try perturbation.check(map, vocabulary: classes)
    guard let examples = batch.examples,
      examples.allSatisfy({ corpus.texts.indices.contains($0) })
    else {
      throw DomainError(
        .value, "the batch does not say which texts of the corpus its examples are")
    }
    let pairs = examples.enumerated().compactMap { row, index in
      corpus.texts[index].counterpart.map { (row: row, text: corpus.texts[index], other: $0) }
    }
    var matches: [Match] = []
    var others: Tensor?
    if !pairs.isEmpty {
      let counterparts = try DistillationCorpus.batch(
        pairs.map(\.other.ids), padding: corpus.options.padding, examples: nil)
      let otherTime = counterparts.inputs.shape[1]
      others = try ForwardContext.evaluation {
        try Cancellation.abandonable { try model.forward(counterparts.inputs).contiguous() }
      }
      for (number, pair) in pairs.enumerated() {
        let first = perturbation.scope == .afterChange ? pair.other.firstChange : 0
        for (t, s) in pair.other.positions.enumerated().dropFirst(first) where t < time {
          if s >= 0 {
            matches.append(Match(own: pair.row * time + t, other: number * otherTime + Int(s)))
          }
        }
      }
    }
    // The teacher's own numbers may be shared with a cache of the model: they are not written to.
    let result = try z.copied()
    let target = result.floats
    if let others {
      Parallel.blocks(matches.count, size: RowBlock.size(classes)) {
        for match in matches[$0] {
          perturbation.combine(
            target + match.own * classes, others.floats + match.other * classes, count: classes, map
          )
        }
      }
    }
    if perturbation.scope == .everywhere, perturbation.usesWordMap {
      // R(x) = x: z′ is z.
      let paired = Set(pairs.map(\.row))
      let rows = (0..<batch.count).filter { !paired.contains($0) }
      let scratch = try z.copied()
      Parallel.blocks(rows.count * time, size: RowBlock.size(classes)) {
        for position in $0 {
          let at = (rows[position / time] * time + position % time) * classes
          perturbation.combine(target + at, scratch.floats + at, count: classes, map)
        }
      }
      withExtendedLifetime(scratch) {}
    }
    withExtendedLifetime(others) {}
    return result
  }
}
