import Foundation
import Foundations
import Testing

@testable import Files

/// What a run has read.
@Suite struct ReadLogTests {
  // sha256sum of "abc" and of nothing.
  private static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  private static let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  @Test func contentsAreNotedByName() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    try grounds.write("abc", to: grounds.inside + "/data/train.csv")
    try grounds.write("", to: grounds.inside + "/empty")
    try grounds.write("not read", to: grounds.inside + "/data/other.csv")
    _ = try grounds.read("data/train.csv")
    _ = try grounds.read("./data//train.csv")
    _ = try grounds.read("empty")
    #expect(!grounds.door.kind(grounds.inside + "/data/test.csv").exists)
    #expect(throws: DomainError.self) { try grounds.read("valid.csv") }
    // What does not count, what is refused and what is only looked at leaves no trace.
    _ = try grounds.door.open(grounds.inside + "/own", counts: false).contents()
    #expect(throws: DomainError.self) { try grounds.read("../outside/secret") }
    #expect(grounds.door.kind(grounds.inside + "/data").isFolder)
    #expect(
      grounds.log.entries == [
        .init(name: "data/train.csv", content: Self.abc),
        .init(name: "empty", content: Self.nothing),
        .init(name: "data/test.csv", content: ReadLog.missing),
        .init(name: "valid.csv", content: ReadLog.missing),
      ])
    #expect(try grounds.door.holds(grounds.log.entries))
    // Another file in the folder changes nothing; a file that was missing, and one that was read, do.
    try grounds.write("changed", to: grounds.inside + "/data/other.csv")
    #expect(try grounds.door.holds(grounds.log.entries))
    try grounds.write("x", to: grounds.inside + "/data/test.csv")
    #expect(try !grounds.door.holds(grounds.log.entries))
    try FileManager.default.removeItem(atPath: grounds.inside + "/data/test.csv")
    try grounds.write("abd", to: grounds.inside + "/data/train.csv")
    #expect(try !grounds.door.holds(grounds.log.entries))
    #expect(try grounds.door.holds([grounds.log.entries[1]]))
    // Read again with another content: no content is the right one.
    _ = try grounds.read("data/train.csv")
    #expect(grounds.log.entries[0].content == ReadLog.changed)
    #expect(try !grounds.door.holds(grounds.log.entries))
  }

  @Test func whatWasWrittenItselfIsNoData() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    let part = ReadLog(within: grounds.log)
    try Door.with(grounds.door.logging(to: part)) {
      let path = grounds.inside + "/own"
      try AtomicFile.write(path, "abc".utf8)
      #expect(try Door.current.open(path).contents() == Array("abc".utf8))
      try Folder.fill(grounds.inside + "/model") { try AtomicFile.write($0 + "/x", "abc".utf8) }
      _ = try Door.current.open(grounds.inside + "/model/x").contents()
      try grounds.write("abc", to: grounds.inside + "/models")
      _ = try Door.current.open(grounds.inside + "/models").contents()
    }
    #expect(part.entries.map(\.name) == ["models"])
    #expect(grounds.log.entries.map(\.name) == ["models"])
  }

  @Test func theNamesInAFolderCount() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    let data = grounds.inside + "/data"
    for name in ["train.csv", "b.TSV", ".hidden.csv", "notes.txt"] {
      try grounds.write("x", to: data + "/" + name)
    }
    let endings = [".csv", ".tsv"]
    #expect(try grounds.door.names(in: data, endingIn: endings) == ["b.TSV", "train.csv"])
    #expect(try grounds.door.names(in: grounds.inside, endingIn: endings).isEmpty)
    #expect(grounds.log.entries.map(\.name) == ["data/*.csv,.tsv", "*.csv,.tsv"])
    #expect(try grounds.door.holds(grounds.log.entries))
    try grounds.write("x", to: data + "/more.txt")
    #expect(try grounds.door.holds(grounds.log.entries))
    try grounds.write("x", to: data + "/test.csv")
    #expect(try !grounds.door.holds(grounds.log.entries))
  }

  /// What somebody has written is no data of theirs, but one of others.
  @Test func whatWasWrittenIsNoData() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    let (trial, other) = (ReadLog(within: grounds.log), ReadLog(within: grounds.log))
    try Door.with(grounds.door.logging(to: trial)) {
      try Folder.fill(grounds.inside + "/model") { try AtomicFile.write($0 + "/x", "1".utf8) }
      try AtomicFile.write(grounds.inside + "/table", "1".utf8)
      for name in ["/model/x", "/table", "/own"] {
        _ = try Door.current.open(grounds.inside + name).contents()
      }
    }
    #expect(trial.entries.map(\.name) == ["own"])
    _ = try grounds.door.logging(to: other).open(grounds.inside + "/model/x").contents()
    #expect(other.entries.map(\.name) == ["model/x"])
    #expect(grounds.log.entries.map(\.name) == ["own"])
  }

  @Test func aPartsLogLiesWithinTheWholes() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    try grounds.write("abc", to: grounds.inside + "/part")
    let part = ReadLog(within: grounds.log)
    _ = try grounds.read("own")
    _ = try grounds.door.logging(to: part).open(grounds.inside + "/part").contents()
    #expect(part.entries.map(\.name) == ["part"])
    #expect(grounds.log.entries.map(\.name) == ["own", "part"])
  }

  @Test func contentsReadInPartsAreNotedWhole() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    try grounds.write("abc", to: grounds.inside + "/file")
    let file = try grounds.door.open(grounds.inside + "/file")
    try file.noteContent()
    var letter: UInt8 = 0
    #expect(try file.read(from: 1, 1, into: &letter) && letter == UInt8(ascii: "b"))
    #expect(try !file.read(from: 2, 2, into: &letter))
    #expect(grounds.log.entries == [.init(name: "file", content: Self.abc)])
    // Somebody writes into it.
    let handle = try #require(FileHandle(forWritingAtPath: grounds.inside + "/file"))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("d".utf8))
    let error = #expect(throws: DomainError.self) { try file.requireUnchanged() }
    #expect(error?.message.hasSuffix("was changed while it was read") == true)
    #expect(throws: DomainError.self) { try file.contents() }
    #expect(grounds.log.entries == [.init(name: "file", content: Self.abc)])
  }

  @Test func namesAreRelativeToWhereTheScriptIs() {
    let bases = ReadLog.Bases(workingDirectory: "/base/here", scriptFolder: "/scripts/a")
    for (path, name) in [
      ("/base/here/x/y", "x/y"), ("/base/here//x/./y", "x/y"), ("/scripts/a/d/t", "<script>/d/t"),
      ("/base/hereafter/x", "/base/hereafter/x"), ("/other", "/other"),
      ("/base/here", "/base/here"),
      ("/base/here/../x", "../x"), ("/base/here/<script>/x", "./<script>/x"),
      ("/base/here/\u{301}x", "\u{301}x"),
    ] {
      #expect(bases.name(of: path) == name)
      #expect(bases.name(of: bases.path(of: name)) == name)
    }
    #expect(bases.path(of: "<script>/d/t") == "/scripts/a/d/t")
    #expect(bases.path(of: "x/y") == "/base/here/x/y")
    #expect(bases.path(of: "./<script>/x") == "/base/here/./<script>/x")
  }

  @Test func readingStopsAndIsBounded() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    // Of no size on the disk.
    let path = grounds.inside + "/large"
    try grounds.write("", to: path)
    try #require(truncate(path, 6 << 30) == 0)
    let file = try grounds.door.open(path)
    let error = #expect(throws: DomainError.self) { try file.contents(atMost: 4 << 30) }
    #expect(error?.kind == .limit && error?.message.hasSuffix("holds more than 4 GiB") == true)
    for work in [
      { _ = try file.noteContent() }, { _ = try file.digest() }, { _ = try file.contents() },
    ] as [() throws -> Void] {
      let stopped = #expect(throws: DomainError.self) { try Cancellation.when({ true }, work) }
      #expect(stopped?.kind == .interrupt)
    }
    #expect(grounds.log.entries.isEmpty)
  }
}
