import CKernels
import Foundations
import Learning
import Tensors

/// What a teacher says about a batch of positions.
public enum TeacherLogits: Sendable {
  /// Logits [examples, …, vocabulary] (f32).
  case full(Tensor)
  /// The k largest logits of each position: ids (i32) and values (f32) [examples, …, k], and the logarithm of Σ e^(z/τ)
  /// over the others [examples, …], for the τ of the objective; nil where that is not known.
  case largest(ids: Tensor, values: Tensor, tails: Tensor?)
}

/// The losses of distillation as functions of tensors: value and gradient in one pass over the student's logits, which
/// are the only thing that a gradient flows to. `Objective` says whose losses they are; the factor τ² is that of Hinton
/// et al. 2015 (arXiv 1503.02531).
public enum DistillationLoss {
  /// The loss of every position: shape of `labels`.
  public static func rows(
    student: Tensor, teacher: TeacherLogits, labels: Tensor?, _ objective: Objective
  ) throws -> Tensor {
    let problem = try Problem(student, teacher, labels, objective)
    return try problem.losses(perExample: false)
  }

  /// The loss of every example, [examples]: the mean over its positions whose label is not ignored (0 where there are
  /// none).
  public static func perExample(
    student: Tensor, teacher: TeacherLogits, labels: Tensor?, _ objective: Objective
  ) throws -> Tensor {
    let problem = try Problem(student, teacher, labels, objective)
    return try problem.losses(perExample: true)
  }

  /// 1 − cos between the hidden states [examples, positions, width] of student and teacher, for each example the mean
  /// over its positions whose label is not ignored: [examples].
  ///
  /// - Throws: `shape` where the two are not of one shape.
  public static func cosine(
    student: Tensor, teacher: Tensor, labels: Tensor?, ignoreIndex: Int = -100
  ) throws -> Tensor {
    guard student.shape == teacher.shape, let width = student.shape.last, width > 0,
      student.rank >= 2
    else {
      throw DomainError(
        .shape,
        "the cosine of hidden states needs two tensors of one shape, got \(student.shape) of the student and \(teacher.shape) of the teacher",
        hint: "a student made of the teacher's own layers has its width")
    }
    let a = try floats(student, "the student's hidden states")
    let b = try floats(teacher, "the teacher's hidden states")
    let rows = a.count / width
    let examples = student.shape[0]
    let y = try checked(labels, rows: rows)
    let scales = try meanWeights(y, examples: examples, rows: rows, ignoreIndex: ignoreIndex)
    let losses = try Tensor.uninitialized([rows])
    let gradient = try wanted(student, a.shape)
    let size = RowBlock.size(width)
    Parallel.blocks(rows, size: size) {
      let at = $0.lowerBound
      fl_cosine_distance_f32(
        $0.count, width, a.floats + at * width, b.floats + at * width, scales.floats + at,
        losses.floats + at, gradient.map { $0.floats + at * width })
    }
    withExtendedLifetime((a, b)) {}
    let value = try (losses * scales).reshaped([examples, max(1, rows / max(1, examples))])
      .sum(axes: [1])
    return record(
      "cosine_distance", student, value, gradient, width: width,
      weights: [Float](repeating: 1, count: value.count))
  }

  // MARK: Parts

  static func floats(_ tensor: Tensor, _ what: String) throws -> Tensor {
    guard tensor.dtype == .f32 else {
      throw DomainError(.type, "\(what) must be f32, got \(tensor.dtype.name)")
    }
    return try tensor.detached.contiguous()
  }

  static func checked(_ labels: Tensor?, rows: Int) throws -> Tensor? {
    guard let labels else { return nil }
    guard !labels.dtype.isFloating, labels.dtype != .bool else {
      throw DomainError(
        .type, "distillation needs integer labels, got a tensor of \(labels.dtype.name)")
    }
    guard labels.count == rows else {
      throw DomainError(
        .shape, "there are \(rows) positions to learn, but labels of shape \(labels.shape)")
    }
    return try labels.detached.cast(to: .i64).contiguous()
  }

  /// 1 / (positions of the example that count) for each row; 0 for one that does not count.
  static func meanWeights(_ labels: Tensor?, examples: Int, rows: Int, ignoreIndex: Int) throws
    -> Tensor
  {
    let weights = try Tensor.uninitialized([rows])
    let time = rows / max(1, examples)
    guard let labels else {
      weights.floats.update(repeating: 1 / Float(max(1, time)), count: rows)
      return weights
    }
    let counts = try Losses.counts(
      labels.reshaped([examples, time]), ignoreIndex: ignoreIndex)
    let y = labels.pointer(Int64.self)
    for row in 0..<rows {
      weights.floats[row] =
        y[row] == Int64(ignoreIndex) ? 0 : 1 / Float(max(1, counts[row / time]))
    }
    withExtendedLifetime(labels) {}
    return weights
  }

  static func wanted(_ student: Tensor, _ shape: Shape) throws -> Tensor? {
    student.requiresGradient && Tape.isRecording ? try Tensor.uninitialized(shape) : nil
  }

