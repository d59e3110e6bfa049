/// How a clipping bound is shared out among the layers.
public enum LayerScale: String, Sendable, CaseIterable {
  /// By the norm of the layer's parameters at the start of the step.
  case weightNorm = "weight_norm"
  /// By the square root of the number of the layer's parameters.
  case dimension
  /// By the running median of the layer's gradient norm, estimated from the released (noised) gradients only.
  case runningMedian = "running_median"
}

/// What counts as a layer for layer-wise clipping.
public enum LayerGrouping: Sendable {
  /// All parameters that one layer owns together.
  case layer
  /// Every parameter tensor for itself.
  case tensor
}

/// How the noise is shared out among layers whose bounds are C_l, √ΣC_l² = C.
public enum NoiseShape: Sendable {
  /// σ·C in every coordinate.
  case uniform
  /// σ·√L·C_l in layer l of L: each layer's noise in proportion to its bound. Measured in units of the noise, the
  /// sensitivity is that of the uniform shape, so σ means the same to an accountant.
  case perLayer
}
