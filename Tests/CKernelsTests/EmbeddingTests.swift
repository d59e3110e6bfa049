import CKernels
import Testing

extension KernelTests {
  @Suite struct Embedding {
    @Test func gathersAndScatters() {
      var numbers = Numbers(40)
      for width in [1, 7, 16, 50, 128, 150] {
        let table = numbers.array(9 * width)
        let indices: [Int64] = [3, 0, 8, 3, -1, 9, 5, 3, .min, .max, 1, 2]
        let valid = indices.map { (0..<9).contains($0) }
        let x = numbers.array(12 * (width + 2))
        let weights = numbers.array(12)
        sameOnEveryLevel {
          var outside = 0
          let rows = output(12 * width) {
            outside = fl_gather_rows_i64_f32(12, width, table, 9, indices, $0)
          }
          #expect(outside == 4)
          for i in 0..<12 {
            for c in 0..<width {
              #expect(rows[i * width + c] == (valid[i] ? table[Int(indices[i]) * width + c] : 0))
            }
          }
          let scattered = output(9 * width, initial: table) {
            outside = fl_scatter_add_rows_i64_f32(
              12, width, x, width + 2, weights, indices, 9, $0)
          }
          #expect(outside == 4)
          var expected = table.map { Double($0) }
          for i in 0..<12 where valid[i] {
            for c in 0..<width {
              expected[Int(indices[i]) * width + c] +=
                Double(weights[i]) * Double(x[i * (width + 2) + c])
            }
          }
          expectClose(scattered, expected, absolute: 1e-6)
          let short = indices.map { Int32(clamping: $0) }
          let same = output(12 * width) {
            _ = fl_gather_rows_i32_f32(12, width, table, 9, short, $0)
          }
          #expect(same == rows)
          return rows + scattered
        }
      }
    }

    @Test func bagsAndTheirGradients() {
      var numbers = Numbers(41)
      let (bags, length, rows) = (5, 7, 11)
      for width in [3, 16, 70, 128, 192] {
        let table = numbers.array(rows * width)
        var indices = (0..<bags * length).map { _ in Int64(numbers.word() % 11) }
        indices[4] = -1
        let lengths: [Int32] = [7, 0, 3, 99, 1]
        let g = numbers.array(bags * width)
        let weights = numbers.array(bags)
        var means = [Double](repeating: 0, count: bags * width)
        var sums = [Double](repeating: 0, count: rows * width)
        var norms = [Double](repeating: 0, count: bags)
        for b in 0..<bags {
          let n = min(length, Int(lengths[b]))
          var own = [Double](repeating: 0, count: rows * width)
          for t in 0..<n where indices[b * length + t] >= 0 {
            let r = Int(indices[b * length + t])
            for c in 0..<width {
              means[b * width + c] += Double(table[r * width + c]) / Double(n)
              own[r * width + c] += Double(g[b * width + c]) / Double(n)
              sums[r * width + c] += Double(weights[b]) * Double(g[b * width + c])
            }
          }
          norms[b] = own.reduce(1) { $0 + $1 * $1 }
        }
        sameOnEveryLevel {
          var outside = 0
          let y = output(bags * width) {
            outside = fl_bag_mean_i64_f32(bags, length, width, table, rows, indices, lengths, $0)
          }
          #expect(outside == 1)
          expectClose(y, means, absolute: 1e-6)
          var scratch = [Int32](repeating: -1, count: rows)
          var groups = [Int32](repeating: 0, count: rows)
          var offsets = [Int32](repeating: 0, count: rows + 1)
          var positions = [Int32](repeating: 0, count: bags * length)
          let count = fl_group_indices_i64(
            bags * length, length, indices, lengths, rows, &scratch, &groups, &offsets, &positions)
          let compact = output(count * width) {
            fl_group_sum_f32(0, count, width, offsets, positions, length, g, width, weights, $0)
          }
          for r in 0..<rows {
            let group = Int(scratch[r])
            let actual =
              group < 0
              ? [Float](repeating: 0, count: width)
              : Array(compact[group * width..<group * width + width])
            expectClose(
              actual, Array(sums[r * width..<r * width + width]), relative: 1e-5, absolute: 1e-5)
            if group >= 0 {
              #expect(Int(groups[group]) == r)
              let members = positions[Int(offsets[group])..<Int(offsets[group + 1])]
              #expect(Array(members) == members.sorted())
              #expect(members.allSatisfy { indices[Int($0)] == Int64(r) })
            }
          }
          fl_group_reset(count, groups, &scratch)
          #expect(scratch.allSatisfy { $0 == -1 })
          let squared = output(bags, initial: [Float](repeating: 1, count: bags)) {
            fl_bag_example_norms_f32(bags, length, width, indices, lengths, g, $0)
          }
          expectClose(squared, norms, relative: 1e-5)
          return y + compact + squared
        }
      }
    }

