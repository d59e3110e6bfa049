import Foundation
import Foundations
import Tensors
import Testing

/// Reference values written by Scripts/oracles/accountant.py.
struct Oracle {
  let columns: [String]
  let rows: [[Double]]

  init(_ name: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Oracles/\(name).csv")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    columns = lines[0].split(separator: ",").map(String.init)
    rows = lines.dropFirst().map { $0.split(separator: ",").map { Double($0) ?? .nan } }
  }
}

func isClose(_ a: Double, _ b: Double, relative: Double = 0, absolute: Double = 0) -> Bool {
  a == b || abs(a - b) <= max(relative * abs(b), absolute)
}

/// The error that `body` throws.
func failure(_ body: () throws -> Void) -> DomainError? {
  do {
    try body()
    return nil
  } catch {
    return error as? DomainError
  }
}
