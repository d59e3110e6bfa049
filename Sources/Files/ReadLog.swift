import Foundations
import Glibc
import Synchronization

/// The files that a run, or a part of it, has read, each with the fingerprint of its content: what a result depends on.
///
/// Only what was opened counts, and what was looked for and not there. The content is that which was read.
public final class ReadLog: Sendable {
  /// One file.
  public struct Entry: Sendable, Hashable {
    /// Relative to the working directory or, with `<script>/` before it, to the script's folder; else the absolute
    /// path.
    public var name: String
    /// The SHA-256 of the content as hexadecimal digits, `ReadLog.missing` or `ReadLog.changed`; for a name as
    /// `data/*.csv,.tsv` the fingerprint of the names in that folder with these endings.
    public var content: String

    public init(name: String, content: String) {
      self.name = name
      self.content = content
    }
  }

  /// The content of a file that was looked for and not there.
  public static let missing = "missing"
  /// The content of a file that was read several times and was not always the same: no later content equals it.
  public static let changed = "changed while it was read"

  private struct State {
    var places: [[UInt8]: Int] = [:]
    var entries: [Entry] = []
    var digests: [FileVersion: String] = [:]
    /// What the run has written itself: files, and folders with all that is in them.
    var written: Set<[UInt8]> = []

    func hasWritten(_ name: [UInt8]) -> Bool {
      written.contains(name)
        || name.indices.contains {
          name[$0] == UInt8(ascii: "/") && written.contains(Array(name[..<$0]))
        }
    }
  }

  private let state = Mutex(State())
  private let outer: ReadLog?

  /// - Parameter outer: a log that gets all this one gets: the run's, where this is a trial's.
  public init(within outer: ReadLog? = nil) { self.outer = outer }

  /// In the order in which the files were first read.
  public var entries: [Entry] { state.withLock { $0.entries } }

  /// Notes a file or folder that was written: what is read of it from then on is no data of who wrote it.
  func noteWritten(_ name: String) {
    state.withLock { _ = $0.written.insert(Array(name.utf8)) }
    outer?.noteWritten(name)
  }

  func note(_ name: String, _ content: String) {
    state.withLock { state in
      // By its bytes: as texts, names that differ can be equal.
      let bytes = Array(name.utf8)
      if !state.written.isEmpty, state.hasWritten(bytes) { return }
      if let place = state.places[bytes] {
        if state.entries[place].content != content {
          state.entries[place].content = ReadLog.changed
        }
      } else {
        state.places[bytes] = state.entries.count
        state.entries.append(Entry(name: name, content: content))
      }
    }
    outer?.note(name, content)
  }

  /// Whether a content is that of a file which was there.
  public static func isOfFile(_ content: String) -> Bool {
    content != missing && !content.hasPrefix("names ")
  }

  /// The last part of a name that stands for the files of a folder.
  static func pattern(_ endings: [String]) -> String { "*" + endings.joined(separator: ",") }

  static func content(ofNames names: [String]) -> String {
    var digest = FingerprintWriter()
    for name in names { Array(name.utf8 + [0]).withUnsafeBytes { digest.add(bytes: $0) } }
    return "names " + digest.fingerprint.description
  }

  // MARK: Contents that are known

  func digest(of version: FileVersion) -> String? {
    outer.map { $0.digest(of: version) } ?? state.withLock { $0.digests[version] }
  }

  func remember(_ digest: String, of version: FileVersion) {
    guard version.isSettled else { return }
    if let outer { return outer.remember(digest, of: version) }
    state.withLock { $0.digests[version] = digest }
  }

  /// What names are relative to.
  public struct Bases: Sendable {
    private let workingDirectory: [Substring]?
    private let scriptFolder: [Substring]?
    private static let script = "<script>"

    public init(workingDirectory: String? = nil, scriptFolder: String? = nil) {
      self.workingDirectory = workingDirectory.map(Bases.parts)
      self.scriptFolder = scriptFolder.map(Bases.parts)
    }

    private static func parts(_ path: String) -> [Substring] {
      path.utf8.split(separator: UInt8(ascii: "/")).map { Substring($0) }.filter { $0 != "." }
    }

    private static func isBelow(_ path: [Substring], _ folder: [Substring]) -> Bool {
      path.count > folder.count
        && zip(path, folder).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    /// The name of an absolute path.
    func name(of path: String) -> String {
      let parts = Bases.parts(path)
      if let workingDirectory, Bases.isBelow(parts, workingDirectory) {
        let name = parts[workingDirectory.count...].joined(separator: "/")
        return name.hasPrefix(Bases.script) ? "./" + name : name
      }
      if let scriptFolder, Bases.isBelow(parts, scriptFolder) {
        return Bases.script + "/" + parts[scriptFolder.count...].joined(separator: "/")
      }
      return "/" + parts.joined(separator: "/")
    }

    /// The absolute path of a name.
    func path(of name: String) -> String {
      if name.hasPrefix("/") { return name }
      if name.hasPrefix(Bases.script + "/"), let scriptFolder {
        return "/" + scriptFolder.joined(separator: "/") + name.dropFirst(Bases.script.count)
      }
      return "/" + (workingDirectory ?? []).joined(separator: "/") + "/" + name
    }
  }
}

extension Door {
  /// What a file that a log names holds now, in the log's terms. Nothing is noted.
  ///
  /// - Throws: `interrupt`.
  public func content(ofNamed name: String) throws(DomainError) -> String {
    let path = bases.path(of: name)
    if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) {
      let last = path[slash...].dropFirst()
      if last.hasPrefix("*.") {
        let endings = last.dropFirst().split(separator: ",").map(String.init)
        let names = try? names(in: String(path[..<slash]), matching: endings)
        return names.map(ReadLog.content(ofNames:)) ?? ReadLog.missing
      }
    }
    guard kind(path, counts: false).exists else { return ReadLog.missing }
    do throws(DomainError) {
      let file = try open(path, counts: false)
      guard let log else { return try file.digest() }
      return try file.digest(log)
    } catch {
      if error.kind == .interrupt { throw error }
      return "unreadable"
    }
  }

  /// Whether all files hold what a log has noted of them.
  ///
  /// - Throws: `interrupt`.
  public func holds(_ entries: [ReadLog.Entry]) throws(DomainError) -> Bool {
    for entry in entries where try content(ofNamed: entry.name) != entry.content { return false }
    return true
  }
}
