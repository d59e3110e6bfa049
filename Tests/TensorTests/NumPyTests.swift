import Foundation
import Foundations
import TestSupport
import Testing

@testable import Tensors

private struct GoldenIndex: Decodable {
  let index: TensorIndex

  private struct Parts: Decodable {
    let at: Int?
    let slice: [Int?]?
    let positions: GoldenTensor?
    let mask: GoldenTensor?
  }

  init(from decoder: Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let word = try? container.decode(String.self) {
      index = word == "new" ? .newAxis : .ellipsis
      return
    }
    let parts = try container.decode(Parts.self)
    if let at = parts.at {
      index = .at(at)
    } else if let slice = parts.slice {
      index = .slice(from: slice[0], to: slice[1], step: slice[2] ?? 1)
    } else if let mask = parts.mask {
      index = .mask(try mask.tensor())
    } else if let positions = parts.positions {
      index = .positions(try positions.tensor())
    } else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "unknown index")
    }
  }
}

private struct GoldenCase: Decodable, CustomTestStringConvertible, Sendable {
  struct Arguments: Decodable {
    let axes: [Int]?
    let axis: Int?
    let keep: Bool?
    let index: [GoldenIndex]?
  }

  let name: String
  let op: String
  let inputs: [GoldenTensor]
  let arguments: Arguments
  let output: GoldenTensor
  var testDescription: String { name }

  func compute() throws -> Tensor {
    let x = try inputs.map { try $0.tensor() }
    let (axes, keep) = (arguments.axes, arguments.keep ?? false)
    switch op {
    case "add": return try x[0] + x[1]
    case "subtract": return try x[0] - x[1]
    case "multiply": return try x[0] * x[1]
    case "divide": return try x[0] / x[1]
    case "floorDivide": return try Tensor.arithmetic(.floorDivide, x[0], x[1])
    case "remainder": return try Tensor.arithmetic(.remainder, x[0], x[1])
    case "minimum": return try Tensor.arithmetic(.minimum, x[0], x[1])
    case "maximum": return try Tensor.arithmetic(.maximum, x[0], x[1])
    case "power": return try x[0].pow(x[1])
    case "sum": return try x[0].sum(axes: axes, keepAxes: keep)
    case "mean": return try x[0].mean(axes: axes, keepAxes: keep)
    case "max": return try x[0].maximum(axes: axes, keepAxes: keep)
    case "min": return try x[0].minimum(axes: axes, keepAxes: keep)
    case "prod": return try x[0].prod(axes: axes, keepAxes: keep)
    case "variance": return try x[0].variance(axes: axes)
    case "any": return try x[0].any(axes: axes)
    case "all": return try x[0].all(axes: axes)
    case "argmax": return try x[0].argmax(axis: arguments.axis)
    case "argmin": return try x[0].argmin(axis: arguments.axis)
    case "cumsum": return try x[0].cumulativeSum(axis: arguments.axis ?? 0)
    case "sort": return try x[0].sorted(axis: arguments.axis ?? 0).values
    case "argsort": return try x[0].argsorted(axis: arguments.axis ?? 0)
    case "subscript": return try x[0].subscripted((arguments.index ?? []).map(\.index))
    case "matmul": return try x[0].matmul(x[1])
    case "exp": return try x[0].exp()
    case "log": return try x[0].log()
    case "log1p": return try x[0].log1p()
    case "expm1": return try x[0].expm1()
    case "sqrt": return try x[0].sqrt()
    case "tanh": return try x[0].tanh()
    case "sigmoid": return try x[0].sigmoid()
    case "softplus": return try x[0].softplus()
    case "relu": return try x[0].relu()
    case "abs": return try x[0].abs()
    case "sign": return try x[0].sign()
    case "floor": return try x[0].floor()
    case "ceil": return try x[0].ceil()
    case "round": return try x[0].round()
    case "square": return try x[0].square()
    case "arctan": return try x[0].atan()
    case "sin": return try x[0].sin()
    case "cos": return try x[0].cos()
    default: throw DomainError(.name, "no operation `\(op)`")
    }
  }

  static let all: [GoldenCase] = goldenCases("tensor_numpy.json")
}

@Test func theGoldenFileIsRead() { #expect(GoldenCase.all.count > 200) }

@Test(arguments: GoldenCase.all)
private func agreesWithNumPy(_ golden: GoldenCase) throws {
  let expected = try golden.output.tensor()
  let result = try golden.compute()
  #expect(result.shape == expected.shape)
  #expect(result.dtype == expected.dtype)
  for (x, y) in zip(try result.doubles(), try expected.doubles()) {
    let close = x == y || x.isNaN && y.isNaN || abs(x - y) <= 2e-6 * max(1, abs(y))
    #expect(close, "\(x) instead of \(y)")
  }
}
