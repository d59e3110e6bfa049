import Foundation
import Foundations
import Testing

@testable import Files

@Suite struct AtomicFileTests {
  @Test func replacesWhole() throws {
    try inFolder { folder in
      let path = folder + "/file"
      try AtomicFile.write(path, "old".utf8)
      // Longer than the buffer, in pieces of all sizes.
      var expected: [UInt8] = []
      try AtomicFile.write(path) { file in
        for size in [0, 1, 1000, 300_000, 7, 262_144] {
          let piece = [UInt8](repeating: UInt8(size % 251), count: size)
          expected += piece
          try file.append(piece)
          try piece.withUnsafeBytes { try file.append($0) }
          expected += piece
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(expected))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    }
  }

  @Test func aFailureLeavesTheOldFile() throws {
    try inFolder { folder in
      let path = folder + "/file"
      try AtomicFile.write(path, "old".utf8)
      #expect(throws: DomainError(.data, "half-way")) {
        try AtomicFile.write(path) { file in
          try file.append("new".utf8)
          throw DomainError(.data, "half-way")
        }
      }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
      let error = #expect(throws: DomainError.self) {
        try AtomicFile.write(folder + "/no/such/file", "x".utf8)
      }
      #expect(error?.kind == .io && error?.message.contains("No such file") == true)
    }
  }

  @Test func fullDisk() throws {
    // Every write to this device finds the disk full.
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    let error = #expect(throws: DomainError.self) {
      try Array("text".utf8).withUnsafeBytes { try AtomicFile.writeAll(full, $0, "somewhere") }
    }
    #expect(error?.kind == .io && error?.message.contains("No space left") == true)
    #expect(error?.hint?.contains("again") == true)
  }

  @Test func permissionsAreKept() throws {
    try inFolder { folder in
      let path = folder + "/script"
      try AtomicFile.write(path, permissions: 0o750, "x".utf8)
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o750)
    }
  }

  @Test func foldersAreMadeAndFilledWhole() throws {
    try inFolder { folder in
      try Folder.make(folder + "/a/b/c")
      try Folder.make(folder + "/a/b/c")
      try AtomicFile.write(folder + "/a/file", "x".utf8)
      #expect(throws: DomainError.self) { try Folder.make(folder + "/a/file") }
      let new = folder + "/new"
      #expect(throws: DomainError.self) {
        try Folder.fill(new + "/") {
          try AtomicFile.write($0 + "/part", "x".utf8)
          throw DomainError(.io, "no space")
        }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a"])
      try Folder.fill(new) {
        #expect($0 != new)
        try AtomicFile.write($0 + "/part", "x".utf8)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: new) == ["part"])
    }
  }

  @Test func whatKilledProcessesLeftIsRemoved() throws {
    try inFolder { folder in
      let mark = ".fairlead-part-"
      let other = "b\(mark)\(getppid())-x"
      let locked = "c\(mark)\(getpid())-x"
      // No process has the first number: it is above the largest. The last is that of a process before this, in another
      // container.
      let left = ["a\(mark)4194999-x", "d\(mark)\(getpid())-x"]
      let kept = [other, locked, "e\(mark)", "f\(mark)x", "g.part-4194999-x"]
      for name in left + kept { try Data().write(to: URL(fileURLWithPath: folder + "/" + name)) }
      let descriptor = open(folder + "/" + locked, O_RDONLY)
      #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      Folder.removeAbandoned(in: folder)
      close(descriptor)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == kept.sorted())
      #expect((Folder.freeBytes(folder) ?? 0) > 0)
      #expect(Folder.freeBytes(folder + "/none") == nil)
    }
  }

  @Test func whoWritesToAFolderTidiesIt() throws {
    try inFolder { folder in
      let left = folder + "/model.fairlead-part-4194999-x"
      try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
      try Data().write(to: URL(fileURLWithPath: left + "/weights"))
      // Folders of other tests, now gone, may have had its number.
      Folder.forgetTidied()
      try AtomicFile.write(folder + "/other", "x".utf8)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["other"])
    }
  }

  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/files-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }
}
