import Foundation
import Foundations
import Testing

@testable import Files

/// Two folders: `inside`, below which everything may be read and written, and `outside` with a secret.
struct Grounds {
  let root: String
  var inside: String { root + "/inside" }
  var outside: String { root + "/outside" }
  let door: Door
  let log = ReadLog()

  init() throws {
    // Without links on the way, so that names can be compared.
    root =
      URL(fileURLWithPath: NSTemporaryDirectory()).resolvingSymlinksInPath().path
      + "/door-\(UUID().uuidString)"
    for name in ["inside", "outside"] {
      try FileManager.default.createDirectory(
        atPath: root + "/" + name, withIntermediateDirectories: true)
    }
    let inside = root + "/inside"
    door = Door(
      readable: [inside], writable: [inside], protectsRecords: true,
      bases: .init(workingDirectory: inside), log: log)
    try write("secret", to: outside + "/secret")
    try write("own", to: inside + "/own")
  }

  func write(_ text: String, to path: String) throws {
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path,
      withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: inside + "/" + name, withDestinationPath: target)
  }

  func read(_ name: String) throws -> String {
    let path = name.hasPrefix("/") ? name : inside + "/" + name
    return String(decoding: try door.open(path).contents(), as: UTF8.self)
  }

  /// What goes wrong when a file is read.
  func problem(_ name: String) -> String {
    do {
      return "read: " + (try read(name))
    } catch {
      return "\((error as? DomainError)?.message ?? "\(error)")"
    }
  }

  /// What goes wrong when a file is written; nil where it is.
  func writeProblem(_ name: String, _ text: String = "new") -> String? {
    do {
      try Door.with(door) {
        try AtomicFile.write(name.hasPrefix("/") ? name : inside + "/" + name, text.utf8)
      }
      return nil
    } catch {
      return "\((error as? DomainError)?.message ?? "\(error)")"
    }
  }

  func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  func remove() { try? FileManager.default.removeItem(atPath: root) }
}