  /// The loss with its trace. `gradient` holds d loss / d student times `weights`, one for each entry of the loss,
  /// `width` numbers for each row; all rows of one entry lie together.
  static func record(
    _ name: StaticString, _ student: Tensor, _ loss: Tensor, _ gradient: Tensor?, width: Int,
    weights: [Float]
  ) -> Tensor {
    let shape = student.shape
    return Tape.record(name, inputs: [student], output: loss) { request in
      guard let gradient else { return BackwardResult(inputs: [nil]) }
      let arriving = try request.gradient.contiguous()
      return try withExtendedLifetime(arriving) {
        let g = UnsafeBufferPointer(start: arriving.floats, count: arriving.count)
        // The weights that were foreseen: nothing is left to do.
        if g.elementsEqual(weights) { return BackwardResult(inputs: [gradient]) }
        let result = try Tensor.uninitialized(shape)
        let each = gradient.count / max(1, g.count)
        let rows = each / max(1, width)
        let (from, to) = (gradient.floats, result.floats)
        Parallel.blocks(g.count * rows, size: RowBlock.size(width)) {
          for row in $0 {
            let at = row * width
            let entry = row / max(1, rows)
            fl_mul_vs_f32(width, from + at, g[entry] / weights[entry], to + at)
          }
        }
        withExtendedLifetime(gradient) {}
        return BackwardResult(inputs: [result])
      }
    }
  }

  /// One call: shapes checked, numbers contiguous.
  private struct Problem {
    let student: Tensor
    let logits: Tensor
    let teacher: TeacherLogits
    let labels: Tensor?
    let objective: Objective
    let rows: Int
    let classes: Int
    let shape: Shape

    init(_ student: Tensor, _ teacher: TeacherLogits, _ labels: Tensor?, _ objective: Objective)
      throws
    {
      try objective.check()
      guard let classes = student.shape.last, classes > 0, student.rank >= 2 else {
        throw DomainError(
          .shape, "a student's logits have shape [examples, …, vocabulary], got \(student.shape)")
      }
      self.student = student
      self.objective = objective
      self.classes = classes
      shape = Shape(student.shape.dropLast())
      rows = shape.count
      logits = try DistillationLoss.floats(student, "the student's logits")
      self.labels = try DistillationLoss.checked(labels, rows: rows)
      if objective.hardWeight > 0, labels == nil {
        throw DomainError(.value, "cross-entropy has a weight, but there are no labels")
      }
      self.teacher = try Problem.checked(teacher, shape, classes, objective)
    }

    private static func checked(
      _ teacher: TeacherLogits, _ shape: Shape, _ classes: Int, _ objective: Objective
    ) throws -> TeacherLogits {
      switch teacher {
      case .full(let tensor):
        guard tensor.rank == shape.rank + 1, Shape(tensor.shape.dropLast()) == shape else {
          throw DomainError(
            .shape,
            "the teacher's logits have shape \(tensor.shape), the student's are for positions \(shape)"
          )
        }
        guard tensor.shape.last == classes else {
          throw DomainError(
            .shape,
            "the teacher knows \(tensor.shape.last ?? 0) tokens, the student \(classes): they do not share a vocabulary"
          )
        }
        return .full(try DistillationLoss.floats(tensor, "the teacher's logits"))
      case .largest(let ids, let values, let tails):
        guard ids.dtype == .i32, ids.shape == values.shape, ids.rank == shape.rank + 1,
          Shape(ids.shape.dropLast()) == shape, let k = ids.shape.last, k > 0, k <= classes,
          tails.map({ $0.shape == shape }) ?? true
        else {
          throw DomainError(
            .shape,
            "the teacher's largest logits have shapes \(ids.shape) (\(ids.dtype.name)) and \(values.shape), the student's are for positions \(shape)"
          )
        }
        if objective.tail == .bucket, tails == nil, k < classes {
          throw DomainError(
            .value,
            "the teacher's largest logits come without the mass of the others at temperature \(objective.temperature)",
            hint: "list this temperature when the cache is made, or set tail to \"renormalize\"")
        }
        let dense = try ids.detached.contiguous()
        let p = dense.pointer(Int32.self)
        for i in 0..<dense.count where p[i] < 0 || p[i] >= classes {
          throw DomainError(
            .index, "the teacher names token \(p[i]), the student knows 0..<\(classes)")
        }
        return .largest(
          ids: dense, values: try DistillationLoss.floats(values, "the teacher's logits"),
          tails: try tails.map { try DistillationLoss.floats($0, "the mass of the tail") })
      }
    }

