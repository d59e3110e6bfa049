import Foundation
import Tensors

private struct GoldenFile<Case: Decodable>: Decodable { let cases: [Case] }

/// The cases of a file of golden values; none where it cannot be read.
public func goldenCases<Case: Decodable>(_ file: String) -> [Case] {
  let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Golden/\(file)")
  guard let data = try? Data(contentsOf: path) else { return [] }
  do {
    return try JSONDecoder().decode(GoldenFile<Case>.self, from: data).cases
  } catch {
    print("\(file): \(error)")
    return []
  }
}

/// A tensor as the oracle script writes it.
public struct GoldenTensor: Decodable, Sendable {
  public let dtype: String
  public let shape: [Int]
  public let data: [GoldenNumber]

  public func tensor() throws -> Tensor {
    try Tensor(data.map(\.value), shape: Shape(checking: shape)).cast(to: DType(named: dtype))
  }
}

public struct GoldenNumber: Decodable, Sendable {
  public let value: Double

  public init(from decoder: Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      value = number
    } else {
      value = Double(try container.decode(String.self)) ?? .nan
    }
  }
}
