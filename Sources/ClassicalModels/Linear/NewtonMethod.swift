// Newton's method for the objective of a logistic regression, with step halving (Nocedal, Wright 2006, Numerical
// Optimization, 2nd ed., chapters 3 and 7). The step solves H s = −g: by a Cholesky factorisation where the matrix is
// small, else by conjugate gradients with the diagonal as preconditioner, as exactly as the gradient has become small.
// H may be singular (features that depend on each other without a penalty; the intercepts of all classes together): the
// equations have solutions all the same, because g lies in the range of H, and either way finds one.

import Foundation
import Foundations

struct NewtonMethod {
  let objective: LogisticObjective
  let mostIterations: Int
  /// Up to how many parameters the matrix is formed, and how many products of a row's numbers with outputs that may
  /// take: beyond, the some fifty products with a vector that a step takes are less work.
  private static let mostDirect = 1024
  private static let mostProducts = 512.0
  /// Of the gradient at zero, what may be left of the gradient.
  private static let tolerance = 1e-10

  struct Result {
    var parameters: [Double]
    var value: Double
    var iterations: Int
    var isConverged: Bool
  }

  /// The minimum, from zero on.
  /// - Throws: `interrupt`, `limit` where memory does not suffice.
  func minimum() throws -> Result {
    var parameters = [Double](repeating: 0, count: objective.count)
    var now = try objective.value(at: parameters)
    let start = largest(now.gradient)
    var iterations = 0
    while iterations < mostIterations {
      let size = largest(now.gradient)
      if size <= NewtonMethod.tolerance * max(1, start) {
        return Result(
          parameters: parameters, value: now.value, iterations: iterations, isConverged: true)
      }
      iterations += 1
      let step =
        try isDirect
        ? direct(now.chances, now.gradient)
        : conjugate(now.chances, now.gradient, tolerance: min(0.1, (size / start).squareRoot()))
      let slope = dot(step, now.gradient)
      var length = 1.0
      var next:
        (parameters: [Double], found: (value: Double, gradient: [Double], chances: [Double]))?
      while length > 1e-10 {
        let candidate = zip(parameters, step).map { $0 + length * $1 }
        let found = try objective.value(at: candidate)
        // Near the minimum the values are equal up to rounding; there the gradient decides.
        let isLower = found.value <= now.value + 1e-4 * length * slope
        let isLevel = abs(found.value - now.value) <= 1e-13 * abs(now.value)
        if isLower || (isLevel && largest(found.gradient) < size) {
          next = (candidate, found)
          break
        }
        length /= 2
      }
      guard let next else {
        // No further digit is to be had.
        return Result(
          parameters: parameters, value: now.value, iterations: iterations,
          isConverged: -slope <= 1e-12 * abs(now.value))
      }
      parameters = next.parameters
      now = next.found
    }
    return Result(
      parameters: parameters, value: now.value, iterations: iterations, isConverged: false)
  }

  private var isDirect: Bool {
    objective.count <= NewtonMethod.mostDirect
      && objective.features.meanFilled * Double(objective.outputs) <= NewtonMethod.mostProducts
  }

  private func largest(_ vector: [Double]) -> Double { vector.reduce(0) { max($0, abs($1)) } }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// H s = −g by H = Uᵀ U. A pivot that is rounding alone belongs to a direction that others already span: its part of
  /// the step is 0.
  private func direct(_ chances: [Double], _ gradient: [Double]) throws -> [Double] {
    let n = objective.count
    var matrix = try objective.curvature(chances)
    var step = gradient.map { -$0 }
    matrix.withUnsafeMutableBufferPointer { matrix in
      guard let u = matrix.baseAddress else { return }
      var isFree = [Bool](repeating: false, count: n)
      let diagonal = (0..<n).map { u[$0 * (n + 1)] }
      for i in 0..<n {
        let pivot = u[i * (n + 1)]
        let line = u + i * n
        guard pivot > Double(n) * 0x1p-46 * diagonal[i], pivot > 0 else {
          isFree[i] = true
          for j in i..<n { line[j] = 0 }
          continue
        }
        let root = pivot.squareRoot()
        for j in i..<n { line[j] /= root }
        for k in i + 1..<max(n, i + 1) where line[k] != 0 {
          let factor = line[k]
          let target = u + k * n
          for j in k..<n { target[j] -= factor * line[j] }
        }
      }
      for i in 0..<n {
        if isFree[i] {
          step[i] = 0
          continue
        }
        step[i] /= u[i * (n + 1)]
        for j in i + 1..<max(n, i + 1) { step[j] -= u[i * n + j] * step[i] }
      }
      for i in stride(from: n - 1, through: 0, by: -1) where !isFree[i] {
        var sum = step[i]
        for j in i + 1..<max(n, i + 1) { sum -= u[i * n + j] * step[j] }
        step[i] = sum / u[i * (n + 1)]
      }
    }
    return step
  }

  /// H s = −g by conjugate gradients, until the residual is `tolerance` of the gradient.
  private func conjugate(_ chances: [Double], _ gradient: [Double], tolerance: Double) throws
    -> [Double]
  {
    let diagonal = try objective.curvatureDiagonal(chances).map { $0 > 0 ? 1 / $0 : 1 }
    var step = [Double](repeating: 0, count: gradient.count)
    var residual = gradient.map { -$0 }
    var scaled = zip(residual, diagonal).map(*)
    var direction = scaled
    var product = dot(residual, scaled)
    let goal = product * tolerance * tolerance
    // In exact arithmetic they would end after as many turns as there are parameters.
    for _ in 0..<(2 * gradient.count) {
      guard product > goal, product > 0 else { break }
      let curved = try objective.curvature(chances, times: direction)
      let curvature = dot(direction, curved)
      guard curvature > 0 else { break }
      let length = product / curvature
      for k in step.indices {
        step[k] += length * direction[k]
        residual[k] -= length * curved[k]
      }
      for k in scaled.indices { scaled[k] = residual[k] * diagonal[k] }
      let next = dot(residual, scaled)
      let ratio = next / product
      product = next
      for k in direction.indices { direction[k] = scaled[k] + ratio * direction[k] }
    }
    return step
  }
}
