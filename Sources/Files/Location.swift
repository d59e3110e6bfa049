import Glibc

/// Opens no more than a place: Linux's own, which the C library only declares to programs that ask for it.
let pathOnly: Int32 = 0o10_000_000

/// A name in a folder as the system has it: bytes that end with a zero. As texts, names that differ (é in one scalar or
/// in two) would be equal.
typealias FileName = [CChar]

extension FileName {
  init(_ text: some StringProtocol) { self = text.utf8.map { CChar(bitPattern: $0) } + [0] }

  var text: String { String(decoding: dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
  var isHere: Bool { self == [46, 0] }
  var isParent: Bool { self == [46, 46, 0] }

  /// The names in a path; a slash at its end asks for a folder, as `.` does.
  static func names(in path: [CChar]) -> [FileName] {
    let slash = CChar(bitPattern: UInt8(ascii: "/"))
    var names = path.split(separator: slash).map { Array($0) + [0] }
    if path.last == slash, !names.isEmpty { names.append([46, 0]) }
    return names
  }
}

/// A place in the tree of files: the names on the way there from its root, with no link, `.` or `..` among them.
struct Location: Sendable, Equatable {
  var names: [FileName] = []

  var path: String { "/" + names.map(\.text).joined(separator: "/") }

  func isBelow(_ other: Location) -> Bool { names.starts(with: other.names) }

  /// Adds names that nothing stands for: `..` among them steps back.
  mutating func append(_ more: [FileName]) {
    for name in more where !name.isHere {
      if name.isParent { _ = names.popLast() } else { names.append(name) }
    }
  }
}

/// An open file or folder.
final class Descriptor: Sendable {
  let number: Int32
  init(_ number: Int32) { self.number = number }
  deinit { close(number) }

  var status: stat? {
    var status = stat()
    return fstat(number, &status) == 0 ? status : nil
  }
}

/// The way to a path, opened name by name. The system follows no link on it: each is read and its names are walked too,
/// so that every step is known to lie in the folder of the step before, whatever is renamed or swapped meanwhile.
struct Walk {
  struct Step {
    let name: FileName
    let descriptor: Descriptor
    let status: stat
    var isFolder: Bool { status.st_mode & S_IFMT == S_IFDIR }
  }

  /// From the root on: folders, and last whatever is at the end. Never empty, but where not even the root can be
  /// opened.
  private(set) var steps: [Step] = []
  /// The names behind the last step that could not be walked.
  private(set) var rest: [FileName] = []
  /// Why they could not; 0 at the end of the path.
  private(set) var problem: Int32 = 0
  /// The path as it is written, links in it not followed.
  private(set) var written = Location()

  /// As the system's own limits.
  private static let longestPath = Int(PATH_MAX)
  private static let mostLinks = 40

  init(_ path: String) {
    let absolute = path.utf8.first == UInt8(ascii: "/") ? path : Walk.workingDirectory + "/" + path
    problem = ENOENT
    if path.isEmpty || path.utf8.contains(0) { return }
    rest = FileName.names(in: absolute.utf8.map { CChar(bitPattern: $0) })
    written.append(rest)
    problem = ENAMETOOLONG
    guard absolute.utf8.count < Walk.longestPath else { return }
    problem = 0
    rest.reverse()
    walk()
    rest.reverse()
  }

  /// What the path stands for, were it there.
  var location: Location {
    var location = Location(names: steps.dropFirst().map(\.name))
    location.append(rest)
    return location
  }

  /// What is at the end of the path; nil where it could not be reached.
  var end: Step? { problem == 0 ? steps.last : nil }

  private mutating func fail(_ code: Int32) { problem = code }

  /// `rest` is backwards here: the next name comes last.
  private mutating func walk() {
    let root = Glibc.open("/", pathOnly | O_DIRECTORY | O_CLOEXEC)
    guard root >= 0, push("", Descriptor(root)) else { return fail(errno) }
    var links = 0
    while let name = rest.last {
      guard let last = steps.last, last.isFolder else { return fail(ENOTDIR) }
      if name.isHere || name.isParent {
        if name.isParent, steps.count > 1 { steps.removeLast() }
        rest.removeLast()
        continue
      }
      guard let next = Walk.open(name, in: last.descriptor, isFolder: rest.count > 1),
        let status = next.status
      else { return fail(errno) }
      rest.removeLast()
      guard status.st_mode & S_IFMT == S_IFLNK else {
        steps.append(Step(name: name, descriptor: next, status: status))
        continue
      }
      links += 1
      guard links <= Walk.mostLinks, let target = Walk.target(next) else {
        rest.append(name)
        return fail(links > Walk.mostLinks ? ELOOP : ENOENT)
      }
      if target.first == CChar(bitPattern: UInt8(ascii: "/")) {
        steps.removeSubrange(1...)
      }
      rest += FileName.names(in: target).reversed()
    }
  }

  private mutating func push(_ name: String, _ descriptor: Descriptor) -> Bool {
    guard let status = descriptor.status else { return false }
    steps.append(Step(name: FileName(name), descriptor: descriptor, status: status))
    return true
  }

  /// A name in a folder, not opened for anything: pipes and devices notice nothing.
  private static func open(_ name: FileName, in folder: Descriptor, isFolder: Bool) -> Descriptor? {
    let flags = pathOnly | O_NOFOLLOW | O_CLOEXEC
    // Asking for a folder mounts what is mounted on demand.
    var found = isFolder ? openat(folder.number, name, flags | O_DIRECTORY) : -1
    if found < 0 { found = openat(folder.number, name, flags) }
    return found < 0 ? nil : Descriptor(found)
  }

  private static func target(_ link: Descriptor) -> [CChar]? {
    var target = [CChar](repeating: 0, count: longestPath)
    let count = readlinkat(link.number, "", &target, target.count)
    return count > 0 && count < target.count ? Array(target[..<count]) : nil
  }

  /// Makes the folders that are missing, as far as they are only that.
  mutating func make(_ permissions: mode_t = 0o777) {
    guard problem == ENOENT, let first = rest.firstIndex(where: { !$0.isHere }),
      !rest[first...].contains(where: \.isParent)
    else { return }
    var names = rest.filter { !$0.isHere }[...]
    while let name = names.first, let last = steps.last {
      guard mkdirat(last.descriptor.number, name, permissions) == 0 || errno == EEXIST else {
        return fail(errno)
      }
      let made = openat(
        last.descriptor.number, name, pathOnly | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC)
      guard made >= 0 else { return fail(errno) }
      let descriptor = Descriptor(made)
      guard let status = descriptor.status else { return fail(errno) }
      steps.append(Step(name: name, descriptor: descriptor, status: status))
      names.removeFirst()
    }
    rest = []
    problem = 0
  }

  private static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return String(cString: path)
  }
}
