// The one way to files. Every reader and writer of the domain half opens what it was given through the door of its
// thread, so that a script's reach is decided where a file is opened and not by its name before.

import Foundations
import Glibc

/// Which files may be read and written, and the opening of them.
public struct Door: Sendable {
  public enum Access: String, Sendable { case read, write }

  /// Why something is not opened.
  public struct Refusal: Sendable {
    public enum Reason: Sendable {
      /// It lies outside of the places that are open.
      case outside
      /// It is a record that only its own program may change: a `.fairlead`, a `.git`.
      case record
    }
    public let access: Access
    public let reason: Reason
    /// The path as somebody gave it.
    public let path: String
    /// The place that it stands for, links followed.
    public let real: String
  }

  /// The door of what runs on this thread: without limits where nobody has set one.
  public static var current: Door { own ?? .unrestricted }
  @TaskLocal private static var own: Door?

  /// Runs `body`, whose files are opened through `door`.
  public static func with<Result>(_ door: Door, _ body: () throws -> Result) rethrows -> Result {
    try $own.withValue(door, operation: body)
  }

  /// Everything may be read and written.
  public static let unrestricted = Door(readable: nil, writable: nil, protectsRecords: false)

  /// What lies at or below these may be read, or written; nil for everything.
  private let readable: [Location]?
  private let writable: [Location]?
  private let protectsRecords: Bool
  private let records: [Location]
  private let explain: @Sendable (Refusal) -> DomainError
  /// Where paths of the log are relative to.
  let bases: ReadLog.Bases
  /// What is told of the files that are read.
  public private(set) var log: ReadLog?

  /// - Parameters:
  ///   - readable, writable: files and folders that may be used with all that is in them, links to them as they are
  ///     now; nil for everything.
  ///   - protectsRecords: whether nothing in a folder `.git` or `.fairlead` may be written.
  ///   - records: more that may not be written.
  ///   - bases: what the log's names are relative to.
  ///   - explain: the error for what is refused.
  public init(
    readable: [String]?, writable: [String]?, protectsRecords: Bool, records: [String] = [],
    bases: ReadLog.Bases = .init(), log: ReadLog? = nil,
    explain: @escaping @Sendable (Refusal) -> DomainError = Door.plainExplanation
  ) {
    self.readable = readable?.compactMap(Door.place)
    self.writable = writable?.compactMap(Door.place)
    self.protectsRecords = protectsRecords
    self.records = records.compactMap(Door.place)
    self.bases = bases
    self.log = log
    self.explain = explain
  }

  private static func place(_ path: String) -> Location? {
    path.isEmpty || path.utf8.contains(0) ? nil : Walk(path).location
  }

  /// The same door with another log.
  public func logging(to log: ReadLog?) -> Door {
    var door = self
    door.log = log
    return door
  }

  public static let plainExplanation: @Sendable (Refusal) -> DomainError = { refusal in
    DomainError(.io, "may not \(refusal.access.rawValue) \(refusal.path)")
  }

  // MARK: Leave

  /// - Throws: `io` where `path` may not be used so, whether or not something is there.
  public func check(_ path: String, _ access: Access) throws(DomainError) {
    try check(Walk(path), path, access)
  }

  private func check(_ walk: Walk, _ path: String, _ access: Access) throws(DomainError) {
    let location = walk.location
    if !allows(location, access) {
      // Where a path leads is only told of paths that begin where one may look.
      let shown = allows(walk.written, .read) ? location : walk.written
      throw explain(
        Refusal(access: access, reason: .outside, path: path, real: shown.path))
    }
    guard access == .write, protectsRecords else { return }
    let isRecord =
      location.names.contains { Door.recordNames.contains($0.text.lowercased()) }
      || records.contains { location.isBelow($0) }
    if isRecord {
      throw explain(
        Refusal(access: access, reason: .record, path: path, real: location.path))
    }
  }

  private static let recordNames: Set<String> = [".git", ".fairlead"]

  private func allows(_ location: Location, _ access: Access) -> Bool {
    guard let places = access == .read ? readable : writable else { return true }
    return places.contains { location.isBelow($0) }
  }

  // MARK: Reading

  /// How often a path is walked anew that somebody changes between two looks at it.
  private static let attempts = 16

