import Foundation
import Foundations
import Learning
import Tensors
import TestSupport
import Testing

@testable import Distillation

@Suite struct ObjectiveTests {
  // The worked example of the reference values: z of teacher and student, τ = 2.
  private let teacher: [Double] = [2, 1, 0.1]
  private let student: [Double] = [1.5, 1.2, 0.3]

  private func loss(_ objective: Objective) throws -> (value: Double, gradient: [Double]) {
    let z = try Tape.variable(Tensor(student, shape: [1, 3]).cast(to: .f32))
    let value = try DistillationLoss.rows(
      student: z, teacher: .full(Tensor(teacher, shape: [1, 3]).cast(to: .f32)), labels: nil,
      objective)
    let gradient = try Tape.gradients(of: value.sum(), withRespectTo: [z])
    return (
      try value.item(), try gradient[0].cast(to: .f64).array(Double.self)
    )
  }

  @Test func workedExample() throws {
    let forward = try loss(Objective(temperature: 2))
    #expect(abs(forward.value - 0.060963044284) < 1e-7)
    for (found, expected) in zip(forward.gradient, [-0.17333454, 0.10584487, 0.06748967]) {
      #expect(abs(found - expected) < 1e-6)
    }
    let plain = try loss(Objective(temperature: 2, scalesByTemperature: false))
    #expect(abs(plain.value - 0.015240761071) < 1e-7)
    let reverse = try loss(
      Objective(divergence: .reverseKL, temperature: 2, scalesByTemperature: false))
    #expect(abs(reverse.value - 0.015092783900) < 1e-7)
    let js = try loss(.generalized(beta: 0.5, temperature: 2))
    #expect(abs(js.value - 0.003786760955) < 1e-7)
  }

  @Test func endsOfTheGeneralizedDivergenceAreTheTwoKLs() throws {
    let forward = try loss(Objective(divergence: .forwardKL, scalesByTemperature: false))
    let reverse = try loss(Objective(divergence: .reverseKL, scalesByTemperature: false))
    #expect(try loss(.generalized(beta: 0, temperature: 2)) == forward)
    #expect(try loss(.generalized(beta: 1, temperature: 2)) == reverse)
    // They are limits: D/β and D/(1−β).
    let beta = 1e-3
    let low = try loss(.generalized(beta: beta, temperature: 2))
    let high = try loss(.generalized(beta: 1 - beta, temperature: 2))
    #expect(abs(low.value / beta - forward.value) < 2e-4)
    #expect(abs(high.value / beta - reverse.value) < 2e-4)
    for i in 0..<3 {
      #expect(abs(low.gradient[i] / beta - forward.gradient[i]) < 5e-4)
      #expect(abs(high.gradient[i] / beta - reverse.gradient[i]) < 5e-4)
    }
  }

  @Test func skewOfZeroIsKL() throws {
    let forward = try loss(Objective(divergence: .forwardKL))
    let reverse = try loss(Objective(divergence: .reverseKL))
    let skew = try loss(Objective(divergence: .skewKL(alpha: 0)))
    let skewReverse = try loss(Objective(divergence: .skewReverseKL(alpha: 0)))
    #expect(abs(skew.value - forward.value) < 1e-6)
    #expect(abs(skewReverse.value - reverse.value) < 1e-6)
    for i in 0..<3 {
      #expect(abs(skew.gradient[i] - forward.gradient[i]) < 1e-6)
      #expect(abs(skewReverse.gradient[i] - reverse.gradient[i]) < 1e-6)
    }
  }

