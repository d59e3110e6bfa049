import Foundation
import Tensor

private struct GoldenFile<Case: Decodable>: Decodable { let cases: [Case] }

/// The cases of a file of golden values; none where it cannot be read.
func goldenCases<Case: Decodable>(_ file: String) -> [Case] {
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
struct GoldenTensor: Decodable {
  let dtype: String
  let shape: [Int]
  let data: [GoldenNumber]

  func tensor() throws -> Tensor {
    try Tensor(data.map(\.value), shape: Shape(checking: shape)).cast(to: DType(named: dtype))
  }
}

struct GoldenNumber: Decodable {
  let value: Double

  init(from decoder: Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      value = number
    } else {
      value = Double(try container.decode(String.self)) ?? .nan
    }
  }
}
