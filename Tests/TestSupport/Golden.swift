import Foundation
import Learning
import Tensors
import Testing

/// The golden files that Scripts/oracles writes with PyTorch.
public struct Golden {
  public struct Case {
    public let name: String
    public let options: [String: Any]
    public let inputs: [String: Tensor]
    public let parameters: [String: Tensor]
    public let outputs: [String: Tensor]
    public let cotangents: [String: Tensor]
    public let gradients: [String: Tensor]
    public let perExample: [String: Tensor]

    public func number(_ option: String) -> Double? { (options[option] as? NSNumber)?.doubleValue }
    public func flag(_ option: String) -> Bool {
      (options[option] as? NSNumber)?.boolValue ?? false
    }
    public func text(_ option: String) -> String? { options[option] as? String }
    public func sizes(_ option: String) -> [Int]? { options[option] as? [Int] }
    public func plane(_ option: String) -> PlaneSize? {
      sizes(option).map { PlaneSize(height: $0[0], width: $0[1]) }
    }

    /// The lengths among the inputs.
    public var lengths: Lengths? {
      get throws {
        try inputs["lengths"].map { Lengths(try $0.array(Int64.self).map { Int32($0) }) }
      }
    }
  }

  public static func cases(_ file: String) throws -> [Case] {
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
public func worst(_ found: Tensor, _ expected: Tensor, rtol: Double = 1e-4, atol: Double = 1e-5)
  throws
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

public func expectClose(
  _ found: Tensor, _ expected: Tensor, _ what: String, rtol: Double = 1e-4, atol: Double = 1e-5,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let worst = try worst(found, expected, rtol: rtol, atol: atol)
  #expect(
    worst <= 1, "\(what): \(worst) times the tolerance, shapes \(found.shape), \(expected.shape)",
    sourceLocation: sourceLocation)
}