  /// Opens a regular file to be read. Nothing is opened of pipes, sockets and devices.
  ///
  /// - Parameter counts: whether what is read counts among the run's data.
  /// - Throws: `io` where it may not or cannot be read.
  public func open(_ path: String, counts: Bool = true) throws(DomainError) -> OpenedFile {
    for _ in 0..<Door.attempts {
      let walk = Walk(path)
      try check(walk, path, .read)
      guard let end = walk.end else {
        if counts, walk.problem == ENOENT { note(path, ReadLog.missing) }
        throw Door.cannotRead(path, walk.problem)
      }
      try Door.requireFile(end.status, path)
      guard walk.steps.count > 1 else { throw Door.notAFile(path, "folder") }
      let folder = walk.steps[walk.steps.count - 2].descriptor
      let number = openat(
        folder.number, end.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      if number < 0, errno != ELOOP, errno != ENOENT, errno != ENXIO {
        throw Door.cannotRead(path, errno)
      }
      guard number >= 0 else { continue }
      let file = Descriptor(number)
      guard let status = file.status, status.st_ino == end.status.st_ino,
        status.st_dev == end.status.st_dev
      else { continue }
      return OpenedFile(
        path: path, realPath: walk.location.path, descriptor: file, status: status,
        door: counts && log != nil ? self : nil)
    }
    throw DomainError(.io, "\(path) is replaced again and again while it is opened")
  }

  /// Whether something exists at `path`, and whether it is a folder. What may not or cannot be looked at
  /// counts as a file: opening it gives the error.
  public func kind(_ path: String, counts: Bool = true) -> (exists: Bool, isFolder: Bool) {
    let walk = Walk(path)
    guard allows(walk.location, .read) else { return (true, false) }
    if let end = walk.end { return (true, end.isFolder) }
    guard walk.problem == ENOENT || walk.problem == ENOTDIR else { return (true, false) }
    if counts { note(path, ReadLog.missing) }
    return (false, false)
  }

  /// The names of what a folder holds, sorted.
  ///
  /// - Throws: `io` where it may not or cannot be read.
  public func names(in path: String) throws(DomainError) -> [String] {
    let walk = Walk(path)
    try check(walk, path, .read)
    guard let end = walk.end else { throw Door.cannotRead(path, walk.problem) }
    guard end.isFolder else { throw DomainError(.io, "\(path) is a file, not a folder") }
    return try Folder.names(in: end.descriptor, path).map(\.text).sorted()
  }

  /// Those names with one of these endings, in any case, that do not begin with a dot. That it is these names counts
  /// among the run's data.
  ///
  /// - Throws: `io` where the folder may not or cannot be read.
  public func names(in path: String, endingIn endings: [String]) throws(DomainError) -> [String] {
    let names = try names(in: path, matching: endings)
    note(path + "/" + ReadLog.pattern(endings), ReadLog.content(ofNames: names))
    return names
  }

  func names(in path: String, matching endings: [String]) throws(DomainError) -> [String] {
    try names(in: path).filter { name in
      let lower = name.lowercased()
      return !name.hasPrefix(".") && endings.contains { lower.hasSuffix($0) }
    }
  }

  func noteWritten(_ path: String) { log?.noteWritten(bases.name(of: path)) }

  func note(_ path: String, _ content: String) { log?.note(bases.name(of: path), content) }

  // MARK: Writing

  /// Where a file is to be written: its folder, open, and its name in it. A link is followed, so that what it points to
  /// is replaced.
  struct Target {
    let folder: Descriptor
    let name: FileName
    let path: String
  }

  /// - Throws: `io` where nothing may be written there, or it is no place for a file.
  func target(_ path: String) throws(DomainError) -> Target {
    let walk = Walk(path)
    try check(walk, path, .write)
    if let end = walk.end {
      try Door.requireFile(end.status, path)
      return Target(
        folder: walk.steps[walk.steps.count - 2].descriptor, name: end.name,
        path: walk.location.path)
    }
    guard walk.problem == ENOENT, walk.rest.count == 1, let last = walk.steps.last else {
      throw Folder.failure(path, walk.problem)
    }
    return Target(folder: last.descriptor, name: walk.rest[0], path: walk.location.path)
  }

  /// A folder to be written into.
  ///
  /// - Parameter making: whether it and those above it are made where they are missing.
  func folder(_ path: String, making: Bool) throws(DomainError) -> (Descriptor, path: String)? {
    for _ in 0..<Door.attempts {
      var walk = Walk(path)
      try check(walk, path, .write)
      if making { walk.make() }
      if let end = walk.end {
        guard end.isFolder else { throw DomainError(.io, "\(path) is a file, not a folder") }
        return (end.descriptor, walk.location.path)
      }
      // What was made is a link by now.
      if making, walk.problem == ELOOP || walk.problem == ENOTDIR, walk.steps.last?.isFolder == true
      {
        continue
      }
      if making {
        throw DomainError(
          .io, "cannot make the folder \(path): \(String(cString: strerror(walk.problem)))")
      }
      return nil
    }
    throw DomainError(.io, "\(path) is replaced again and again while it is made")
  }

  // MARK: Errors

  private static func requireFile(_ status: stat, _ path: String) throws(DomainError) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw notAFile(path, "folder")
    case S_IFIFO: throw notAFile(path, "pipe")
    case S_IFSOCK: throw notAFile(path, "socket")
    default: throw notAFile(path, "device")
    }
  }

  private static func notAFile(_ path: String, _ kind: String) -> DomainError {
    DomainError(.io, "\(path) is a \(kind), not a file")
  }

  static func cannotRead(_ path: String, _ code: Int32) -> DomainError {
    DomainError(.io, "cannot read \(path): \(String(cString: strerror(code)))")
  }
}
