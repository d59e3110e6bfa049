import Builtins
import Files
import Foundation
import Foundations
import Runtime
import Syntax
import Tensors

/// Finds, reads and parses scripts and what they import. Each file is read once in a session.
final class Imports {
  private var programs: [Spelling: Program] = [:]
  private let workingDirectory: String
  /// The way to files that scripts import.
  private let door: () -> Door

  init(workingDirectory: String, door: @escaping () -> Door) {
    self.workingDirectory = workingDirectory
    self.door = door
  }

  /// The texts of all files that were imported, by name: what a recorded result depends on.
  var texts: [String: String] {
    // Of two names that are one to Swift's strings, both texts.
    Dictionary(programs.map { ($0.key.text, $0.value.source.text) }, uniquingKeysWith: +)
  }

  /// The program that an import in `importer` names.
  /// - Throws: a `Diagnostic` without labels where it cannot be found or read, `Diagnostics` where it does not parse.
  func program(_ path: Import.Path, importer: Source) throws -> Program {
    switch path {
    case .standard(let module):
      let name = "std." + module
      if let known = programs[name] { return known }
      let file = module.replacing(".", with: "/") + ".fl"
      guard let text = StandardLibrary.text(file) else {
        throw Diagnostic(
          .io, "the standard library has no module `\(name)`",
          hint: Suggest.nearest(to: module, in: StandardLibrary.moduleNames).map {
            "did you mean `std.\($0)`?"
          } ?? "it has " + StandardLibrary.moduleNames.map { "std.\($0)" }.joined(separator: ", "))
      }
      let program = try Parsing.parse(Source(name: name, text: text))
      programs[name] = program
      return program
    case .file(let file):
      if importer.name.hasPrefix("std.") { return try standardNeighbour(file, of: importer) }
      let directory = Imports.directory(of: importer.name, below: workingDirectory)
      let given = file.hasPrefix("/") ? file : directory + "/" + file
      let opened: OpenedFile = try diagnosing {
        try self.opened(Sandbox.absolute(given, below: workingDirectory), shownAs: file)
      }
      if let known = programs[opened.realPath] { return known }
      let bytes = try diagnosing { try opened.contents(atMost: Imports.largestScript) }
      let text = try Imports.text(bytes, shownAs: "`\(file)`")
      let program = try Parsing.parse(Source(name: shown(given), text: text))
      programs[opened.realPath] = program
      return program
    }
  }

  /// What is wrong with a file, as a diagnostic; whoever asks adds the place.
  private func diagnosing<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as DomainError {
      throw error.fault.diagnostic
    }
  }

  /// Opens a file that a script imports. Its text is recorded with the script's: it is no data.
  private func opened(_ path: String, shownAs name: String) throws -> OpenedFile {
    do {
      return try door().open(path, counts: false)
    } catch {
      guard !door().kind(path, counts: false).exists else { throw error }
      throw Diagnostic(
        .io, "`\(name)` cannot be read: \(String(cString: strerror(ENOENT)))",
        hint: nearbyHint(path))
    }
  }

  /// A file beside a module of the standard library.
  private func standardNeighbour(_ file: String, of importer: Source) throws -> Program {
    var parts = importer.name.dropFirst(4).split(separator: ".").map(String.init)
    parts.removeLast()
    for part in file.split(separator: "/") {
      if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
    }
    let module = parts.joined(separator: ".").replacing(".fl", with: "")
    return try program(.standard(module), importer: importer)
  }

  /// A path as diagnostics show it: relative to the working directory where it lies below.
  private func shown(_ path: String) -> String {
    let plain = URL(fileURLWithPath: path).standardizedFileURL.path
    return plain.hasPrefix(workingDirectory + "/")
      ? String(plain.dropFirst(workingDirectory.count + 1)) : plain
  }

  static func directory(of name: String, below workingDirectory: String) -> String {
    guard name.contains("/"), !name.hasPrefix("std.") else { return workingDirectory }
    let absolute = name.hasPrefix("/") ? name : workingDirectory + "/" + name
    return URL(fileURLWithPath: absolute).deletingLastPathComponent().path
  }

  /// Scripts beyond this many bytes are refused: somebody has named the wrong file.
  static let largestScript = 16 << 20

  /// The text of a script.
  /// - Parameter acceptsPipes: whether it may come from a pipe, as in `fairlead <(generate)`. The person who waits for
  ///   one can interrupt; what a script names has to be a file.
  /// - Throws: a `Diagnostic` that says why it cannot be read, of kind `interrupt` after Ctrl-C or SIGTERM.
  static func read(_ path: String, shownAs name: String, acceptsPipes: Bool = false) throws
    -> String
  {
    // Without O_NONBLOCK, opening a pipe would wait for somebody who writes to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let reason = errno
      throw Diagnostic(
        .io, "`\(name)` cannot be read: \(String(cString: strerror(reason)))",
        hint: reason == ENOENT ? Imports.nearbyHint(path, through: .unrestricted) : nil)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw Diagnostic(.io, "`\(name)` cannot be read: \(String(cString: strerror(errno)))")
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw Diagnostic(.io, "`\(name)` is a folder", hint: "name a script in it")
    case S_IFIFO where acceptsPipes: break
    default: throw Diagnostic(.io, "`\(name)` is not a regular file")
    }
    return try text(readAll(descriptor, shownAs: "`\(name)`"), shownAs: "`\(name)`")
  }

  /// The script that comes from standard input.
  static func readStandardInput() throws -> String {
    let name = "the script on standard input"
    return try text(readAll(STDIN_FILENO, shownAs: name), shownAs: name)
  }

  /// Everything up to the end, waiting for it where it comes from a pipe or terminal.
  private static func readAll(_ descriptor: Int32, shownAs name: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= largestScript {
      // The signal may reach another thread, so that this one has to look for itself.
      if Session.wasInterrupted { throw Diagnostic(.interrupt, "interrupted") }
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&request, 1, 200) <= 0 { continue }
      let count = piece.withUnsafeMutableBytes {
        Foundation.read(descriptor, $0.baseAddress, $0.count)
      }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        throw Diagnostic(.io, "\(name) cannot be read: \(String(cString: strerror(errno)))")
      }
      bytes.append(contentsOf: piece[..<count])
    }
    throw Diagnostic(
      .limit, "\(name) is larger than \(largestScript >> 20) MB: it is no script")
  }

  private static func text(_ bytes: [UInt8], shownAs name: String) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Diagnostic(.data, "\(name) is not UTF-8 text", hint: "save it as UTF-8")
    }
    return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
  }

  private func nearbyHint(_ path: String) -> String? { Imports.nearbyHint(path, through: door()) }

  private static func nearbyHint(_ path: String, through door: Door) -> String? {
    let url = URL(fileURLWithPath: path)
    guard let names = try? door.names(in: url.deletingLastPathComponent().path) else { return nil }
    return Suggest.nearest(to: url.lastPathComponent, in: names).map { "did you mean `\($0)`?" }
  }
}
