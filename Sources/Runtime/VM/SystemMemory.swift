import Glibc

/// What the machine, the container and the shell leave to this process.
public enum SystemMemory {
  /// What a run may use where nobody sets a limit: nine tenths of the machine's memory or of the control group's, whichever is less,
  /// and three quarters of the address space that the shell allows (`ulimit -v`), since code and stacks lie in it, too.
  public static let usable: Int = {
    var result = physical.map { $0 / 10 * 9 } ?? Int.max
    if let group = controlGroupLimit() { result = min(result, group / 10 * 9) }
    for resource in [RLIMIT_AS, RLIMIT_DATA] {
      var limits = rlimit()
      guard getrlimit(__rlimit_resource_t(resource.rawValue), &limits) == 0,
        let limit = Int(exactly: limits.rlim_cur)
      else { continue }
      result = min(result, limit / 4 * 3)
    }
    return result
  }()

  private static var physical: Int? {
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    let size = sysconf(Int32(_SC_PAGESIZE))
    return pages > 0 && size > 0 ? pages * size : nil
  }

  /// The least limit of the process's control group and those above it (version 2), or of its memory group (version 1).
  private static func controlGroupLimit() -> Int? {
    var limits: [Int] = []
    for line in lines("/proc/self/cgroup") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let root: String
      let file: String
      if fields[1].isEmpty {
        (root, file) = ("/sys/fs/cgroup", "memory.max")
      } else if fields[1].split(separator: ",").contains("memory") {
        (root, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
      } else {
        continue
      }
      var group = String(fields[2])
      while true {
        // "max" is no number, and version 1 says "no limit" by a number that no machine has.
        let folder = group == "/" ? root : root + group
        if let limit = lines(folder + "/" + file).first.flatMap({ Int($0) }) {
          limits.append(limit)
        }
        guard group.count > 1, let slash = group.lastIndex(of: "/") else { break }
        group = slash == group.startIndex ? "/" : String(group[..<slash])
      }
    }
    return limits.min()
  }

  private static func lines(_ path: String) -> [Substring] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
  }
}
