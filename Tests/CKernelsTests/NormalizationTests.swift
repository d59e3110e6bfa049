import CKernels
import Foundation
import Testing

extension KernelTests {
  @Suite struct Normalization {
    static let shapes = [(1, 1), (2, 3), (3, 16), (5, 37), (70, 128)]

    @Test func layerNormAndItsGradients() {
      var numbers = Numbers(30)
      for (rows, columns) in Self.shapes {
        let n = rows * columns
        let x = numbers.array(n)
        let residual = numbers.array(n)
        let gamma = numbers.array(columns)
        let beta = numbers.array(columns)
        let dy = numbers.array(n)
        let weights = numbers.array(rows)
        let before = numbers.array(n)
        var (y, dx, norm): ([Double], [Double], [Double]) = ([], [], [])
        var dgamma = [Double](repeating: 0, count: columns)
        var dbeta = dgamma
        for r in 0..<rows {
          let s = zip(row(x, r, columns), row(residual, r, columns)).map { Double(Float($0 + $1)) }
          let mean = s.reduce(0, +) / Double(columns)
          let variance = s.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
          let rstd = 1 / (variance + 1e-5).squareRoot()
          let h = s.map { ($0 - mean) * rstd }
          norm.append(rstd)
          let g = row(dy, r, columns)
          let gg = zip(g, gamma).map { $0 * Double($1) }
          let a = gg.reduce(0, +) / Double(columns)
          let b = zip(gg, h).reduce(0) { $0 + $1.0 * $1.1 } / Double(columns)
          for c in 0..<columns {
            y.append(h[c] * Double(gamma[c]) + Double(beta[c]))
            dx.append(rstd * (gg[c] - a - h[c] * b))
            dgamma[c] += Double(weights[r]) * g[c] * h[c]
            dbeta[c] += Double(weights[r]) * g[c]
          }
        }
        sameOnEveryLevel("\(rows) x \(columns)") {
          var mean = [Float](repeating: 0, count: rows)
          var rstd = mean
          var sum = [Float](repeating: 0, count: n)
          let result = output(n) {
            fl_layernorm_f32(
              rows, columns, x, residual, gamma, beta, 1e-5, &sum, $0, &mean, &rstd)
          }
          #expect(sum == zip(x, residual).map { $0 + $1 })
          expectClose(result, y, relative: 1e-5, absolute: 4e-6)
          expectClose(rstd, norm, relative: 1e-5)
          let direct = output(n) {
            fl_layernorm_f32(rows, columns, sum, nil, gamma, beta, 1e-5, nil, $0, &mean, &rstd)
          }
          #expect(direct == result)
          // A single column has the derivative 0, which 1/sqrt(epsilon) magnifies.
          let tolerance = columns == 1 ? 1e-3 : 1e-5
          let back = output(n) {
            fl_layernorm_backward_f32(rows, columns, dy, sum, gamma, mean, rstd, 0, $0)
          }
          expectClose(back, dx, relative: tolerance, absolute: tolerance)
          let added = output(n, initial: before) {
            fl_layernorm_backward_f32(rows, columns, dy, sum, gamma, mean, rstd, 1, $0)
          }
          expectClose(
            added, zip(before, dx).map { Double($0) + $1 }, relative: tolerance,
            absolute: tolerance)
          let zeros = [Float](repeating: 0, count: columns)
          var betaGradient = zeros
          let gammaGradient = output(columns, initial: zeros) {
            fl_layernorm_parameters_f32(
              rows, columns, dy, sum, mean, rstd, weights, $0, &betaGradient)
          }
          expectClose(gammaGradient, dgamma, relative: 1e-5, absolute: 3e-5)
          expectClose(betaGradient, dbeta, relative: 1e-5, absolute: 3e-5)
          return result + back + gammaGradient + betaGradient
        }
      }
    }

