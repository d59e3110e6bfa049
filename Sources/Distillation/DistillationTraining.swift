import Foundations
import Learning
import Tensors

extension Loss {
  /// The loss of a student that imitates a teacher, one number per example; for `Trainer` and `TrainingStep`, private
  /// or not. Batches have tokens [examples, positions] and labels of that shape; where the teacher is read from a cache
  /// or perturbed, they are those of its corpus. An example's number is the mean over its positions whose label counts;
  /// these are the loss's `terms`.
  ///
  /// - Parameter teacher: may be nil for an objective of cross-entropy alone.
  /// - Throws: `value` where the objective needs a teacher and there is none, or needs hidden states and the teacher is
  ///   on disk.
  public static func distillation(_ objective: Objective, teacher: (any TeacherSource)?) throws
    -> Loss
  {
    try objective.check()
    let counting = { (batch: Batch) in
      try Losses.counts(batch.labels, ignoreIndex: objective.ignoreIndex)
    }
    // Targets belong to examples; a teacher in memory is asked for those of a whole batch.
    let isApart = (teacher as? LiveTeacher)?.model.keepsExamplesApart(padded: false) ?? true
    guard objective.needsTeacher else {
      let crossEntropy = try Loss.crossEntropy(ignoreIndex: objective.ignoreIndex)
      return Loss("distillation", counting: counting, keepsExamplesApart: isApart) { model, batch in
        try crossEntropy.value(model, batch) * objective.hardWeight
      }
    }
    guard let teacher else {
      throw DomainError(.value, "the objective needs a teacher, and there is none")
    }
    guard objective.cosineWeight > 0 else {
      return Loss("distillation", counting: counting, keepsExamplesApart: isApart) { model, batch in
        let target = try teacher.logits(for: batch, temperature: objective.temperature)
        return try DistillationLoss.perExample(
          student: model.forward(batch.inputs), teacher: target, labels: batch.labels, objective)
      }
    }
    guard let live = teacher as? LiveTeacher else {
      throw DomainError(
        .value,
        "the cosine of hidden states needs the teacher in memory, a cache holds its logits only",
        hint: "set the weight of the cosine to 0, or train without a cache")
    }
    return Loss("distillation", counting: counting, keepsExamplesApart: isApart) { model, batch in
      let (student, own) = (try hiddenStates(model), try hiddenStates(live.model))
      let target = try live.logits(for: batch)
      let expected = try ForwardContext.evaluation { try own.hiddenStates(batch.inputs) }
      let hidden = try student.hiddenStates(batch.inputs)
      var loss =
        try DistillationLoss.cosine(
          student: hidden, teacher: expected, labels: batch.labels,
          ignoreIndex: objective.ignoreIndex) * objective.cosineWeight
      if objective.softWeight > 0 || objective.hardWeight > 0 {
        loss =
          try loss
          + DistillationLoss.perExample(
            student: student.scores(hidden), teacher: .full(target),
            labels: batch.labels, objective)
      }
      return loss
    }
  }

  private static func hiddenStates(_ model: Layer) throws -> any LanguageModel {
    guard let model = model as? any LanguageModel else {
      throw DomainError(
        .type, "a \(model.kind) does not show its hidden states, which the objective compares",
        hint: "set the weight of the cosine to 0")
    }
    return model
  }
}

/// Whether two models read the same tokens.
public enum SharedVocabulary {
  /// - Throws: `value` that names the first token in which the two differ. Equal sizes are not enough: token 5 must be
  ///   the same string.
  public static func require(teacher: [String], student: [String]) throws(DomainError) {
    for (id, (a, b)) in zip(teacher, student).enumerated() where !a.isSpelt(b) {
      throw DomainError(
        .value,
        "teacher and student do not share a vocabulary: token \(id) is \(Quoting.literal(a)) for the teacher and \(Quoting.literal(b)) for the student",
        hint: "distil with the teacher's tokenizer")
    }
    guard teacher.count == student.count else {
      let (longer, rest) =
        teacher.count > student.count ? ("teacher", teacher) : ("student", student)
      let first = min(teacher.count, student.count)
      throw DomainError(
        .value,
        "teacher and student do not share a vocabulary: the teacher has \(teacher.count) tokens, the student \(student.count); the first that only the \(longer) has is \(first), \(Quoting.literal(String(rest[first].prefix(40))))",
        hint: "distil with the teacher's tokenizer")
    }
  }
}
