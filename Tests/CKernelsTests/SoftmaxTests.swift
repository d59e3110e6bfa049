import CKernels
import Foundation
import Testing

/// Row r of a matrix in Double.
func row(_ x: [Float], _ r: Int, _ columns: Int) -> [Double] {
  x[r * columns..<(r + 1) * columns].map { Double($0) }
}

func softmax(_ x: [Double]) -> [Double] {
  let top = x.max() ?? 0
  let e = x.map { exp($0 - top) }
  let sum = e.reduce(0, +)
  return e.map { $0 / sum }
}

func logSumExp(_ x: [Double]) -> Double {
  let top = x.max() ?? 0
  return top + log(x.reduce(0) { $0 + exp($1 - top) })
}

private let shapes = [(1, 1), (2, 3), (3, 16), (4, 17), (2, 70), (3, 150), (1, 1000)]

extension KernelTests {
  @Suite struct Softmax {
    @Test func softmaxAndItsGradients() {
      var numbers = Numbers(20)
      for (rows, columns) in shapes {
        let n = rows * columns
        let x = numbers.array(n, -9, 9)
        let dy = numbers.array(n)
        let scale: Float = 0.7
        var expected: [[Double]] = [[], [], [], []]
        for r in 0..<rows {
          let scaled = row(x, r, columns).map { $0 * Double(scale) }
          let p = softmax(scaled)
          let lse = logSumExp(scaled)
          let g = row(dy, r, columns)
          let mean = zip(p, g).reduce(0) { $0 + $1.0 * $1.1 }
          let total = g.reduce(0, +)
          expected[0] += p
          expected[1] += scaled.map { $0 - lse }
          expected[2] += zip(p, g).map { Double(scale) * $0 * ($1 - mean) }
          expected[3] += zip(p, g).map { Double(scale) * ($1 - $0 * total) }
        }
        sameOnEveryLevel {
          let y = output(n) { fl_softmax_rows_f32(rows, columns, scale, x, $0) }
          expectClose(y, expected[0], relative: 3e-6)
          let inPlace = output(n, initial: x) { fl_softmax_rows_f32(rows, columns, scale, $0, $0) }
          #expect(inPlace == y)
          let logs = output(n) { fl_log_softmax_rows_f32(rows, columns, scale, x, $0) }
          expectClose(logs, expected[1], relative: 1e-6, absolute: 2e-6)
          let dx = output(n) { fl_softmax_backward_f32(rows, columns, scale, dy, y, $0) }
          expectClose(dx, expected[2], relative: 1e-5, absolute: 1e-6)
          let dl = output(n) { fl_log_softmax_backward_f32(rows, columns, scale, dy, logs, $0) }
          expectClose(dl, expected[3], relative: 1e-5, absolute: 4e-6)
          let sums = output(rows) { fl_logsumexp_rows_f32(rows, columns, x, $0) }
          expectClose(sums, (0..<rows).map { logSumExp(row(x, $0, columns)) })
          return y + logs + dx + dl + sums
        }
      }
    }

    @Test func prefixesAndExtremes() {
      var numbers = Numbers(21)
      let x = numbers.array(5 * 40)
      let lengths: [Int32] = [0, 1, 17, 40, 99]
      sameOnEveryLevel {
        let y = output(200) { fl_softmax_prefix_f32(5, 40, 1, lengths, x, $0) }
        for r in 0..<5 {
          let n = min(40, Int(lengths[r]))
          let p = softmax(Array(row(x, r, 40).prefix(n)))
          expectClose(
            Array(y[r * 40..<r * 40 + 40]), p + [Double](repeating: 0, count: 40 - n),
            relative: 3e-6)
        }
        return y
      }
      let huge: [Float] = [1000, 1001, -1e30, -.infinity]
      onEveryLevel { _ in
        expectClose(
          output(4) { fl_softmax_rows_f32(1, 4, 1, huge, $0) }, [0.26894142, 0.73105858, 0, 0])
        let tops = output(3) {
          fl_logsumexp_rows_f32(
            3, 2, [-.infinity, -.infinity, .infinity, 0, .infinity, .nan], $0)
        }
        #expect(tops[0] == -.infinity && tops[1] == .infinity && tops[2].isNaN)
        #expect(
          output(3) { fl_softmax_rows_f32(1, 3, 1, [0, .nan, 1], $0) }.allSatisfy { $0.isNaN })
      }
    }

