import Glibc
import Synchronization

/// How much memory the process may use, and the room that is left for what is no tensor: files that are read whole, and
/// what they become.
public enum MemoryRoom {
  private static let limit = Atomic<Int>(.max)

  /// Above this many bytes of tensors in use, making one throws a limit error.
  public static var byteLimit: Int {
    get { limit.load(ordering: .relaxed) }
    set { limit.store(newValue, ordering: .relaxed) }
  }

  /// What the program itself may take beside the limit.
  private static let slack = 64 << 20

  /// - Throws: `limit` where the process would take more than its limit of memory with `bytes` more.
  public static func require(_ bytes: Int, for what: @autoclosure () -> String) throws(DomainError)
  {
    guard bytes > 1 << 20 else { return }
    let (allowed, isUnlimited) = byteLimit.addingReportingOverflow(slack)
    guard !isUnlimited, bytes > allowed - resident else { return }
    throw DomainError(
      .limit,
      "\(what()) needs \(bytes >> 20) MiB more, which would pass the memory limit of \((allowed - slack) >> 20) MiB"
    )
  }

  /// What the process takes of the machine's memory, in bytes; 0 where the system does not say.
  private static var resident: Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var text = [UInt8](repeating: 0, count: 128)
    let count = fread(&text, 1, text.count, file)
    let fields = String(decoding: text.prefix(count), as: UTF8.self).split(separator: " ")
    return (fields.dropFirst().first.flatMap { Int($0) } ?? 0) * sysconf(Int32(_SC_PAGESIZE))
  }
}
