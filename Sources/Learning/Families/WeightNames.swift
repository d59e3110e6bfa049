import Foundations
import Tensors

/// The names of a family's tensors by the parts of a network; what a network lacks is not looked for.
struct WeightNames {
  /// Several parameters in one tensor.
  enum Packing {
    /// One below the other.
    case stacked
    /// Head by head: the first head's query, key, value, then the next one's.
    case byHead
  }

  /// What names begin with in a folder of a model with a head.
  var prefix: String
  var tokens: String
  var positions = ""
  var segments = ""
  var embeddingNorm = ""
  var projection = ""
  var distances = ""
  /// What the names of block i begin with, `{}` in its number's place.
  var block: String
  var query = ""
  var key = ""
  var value = ""
  /// Queries, keys and values in one tensor; empty where they have their own.
  var packed = ""
  var packing = Packing.stacked
  /// Weights are stored [inputs, outputs] (GPT-2).
  var isTransposed = false
  var output: String
  var queryNorm = ""
  var keyNorm = ""
  var attentionNorm = ""
  var attentionPostNorm = ""
  var gate = ""
  var expand = ""
  /// The gate and the layer that it opens in one tensor; empty where they have their own.
  var packedExpand = ""
  var contract: String
  var feedForwardNorm = ""
  var feedForwardPostNorm = ""
  var norm = ""
  /// With "@" before it where it has the prefix (a pooler).
  var headDense = ""
  var headNorm = ""
  /// The layer of the outputs, or the copy of the token table that is stored in its place.
  var head = "lm_head"
  /// Of scores by the token table.
  var headBias = ""
  /// What names of tensors that say nothing contain.
  var buffers: [String] = []
  /// What the names of heads that are left where the network has none begin with.
  var otherHeads: [String] = []

  /// The list by which a network is read and written.
  func map(_ network: Network) -> CheckpointMap {
    let body = network.body
    var entries = plain(body.tokens.weight, tokens)
    if let positions = body.positions { entries += plain(positions.weight, self.positions) }
    if let segments = body.segments { entries += plain(segments.weight, self.segments) }
    if let norm = body.embeddingNorm { entries += normed(norm, embeddingNorm) }
    if let projection = body.projection {
      entries += CheckpointMap.linear(projection, self.projection)
    }
    if let distances = body.distances { entries += plain(distances.weight, self.distances) }
    let blocks = body.description.sharesBlocks ? Array(body.blocks.prefix(1)) : body.blocks
    for (index, block) in blocks.enumerated() { entries += self.entries(block, index) }
    if let norm = body.norm { entries += normed(norm, self.norm) }
    var own: [String] = []
    if let head = network.head {
      entries += self.entries(head, body.tokens)
      own = [headDense, headNorm, self.head, headBias].filter { !$0.isEmpty }
    }
    let buffers = self.buffers
    return CheckpointMap(
      entries: entries, prefix: prefix, writesPrefix: network.head != nil,
      isBuffer: { name in buffers.contains { name.contains($0) } },
      heads: otherHeads
        + ["lm_head.", "score.", "classifier.", "qa_outputs."]
        .filter { name in !own.contains { $0.hasPrefix(name.dropLast()) } },
      unprefixed: own.filter { !$0.hasPrefix("@") })
  }

  /// Whether a head's own tensors are there, or the head may be the token table alone.
  func holdHead(_ weights: WeightFolder) -> Bool {
    if headDense.isEmpty, headBias.isEmpty, head == "lm_head" || head == "embed_out" {
      return true
    }
    let own =
      headDense.isEmpty ? [head + ".weight", headBias] : [bare(headDense) + ".weight"]
    return own.contains { weights.contains($0) || weights.contains(prefix + $0) }
  }

  private func plain(_ parameter: Parameter, _ name: String) -> [CheckpointMap.Entry] {
    [CheckpointMap.Entry(parameter: parameter, source: .plain(name))]
  }

  private func linear(_ layer: Linear, _ name: String) -> [CheckpointMap.Entry] {
    isTransposed
      ? CheckpointMap.convolution(layer, name) : CheckpointMap.linear(layer, name)
  }

