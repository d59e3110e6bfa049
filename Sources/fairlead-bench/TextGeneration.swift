import Foundations
import Learning
import Tensors

/// Continuing one prompt greedily with random weights.
final class TextGeneration: Workload {
  private let decoder: TransformerDecoder
  private let prompt: [Int32]
  private let options: GenerationOptions
  private let parameterCount: Int
  private var made = 0

  private static let promptLength = 32
  private static let newTokens = 64

  /// Token by token, or drafted by looking up what followed before.
  init(shape: String, mode: String) throws {
    guard ["tokens", "drafts"].contains(mode) else {
      throw Unsupported(message: "unknown mode: \(mode)")
    }
    guard shape == "gpt2small" else { throw Unsupported(message: "unknown model: \(shape)") }
    let settings = GPT2.Settings(vocabulary: 50257)
    var random = RandomStream(seed: 0)
    let model = try GPT2(settings, random: &random)
    parameterCount = model.parameterCount
    decoder = TransformerDecoder(model)
    prompt = try Tensor.integers(
      [TextGeneration.promptLength], from: 0, below: settings.vocabulary, &random
    ).integers().map { Int32($0) }
    var options = GenerationOptions(maximumNewTokens: TextGeneration.newTokens)
    options.drafts = mode == "drafts"
    self.options = options
    _ = try run(1)
  }

  var facts: [(name: String, value: Double)] {
    [("parameters", Double(parameterCount)), ("tokens", Double(TextGeneration.newTokens))]
  }

  /// How many tokens the last run made.
  var check: Double { Double(made) }

  func run(_ count: Int) throws -> [Double] {
    var seconds: [Double] = []
    for _ in 0..<count {
      let start = monotonicSeconds()
      let result = try Generation.run(
        decoder, prompts: [prompt], options: options, key: RandomKey(seed: 1))
      seconds.append(monotonicSeconds() - start)
      made = result[0].tokens.count
    }
    return seconds
  }
}