    @Test func rmsNormAndItsGradients() {
      var numbers = Numbers(31)
      for (rows, columns) in Self.shapes {
        let n = rows * columns
        let x = numbers.array(n, 0.5, 2)
        let gamma = numbers.array(columns)
        let dy = numbers.array(n)
        var (y, dx): ([Double], [Double]) = ([], [])
        var dgamma = [Double](repeating: 0, count: columns)
        for r in 0..<rows {
          let s = row(x, r, columns)
          let scale = 1 / (s.reduce(0) { $0 + $1 * $1 } / Double(columns) + 1e-5).squareRoot()
          let gg = zip(row(dy, r, columns), gamma).map { $0 * Double($1) }
          let b = zip(gg, s).reduce(0) { $0 + $1.0 * $1.1 * scale } / Double(columns)
          for c in 0..<columns {
            y.append(s[c] * scale * Double(gamma[c]))
            dx.append(scale * (gg[c] - s[c] * scale * b))
            dgamma[c] += Double(dy[r * columns + c]) * s[c] * scale
          }
        }
        sameOnEveryLevel {
          var scale = [Float](repeating: 0, count: rows)
          let result = output(n) {
            fl_rmsnorm_f32(rows, columns, x, nil, gamma, 1e-5, nil, $0, &scale)
          }
          expectClose(result, y, relative: 3e-6, absolute: 1e-6)
          let back = output(n) {
            fl_rmsnorm_backward_f32(rows, columns, dy, x, gamma, scale, 0, $0)
          }
          expectClose(back, dx, relative: 1e-5, absolute: 2e-6)
          let parameters = output(columns, initial: [Float](repeating: 0, count: columns)) {
            fl_rmsnorm_parameters_f32(rows, columns, dy, x, scale, nil, $0)
          }
          expectClose(parameters, dgamma, relative: 1e-5, absolute: 3e-5)
          return result + back + parameters
        }
      }
    }

    @Test func biasWithActivation() {
      let (rows, columns) = (3, 37)
      var numbers = Numbers(32)
      let x = numbers.array(rows * columns)
      let bias = numbers.array(columns)
      let dy = numbers.array(rows * columns)
      let kernels: [(Int, UnaryKernel?, GradientKernel?, Bool)] = [
        (FL_ACTIVATION_NONE, nil, nil, false),
        (FL_ACTIVATION_RELU, fl_relu_f32, fl_relu_backward_f32, true),
        (FL_ACTIVATION_TANH, fl_tanh_f32, fl_tanh_backward_f32, true),
        (FL_ACTIVATION_SIGMOID, fl_sigmoid_f32, fl_sigmoid_backward_f32, true),
        (FL_ACTIVATION_GELU_TANH, fl_gelu_tanh_f32, fl_gelu_tanh_backward_f32, false),
        (FL_ACTIVATION_GELU_ERF, fl_gelu_erf_f32, fl_gelu_erf_backward_f32, false),
        (FL_ACTIVATION_SILU, fl_silu_f32, fl_silu_backward_f32, false),
      ].map { (Int($0.0), $0.1, $0.2, $0.3) }
      for (activation, forward, backward, fromOutput) in kernels {
        sameOnEveryLevel {
          let n = rows * columns
          let sums = output(n) { fl_add_vr_f32(rows, columns, x, bias, $0) }
          let expected = forward.map { f in output(n) { f(n, sums, $0) } } ?? sums
          var pre = [Float](repeating: 0, count: n)
          let y = output(n) {
            fl_bias_activation_f32(Int32(activation), rows, columns, x, bias, &pre, $0)
          }
          #expect(y == expected && pre == sums)
          let saved = fromOutput ? y : pre
          let gradient = backward.map { b in output(n) { b(n, dy, saved, $0) } } ?? dy
          var again = [Float](repeating: 7, count: n)
          let dx = output(n) { dx in
            again.withUnsafeMutableBufferPointer {
              fl_bias_activation_backward_f32(
                Int32(activation), n, dy, saved, dx, fromOutput ? nil : $0.baseAddress)
            }
          }
          #expect(dx == gradient)
          // Of a saved argument the value is had again, bit for bit; the gradient may take the place of what came in.
          if !fromOutput { #expect(again == y) }
          var inPlace = dy
          inPlace.withUnsafeMutableBufferPointer {
            fl_bias_activation_backward_f32(
              Int32(activation), n, $0.baseAddress, saved, $0.baseAddress, nil)
          }
          #expect(inPlace == gradient)
          return y + dx
        }
      }
    }
  }
}
