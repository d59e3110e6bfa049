import Foundation
import Learning
import Tensor
import Testing

/// The golden files that Scripts/oracles writes with PyTorch.
struct DistillationGolden {
  struct Case {
    let name: String
    let options: [String: Any]
    let inputs: [String: Tensor]
    let parameters: [String: Tensor]
    let outputs: [String: Tensor]
    let cotangents: [String: Tensor]
    let gradients: [String: Tensor]
    let perExample: [String: Tensor]

    func number(_ option: String) -> Double? { (options[option] as? NSNumber)?.doubleValue }
    func flag(_ option: String) -> Bool { (options[option] as? NSNumber)?.boolValue ?? false }
    func text(_ option: String) -> String? { options[option] as? String }

    /// The lengths among the inputs.
    var lengths: Lengths? {
      get throws {
        try inputs["lengths"].map { Lengths(try $0.array(Int64.self).map { Int32($0) }) }
      }
    }
  }

  static func cases(_ file: String) throws -> [Case] {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(components: "Golden", file)
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
    let cases = try #require((json as? [String: Any])?["cases"] as? [[String: Any]])
    return try cases.map { fields in
      func tensors(_ key: String) throws -> [String: Tensor] {
        try (fields[key] as? [String: [String: Any]] ?? [:]).mapValues(tensor)
      }
      return Case(
        name: fields["name"] as? String ?? "?", options: fields["options"] as? [String: Any] ?? [:],
        inputs: try tensors("inputs"), parameters: try tensors("parameters"),
        outputs: try tensors("outputs"), cotangents: try tensors("cotangents"),
        gradients: try tensors("gradients"), perExample: try tensors("per_example"))
    }
  }

  private static func tensor(_ fields: [String: Any]) throws -> Tensor {
    let shape = Shape(try #require(fields["shape"] as? [Int]))
    let data = try #require(fields["data"] as? [NSNumber])
    switch fields["dtype"] as? String {
    case "i64": return try Tensor(data.map(\.int64Value), shape: shape)
    default: return try Tensor(data.map(\.floatValue), shape: shape)
    }
  }
}

/// The largest difference, in units of atol + rtol·|expected|.
func worst(_ found: Tensor, _ expected: Tensor, rtol: Double = 1e-4, atol: Double = 1e-5) throws
  -> Double
{
  guard found.shape == expected.shape else { return .infinity }
  let a = try found.cast(to: .f32).array(Float.self)
  let b = try expected.cast(to: .f32).array(Float.self)
  var worst = 0.0
  for (x, y) in zip(a, b) {
    let difference = abs(Double(x) - Double(y)) / (atol + rtol * abs(Double(y)))
    worst = max(worst, difference.isNaN ? .infinity : difference)
  }
  return worst
}

func expectClose(
  _ found: Tensor, _ expected: Tensor, _ what: String, rtol: Double = 1e-4, atol: Double = 1e-5,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let worst = try worst(found, expected, rtol: rtol, atol: atol)
  #expect(
    worst <= 1, "\(what): \(worst) times the tolerance, shapes \(found.shape), \(expected.shape)",
    sourceLocation: sourceLocation)
}

/// The golden networks, with their children named as PyTorch's.
enum Networks {
  static func make(_ name: String, _ random: inout RandomStream) throws -> Layer {
    let embedding = try Embedding(13, 5, random: &random)
    if name == "a_bilstm" {
      let lstm = try LSTM(5, 4, bidirectional: true, random: &random)
      let output = try Linear(8, 3, random: &random)
      return try FunctionLayer(children: [
        ("embedding", embedding), ("lstm", lstm), ("output", output),
      ]) {
        try output.forward(Pooling(.mean).forward(lstm.forward(embedding.forward($0))))
      }
    }
    let hidden = try Linear(5, 7, random: &random)
    let output = try Linear(7, 3, random: &random)
    // The fused forms are part of what is tested.
    let body = try Sequential([embedding, Pooling(.mean), hidden, Activation(.relu), output])
    return try FunctionLayer(
      children: [("embedding", embedding), ("hidden", hidden), ("output", output)]
    ) { try body.forward($0) }
  }

  static func make(_ test: Golden.Case) throws -> Layer {
    var random = RandomStream(seed: 1)
    let model = try make(try #require(test.text("network")), &random)
    try model.load(test.parameters.map { ($0, $1) })
    return model
  }
}
