import Learning
import Runtime
import Tensors

/// Loss functions in `nn`, for training by hand and as `loss:` of `nn.train` and `dp.train`.
enum LossBuiltins {
  static let natives = [
    Native(
      "cross_entropy", "The mean of -log softmax(logits)[label].",
      Param<Tensor>("logits", "[examples, …, classes]."),
      Param<Tensor>("labels", "Integers [examples, …]."),
      Param<Int>("ignore", "The label that does not count.", default: -100, named: true),
      Param<Double>(
        "label_smoothing", "What of the target is spread evenly.", default: 0, .within(0, 0.999),
        named: true),
      returns: "tensor []", search: ["loss", "softmax"],
      examples: [("nn.cross_entropy(tensor([[0.0, 0.0]]), tensor([1]))", "0.6931472")]
    ) { logits, labels, ignore, smoothing in
      try Losses.crossEntropy(
        logits, labels, ignoreIndex: ignore, labelSmoothing: smoothing)
    },
    Native(
      "binary_cross_entropy",
      "The cross-entropy of scores x and targets y between 0 and 1, one number a pair. It is -y log σ(x) - (1 - y) log(1 - σ(x)).",
      Param<Tensor>("logits", "Scores."), Param<Tensor>("targets", "As many targets."),
      returns: "tensor, as `logits`", seeAlso: ["nn.cross_entropy"], search: ["loss", "sigmoid"],
      examples: [
        ("nn.binary_cross_entropy(tensor([0.0]), tensor([1.0]))", "tensor f32 [1]\n[0.6931]")
      ]
    ) { logits, targets in try Losses.binaryCrossEntropy(logits, targets) },
    Native(
      "kl_divergence",
      "The divergence of two tensors of logits over their last axis, one number a row. It is T² · KL(softmax(p / T) ‖ softmax(q / T)); T² keeps gradients of one size (Hinton 2015). Forward with the teacher as p, reverse with the teacher as q; gradients flow to both.",
      Param<Tensor>("p", "Logits [rows…, classes]."),
      Param<Tensor>("q", "Logits of the same shape."),
      Param<Double>(
        "temperature", "Softens both distributions.", default: 1, .within(1e-3, 1000),
        named: true),
      returns: "tensor [rows…]", seeAlso: ["distill.train"],
      search: ["kullback-leibler", "distillation", "reverse kl"],
      examples: [
        (
          "nn.kl_divergence(tensor([[0.0, 0.0]]), tensor([[0.0, 0.0]]))", "tensor f32 [1]\n[0.0]"
        )
      ]
    ) { p, q, temperature in try Losses.divergence(of: p, from: q, temperature: temperature) },
    Native(
      "cosine_distance", "1 - cos(a, b) over the last axis, one number a row.",
      Param<Tensor>("a", "Vectors [rows…, width]."), Param<Tensor>("b", "As many vectors."),
      returns: "tensor [rows…]", search: ["similarity", "hidden states", "distilbert"],
      examples: [
        (
          "nn.cosine_distance(tensor([[1.0, 0.0]]), tensor([[0.0, 2.0]]))",
          "tensor f32 [1]\n[1.0]"
        )
      ]
    ) { a, b in try Losses.cosineEmbedding(a, b) },
  ]
}
