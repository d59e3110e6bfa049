#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

import Foundations

/// The interpreter that runs on the current thread, for callbacks that domain code makes without knowing of it.
enum CurrentVM {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    // Keys are few and made once; without one no callback could work, which `get` reports as an error.
    pthread_key_create(&key, nil)
    return key
  }()

  static func get() -> VM? {
    guard let address = pthread_getspecific(key) else { return nil }
    return Unmanaged<VM>.fromOpaque(address).takeUnretainedValue()
  }

  /// Not retained: whoever sets it resets it before the VM goes away.
  static func set(_ vm: VM?) {
    pthread_setspecific(key, vm.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) })
  }
}

/// The bounds of the thread's stack, so that native recursion ends in an error.
struct ThreadStack {
  let low: UInt

  /// What must remain for natives between two checks.
  static let reserve: UInt = 256 << 10

  static func current() -> ThreadStack {
    #if canImport(Darwin)
      let top = UInt(bitPattern: pthread_get_stackaddr_np(pthread_self()))
      return ThreadStack(low: top - UInt(pthread_get_stacksize_np(pthread_self())))
    #else
      // The C library has it, but Swift's view of its headers does not.
      typealias GetAttributes =
        @convention(c) (pthread_t, UnsafeMutablePointer<pthread_attr_t>) -> Int32
      var attributes = pthread_attr_t()
      var address: UnsafeMutableRawPointer?
      var size = 0
      guard let symbol = dlsym(nil, "pthread_getattr_np"),
        unsafeBitCast(symbol, to: GetAttributes.self)(pthread_self(), &attributes) == 0
      else { return estimate() }
      defer { pthread_attr_destroy(&attributes) }
      guard pthread_attr_getstack(&attributes, &address, &size) == 0, let address else {
        return estimate()
      }
      return ThreadStack(low: UInt(bitPattern: address))
    #endif
  }

  /// Half a megabyte below this place: what the smallest of usual stacks still has.
  private static func estimate() -> ThreadStack {
    var marker: UInt8 = 0
    return withUnsafeMutablePointer(to: &marker) {
      ThreadStack(low: UInt(bitPattern: $0) - (512 << 10))
    }
  }

  /// Whether so little is left that nothing deeper should start.
  @inline(never)
  var isNearlyFull: Bool {
    var marker: UInt8 = 0
    return withUnsafeMutablePointer(to: &marker) {
      UInt(bitPattern: $0) < low + ThreadStack.reserve
    }
  }
}

/// Runs work on a thread with a big stack, where deep recursion of natives and of the compiler has room.
public enum BigStack {
  /// Half a gigabyte of addresses, and less where the shell allows few.
  static var defaultByteCount: Int {
    guard let allowed = SystemMemory.allowed(RLIMIT_AS) else { return 512 << 20 }
    let left = allowed - (SystemMemory.usage()?.addresses ?? 0)
    return min(512 << 20, max(8 << 20, left / 8) & ~0xFFFF)
  }

  /// Runs `body` on a new thread and waits for it. Where no thread can be made it runs here.
  public static func run<Result>(
    byteCount: Int? = nil, _ body: @escaping () throws -> Result
  ) throws -> Result {
    var outcome: Swift.Result<Result, any Error>?
    let isDone = BackgroundThread.run(stackBytes: byteCount ?? defaultByteCount) {
      outcome = Swift.Result { try body() }
    }
    if !isDone { return try body() }
    switch outcome {
    case .success(let result)?: return result
    case .failure(let error)?: throw error
    case nil: throw Fault(.limit, "the thread for this run did not start")
    }
  }
}

extension VM {
  /// Zeroed memory for values, which takes no room until it is touched.
  static func zeroedStack(_ capacity: Int) -> UnsafeMutablePointer<Value> {
    guard let memory = calloc(capacity, MemoryLayout<Value>.stride) else {
      fatalError("there is no address space left for an interpreter's stack")
    }
    return memory.bindMemory(to: Value.self, capacity: capacity)
  }

  static func freeStack(_ stack: UnsafeMutablePointer<Value>) { free(stack) }
}
