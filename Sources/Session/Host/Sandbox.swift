import Foundation

/// What a script may touch: by default only what lies below the working directory and below its own folder.
///
/// Paths are compared after every symbolic link in them is resolved, the links of a file that does not exist yet through
/// its nearest existing directory.
public struct Sandbox: Sendable {
  public enum Access: String, Sendable { case read, write }

  public struct Refusal: Error, Sendable {
    public var message: String
    public var hint: String
  }

  public let workingDirectory: String
  private var readable: [String]
  private var writable: [String]
  private let allowsEverything: Bool

  /// - Parameters:
  ///   - scriptDirectory: the folder of the script that runs.
  ///   - allowRead, allowWrite: paths from `--allow-read` and `--allow-write`; what may be written may be read.
  public init(
    workingDirectory: String, scriptDirectory: String? = nil, allowRead: [String] = [],
    allowWrite: [String] = []
  ) {
    self.workingDirectory = workingDirectory
    allowsEverything = false
    let own = [workingDirectory, scriptDirectory].compactMap { $0 }
    func resolved(_ paths: [String]) -> [String] {
      paths.map { Sandbox.resolve(Sandbox.absolute($0, below: workingDirectory)) }
    }
    writable = resolved(own + allowWrite)
    readable = writable + resolved(allowRead)
  }

  /// The sandbox of a person at the prompt, whose own commands need no leave.
  public static func unrestricted(workingDirectory: String) -> Sandbox {
    Sandbox(unrestricted: workingDirectory)
  }

  private init(unrestricted workingDirectory: String) {
    self.workingDirectory = workingDirectory
    readable = []
    writable = []
    allowsEverything = true
  }

  /// The absolute path behind `path`, if the script may use it so.
  public func check(_ path: String, _ access: Access) throws(Refusal) -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw Refusal(message: "an empty path names no file", hint: "give the name of a file")
    }
    let absolute = Sandbox.absolute(path, below: workingDirectory)
    let resolved = Sandbox.resolve(absolute)
    if allowsEverything { return resolved }
    let allowed = access == .read ? readable : writable
    guard allowed.contains(where: { Sandbox.isBelow(resolved, $0) }) else {
      let verb = access == .read ? "read" : "write"
      throw Refusal(
        message: "this script may not \(verb) `\(path)`: it lies outside of the working directory",
        hint: "allow it with --allow-\(verb)=\(absolute)")
    }
    return resolved
  }

  static func isBelow(_ path: String, _ directory: String) -> Bool {
    directory == "/" || path == directory || path.hasPrefix(directory + "/")
  }

  static func absolute(_ path: String, below directory: String) -> String {
    if path.hasPrefix("/") { return path }
    if path == "~" || path.hasPrefix("~/") { return NSString(string: path).expandingTildeInPath }
    return directory + "/" + path
  }

  /// `path` without links, `.` and `..`.
  static func resolve(_ path: String) -> String {
    var missing: [String] = []
    var place = path
    while true {
      if let real = realpath(place, nil) {
        defer { free(real) }
        var result = String(cString: real)
        // What does not exist holds no links; `..` in it steps back textually.
        for part in missing.reversed() {
          switch part {
          case "", ".": continue
          case "..": result = parent(result)
          default: result += (result == "/" ? "" : "/") + part
          }
        }
        return result
      }
      // A link that points nowhere is followed by hand: writing through it would make its target.
      var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
      let length = readlink(place, &target, Int(PATH_MAX))
      if length > 0, missing.count < 64 {
        let text = String(
          decoding: target.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let next = text.hasPrefix("/") ? text : parent(place) + "/" + text
        missing.append(".")
        if missing.count > 40 { return next }
        place = next
        continue
      }
      guard let slash = place.lastIndex(of: "/") else { return "/" }
      missing.append(String(place[place.index(after: slash)...]))
      place = slash == place.startIndex ? "/" : String(place[..<slash])
    }
  }

  private static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }
}