    @Test func normsOfTokenGradients() {
      var numbers = Numbers(42)
      let (examples, time, width) = (4, 6, 21)
      let indices: [Int64] = [
        1, 2, 1, 1, 0, 2, 5, 5, 5, 5, 5, 5, 0, 1, 2, 3, 4, 5, -1, 7, -1, 7, 8, 9,
      ]
      let lengths: [Int32] = [6, 6, 4, 5]
      let g = numbers.array(examples * time * width)
      var expected = [Double](repeating: 0, count: examples)
      for e in 0..<examples {
        var own = [Double](repeating: 0, count: 10 * width)
        for t in 0..<Int(lengths[e]) where indices[e * time + t] >= 0 {
          for c in 0..<width {
            own[Int(indices[e * time + t]) * width + c] += Double(g[(e * time + t) * width + c])
          }
        }
        expected[e] = own.reduce(0) { $0 + $1 * $1 }
      }
      sameOnEveryLevel {
        let norms = output(examples, initial: [0, 0, 0, 0]) {
          fl_embedding_example_norms_f32(examples, time, width, indices, lengths, g, $0)
        }
        expectClose(norms, expected, relative: 1e-5)
        return norms
      }
    }

    @Test func poolsOverTime() {
      var numbers = Numbers(43)
      let (batch, time) = (4, 5)
      let lengths: [Int32] = [5, 0, 2, 77]
      for channels in [1, 16, 37] {
        let x = numbers.array(batch * time * channels)
        let dy = numbers.array(batch * channels)
        sameOnEveryLevel {
          var argmax = [Int32](repeating: 9, count: batch * channels)
          let top = output(batch * channels) {
            fl_maxpool_time_f32(batch, time, channels, x, lengths, $0, &argmax)
          }
          let mean = output(batch * channels) {
            fl_meanpool_time_f32(batch, time, channels, x, lengths, $0)
          }
          let topGradient = output(batch * time * channels) {
            fl_maxpool_time_backward_f32(batch, time, channels, dy, argmax, $0)
          }
          let meanGradient = output(batch * time * channels) {
            fl_meanpool_time_backward_f32(batch, time, channels, dy, lengths, $0)
          }
          for b in 0..<batch {
            let n = min(time, Int(lengths[b]))
            for c in 0..<channels {
              let values = (0..<n).map { x[(b * time + $0) * channels + c] }
              let largest = values.max()
              let place = values.firstIndex { $0 == largest } ?? -1
              let out = b * channels + c
              #expect(top[out] == largest ?? 0 && Int(argmax[out]) == place)
              let sum = values.reduce(0) { $0 + Double($1) }
              #expect((Double(mean[out]) - (n == 0 ? 0 : sum / Double(n))).magnitude < 1e-6)
              for t in 0..<time {
                let i = (b * time + t) * channels + c
                #expect(topGradient[i] == (t == place ? dy[out] : 0))
                let share = t < n ? Double(dy[out]) / Double(n) : 0
                #expect((Double(meanGradient[i]) - share).magnitude < 1e-6)
              }
            }
          }
          return top + mean + topGradient + meanGradient
        }
      }
      var argmax: [Int32] = [0]
      let nan = output(1) {
        fl_maxpool_time_f32(1, 4, 1, [1, .nan, 3, .nan], nil, $0, &argmax)
      }
      #expect(nan[0].isNaN && argmax == [1])
    }
  }
}