@Suite struct DoorTests {
  @Test func pathsThatLeadOutAreRefused() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    let outside = grounds.outside
    try grounds.write("x", to: grounds.inside + "/folder/file")
    try grounds.link("link", to: outside + "/secret")
    try grounds.link("relative", to: "../outside/secret")
    try grounds.link("directory", to: outside)
    try grounds.link("chain", to: "folder/../link")
    try grounds.link("dangling", to: outside + "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p")
    try grounds.link("folder/up", to: "../..")
    try grounds.link("proc", to: "/proc/self/root" + outside + "/secret")
    let leadingOut = [
      "../outside/secret", outside + "/secret", "link", "relative", "directory/secret", "chain",
      "folder/up/outside/secret", "dangling", "dangling/x", "missing/../link",
      "missing/../../outside/secret", "folder/../../outside/secret", "./../outside/secret",
      "//../outside//secret", "link/", "directory/.", "directory", "folder/up/outside/none",
      "proc", "/proc/self/root" + outside + "/secret", "/proc/self/cwd", "/etc/passwd",
      grounds.inside + "-beside", grounds.inside + "/../outside/secret", outside, "..", "/",
      "/../../../etc/passwd", "directory/../outside/secret",
    ]
    for path in leadingOut {
      let problem = grounds.problem(path)
      // What is not there gives an error of its own, as long as it would lie within.
      #expect(
        problem.hasPrefix("may not read") || path == "missing/../link",
        "\(path): \(problem)")
      #expect(!problem.contains("read: "), "\(path): \(problem)")
      let written = grounds.writeProblem(path)
      #expect(
        written?.hasPrefix("may not write") == true || path == "missing/../link",
        "\(path): \(written ?? "was written")")
      #expect(written != nil)
    }
    #expect(grounds.problem("missing/../link").contains("No such file"))
    #expect(grounds.text(outside + "/secret") == "secret")
    #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["secret"])
  }

  @Test func linksWithinAreFollowed() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    // As the cache of Hugging Face lies on the disk.
    try grounds.write("weights", to: grounds.inside + "/model/blobs/0123abcd")
    try grounds.write("x", to: grounds.inside + "/model/snapshots/main/other")
    try grounds.link("model/snapshots/main/model.safetensors", to: "../../blobs/0123abcd")
    try grounds.link("absolute", to: grounds.inside + "/model/snapshots")
    #expect(try grounds.read("model/snapshots/main/model.safetensors") == "weights")
    #expect(try grounds.read("absolute/main/model.safetensors") == "weights")
    #expect(try grounds.read("absolute/../blobs/0123abcd") == "weights")
    // A link is written through, one that points nowhere makes what it points to.
    #expect(grounds.writeProblem("absolute/main/model.safetensors") == nil)
    #expect(grounds.text(grounds.inside + "/model/blobs/0123abcd") == "new")
    try grounds.link("later", to: "model/later")
    #expect(grounds.writeProblem("later") == nil)
    #expect(grounds.text(grounds.inside + "/model/later") == "new")
    // Out of one open place into another.
    let door = Door(
      readable: [grounds.inside, grounds.outside + "/secret"], writable: [], protectsRecords: true)
    try grounds.link("out", to: grounds.outside + "/secret")
    #expect(
      String(decoding: try door.open(grounds.inside + "/out").contents(), as: UTF8.self) == "secret"
    )
    #expect(throws: DomainError.self) { try door.check(grounds.inside + "/x", .write) }
  }

  @Test func onlyFilesAreOpened() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    try #require(mkfifo(grounds.inside + "/pipe", 0o600) == 0)
    try grounds.link("to pipe", to: "pipe")
    let socket = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // Such addresses are short: by way of the folder's number.
    let folder = open(grounds.inside, O_RDONLY | O_DIRECTORY)
    defer { close(folder) }
    withUnsafeMutableBytes(of: &address.sun_path) { bytes in
      "/proc/self/fd/\(folder)/socket".utf8CString.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
    try grounds.link("zero", to: "/dev/zero")
    let everything = Door(readable: nil, writable: nil, protectsRecords: true)
    for (name, kind) in [
      ("pipe", "pipe"), ("to pipe", "pipe"), ("socket", "socket"), ("zero", "device"),
      ("", "folder"),
    ] {
      let path = grounds.inside + "/" + name
      let error = #expect(throws: DomainError.self) { try everything.open(path) }
      #expect(error?.message == "\(path) is a \(kind), not a file")
      let written = #expect(throws: DomainError.self) {
        try Door.with(everything) { try AtomicFile.write(path, "x".utf8) }
      }
      #expect(written?.message == "\(path) is a \(kind), not a file")
    }
    #expect(grounds.problem("own/") == "cannot read \(grounds.inside)/own/: Not a directory")
    #expect(grounds.problem("own/x").contains("Not a directory"))
    #expect(grounds.problem("none").contains("No such file or directory"))
    try grounds.link("circle", to: "circle")
    #expect(grounds.problem("circle").contains("Too many levels"))
    #expect(grounds.problem(String(repeating: "n", count: 300)).contains("name too long"))
    #expect(grounds.problem(String(repeating: "n/", count: 3000)).contains("name too long"))
    #expect(grounds.problem("").contains("is a folder"))
    #expect(grounds.problem("own\u{0}").contains("may not read"))
  }

  @Test func namesAreBytes() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    for name in ["two\nlines", " ", "~", "-", "a\\b", String(repeating: "ß", count: 120)] {
      #expect(grounds.writeProblem(name, name) == nil)
      #expect(try grounds.read(name) == name)
    }
    // Equal texts, other names: what is open for one is not for the other.
    let door = Door(
      readable: [grounds.outside + "/\u{e9}"], writable: [grounds.outside + "/\u{e9}"],
      protectsRecords: true)
    try door.check(grounds.outside + "/\u{e9}", .write)
    #expect(throws: DomainError.self) { try door.check(grounds.outside + "/e\u{301}", .write) }
    #expect(throws: DomainError.self) { try door.check(grounds.outside + "/\u{e9}x", .read) }
    #expect(try grounds.door.names(in: grounds.inside).contains("two\nlines"))
  }

  @Test func recordsAreNotWritten() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    try grounds.write("record", to: grounds.inside + "/.fairlead/runs.sqlite")
    try grounds.write("ref", to: grounds.inside + "/sub/.git/HEAD")
    try grounds.link("store", to: ".fairlead")
    try grounds.link("database", to: "store/runs.sqlite")
    for path in [
      ".fairlead/runs.sqlite", "store/runs.sqlite", "database", ".fairlead/new", ".fairlead",
      "sub/.git/HEAD", "sub/.git/hooks/x", ".git", ".git/new", ".FairLead/x", "sub/../.git",
    ] {
      #expect(grounds.writeProblem(path)?.hasPrefix("may not write") == true, "\(path)")
      #expect(throws: DomainError.self, "\(path)") {
        try Door.with(grounds.door) { try Folder.make(grounds.inside + "/" + path) }
      }
    }
    #expect(grounds.text(grounds.inside + "/.fairlead/runs.sqlite") == "record")
    #expect(try grounds.read("database") == "record")
    for name in [".gitignore", "x.git", ".fairlead.csv"] {
      #expect(grounds.writeProblem(name) == nil)
    }
    // A record elsewhere.
    let door = Door(
      readable: nil, writable: nil, protectsRecords: true, records: [grounds.inside + "/own"])
    #expect(throws: DomainError.self) { try door.check(grounds.inside + "/own", .write) }
    try door.check(grounds.inside + "/other", .write)
    try Door.unrestricted.check(grounds.inside + "/.git/HEAD", .write)
  }

  @Test func foldersAreMadeWithin() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    try grounds.link("out", to: grounds.outside)
    try Door.with(grounds.door) {
      try Folder.make(grounds.inside + "/a/b//c/")
      for path in ["out/new", "missing/../../outside/new", "out"] {
        #expect(throws: DomainError.self) { try Folder.make(grounds.inside + "/" + path) }
        #expect(throws: DomainError.self) {
          try Folder.fill(grounds.inside + "/" + path + "/deep") { _ in }
        }
      }
      #expect(throws: DomainError.self) { try Folder.make(grounds.inside + "/missing/../x") }
      try Folder.fill(grounds.inside + "/whole") { try AtomicFile.write($0 + "/x", "1".utf8) }
    }
    #expect(grounds.text(grounds.inside + "/whole/x") == "1")
    #expect(try FileManager.default.contentsOfDirectory(atPath: grounds.outside) == ["secret"])
    #expect(!FileManager.default.fileExists(atPath: grounds.inside + "/missing"))
  }

  /// Somebody swaps a folder for a link and back while files are read and written in it: nothing of the other place is
  /// ever read, and nothing is ever written there.
  @Test func aSwapWhileOpeningDoesNotLeadOut() throws {
    let grounds = try Grounds()
    defer { grounds.remove() }
    try grounds.write("own", to: grounds.inside + "/real/secret")
    try grounds.link("trap", to: grounds.outside)
    try FileManager.default.createDirectory(
      atPath: grounds.inside + "/data", withIntermediateDirectories: true)
    try grounds.write("own", to: grounds.inside + "/data/secret")
    let (inside, stop) = (grounds.inside, Flag())
    let swapper = Thread {
      while !stop.isSet {
        // RENAME_EXCHANGE: there is something of the name at any moment.
        renameat2(AT_FDCWD, inside + "/data", AT_FDCWD, inside + "/trap", 2)
      }
    }
    swapper.start()
    defer { stop.set() }
    var (read, refused) = (0, 0)
    let end = Date() + 1.5
    while Date() < end {
      do {
        #expect(try grounds.read("data/secret") == "own")
        read += 1
      } catch {
        refused += 1
      }
      for name in ["data/written", "data/deep/er"] {
        try? Door.with(grounds.door) {
          try Folder.make(inside + "/" + (name as NSString).deletingLastPathComponent)
          try AtomicFile.write(inside + "/" + name, "x".utf8)
        }
      }
      try? Door.with(grounds.door) {
        try Folder.fill(inside + "/data/whole") { try AtomicFile.write($0 + "/x", "x".utf8) }
      }
      Door.with(grounds.door) { Folder.removeAbandoned(in: inside + "/data") }
    }
    #expect(read > 0 && refused > 0, "read \(read), refused \(refused)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: grounds.outside) == ["secret"])
    #expect(grounds.text(grounds.outside + "/secret") == "secret")
  }
}

/// `renameat2` of the system, which the C library declares only to programs that ask for it.
@_silgen_name("renameat2")
@discardableResult
private func renameat2(
  _ oldFolder: Int32, _ old: UnsafePointer<CChar>, _ newFolder: Int32,
  _ new: UnsafePointer<CChar>, _ flags: UInt32
) -> Int32

private final class Flag: @unchecked Sendable {
  private let lock = NSLock()
  private var value = false
  var isSet: Bool { lock.withLock { value } }
  func set() { lock.withLock { value = true } }
}
