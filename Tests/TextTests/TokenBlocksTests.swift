import Tensors
import Testing

@testable import Text

@Suite struct TokenBlocksTests {
  private let documents: [[Int32]] = [[1, 2, 3], [4, 5], [], [6]]

  @Test func packed() throws {
    let blocks = try TokenBlocks.packed(documents, time: 3, separator: 9, padding: 8)
    // The stream is 1 2 3 9 4 5 9 9 6 9.
    #expect(blocks.inputs == [1, 2, 3, 9, 4, 5, 9, 9, 6])
    #expect(blocks.labels == [2, 3, 9, 4, 5, 9, 9, 6, 9])
    #expect(blocks.lengths == [3, 3, 3] && blocks.documents == [0, 0, 1])
    let rest = try TokenBlocks.packed(documents, time: 4, separator: nil, padding: 8)
    #expect(rest.inputs == [1, 2, 3, 4, 5, 8, 8, 8])
    #expect(rest.labels == [2, 3, 4, 5, 6, -100, -100, -100])
    #expect(rest.lengths == [4, 1])
    #expect(
      try TokenBlocks.packed(documents, time: 4, separator: nil, keepsRest: false).count == 1)
    #expect(try TokenBlocks.packed([], time: 4, separator: nil).count == 0)
    #expect(try TokenBlocks.packed([[1]], time: 4, separator: nil).count == 0)
    #expect(failure { _ = try TokenBlocks.packed([], time: 0, separator: nil) }?.kind == .value)
  }

  @Test func separate() throws {
    let blocks = try TokenBlocks.separate(documents, time: 2, end: 9, padding: 8)
    #expect(blocks.inputs == [1, 2, 4, 5, 6, 8])
    #expect(blocks.labels == [2, 3, 5, 9, 9, -100])
    #expect(blocks.documents == [0, 1, 3] && blocks.lengths == [2, 2, 1])
    let pieces = try TokenBlocks.separate(documents, time: 2, beginning: 7, end: 9, pieces: 5)
    #expect(pieces.inputs == [7, 1, 2, 3, 7, 4, 5, 0, 7, 0, 7, 6])
    #expect(pieces.labels == [1, 2, 3, 9, 4, 5, 9, -100, 9, -100, 6, 9])
    #expect(failure { _ = try TokenBlocks.separate([], time: 2, pieces: 0) }?.kind == .value)
  }

  @Test func plainText() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.txt", "\u{FEFF}one\r\ntwo\n \n\nthree")
    #expect(try PlainText.documents(path) == ["one", "two", "three"])
    #expect(try PlainText.documents(path, by: .paragraph) == ["one\ntwo", "three"])
    #expect(try PlainText.documents(path, by: .file) == ["one\r\ntwo\n \n\nthree"])
    #expect(
      failure { _ = try PlainText.documents(try folder.write("b.txt", "\n \n")) }?.kind == .data)
    #expect(
      failure { _ = try PlainText.documents(try folder.write("c.txt", [0xFF])) }?.kind == .parse)
  }
}
