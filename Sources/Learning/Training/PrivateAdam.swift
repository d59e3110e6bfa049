import CKernels
import Foundation
import Foundations

/// Adam for noised gradients, with the noise's share taken out of the second moment: DP-AdamBC (Tang, Shpilevskiy,
/// Lécuyer 2023, arXiv 2312.14334). With m̂ and v̂ as Adam has them and Φ the variance of a gradient's noise,
///   θ ← θ - η·m̂ / √max(v̂ - Φ, γ).
/// Φ is known without looking at the data: (σC/B)², and where σ or C change, a running mean of it as v's. Without noise
/// this is Adam with √max(v̂, γ) for √v̂ + ε. It works on what was released already, so that it costs no privacy.
public final class PrivateAdam: Optimizer {
  /// - Parameter floor: γ, of squares of gradients.
  public init(
    rate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, floor: Double = 5e-8
  ) throws {
    try Check.finite(beta1, "beta1", atLeast: 0, below: 1)
    try Check.finite(beta2, "beta2", atLeast: 0, below: 1)
    guard floor > 0, floor < .infinity else {
      throw DomainError(.value, "the floor must be above 0 and finite, got \(floor)")
    }
    try super.init(PrivateAdamRule(beta1: beta1, beta2: beta2, floor: floor), rate: rate)
  }
}

private struct PrivateAdamRule: NoiseAwareRule {
  let beta1: Double
  let beta2: Double
  let floor: Double
  private var rate = 0.0
  private var correction1 = 1.0
  private var correction2 = 1.0

  init(beta1: Double, beta2: Double, floor: Double) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.floor = floor
  }

  var name: String { "dp_adam" }
  var buffers: [String] { ["mean", "square"] }
  var settings: [(name: String, value: Double)] {
    [("beta1", beta1), ("beta2", beta2), ("floor", floor)]
  }
  var noiseDecay: Double? { beta2 }

  mutating func begin(_ number: Int, rate: Double) {
    self.rate = rate
    correction1 = 1 - pow(beta1, Double(number))
    correction2 = 1 - pow(beta2, Double(number))
  }

  func update(
    _ gradient: UnsafePointer<fl_gradient>, _ count: Int, _ parameter: UnsafeMutablePointer<Float>,
    _ buffers: UnsafeBufferPointer<UnsafeMutablePointer<Float>>
  ) { update(gradient, count, parameter, buffers, noiseSquare: 0) }

  func update(
    _ gradient: UnsafePointer<fl_gradient>, _ count: Int, _ parameter: UnsafeMutablePointer<Float>,
    _ buffers: UnsafeBufferPointer<UnsafeMutablePointer<Float>>, noiseSquare: Double
  ) {
    let (mean, square) = (buffers[0], buffers[1])
    let step = Float(rate / correction1)
    let (keep1, take1) = (Float(beta1), Float(1 - beta1))
    let (keep2, take2) = (Float(beta2), Float(1 - beta2))
    let scale = Float(1 / correction2)
    let noise = Float(noiseSquare / correction2)
    let floor = Float(floor)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, count)) { noised in
      guard let noised = noised.baseAddress else { return }
      fl_gradient_f32(count, gradient, noised)
      var squares = 0.0
      for i in 0..<count {
        let g = noised[i]
        let m = keep1 * mean[i] + take1 * g
        let v = keep2 * square[i] + take2 * g * g
        mean[i] = m
        square[i] = v
        let new = parameter[i] - step * m / max(v * scale - noise, floor).squareRoot()
        parameter[i] = new
        squares += Double(new) * Double(new)
      }
      gradient.pointee.squared_norm?.pointee = squares
    }
  }

  func optimizer(rate: Double) throws -> Optimizer {
    try PrivateAdam(rate: rate, beta1: beta1, beta2: beta2, floor: floor)
  }
}
