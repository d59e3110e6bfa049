import Foundation
import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

@Suite struct OptimizerTests {
  private func make(_ test: Golden.Case) throws -> Optimizer {
    let rate = try #require(test.number("lr"))
    let decay = test.number("weight_decay") ?? 0
    if test.text("optimizer") == "sgd" {
      return try SGD(
        rate: rate, momentum: test.number("momentum") ?? 0,
        dampening: test.number("dampening") ?? 0, weightDecay: decay,
        nesterov: test.flag("nesterov"))
    }
    let betas = try #require(test.options["betas"] as? [NSNumber]).map(\.doubleValue)
    return try Adam(
      rate: rate, beta1: betas[0], beta2: betas[1], epsilon: test.number("eps") ?? 1e-8,
      weightDecay: decay, decoupled: test.text("optimizer") == "adamw")
  }

  @Test func stepsEqualPyTorch() throws {
    var tested = 0
    for test in try Golden.cases("optimizers.json")
    where test.text("network") == nil && !test.flag("amsgrad") {
      let names = test.parameters.keys.sorted()
      let parameters = try names.map { try Parameter($0, try #require(test.parameters[$0])) }
      let optimizer = try make(test)
      try optimizer.prepare(ParameterLayout(parameters))
      for step in 0..<Int(test.number("steps") ?? 0) {
        let gradients = try names.map {
          try #require(test.inputs[$0]).selected(axis: 0, index: step).contiguous()
        }
        try optimizer.step(
          StepGradients(
            sources: gradients.map { StepGradients.Source(values: UnsafePointer($0.floats)) },
            scale: 1))
        withExtendedLifetime(gradients) {}
        for (name, parameter) in zip(names, parameters) {
          try expectClose(
            parameter.data, try #require(test.outputs[name]).selected(axis: 0, index: step),
            "\(test.name): \(name) after step \(step)", rtol: 1e-5, atol: 1e-6)
        }
      }
      tested += 1
    }
    #expect(tested >= 10)
  }

  @Test func trainingEqualsPyTorch() throws {
    for test in try Golden.cases("optimizers.json") where test.text("network") != nil {
      let model = try Networks.make(test)
      let step = try TrainingStep(
        model: model, loss: .crossEntropy(), optimizer: make(test), key: RandomKey(seed: 1))
      let batch = try Batch(
        inputs: try #require(test.inputs["tokens"]), labels: try #require(test.inputs["labels"]))
      let expected = try #require(test.outputs["losses"]).array(Float.self)
      for loss in expected {
        let found = try step.run(batch).loss
        #expect(abs(found - Double(loss)) < 2e-4 + 2e-3 * Double(loss), "\(test.name)")
      }
      for (name, parameter) in model.namedParameters {
        try expectClose(
          parameter.data, try #require(test.outputs[name]), "\(test.name): \(name)", rtol: 2e-2,
          atol: 5e-3)
      }
    }
  }

  /// Rows of a table that a batch does not touch change just as with a dense gradient of zeros.
  @Test func sparseRowsEqualDenseBitForBit() throws {
    var random = RandomStream(seed: 5)
    let start = try Tensor.normal([50, 7], &random)
    var results: [[Float]] = []
    for sparse in [true, false] {
      let table = try Parameter("table", start)
      let optimizer = try Adam(rate: 0.01, weightDecay: 0.1, decoupled: true)
      try optimizer.prepare(ParameterLayout([table]))
      var values = RandomStream(seed: 6)
      for step in 0..<5 {
        let sink = try GradientSink([table], sparse: sparse ? [table] : [])
        sink.begin()
        let rows: [Int32] = [Int32(step), 9, Int32(20 + step)]
        let update = try Tensor.normal([3, 7], &values)
        if let compact = sink.sparse(0) {
          var slots = [Int32](repeating: 0, count: 3)
          try compact.slots(for: rows, count: 3, into: &slots)
          for (slot, row) in zip(slots, 0..<3) {
            let target = try #require(compact.values)
            for i in 0..<7 { target[Int(slot) * 7 + i] += update.floats[row * 7 + i] }
          }
          try optimizer.step(
            StepGradients(
              sources: [
                .init(values: UnsafePointer(compact.values), rowMap: compact.rowMap, width: 7)
              ], scale: 0.5))
        } else {
          let target = try sink.zeroedTarget(0)
          for (index, row) in rows.enumerated() {
            for i in 0..<7 { target[Int(row) * 7 + i] += update.floats[index * 7 + i] }
          }
          try optimizer.step(
            StepGradients(sources: [.init(values: UnsafePointer(target))], scale: 0.5))
        }
        withExtendedLifetime((sink, update)) {}
      }
      results.append(try table.data.array(Float.self))
    }
    #expect(results[0] == results[1])
  }

  @Test func settingsAreChecked() throws {
    #expect(throws: DomainError.self) { try Adam(rate: -1) }
    #expect(throws: DomainError.self) { try Adam(rate: .nan) }
    #expect(throws: DomainError.self) { try Adam(beta2: 1) }
    #expect(throws: DomainError.self) { try SGD(rate: 0.1, nesterov: true) }
  }
}
