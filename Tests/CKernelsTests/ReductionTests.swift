import CKernels
import Foundation
import Testing

extension KernelTests {
  @Suite struct Reductions {
    @Test func sumsAreThoseOfDoubles() {
      var numbers = Numbers(10)
      for n in tailLengths + [1000, 4099] {
        let x = numbers.array(n)
        let y = numbers.array(n)
        let values = sameOnEveryLevel {
          let results: [Double] = [
            fl_sum_f32(n, x), fl_dot_f32(n, x, y), fl_sumsq_f32(n, x), fl_sumabs_f32(n, x),
            fl_sumsq_centered_f32(n, x, 0.7),
          ]
          var expected = [Double](repeating: 0, count: 5)
          for i in 0..<n {
            let (a, b) = (Double(x[i]), Double(y[i]))
            expected[0] += a
            expected[1] += a * b
            expected[2] += a * a
            expected[3] += a.magnitude
            expected[4] += (a - 0.7) * (a - 0.7)
          }
          for (a, b) in zip(results, expected) {
            #expect((a - b).magnitude <= 1e-12 * max(1, b.magnitude))
          }
          // Both halves of the bits.
          return results.flatMap { value -> [Float] in
            [Float(bitPattern: UInt32(value.bitPattern >> 32)), Float(value)]
          }
        }
        #expect(values.count == 10)
      }
    }

    @Test func extremesSeeNaN() {
      var numbers = Numbers(11)
      for n in tailLengths where n > 0 {
        var x = numbers.array(n, -5, -1)
        onEveryLevel { _ in
          #expect(fl_max_f32(n, x) == x.max() && fl_min_f32(n, x) == x.min())
          #expect(fl_argmax_f32(n, x) == Int64(x.firstIndex(of: x.max() ?? 0) ?? -1))
          #expect(fl_argmin_f32(n, x) == Int64(x.firstIndex(of: x.min() ?? 0) ?? -1))
          #expect(fl_has_nonfinite_f32(n, x) == 0 && fl_has_nan_f32(n, x) == 0)
        }
        let place = Int(numbers.word() % UInt64(n))
        x[place] = .infinity
        onEveryLevel { _ in
          #expect(fl_max_f32(n, x) == .infinity && fl_argmax_f32(n, x) == Int64(place))
          #expect(fl_has_nonfinite_f32(n, x) == 1 && fl_has_nan_f32(n, x) == 0)
        }
        x[place] = .nan
        onEveryLevel { _ in
          #expect(fl_max_f32(n, x).isNaN && fl_min_f32(n, x).isNaN)
          #expect(fl_argmax_f32(n, x) == Int64(place) && fl_argmin_f32(n, x) == Int64(place))
          #expect(fl_has_nonfinite_f32(n, x) == 1 && fl_has_nan_f32(n, x) == 1)
        }
      }
      onEveryLevel { _ in
        #expect(fl_max_f32(0, nil) == -.infinity && fl_min_f32(0, nil) == .infinity)
        #expect(fl_argmax_f32(0, nil) == -1)
        #expect(fl_argmax_f32(40, [Float](repeating: 3, count: 40)) == 0)
        #expect(fl_argmax_f32(3, [-.infinity, -.infinity, -.infinity]) == 0)
      }
    }

    @Test func rowsAndColumns() {
      var numbers = Numbers(12)
      for (rows, columns) in [(1, 1), (3, 17), (70, 40), (130, 150), (5, 128), (2, 0), (0, 5)] {
        let stride = columns + 2
        let x = numbers.array(rows * stride)
        let weights = numbers.array(rows)
        let row = { (r: Int) -> [Double] in
          x[r * stride..<r * stride + columns].map { Double($0) }
        }
        let initial = numbers.array(columns)
        sameOnEveryLevel("rows \(rows) columns \(columns)") {
          let sums = output(rows) { fl_sum_rows_f32(rows, columns, x, stride, 0.5, $0) }
          let squares = output(rows) { fl_sumsq_rows_f32(rows, columns, x, stride, $0) }
          let tops = output(rows) { fl_max_rows_f32(rows, columns, x, stride, $0) }
          let bottoms = output(rows) { fl_min_rows_f32(rows, columns, x, stride, $0) }
          let dots = output(rows) { fl_dot_rows_f32(rows, columns, x, stride, x, stride, $0) }
          var places = [Int64](repeating: -7, count: rows)
          fl_argmax_rows_f32(rows, columns, x, stride, &places)
          #expect(dots == squares)
          for r in 0..<rows {
            let values = row(r)
            let sum: Double = values.reduce(0, +)
            let square: Double = values.reduce(0) { $0 + $1 * $1 }
            let top = values.max()
            expectClose([sums[r], squares[r]], [sum * 0.5, square])
            #expect(Double(tops[r]) == top ?? -.infinity)
            #expect(Double(bottoms[r]) == values.min() ?? .infinity)
            let place: Int = values.firstIndex { $0 == top } ?? -1
            #expect(places[r] == Int64(place))
          }
          let plain = output(columns) { fl_sum_columns_f32(rows, columns, x, stride, nil, 0, $0) }
          let weighted = output(columns, initial: initial) {
            fl_sum_columns_f32(rows, columns, x, stride, weights, 1, $0)
          }
          let highest = output(columns) { fl_max_columns_f32(rows, columns, x, stride, $0) }
          for c in 0..<columns {
            var (sum, weightedSum, top) = (0.0, Double(initial[c]), -Float.infinity)
            for r in 0..<rows {
              let value = x[r * stride + c]
              sum += Double(value)
              weightedSum += Double(weights[r]) * Double(value)
              top = max(top, value)
            }
            expectClose(
              [plain[c], weighted[c]], [sum, weightedSum], relative: 1e-5, absolute: 1e-5)
            #expect(highest[c] == top)
          }
          return sums + squares + tops + dots + plain + weighted
        }
      }
    }
  }
}
