import CKernels
import Foundation
import Testing

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

extension KernelTests {
  @Suite struct Recurrent {
    /// One row of an LSTM step in Double: (h, c).
    static func lstm(_ pre: [Double], _ c: [Double]) -> ([Double], [Double]) {
      let n = c.count
      let cell = (0..<n).map {
        sigmoid(pre[n + $0]) * c[$0] + sigmoid(pre[$0]) * tanh(pre[2 * n + $0])
      }
      return ((0..<n).map { sigmoid(pre[3 * n + $0]) * tanh(cell[$0]) }, cell)
    }

    @Test(arguments: [1, 16, 19]) func lstmStepAndGradient(hidden: Int) {
      var numbers = Numbers(50)
      let (batch, n) = (4, hidden)
      let active: [UInt8] = [1, 1, 0, 1]
      let preStride = 4 * n + 3
      let pre = numbers.array(batch * preStride)
      let bias = numbers.array(4 * n)
      let cPrev = numbers.array(batch * n)
      let hPrev = numbers.array(batch * n)
      let dh = numbers.array(batch * n)
      let next = numbers.array(batch * n)
      let dc = numbers.array(batch * n)
      sameOnEveryLevel {
        var gates = [Float](repeating: 7, count: batch * 4 * n)
        var c = [Float](repeating: 7, count: batch * n)
        var tanhC = c
        let h = output(batch * n) {
          fl_lstm_cell_f32(
            batch, n, pre, preStride, bias, cPrev, n, hPrev, n, active, &gates, 4 * n, &c, &tanhC,
            $0, n)
        }
        var dcPrev = dc
        var pass = [Float](repeating: 7, count: batch * n)
        let dgates = output(batch * 4 * n) {
          fl_lstm_cell_backward_f32(
            batch, n, gates, 4 * n, cPrev, c, tanhC, n, active, dh, n, next, &dcPrev, &pass, $0,
            4 * n)
        }
        var dcAgain = dc
        let again = output(batch * 4 * n) {
          fl_lstm_cell_backward_f32(
            batch, n, gates, 4 * n, cPrev, c, nil, n, active, dh, n, next, &dcAgain, nil, $0,
            4 * n)
        }
        #expect(again == dgates && dcAgain == dcPrev)
        for b in 0..<batch {
          let range = b * n..<(b + 1) * n
          if active[b] == 0 {
            #expect(
              Array(h[range]) == Array(hPrev[range]) && Array(c[range]) == Array(cPrev[range]))
            #expect(dgates[b * 4 * n..<(b + 1) * 4 * n].allSatisfy { $0 == 0 })
            #expect(Array(dcPrev[range]) == Array(dc[range]))
            #expect(Array(pass[range]) == range.map { dh[$0] + next[$0] })
            continue
          }
          #expect(pass[range].allSatisfy { $0 == 0 })
          let p = (0..<4 * n).map { Double(pre[b * preStride + $0]) + Double(bias[$0]) }
          let old = cPrev[range].map { Double($0) }
          let (state, cell) = Self.lstm(p, old)
          expectClose(Array(h[range]), state, relative: 2e-6, absolute: 5e-7)
          expectClose(Array(c[range]), cell, relative: 2e-6, absolute: 5e-7)
          // The loss whose gradient is (dh + next, dc), differentiated numerically.
          let loss = { (p: [Double], old: [Double]) -> Double in
            let (h, c) = Self.lstm(p, old)
            var sum = 0.0
            for i in 0..<n {
              sum += (Double(dh[b * n + i]) + Double(next[b * n + i])) * h[i]
              sum += Double(dc[b * n + i]) * c[i]
            }
            return sum
          }
          for i in 0..<4 * n {
            var (up, down) = (p, p)
            up[i] += 1e-5
            down[i] -= 1e-5
            let slope = (loss(up, old) - loss(down, old)) / 2e-5
            #expect((Double(dgates[b * 4 * n + i]) - slope).magnitude < 1e-5)
          }
          for i in 0..<n {
            var (up, down) = (old, old)
            up[i] += 1e-5
            down[i] -= 1e-5
            let slope = (loss(p, up) - loss(p, down)) / 2e-5
            #expect((Double(dcPrev[b * n + i]) - slope).magnitude < 1e-5)
          }
        }
        return h + c + dgates + dcPrev
      }
    }