  @Test func agreesWithPyTorch() throws {
    for item in try Golden.cases("distillation.json") where item.name != "cosine" {
      let objective = try Objective(
        divergence: divergence(item), temperature: item.number("temperature") ?? 1,
        softWeight: item.number("soft") ?? 0, hardWeight: item.number("hard") ?? 0,
        tail: item.flag("tail") ? .bucket : .renormalize)
      let teacher = try #require(item.inputs["teacher"])
      let labels = try #require(item.inputs["labels"])
      let z = try Tape.variable(#require(item.inputs["student"]))
      var target = TeacherLogits.full(teacher)
      if let k = item.number("k") {
        target = try .largest(of: teacher, count: Int(k), temperature: objective.temperature)
      }
      let value = try DistillationLoss.perExample(
        student: z, teacher: target, labels: labels, objective)
      let expected = try #require(item.outputs["output"])
      #expect(try worst(value.detached, expected) < 1, "\(item.name): \(value) \(expected)")
      let seed = item.cotangents["output"]
      let gradient = try Tape.gradients(of: value, withRespectTo: [z], seed: seed)[0]
      #expect(
        try worst(gradient, #require(item.gradients["student"]), atol: 2e-6) < 1, "\(item.name)")
    }
  }

  @Test func cosineAgreesWithPyTorch() throws {
    let item = try #require(try Golden.cases("distillation.json").first { $0.name == "cosine" })
    let z = try Tape.variable(#require(item.inputs["student"]))
    let value = try DistillationLoss.cosine(
      student: z, teacher: #require(item.inputs["teacher"]), labels: item.inputs["labels"])
    #expect(try worst(value.detached, #require(item.outputs["output"])) < 1)
    let gradient = try Tape.gradients(
      of: value, withRespectTo: [z], seed: item.cotangents["output"])[0]
    #expect(try worst(gradient, #require(item.gradients["student"])) < 1)
  }

  private func divergence(_ item: Golden.Case) -> Objective.Divergence {
    let parameter = item.number("parameter") ?? 0
    return switch item.text("divergence") {
    case "reverse_kl": .reverseKL
    case "jensen_shannon": .jensenShannon(beta: parameter)
    case "skew_kl": .skewKL(alpha: parameter)
    case "skew_reverse_kl": .skewReverseKL(alpha: parameter)
    default: .forwardKL
    }
  }

  /// All k logits are the whole distribution.
  @Test func allLogitsAreTheWholeTeacher() throws {
    var random = RandomStream(seed: 4)
    let z = try Tensor.normal([2, 3, 9], &random)
    let t = try Tensor.normal([2, 3, 9], &random)
    let labels = try Tensor.integers([2, 3], from: 0, below: 9, &random)
    let objective = try Objective.hinton(temperature: 2, alpha: 0.5)
    let whole = try DistillationLoss.perExample(
      student: z, teacher: .full(t), labels: labels, objective)
    for tail in Objective.Tail.allCases {
      var objective = objective
      objective.tail = tail
      let top = try DistillationLoss.perExample(
        student: z, teacher: .largest(of: t, count: 9, temperature: 2), labels: labels, objective)
      #expect(try worst(top, whole) < 1)
    }
  }

  @Test func sameBitsWithOneAndTwoThreads() throws {
    var random = RandomStream(seed: 5)
    let z = try Tensor.normal([4, 33, 5000], &random)
    let t = try Tensor.normal([4, 33, 5000], &random)
    let labels = try Tensor.integers([4, 33], from: 0, below: 5000, &random)
    let before = Parallel.threads
    defer { Parallel.threads = before }
    var first: ([Float], [Float])?
    for threads in [1, 2, 3] {
      Parallel.threads = threads
      let x = try Tape.variable(z)
      let value = try DistillationLoss.perExample(
        student: x, teacher: .full(t), labels: labels, .hinton())
      let gradient = try Tape.gradients(
        of: value, withRespectTo: [x], seed: .full(value.shape, 0.25))[0]
      let found = (try value.detached.array(Float.self), try gradient.array(Float.self))
      if let first { #expect(found.0 == first.0 && found.1 == first.1) } else { first = found }
    }
  }

  /// A step that says beforehand what it multiplies with gets the same gradient.
  @Test func foreseenWeightChangesNothing() throws {
    var random = RandomStream(seed: 6)
    let z = try Tensor.normal([2, 3, 20], &random)
    let t = try Tensor.normal([2, 3, 20], &random)
    func gradient(_ foreseen: Float?, _ weight: Double) throws -> Tensor {
      let x = try Tape.variable(z)
      let value = try ForwardContext.training(
        RandomKey(seed: 1), lossWeights: foreseen.map { [$0, $0] }
      ) {
        try DistillationLoss.perExample(
          student: x, teacher: .full(t), labels: nil, Objective(temperature: 2))
      }
      return try Tape.gradients(
        of: value, withRespectTo: [x], seed: .full(value.shape, weight))[0]
    }
    let expected = try gradient(nil, 0.5)
    #expect(try worst(gradient(0.5, 0.5), expected) < 1)
    #expect(try worst(gradient(0.125, 0.5), expected) < 1)
  }

  @Test func refusesWhatDoesNotFit() throws {
    let z = try Tensor.zeros([1, 3])
    #expect(throws: DomainError.self) { try Objective(temperature: 0) }
    #expect(throws: DomainError.self) { try Objective(softWeight: 0) }
    #expect(throws: DomainError.self) { try Objective(divergence: .jensenShannon(beta: 1.5)) }
    #expect(throws: DomainError.self) { try Objective(divergence: .skewKL(alpha: 1)) }
    #expect(throws: DomainError.self) { try Objective.hinton(alpha: -1) }
    #expect(throws: DomainError.self) {
      try DistillationLoss.rows(
        student: z, teacher: .full(Tensor.zeros([1, 4])), labels: nil, Objective())
    }
    #expect(throws: DomainError.self) {
      try DistillationLoss.rows(
        student: z, teacher: .full(z), labels: Tensor(ints: [3]), .hinton())
    }
    #expect(throws: DomainError.self) {
      try DistillationLoss.rows(student: z, teacher: .full(z), labels: nil, .hinton())
    }
    #expect(throws: DomainError.self) {
      let ids = try Tensor([Int32(0), 5], shape: [1, 2])
      return try DistillationLoss.rows(
        student: z, teacher: .largest(ids: ids, values: Tensor.zeros([1, 2]), tails: nil),
        labels: nil, Objective(tail: .renormalize))
    }
  }
}
