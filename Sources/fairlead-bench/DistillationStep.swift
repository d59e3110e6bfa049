import Distillation
import Foundations
import Learning
import Tensors

/// Steps of distillation on one batch of random tokens: the teacher's forward pass without a trace, the student's both
/// ways, half cross-entropy and half T² KL at temperature 2, Adam on the student.
final class DistillationStep: Workload {
  private let body: () throws -> Double
  private let parameterCount: Int
  private var loss = Double.nan

  /// `network` is d_lm, `mode` kd, student (cross-entropy alone) or teacher (its forward pass alone).
  init(network: String, mode: String) throws {
    guard network == "d_lm" else { throw Unsupported(message: "unknown network: \(network)") }
    var random = RandomStream(seed: 0)
    func model(_ blocks: Int) throws -> GPT2 {
      try GPT2(
        .init(vocabulary: 8192, context: 128, width: 256, blocks: blocks, heads: 4),
        random: &random)
    }
    let (teacher, student) = (try model(4), try model(2))
    let batch = try Batch(
      inputs: Tensor.integers([8, 128], from: 0, below: 8192, &random),
      labels: Tensor.integers([8, 128], from: 0, below: 8192, &random))
    parameterCount = (mode == "teacher" ? teacher : student).parameterCount
    switch mode {
    case "kd", "student":
      let isAlone = mode == "student"
      let step = try TrainingStep(
        model: student,
        loss: isAlone
          ? .crossEntropy()
          : .distillation(.hinton(temperature: 2, alpha: 0.5), teacher: LiveTeacher(teacher)),
        optimizer: Adam(rate: 1e-3), key: RandomKey(seed: 1))
      body = { try step.run(batch).loss }
    case "teacher":
      body = {
        try ForwardContext.evaluation { Double(try teacher.forward(batch.inputs).floats[0]) }
      }
    default: throw Unsupported(message: "unknown mode: \(mode)")
    }
    _ = try run(1)
  }

  var facts: [(name: String, value: Double)] { [("parameters", Double(parameterCount))] }

  var check: Double { loss }

  func run(_ count: Int) throws -> [Double] {
    var seconds: [Double] = []
    seconds.reserveCapacity(count)
    for _ in 0..<count {
      let start = monotonicSeconds()
      loss = try body()
      seconds.append(monotonicSeconds() - start)
    }
    return seconds
  }
}