    @Test func lstmStartsFromZeroAndWorksInPlace() {
      var numbers = Numbers(51)
      let (batch, n) = (2, 18)
      let pre = numbers.array(batch * 4 * n)
      let zeros = [Float](repeating: 0, count: batch * n)
      sameOnEveryLevel {
        var gates = pre
        var c = zeros
        let h = output(batch * n) { h in
          gates.withUnsafeMutableBufferPointer {
            fl_lstm_cell_f32(
              batch, n, $0.baseAddress, 4 * n, nil, nil, n, nil, n, nil, $0.baseAddress, 4 * n, &c,
              nil, h, n)
          }
        }
        var (otherGates, otherC) = (pre, zeros)
        let other = output(batch * n) {
          fl_lstm_cell_f32(
            batch, n, pre, 4 * n, nil, zeros, n, zeros, n, [1, 1], &otherGates, 4 * n, &otherC, nil,
            $0, n)
        }
        #expect(h == other && gates == otherGates && c == otherC)
        return h
      }
    }

    static func gru(_ x: [Double], _ u: [Double], _ h: [Double]) -> [Double] {
      let n = h.count
      return (0..<n).map { i in
        let r = sigmoid(x[i] + u[i])
        let z = sigmoid(x[n + i] + u[n + i])
        let candidate = tanh(x[2 * n + i] + r * u[2 * n + i])
        return (1 - z) * candidate + z * h[i]
      }
    }

    @Test(arguments: [1, 16, 19]) func gruStepAndGradient(hidden: Int) {
      var numbers = Numbers(52)
      let (batch, n) = (3, hidden)
      let active: [UInt8] = [1, 0, 1]
      let x = numbers.array(batch * 3 * n)
      let u = numbers.array(batch * 3 * n)
      let hPrev = numbers.array(batch * n)
      let dh = numbers.array(batch * n)
      let next = numbers.array(batch * n)
      sameOnEveryLevel {
        var saved = [Float](repeating: 7, count: batch * 4 * n)
        let h = output(batch * n) {
          fl_gru_cell_f32(batch, n, x, 3 * n, u, 3 * n, hPrev, n, active, &saved, $0, n)
        }
        var du = [Float](repeating: 7, count: batch * 3 * n)
        var back = [Float](repeating: 7, count: batch * n)
        let dx = output(batch * 3 * n) {
          fl_gru_cell_backward_f32(
            batch, n, saved, hPrev, n, active, dh, n, next, $0, 3 * n, &du, 3 * n, &back)
        }
        for b in 0..<batch {
          let range = b * n..<(b + 1) * n
          if active[b] == 0 {
            #expect(Array(h[range]) == Array(hPrev[range]))
            #expect(Array(back[range]) == range.map { dh[$0] + next[$0] })
            #expect(dx[b * 3 * n..<(b + 1) * 3 * n].allSatisfy { $0 == 0 })
            #expect(du[b * 3 * n..<(b + 1) * 3 * n].allSatisfy { $0 == 0 })
            continue
          }
          let inputs = [
            (0..<3 * n).map { Double(x[b * 3 * n + $0]) },
            (0..<3 * n).map { Double(u[b * 3 * n + $0]) }, range.map { Double(hPrev[$0]) },
          ]
          expectClose(
            Array(h[range]), Self.gru(inputs[0], inputs[1], inputs[2]), relative: 2e-6,
            absolute: 5e-7)
          let loss = { (v: [[Double]]) -> Double in
            let h = Self.gru(v[0], v[1], v[2])
            return (0..<n).reduce(0) {
              $0 + (Double(dh[b * n + $1]) + Double(next[b * n + $1])) * h[$1]
            }
          }
          let gradients = [
            Array(dx[b * 3 * n..<(b + 1) * 3 * n]), Array(du[b * 3 * n..<(b + 1) * 3 * n]),
            Array(back[range]),
          ]
          for k in 0..<3 {
            for i in inputs[k].indices {
              var (up, down) = (inputs, inputs)
              up[k][i] += 1e-5
              down[k][i] -= 1e-5
              let slope = (loss(up) - loss(down)) / 2e-5
              #expect((Double(gradients[k][i]) - slope).magnitude < 1e-5)
            }
          }
        }
        return h + dx + du + back
      }
    }
  }
}