    private func settings() -> fl_distillation {
      var settings = fl_distillation()
      switch objective.divergence {
      case .forwardKL: settings.divergence = Int32(FL_FORWARD_KL)
      case .reverseKL: settings.divergence = Int32(FL_REVERSE_KL)
      case .jensenShannon(let beta):
        settings.divergence = Int32(
          beta == 0 ? FL_FORWARD_KL : beta == 1 ? FL_REVERSE_KL : FL_JENSEN_SHANNON)
        settings.parameter = Float(beta)
      case .skewKL(let alpha):
        settings.divergence = Int32(FL_SKEW_KL)
        settings.parameter = Float(alpha)
      case .skewReverseKL(let alpha):
        settings.divergence = Int32(FL_SKEW_REVERSE_KL)
        settings.parameter = Float(alpha)
      }
      settings.temperature = Float(objective.temperature)
      settings.soft_weight = Float(objective.softFactor)
      settings.hard_weight = Float(objective.hardWeight)
      settings.tail_bucket = objective.tail == .bucket ? 1 : 0
      settings.ignore_index = Int64(objective.ignoreIndex)
      return settings
    }

    func losses(perExample: Bool) throws -> Tensor {
      let examples = shape[0]
      let weights =
        perExample
        ? ForwardContext.lossWeights(examples) : [Float](repeating: 1, count: shape.count)
      var scales: Tensor?
      if perExample {
        let means = try DistillationLoss.meanWeights(
          labels, examples: examples, rows: rows, ignoreIndex: objective.ignoreIndex)
        scales = means
      }
      let kernelScales = try scales.map { scales in
        if weights.allSatisfy({ $0 == 1 }) { return scales }
        let time = rows / max(1, examples)
        let scaled = try Tensor.uninitialized([rows])
        for row in 0..<rows { scaled.floats[row] = scales.floats[row] * weights[row / time] }
        return withExtendedLifetime(scales) { scaled }
      }
      let gradient = try DistillationLoss.wanted(student, logits.shape)
      let soft = try Tensor.uninitialized([rows])
      let hard = try Tensor.uninitialized([rows])
      try run(kernelScales, soft, hard, gradient)
      let (softFactor, hardFactor) = (Float(objective.softFactor), Float(objective.hardWeight))
      let losses = try Tensor.uninitialized(perExample ? [examples] : shape)
      if let scales {
        let time = rows / max(1, examples)
        for example in 0..<examples {
          var sum = 0.0
          for row in example * time..<(example + 1) * time where scales.floats[row] != 0 {
            let loss = softFactor * soft.floats[row] + hardFactor * hard.floats[row]
            sum += Double(loss) * Double(scales.floats[row])
          }
          losses.floats[example] = Float(sum)
        }
      } else {
        for row in 0..<rows {
          losses.floats[row] = softFactor * soft.floats[row] + hardFactor * hard.floats[row]
        }
      }
      withExtendedLifetime((soft, hard, scales)) {}
      return DistillationLoss.record(
        "distillation", student, losses, gradient, width: classes, weights: weights)
    }

    /// Runs the kernel over blocks of rows.
    private func run(_ scales: Tensor?, _ soft: Tensor, _ hard: Tensor, _ gradient: Tensor?) throws
    {
      var settings = settings()
      if objective.softWeight == 0 { settings.soft_weight = 0 }
      let size = RowBlock.size(classes)
      let blocks = max(1, (rows + size - 1) / size)
      var room = 2 * classes
      if case .largest(let ids, _, _) = teacher {
        room = max(room, classes + 5 * ((ids.shape.last ?? 0) + 1))
      }
      let scratch = try Tensor.uninitialized([blocks, room])
      var invalid = 0
      withUnsafeTemporaryAllocation(of: fl_distillation_result.self, capacity: blocks) { results in
        results.initialize(repeating: fl_distillation_result())
        withUnsafePointer(to: settings) { settings in
          Parallel.blocks(rows, size: size) {
            let at = $0.lowerBound
            let block = at / size
            let y = labels.map { UnsafePointer($0.pointer(Int64.self)) + at }
            let row = scales.map { UnsafePointer($0.floats) + at }
            let g = gradient.map { $0.floats + at * classes }
            let room = scratch.floats + block * room
            switch teacher {
            case .full(let t):
              results[block] = fl_distillation_f32(
                $0.count, classes, logits.floats + at * classes, t.floats + at * classes, y,
                settings, row, room, soft.floats + at, hard.floats + at, g)
            case .largest(let ids, let values, let tails):
              let k = ids.shape[ids.rank - 1]
              results[block] = fl_distillation_top_f32(
                $0.count, classes, logits.floats + at * classes, k,
                ids.pointer(Int32.self) + at * k, values.floats + at * k,
                tails.map { UnsafePointer($0.floats) + at }, y, settings, row, room,
                soft.floats + at, hard.floats + at, g)
            }
          }
        }
        for result in results { invalid += result.invalid }
      }
      withExtendedLifetime((logits, teacher, labels, scratch, scales)) {}
      if invalid > 0, let labels {
        let values = UnsafeBufferPointer(start: labels.pointer(Int64.self), count: rows)
        let bad =
          values.first { $0 != Int64(objective.ignoreIndex) && !(0..<Int64(classes)).contains($0) }
          ?? -1
        throw DomainError(
          .index, "label \(bad) is not one of the \(classes) tokens 0..<\(classes)")
      }
    }
  }
}

/// Rows of logits that one thread treats at a time; depends on their width only.
enum RowBlock {
  static func size(_ width: Int) -> Int { max(1, 65536 / max(1, width)) }
}
