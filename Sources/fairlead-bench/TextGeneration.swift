import Learning
import Tensor

/// Continuing one prompt greedily with random weights.
final class TextGeneration: Workload {
  private let decoder: TransformerDecoder
  private let prompt: [Int32]
  private let options: GenerationOptions
  private let parameterCount: Int
  private var last = Double.nan

  /// `shape` is e_gpt2small (prompt 16, 64 new tokens) or d_lm.
  init(shape: String) throws {
    let settings: GPT2.Settings
    switch shape {
    case "e_gpt2small": settings = GPT2.Settings(vocabulary: 50257)
    case "d_lm":
      settings = GPT2.Settings(vocabulary: 8192, context: 128, width: 256, blocks: 4, heads: 4)
    default: throw Unsupported(message: "unknown model: \(shape)")
    }
    var random = RandomStream(seed: 0)
    let model = try GPT2(settings, random: &random)
    parameterCount = model.parameterCount
    decoder = TransformerDecoder(model)
    prompt = try Tensor.integers([16], from: 0, below: settings.vocabulary, &random).integers()
      .map { Int32($0) }
    options = GenerationOptions(maximumNewTokens: 64)
    _ = try run(1)
  }

  var facts: [(name: String, value: Double)] {
    [("parameters", Double(parameterCount)), ("tokens", 64)]
  }

  /// The sum of the tokens.
  var check: Double { last }

  func run(_ count: Int) throws -> [Double] {
    var seconds: [Double] = []
    for _ in 0..<count {
      let start = monotonicSeconds()
      let result = try Generation.run(
        decoder, prompts: [prompt], options: options, key: RandomKey(seed: 1))
      seconds.append(monotonicSeconds() - start)
      last = Double(result[0].tokens.reduce(0) { $0 + Int($1) })
    }
    return seconds
  }
}
