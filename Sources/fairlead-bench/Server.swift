import Glibc

/// The worker's side of Scripts/benchmarks/PROTOCOL.md: requests on standard input, answers on standard output.
struct Server {
  let workload: any Workload
  /// Resident memory before the workload was made, in bytes.
  let resident: Int

  func serve() {
    var ready = "{\"ready\":true"
    for fact in workload.facts { ready += ",\"\(fact.name)\":\(number(fact.value))" }
    Server.answer(ready + "}")
    while let line = readLine() {
      let words = line.split(separator: " ")
      switch words.first {
      case "run":
        guard words.count == 2, let count = Int(words[1]), count > 0, count <= 1 << 40 else {
          Server.fail("run needs a number from 1")
          continue
        }
        run(count)
      case "memory":
        Server.answer("{\"resident\":\(resident),\"peak\":\(memory(of: "VmHWM"))}")
      case "check":
        Server.answer("{\"check\":\(number(workload.check))}")
      case "quit":
        return
      default:
        Server.fail("unknown request: \(line)")
      }
    }
  }

  private func run(_ count: Int) {
    let before = processorSeconds()
    do {
      let seconds = try workload.run(count)
      let used = processorSeconds() - before
      let list = seconds.map(number).joined(separator: ",")
      Server.answer("{\"seconds\":[\(list)],\"cpu\":\(number(used)),\"count\":\(count)}")
    } catch {
      Server.fail("\(error)")
    }
  }

  static func answer(_ line: String) {
    print(line)
    fflush(nil)
  }

  static func fail(_ message: String) {
    var escaped = ""
    for scalar in message.unicodeScalars {
      switch scalar {
      case "\"", "\\": escaped += "\\\(scalar)"
      case "\n": escaped += "\\n"
      default: escaped += scalar.value < 32 ? " " : "\(scalar)"
      }
    }
    answer("{\"error\":\"\(escaped)\"}")
  }
}

/// JSON has no infinities: null stands for what is not finite.
private func number(_ value: Double) -> String {
  value.isFinite ? "\(value)" : "null"
}

/// Seconds of the clock that nobody sets.
func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Processor seconds of this process, all threads.
private func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(RUSAGE_SELF.rawValue, &usage)
  let times = [usage.ru_utime, usage.ru_stime]
  return times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6 }
}

/// A size of /proc/self/status in bytes; 0 where there is none.
func memory(of field: String) -> Int {
  guard let file = fopen("/proc/self/status", "r") else { return 0 }
  defer { fclose(file) }
  var buffer = [CChar](repeating: 0, count: 256)
  while fgets(&buffer, Int32(buffer.count), file) != nil {
    let line = String(
      decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    guard line.hasPrefix(field + ":") else { continue }
    let digits = line.filter { $0.isASCII && $0.isNumber }
    return (Int(digits) ?? 0) * 1024
  }
  return 0
}
