import Foundation
import Foundations
import TestSupport
import Testing

@testable import Tensors

/// One operation with PyTorch's values and gradients (Scripts/oracles/tensor_ops.py).
private struct TorchCase: Decodable, CustomTestStringConvertible, Sendable {
  struct Options: Decodable {
    let op: String
    let axes: [Int]?
    let axis: Int?
    let index: Int?
    let keep: Bool?
    let low: Double?
    let high: Double?
    let shape: [Int]?
    let slices: [[Int]]?
  }

  let name: String
  let options: Options
  let inputs: [String: GoldenTensor]
  let outputs: [String: GoldenTensor]
  let cotangents: [String: GoldenTensor]?
  let gradients: [String: GoldenTensor]?
  var testDescription: String { name }

  static let all: [TorchCase] = goldenCases("tensor_ops.json")

  func compute(_ input: [String: Tensor]) throws -> [String: Tensor] {
    func tensor(_ name: String) throws -> Tensor { try #require(input[name]) }
    let x = try tensor("x")
    let axis = options.axis ?? options.axes?.first ?? 0
    let (axes, keep) = (options.axes, options.keep ?? false)
    let result: Tensor
    switch options.op {
    case "negate": result = try -x
    case "exp": result = try x.exp()
    case "sin": result = try x.sin()
    case "cos": result = try x.cos()
    case "tanh": result = try x.tanh()
    case "sigmoid": result = try x.sigmoid()
    case "relu": result = try x.relu()
    case "silu": result = try x.silu()
    case "softplus": result = try x.softplus()
    case "gelu": result = try x.gelu()
    case "gelu_tanh": result = try x.gelu(approximate: true)
    case "abs": result = try x.abs()
    case "square": result = try x.square()
    case "expm1": result = try x.expm1()
    case "erf": result = try x.erf()
    case "clamp": result = try x.clamped(options.low ?? 0, options.high ?? 0)
    case "log": result = try x.log()
    case "log1p": result = try x.log1p()
    case "sqrt": result = try x.sqrt()
    case "rsqrt": result = try x.rsqrt()
    case "reciprocal": result = try x.reciprocal()
    case "add": result = try x + tensor("y")
    case "subtract": result = try x - tensor("y")
    case "multiply": result = try x * tensor("y")
    case "divide": result = try x / tensor("y")
    case "maximum": result = try .arithmetic(.maximum, x, tensor("y"))
    case "minimum": result = try .arithmetic(.minimum, x, tensor("y"))
    case "power": result = try x.pow(tensor("y"))
    case "eq": result = try .compare(.equal, x, tensor("y"))
    case "ne": result = try .compare(.notEqual, x, tensor("y"))
    case "lt": result = try .compare(.less, x, tensor("y"))
    case "le": result = try .compare(.lessEqual, x, tensor("y"))
    case "gt": result = try .compare(.greater, x, tensor("y"))
    case "ge": result = try .compare(.greaterEqual, x, tensor("y"))
    case "where": result = try .select(tensor("condition"), x, tensor("y"))
    case "sum": result = try x.sum(axes: axes, keepAxes: keep)
    case "mean": result = try x.mean(axes: axes, keepAxes: keep)
    case "variance": result = try x.variance(axes: axes, correction: 0, keepAxes: keep)
    case "norm": result = try x.norm(axes: axes, keepAxes: keep)
    case "logsumexp": result = try x.logSumExp(axes: axes, keepAxes: keep)
    case "max": result = try x.maximum(axes: axes, keepAxes: keep)
    case "min": result = try x.minimum(axes: axes, keepAxes: keep)
    case "argmax": result = try x.argmax(axis: axis)
    case "argmin": result = try x.argmin(axis: axis)
    case "softmax": result = try x.softmax(axis: axis)
    case "log_softmax": result = try x.logSoftmax(axis: axis)
    case "cumulative_sum": result = try x.cumulativeSum(axis: axis)
    case "matmul": result = try x.matmul(tensor("y"))
    case "reshape": result = try x.reshaped(options.shape ?? [])
    case "transpose": result = try x.transposed(axes?[0] ?? 0, axes?[1] ?? 0)
    case "permute": result = try x.permuted(axes ?? [])
    case "expand": result = try x.expanded(to: options.shape ?? [])
    case "slice":
      result = try x.subscripted(
        (options.slices ?? []).map { .slice(from: $0[0], to: $0[1], step: $0[2]) })
    case "select": result = try x.selected(axis: axis, index: options.index ?? 0)
    case "concatenate": result = try .concatenated([x, tensor("y")], axis: axis)
    case "stack": result = try .stacked([x, tensor("y")], axis: axis)
    case "gather_rows": result = try x.subscripted([.positions(tensor("index"))])
    case "pick": result = try x.pick(tensor("index"))
    case "mask": result = try x.subscripted([.mask(tensor("mask"))])
    case "composed":
      let hidden = try (x.matmul(tensor("y")) + tensor("z")).tanh()
      return ["hidden": hidden, "output": try (hidden * hidden.mean(axes: [0])).sum()]
    default: throw DomainError(.name, "no operation `\(options.op)`")
    }
    return ["output": result]
  }
}

private func expectClose(_ result: Tensor, _ golden: GoldenTensor, _ what: String) throws {
  let expected = try golden.tensor()
  #expect(result.shape == expected.shape)
  #expect(result.dtype == expected.dtype)
  for (x, y) in zip(try result.doubles(), try expected.doubles()) {
    let close = x == y || abs(x - y) <= 3e-6 * max(1, abs(y))
    #expect(close, "\(what): \(x) instead of \(y)")
  }
}

@Test(arguments: TorchCase.all)
private func agreesWithPyTorch(_ golden: TorchCase) throws {
  let wanted = golden.gradients ?? [:]
  let names = wanted.keys.sorted()
  var inputs: [String: Tensor] = [:]
  for (name, value) in golden.inputs {
    inputs[name] = wanted[name] == nil ? try value.tensor() : try Tape.variable(value.tensor())
  }
  let outputs = try golden.compute(inputs)
  for (name, expected) in golden.outputs {
    try expectClose(try #require(outputs[name]), expected, name)
  }
  guard !names.isEmpty else { return }
  var loss = try Tensor.scalar(0)
  for (name, weight) in (golden.cotangents ?? [:]).sorted(by: { $0.key < $1.key }) {
    loss = try loss + (#require(outputs[name]) * weight.tensor()).sum()
  }
  let variables = names.compactMap { inputs[$0] }
  let gradients = try Tape.gradients(of: loss, withRespectTo: variables)
  for (name, gradient) in zip(names, gradients) {
    try expectClose(gradient, try #require(wanted[name]), "gradient of \(name)")
  }
}

@Test func theFileOfPyTorchIsRead() { #expect(TorchCase.all.count > 150) }
