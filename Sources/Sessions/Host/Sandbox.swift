import Files
import Foundation
import Foundations
import Tensors

/// What a script may touch: by default only what lies below the working directory and below its own folder, and nothing
/// of the environment.
public struct Sandbox: Sendable {
  public let workingDirectory: String
  /// The way to all files of the script.
  public let door: Door
  /// The variables of the environment that may be seen; nil for all.
  private let variables: Set<String>?

  /// - Parameters:
  ///   - scriptDirectory: the folder of the script that runs.
  ///   - allowRead, allowWrite: paths from `--allow-read` and `--allow-write`; what may be written may be read.
  ///   - allowEnvironment: names from `--allow-env`.
  ///   - stores: folders of records of runs, which no script writes.
  public init(
    workingDirectory: String, scriptDirectory: String? = nil, allowRead: [String] = [],
    allowWrite: [String] = [], allowEnvironment: [String] = [], stores: [String] = [],
    log: ReadLog? = nil
  ) {
    self.workingDirectory = workingDirectory
    func absolute(_ paths: [String]) -> [String] {
      paths.filter { !$0.isEmpty && !$0.utf8.contains(0) }
        .map { Sandbox.absolute($0, below: workingDirectory) }
    }
    let writable = [workingDirectory, scriptDirectory].compactMap { $0 } + absolute(allowWrite)
    door = Door(
      readable: writable + absolute(allowRead), writable: writable, protectsRecords: true,
      records: stores.flatMap(Sandbox.records),
      bases: .init(workingDirectory: workingDirectory, scriptFolder: scriptDirectory), log: log,
      explain: { Sandbox.explain($0, below: workingDirectory) })
    variables = Set(allowEnvironment)
  }

  /// The sandbox of a person at the prompt, whose own commands need no leave. Records are not written from there
  /// either.
  public static func unrestricted(
    workingDirectory: String, stores: [String] = [], log: ReadLog? = nil
  ) -> Sandbox {
    Sandbox(unrestricted: workingDirectory, stores: stores, log: log)
  }

  private init(unrestricted workingDirectory: String, stores: [String], log: ReadLog?) {
    self.workingDirectory = workingDirectory
    door = Door(
      readable: nil, writable: nil, protectsRecords: true, records: stores.flatMap(Sandbox.records),
      bases: .init(workingDirectory: workingDirectory), log: log,
      explain: { Sandbox.explain($0, below: workingDirectory) })
    variables = nil
  }

  /// What the run store consists of; its folder may be one that holds other things.
  private static func records(_ store: String) -> [String] {
    ["runs.sqlite", "runs.sqlite-wal", "runs.sqlite-shm", "runs.sqlite-journal", "artefacts"]
      .map { store + "/" + $0 }
  }

  /// The absolute path behind `path`, if the script may use it so.
  public func check(_ path: String, _ access: Door.Access) throws(DomainError) -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw DomainError(
        .io, path.isEmpty ? "an empty path names no file" : "a path holds no character 0",
        hint: "give the name of a file")
    }
    let absolute = Sandbox.absolute(path, below: workingDirectory)
    try door.check(absolute, access)
    return absolute
  }

  /// - Throws: `io` where the script may not see the variable.
  func checkVariable(_ name: String) throws(DomainError) {
    guard let variables, !variables.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else {
      return
    }
    let plain =
      !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "=") && $0 < 0x7F }
    throw DomainError(
      .io, "this script may not see the environment variable `\(name)`",
      hint: plain ? "allow it with --allow-env=\(name)" : "no variable has such a name")
  }

  private static func explain(_ refusal: Door.Refusal, below directory: String) -> DomainError {
    let verb = refusal.access.rawValue
    var shown = refusal.path
    if shown.utf8.starts(with: (directory + "/").utf8) {
      shown = String(decoding: shown.utf8.dropFirst(directory.utf8.count + 1), as: UTF8.self)
    }
    switch refusal.reason {
    case .outside:
      return DomainError(
        .io, "this script may not \(verb) `\(shown)`: it lies outside of the working directory",
        hint: "allow it with --allow-\(verb)=\(refusal.real)")
    case .record:
      return DomainError(
        .io,
        "no script may write `\(shown)`: records of runs and of versions are not for scripts to change",
        hint: "give a place outside of `.fairlead` and `.git`")
    }
  }

  /// `path` from the root on; a path of the working directory and of the home is made one, `.` and doubled slashes are
  /// left out.
  static func absolute(_ path: String, below directory: String) -> String {
    if path == "~" || path.hasPrefix("~/") { return NSString(string: path).expandingTildeInPath }
    var whole = ""
    let given = path.utf8.first == UInt8(ascii: "/") ? path : directory + "/" + path
    for part in given.utf8.split(separator: UInt8(ascii: "/")) where part.map({ $0 }) != [46] {
      whole += "/" + Substring(part)
    }
    if whole.isEmpty { return "/" }
    // A slash at the end asks for a folder.
    return path.utf8.last == UInt8(ascii: "/") ? whole + "/" : whole
  }
}
