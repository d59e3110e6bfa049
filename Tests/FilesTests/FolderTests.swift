import Foundation
import Foundations
import Testing

@testable import Files

/// Folders that appear whole.
@Suite struct FolderTests {
  @Test func foldersAboveAreMade() throws {
    let root = FileManager.default.temporaryDirectory
      .appending(component: "fairlead-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    try Folder.fill(root + "/a/b/c/") { try AtomicFile.write($0 + "/x", "1".utf8) }
    #expect(FileManager.default.contents(atPath: root + "/a/b/c/x") == Data("1".utf8))
    struct Failed: Error {}
    #expect(throws: Failed.self) {
      try Folder.fill(root + "/a/d") {
        try Folder.make($0 + "/inner")
        try AtomicFile.write($0 + "/inner/x", "1".utf8)
        throw Failed()
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/a") == ["b"])
    try AtomicFile.write(root + "/file", "1".utf8)
    #expect(throws: DomainError.self) { try Folder.fill(root + "/file/c") { _ in } }
  }
}
