import Glibc

/// What the machine, the container and the shell leave to this process.
public enum SystemMemory {
  /// What a run may use where nobody sets a limit: nine tenths of the machine's memory or of the control group's,
  /// whichever is less, and three quarters of what the shell allows (`ulimit -v`, `-d`) beyond the code and stacks that
  /// lie there already.
  public static let usable: Int = {
    var result = physical.map { $0 / 10 * 9 } ?? Int.max
    if let group = controlGroupLimit() { result = min(result, group / 10 * 9) }
    let now = usage()
    if let limit = allowed(RLIMIT_AS) {
      result = min(result, max(0, limit - (now?.addresses ?? 0)) / 4 * 3)
    }
    if let limit = allowed(RLIMIT_DATA) {
      result = min(result, max(0, limit - (now?.data ?? 0)) / 4 * 3)
    }
    return result
  }()

  /// What the shell allows of a resource; nil where it does not say.
  static func allowed(_ resource: __rlimit_resource) -> Int? {
    var limits = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limits) == 0 else { return nil }
    return Int(exactly: limits.rlim_cur)
  }

  /// What the process takes now, in bytes.
  struct Usage {
    var addresses: Int
    var resident: Int
    var data: Int
  }

  // Opened once and read again and again, as that is several times as fast.
  private static let status = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)

  /// What the process takes now; nil where the system does not say.
  static func usage() -> Usage? {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 128) { text in
      let count = pread(status, text.baseAddress, text.count, 0)
      var numbers = (0, 0, 0, 0, 0, 0, 0)
      guard count > 0 else { return nil }
      withUnsafeMutableBytes(of: &numbers) { bytes in
        let fields = bytes.assumingMemoryBound(to: Int.self)
        var field = 0
        for byte in text[..<count] where field < fields.count {
          if byte == UInt8(ascii: " ") {
            field += 1
          } else if byte >= 0x30, byte <= 0x39 {
            fields[field] = fields[field] &* 10 &+ Int(byte - 0x30)
          }
        }
      }
      return Usage(
        addresses: numbers.0 * pageSize, resident: numbers.1 * pageSize,
        data: numbers.5 * pageSize)
    }
  }

  private static let pageSize = max(1, sysconf(Int32(_SC_PAGESIZE)))

  /// Whether this process takes a good part of a machine that has hardly anything left.
  static func isScarce(_ usage: Usage) -> Bool {
    guard let physical, usage.resident > physical / 4 else { return false }
    guard let line = lines("/proc/meminfo").first(where: { $0.hasPrefix("MemAvailable:") }),
      let kibibytes = Int(line.split(separator: " ").dropFirst().first ?? "")
    else { return false }
    return kibibytes << 10 < physical / 50
  }

  private static let physical: Int? = {
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    return pages > 0 ? pages * pageSize : nil
  }()

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
