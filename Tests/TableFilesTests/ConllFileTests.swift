import Foundation
import Foundations
import Tables
import Testing

@testable import TableFiles

@Suite struct ConllFileTests {
  func read(_ text: String, columns: [String]? = nil) throws -> Table {
    let path = NSTemporaryDirectory() + "fairlead-\(UUID().uuidString).conll"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try ConllFile.read(path, columns: columns)
  }

  @Test func sentencesOfTwoAndFourFields() throws {
    let table = try read(
      "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\n. . O O\n\nPeter NNP B-NP B-PER\n")
    #expect(table.names == ["token", "pos", "chunk", "tag"])
    #expect(table.rowCount == 2)
    #expect(table.columns[0].cells[0] == .list([.string("EU"), .string(".")]))
    #expect(
      try read("#\tO\na b\tO\n\n\n").columns[0].cells == [.list([.string("#"), .string("a b")])])
    #expect(try read("a x\nb y\n", columns: ["w", "t"]).names == ["w", "t"])
    let error = #expect(throws: DomainError.self) { try self.read("a x\nb\n") }
    #expect(error?.message.contains("line 2: 1 field, but the first token has 2") == true)
    #expect(throws: DomainError.self) { try self.read("\n\n") }
  }

  @Test func universalDependencies() throws {
    let table = try read(
      """
      # text = It's _
      1-2\tIt's\t_\t_\t_\t_\t_\t_\t_\t_
      1\tIt\tit\tPRON\tPRP\tCase=Nom\t3\tnsubj\t_\t_
      2\t's\tbe\tAUX\tVBZ\t_\t3\tcop\t_\t_
      3\t_\t_\tSYM\t_\t_\t0\troot\t_\t_
      3.1\tx\tx\tX\t_\t_\t_\t_\t_\t_

      # text = a
      1\ta\ta\tDET\tDT\t_\t0\troot\t_\t_

      """)
    #expect(table.names.first == "id" && table.names.last == "misc")
    #expect(table.columns[0].cells[0] == .list([.int(1), .int(2), .int(3)]))
    #expect(table.columns[1].cells[0] == .list([.string("It"), .string("'s"), .string("_")]))
    #expect(table.columns[2].cells[0] == .list([.string("it"), .string("be"), .string("_")]))
    #expect(table.columns[6].cells[0] == .list([.int(3), .int(3), .int(0)]))
    #expect(table.columns[5].cells[1] == .list([.null]))
  }
}
