import Foundations
import Learning
import Tensors
import Testing

/// The golden networks, with their children named as PyTorch's.
public enum Networks {
  public static func make(_ name: String, _ random: inout RandomStream) throws -> Layer {
    let embedding = try Embedding(13, 5, random: &random)
    if name == "a_bilstm" {
      let lstm = try LSTM(5, 4, bidirectional: true, random: &random)
      let output = try Linear(8, 3, random: &random)
      return try FunctionLayer(
        children: [("embedding", embedding), ("lstm", lstm), ("output", output)],
        keepsExamplesApart: true
      ) {
        try output.forward(Pooling(.mean).forward(lstm.forward(embedding.forward($0))))
      }
    }
    let hidden = try Linear(5, 7, random: &random)
    let output = try Linear(7, 3, random: &random)
    // The fused forms are part of what is tested.
    let body = try Sequential([embedding, Pooling(.mean), hidden, Activation(.relu), output])
    return try FunctionLayer(
      children: [("embedding", embedding), ("hidden", hidden), ("output", output)],
      keepsExamplesApart: true
    ) { try body.forward($0) }
  }

  public static func make(_ test: Golden.Case) throws -> Layer {
    var random = RandomStream(seed: 1)
    let model = try make(try #require(test.text("network")), &random)
    try model.load(test.parameters.map { ($0, $1) })
    return model
  }
}
