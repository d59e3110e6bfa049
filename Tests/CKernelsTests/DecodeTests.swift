import CKernels
import Foundation
import Testing

extension KernelTests {
  @Suite struct Decode {
    @Test func linearOfFewRows() {
      var numbers = Numbers(91)
      let shapes = [
        (1, 1, 1), (1, 64, 9), (2, 17, 5), (3, 100, 8), (4, 768, 13), (5, 3, 4), (17, 33, 6),
        (18, 48, 21), (0, 4, 4), (2, 0, 3), (2, 4, 0),
      ]
      for (examples, inputs, outputs) in shapes {
        let (xs, ys) = (inputs + 1, outputs + 2)
        let x = numbers.array(examples * xs)
        let w = numbers.array(outputs * inputs)
        let bias = numbers.array(outputs)
        onEveryLevel { _ in
          for withBias in [false, true] {
            let result = output(examples * ys) { y in
              fl_linear_few_f32(
                examples, inputs, outputs, x, xs, w, withBias ? bias : nil, y, ys)
            }
            for e in 0..<examples {
              for o in 0..<outputs {
                var expected = withBias ? Double(bias[o]) : 0
                for i in 0..<inputs {
                  expected += Double(x[e * xs + i]) * Double(w[o * inputs + i])
                }
                #expect(abs(Double(result[e * ys + o]) - expected) < 1e-4 * (1 + abs(expected)))
              }
              // Alone, an example gives the same bits.
              let alone = output(outputs) { y in
                x.withUnsafeBufferPointer { x in
                  fl_linear_few_f32(
                    1, inputs, outputs, x.baseAddress.map { $0 + e * xs }, xs, w,
                    withBias ? bias : nil, y, ys)
                }
              }
              #expect(alone == Array(result[e * ys..<e * ys + outputs]))
            }
          }
        }
      }
    }

    @Test func attentionOfTheLastRows() {
      var numbers = Numbers(92)
      for (count, width, keys) in [(1, 64, 1), (1, 64, 40), (3, 20, 7), (5, 130, 5), (2, 7, 33)] {
        let stride = width + 3
        let q = numbers.array(count * stride)
        let k = numbers.array(keys * width)
        let v = numbers.array(keys * width)
        let scale = Float(0.3)
        onEveryLevel { _ in
          var scores = [Float](repeating: 0, count: keys)
          let result = output(count * stride) { y in
            fl_attend_few_f32(
              count, width, keys, q, stride, k, v, scale, &scores, y, stride)
          }
          for c in 0..<count {
            let seen = keys - count + c + 1
            let weights = (0..<seen).map { t in
              exp(
                Double(scale)
                  * (0..<width).reduce(0.0) {
                    $0 + Double(q[c * stride + $1]) * Double(k[t * width + $1])
                  })
            }
            let sum = weights.reduce(0, +)
            for i in 0..<width {
              let expected = (0..<seen).reduce(0.0) {
                $0 + weights[$1] / sum * Double(v[$1 * width + i])
              }
              #expect(abs(Double(result[c * stride + i]) - expected) < 2e-5 * (1 + abs(expected)))
            }
          }
        }
      }
    }
  }
}