    @Test(arguments: [0, 0.1] as [Float]) func crossEntropy(smoothing: Float) {
      var numbers = Numbers(22)
      for (rows, classes) in shapes {
        let n = rows * classes
        let x = numbers.array(n, -5, 5)
        var labels = (0..<rows).map { _ in Int64(numbers.word() % UInt64(classes)) }
        if rows > 2 { labels[1] = -100 }
        let scales = numbers.array(rows, 0, 2)
        let before = numbers.array(n)
        var losses: [Double] = []
        var gradients: [Double] = []
        var correct = 0
        for r in 0..<rows {
          let values = row(x, r, classes)
          guard labels[r] >= 0 else {
            losses.append(0)
            gradients += [Double](repeating: 0, count: classes)
            continue
          }
          let label = Int(labels[r])
          let p = softmax(values)
          let lse = logSumExp(values)
          var loss = 0.0
          for j in 0..<classes {
            let s = Double(smoothing)
            let t = (j == label ? 1 - s : 0) + s / Double(classes)
            loss += t * (lse - values[j])
            gradients.append(0.25 * Double(scales[r]) * (p[j] - t))
          }
          losses.append(loss)
          if values.firstIndex(of: values.max() ?? 0) == label { correct += 1 }
        }
        let counted = labels.count { $0 >= 0 }
        sameOnEveryLevel {
          var rowLosses = [Float](repeating: -1, count: rows)
          var result = fl_loss_result()
          let g = output(n) {
            result = fl_softmax_xent_i64_f32(
              rows, classes, x, labels, -100, smoothing, 0.25, scales, 0, &rowLosses, $0)
          }
          #expect(result.counted == counted && result.correct == correct && result.invalid == 0)
          expectClose(rowLosses, losses, relative: 2e-6, absolute: 1e-6)
          #expect((result.loss - losses.reduce(0, +)).magnitude < 1e-5 * Double(rows))
          expectClose(g, gradients, relative: 1e-5, absolute: 1e-6)
          let inPlace = output(n, initial: x) {
            _ = fl_softmax_xent_i64_f32(
              rows, classes, $0, labels, -100, smoothing, 0.25, scales, 0, nil, $0)
          }
          #expect(inPlace == g)
          let added = output(n, initial: before) {
            _ = fl_softmax_xent_i32_f32(
              rows, classes, x, labels.map { Int32($0) }, -100, smoothing, 0.25, scales, 1, nil,
              $0)
          }
          expectClose(
            added, zip(before, gradients).map { Double($0) + $1 }, relative: 1e-5, absolute: 1e-6)
          let only = fl_softmax_xent_i64_f32(
            rows, classes, x, labels, -100, smoothing, 1, nil, 0, nil, nil)
          #expect(only.loss == result.loss && only.correct == correct)
          return g + rowLosses
        }
      }
    }

    @Test func labelsThatAreNoClass() {
      let x: [Float] = [1, 2, 3, 4, 5, 6]
      onEveryLevel { _ in
        var losses: [Float] = [0, 0]
        var result = fl_loss_result()
        let g = output(6) {
          result = fl_softmax_xent_i64_f32(2, 3, x, [3, -2], -100, 0, 1, nil, 0, &losses, $0)
        }
        #expect(result.invalid == 2 && result.counted == 0 && result.loss == 0)
        #expect(losses[0].isNaN && losses[1].isNaN && g == [0, 0, 0, 0, 0, 0])
        // Of equal logits only the first counts as the answer.
        let ties = fl_softmax_xent_i64_f32(
          2, 3, [1, 1, 0, 1, 1, 0], [0, 1], -1, 0, 1, nil, 0, nil, nil)
        #expect(ties.correct == 1)
      }
    }

