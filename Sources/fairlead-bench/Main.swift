import Foundations
import Glibc
import Tensors

/// The worker that Scripts/bench starts for our side of a case; Scripts/benchmarks/PROTOCOL.md has its lines.
@main
enum Main {
  static func main() {
    var words = Array(CommandLine.arguments.dropFirst())
    do {
      if try TokenListing.run(words) { return }
      let threads = try takeThreads(&words)
      Parallel.threads = threads
      let resident = memory(of: "VmRSS")
      let workload = try makeWorkload(words, threads: threads)
      Server(workload: workload, resident: resident).serve()
    } catch {
      Server.fail((error as? Unsupported)?.message ?? "\(error)")
      exit(1)
    }
  }

  private static func takeThreads(_ words: inout [String]) throws -> Int {
    guard let position = words.firstIndex(of: "--threads") else { return 1 }
    guard position + 1 < words.count, let threads = Int(words[position + 1]),
      (1...256).contains(threads)
    else { throw Unsupported(message: "--threads needs a number from 1 to 256") }
    words.removeSubrange(position...position + 1)
    return threads
  }

  private static func makeWorkload(_ words: [String], threads: Int) throws -> any Workload {
    switch words.first {
    case "gemm" where words.count == 2: return try MatrixProduct(shape: words[1])
    case "train" where words.count == 3: return try Training(network: words[1], mode: words[2])
    case "distill" where words.count == 3:
      return try DistillationStep(network: words[1], mode: words[2])
    case "generation" where words.count == 3:
      return try TextGeneration(shape: words[1], mode: words[2])
    case "role_reversal" where words.count == 2: return try RoleReversalWork(path: words[1])
    case "tokenizer" where words.count == 3:
      return try Tokenizing(work: words[1], path: words[2])
    case "table" where words.count == 2: return try TableWork(verb: words[1])
    case "federated" where words == ["federated", "secure_sum"]: return try SecureSumWork()
    case "federated" where words.count == 2:
      return try FederatedRounds(network: words[1], threads: threads)
    case "peak" where words == ["peak", "fma"]: return Peak(threads: threads)
    default:
      throw Unsupported(
        message:
          "usage: fairlead-bench train NETWORK plain|dp|edp | distill NETWORK kd|student|teacher | gemm MxNxK[t] | tokenizer train|encode CORPUS | generation MODEL tokens|drafts | role_reversal TEXT | table VERB | federated NETWORK|secure_sum | peak fma [--threads N]"
      )
    }
  }
}