  private func normed(_ layer: Layer, _ name: String) -> [CheckpointMap.Entry] {
    switch layer {
    case let layer as LayerNormalization where layer.hasBias:
      CheckpointMap.norm(layer, name)
    case let layer as LayerNormalization: plain(layer.weight, name + ".weight")
    case let layer as RMSNormalization: plain(layer.weight, name + ".weight")
    default: []
    }
  }

  private func entries(_ block: NetworkBlock, _ index: Int) -> [CheckpointMap.Entry] {
    let parts = blockName(index)
    let attention = block.attention
    var entries: [CheckpointMap.Entry] = []
    if packed.isEmpty {
      entries += linear(attention.query, parts + query) + linear(attention.key, parts + key)
      entries += linear(attention.value, parts + value)
    } else {
      entries += unpacked(attention, parts + packed)
    }
    entries += linear(attention.output, parts + output)
    if let norm = attention.queryNorm { entries += normed(norm, parts + queryNorm) }
    if let norm = attention.keyNorm { entries += normed(norm, parts + keyNorm) }
    entries += norms(block.attentionNorms, parts, attentionNorm, attentionPostNorm)
    let forward = block.feedForward
    if let gate = forward.gate, !packedExpand.isEmpty {
      let inner = gate.outputs
      entries += rows(gate, parts + packedExpand, of: 2 * inner, [0..<inner])
      entries += rows(forward.expand, parts + packedExpand, of: 2 * inner, [inner..<2 * inner])
    } else {
      if let gate = forward.gate { entries += linear(gate, parts + self.gate) }
      entries += linear(forward.expand, parts + expand)
    }
    entries += linear(forward.contract, parts + contract)
    return entries + norms(block.feedForwardNorms, parts, feedForwardNorm, feedForwardPostNorm)
  }

  private func blockName(_ index: Int) -> String {
    guard let place = block.firstRange(of: "{}") else { return block }
    return block[..<place.lowerBound] + String(index) + block[place.upperBound...]
  }

  private func norms(
    _ norms: NetworkBlock.Norming, _ parts: String, _ first: String, _ second: String
  ) -> [CheckpointMap.Entry] {
    (norms.before.map { normed($0, parts + first) } ?? [])
      + (norms.behind.map { normed($0, parts + second) } ?? [])
      + (norms.after.map { normed($0, parts + first) } ?? [])
  }

  private func unpacked(
    _ attention: NetworkAttention, _ name: String
  ) -> [CheckpointMap.Entry] {
    let layers = [attention.query, attention.key, attention.value]
    let total = layers.reduce(0) { $0 + $1.outputs }
    var first = 0
    return layers.enumerated().flatMap { number, layer in
      let ranges: [Range<Int>]
      switch packing {
      case .stacked: ranges = [first..<first + layer.outputs]
      case .byHead:
        let width = attention.pattern.headWidth
        ranges = (0..<attention.pattern.heads).map { head in
          let start = (3 * head + number) * width
          return start..<start + width
        }
      }
      first += layer.outputs
      return rows(layer, name, of: total, ranges)
    }
  }

  private func rows(
    _ layer: Linear, _ name: String, of count: Int, _ ranges: [Range<Int>]
  ) -> [CheckpointMap.Entry] {
    [
      CheckpointMap.Entry(
        parameter: layer.weight,
        source: .rows(name + ".weight", of: count, ranges, isTransposed: isTransposed))
    ]
      + (layer.bias.map {
        [
          CheckpointMap.Entry(
            parameter: $0,
            source: .rows(name + ".bias", of: count, ranges, isTransposed: isTransposed))
        ]
      } ?? [])
  }

  /// A name without the mark that it has the prefix of the body's.
  private func bare(_ name: String) -> String {
    name.hasPrefix("@") ? String(name.dropFirst()) : name
  }

  private func entries(_ head: NetworkHead, _ tokens: Embedding) -> [CheckpointMap.Entry] {
    var entries: [CheckpointMap.Entry] = []
    if let dense = head.dense { entries += CheckpointMap.linear(dense, bare(headDense)) }
    if let norm = head.norm { entries += normed(norm, headNorm) }
    if let output = head.output { entries += CheckpointMap.linear(output, self.head) }
    if head.description.isTied {
      entries.append(
        CheckpointMap.Entry(
          parameter: tokens.weight, source: .copy(self.head + ".weight")))
    }
    if let bias = head.bias { entries += plain(bias, headBias) }
    return entries
  }
}