    @Test func softTargets() {
      var numbers = Numbers(23)
      for (rows, classes) in shapes {
        let n = rows * classes
        let student = numbers.array(n, -5, 5)
        let teacher = numbers.array(n, -5, 5)
        let targets = (0..<rows).flatMap { softmax(row(teacher, $0, classes)).map { Float($0) } }
        let scales = numbers.array(rows, 0, 2)
        var expected: [[Double]] = [[], []]
        for r in 0..<rows {
          let x = row(student, r, classes)
          let target = row(targets, r, classes)
          let scale = 0.5 * Double(scales[r])
          let p = softmax(x)
          let lse = logSumExp(x)
          expected[0].append(zip(target, x).reduce(0) { $0 + $1.0 * (lse - $1.1) })
          let mass = target.reduce(0, +)
          expected[1] += zip(p, target).map { scale * ($0 * mass - $1) }
        }
        sameOnEveryLevel {
          var soft = [Float](repeating: 0, count: rows)
          var total = 0.0
          let g = output(n) {
            total = fl_softmax_soft_xent_f32(
              rows, classes, student, targets, 0.5, scales, 0, &soft, $0)
          }
          expectClose(soft, expected[0], relative: 1e-5, absolute: 1e-6)
          expectClose(g, expected[1], relative: 1e-5, absolute: 1e-6)
          #expect((total - expected[0].reduce(0, +)).magnitude < 1e-4)
          return g + soft
        }
      }
    }

    @Test func binaryCrossEntropy() {
      var numbers = Numbers(24)
      for n in tailLengths {
        let x = numbers.array(n, -30, 30)
        let t = numbers.array(n, 0, 1)
        var losses: [Double] = []
        var gradients: [Double] = []
        for i in 0..<n {
          let (a, b) = (Double(x[i]), Double(t[i]))
          losses.append(max(a, 0) + log1p(exp(-a.magnitude)) - a * b)
          gradients.append(2 * (1 / (1 + exp(-a)) - b))
        }
        sameOnEveryLevel {
          var rows = [Float](repeating: 0, count: n)
          var total = 0.0
          let g = output(n) { total = fl_sigmoid_xent_f32(n, x, t, 2, &rows, $0) }
          expectClose(rows, losses, relative: 1e-6, absolute: 4e-6)
          expectClose(g, gradients, absolute: 1e-6)
          #expect((total - losses.reduce(0, +)).magnitude < 1e-4)
          return g + rows
        }
      }
    }

    @Test func onlineSoftmaxEqualsTheWhole() {
      var numbers = Numbers(25)
      let (rows, columns) = (3, 45)
      let x = numbers.array(rows * columns, -8, 8)
      sameOnEveryLevel {
        var top = [Float](repeating: -.infinity, count: rows)
        var sum = [Float](repeating: 0, count: rows)
        var parts: [[Float]] = []
        var corrections: [[Float]] = []
        for start in [0, 20, 37] {
          let width = min(columns, start == 0 ? 20 : start == 20 ? 37 : 45) - start
          let block = (0..<rows * width).map { x[$0 / width * columns + start + $0 % width] }
          var correction = [Float](repeating: 0, count: rows)
          parts.append(
            output(rows * width, initial: block) {
              fl_online_softmax_f32(rows, width, 0.5, $0, width, &top, &sum, &correction)
            })
          corrections.append(correction)
        }
        for r in 0..<rows {
          let lse = logSumExp(row(x, r, columns).map { $0 / 2 })
          #expect((Double(top[r]) + log(Double(sum[r])) - lse).magnitude < 1e-5)
          // The first block, corrected twice and divided, is the softmax.
          let p = softmax(row(x, r, columns).map { $0 / 2 })
          let value = parts[0][r * 20] * corrections[1][r] * corrections[2][r] / sum[r]
          #expect((Double(value) - p[0]).magnitude < 1e-6)
        }
        return top + sum + parts.flatMap { $0 }
      }
      var (top, sum, correction): (Float, Float, Float) = (-.infinity, 0, 0)
      let none = output(2, initial: [-.infinity, -.infinity]) {
        fl_online_softmax_f32(1, 2, 1, $0, 2, &top, &sum, &correction)
      }
      #expect(none == [0, 0] && correction == 1 && sum == 0 && top == -.infinity)
    }
  }
}
