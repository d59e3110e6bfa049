import Foundation
import Foundations
import Tensors
import Testing

@testable import Text

/// Files of word vectors.
@Suite struct WordVectorTests {
  private func read(_ text: String) throws -> WordVectors {
    let path = FileManager.default.temporaryDirectory
      .appending(component: "fairlead-\(UUID().uuidString).txt").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(text.utf8).write(to: URL(filePath: path))
    return try WordVectors(contentsOf: path)
  }

  @Test(arguments: ["2 3\n", ""]) func readsBothForms(header: String) throws {
    let vectors = try read(header + "he 1 -2.5 3e-1\nNew York\t0 0\t1\n\nhe 9 9 9\n")
    #expect(vectors.words == ["he", "New York"] && vectors.width == 3)
    #expect(vectors["he"].map(Array.init) == [1, -2.5, 0.3])
    #expect(vectors["New York"].map(Array.init) == [0, 0, 1] && vectors["she"] == nil)
  }

  @Test(arguments: [
    ("a 1 2\nb 1\n", ":2: "), ("a 1 2\nb 1 x\n", ":2: `x`"), ("a 1 nan\n", "`nan`"),
    ("a 1 inf\n", "`inf`"), ("\n \n", "no word vectors"), ("word\n", ":1: "),
  ])
  func namesTheLineThatIsWrong(_ text: String, _ part: String) throws {
    let error = #expect(throws: DomainError.self) { try read(text) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }

  @Test func findsNeighbours() throws {
    let vectors = try WordVectors([
      ("a", [1, 0]), ("b", [2, 0.1]), ("c", [0, 1]), ("d", [-1, 0]), ("zero", [0, 0]),
    ])
    let found = try vectors.nearest(to: "a", count: 2)
    #expect(found.map(\.word) == ["b", "c"] && abs(found[0].cosine - 0.99875) < 1e-5)
    #expect(try vectors.nearest(to: "a", count: 9).map(\.word) == ["b", "c", "d"])
    #expect(throws: DomainError.self) { try vectors.nearest(to: "x", count: 1) }
  }
}
