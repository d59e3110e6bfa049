import CKernels
import Foundation
import Testing

/// Philox with the words laid out as the header says.
private func philoxWord(_ stream: fl_stream, _ element: UInt64) -> UInt32 {
  let within = element % 32
  let block = element / 32 * 8 + within % 16 / 2
  let counter: [UInt32] = [
    UInt32(truncatingIfNeeded: block), UInt32(block >> 32),
    UInt32(truncatingIfNeeded: stream.stream), UInt32(stream.stream >> 32),
  ]
  var out: [UInt32] = [0, 0, 0, 0]
  fl_philox_block(
    counter, [UInt32(truncatingIfNeeded: stream.key), UInt32(stream.key >> 32)], &out)
  return out[(within < 16 ? 1 : 3) - Int(within % 2)]
}

private func aesWord(_ stream: fl_stream, _ element: UInt64) -> UInt32 {
  func bytes(_ a: UInt64, _ b: UInt64) -> [UInt8] {
    [a, b].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
  }
  var out = [UInt8](repeating: 0, count: 16)
  fl_aes128_block(
    bytes(stream.key, stream.key_high), bytes(element / 4, stream.stream), &out)
  let start = Int(element % 4) * 4
  return (0..<4).reduce(UInt32(0)) { $0 | UInt32(out[start + $1]) << UInt32(8 * $1) }
}

private let philox = fl_stream(
  key: 0x1234_5678_9abc_def0, key_high: 0, stream: 0xfeed_0000_0007,
  generator: UInt32(FL_GENERATOR_PHILOX))
private let aes = fl_stream(
  key: 0x0706_0504_0302_0100, key_high: 0x0f0e_0d0c_0b0a_0908, stream: 42,
  generator: UInt32(FL_GENERATOR_AES))

extension KernelTests {
  @Suite struct Random {
    @Test func philoxKnownAnswers() {
      // Random123, kat_vectors: philox4x32 10.
      let vectors: [([UInt32], [UInt32], [UInt32])] = [
        ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        (
          [.max, .max, .max, .max], [.max, .max],
          [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        ),
        (
          [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
          [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        ),
      ]
      for (counter, key, expected) in vectors {
        var out: [UInt32] = [0, 0, 0, 0]
        fl_philox_block(counter, key, &out)
        #expect(out == expected)
      }
    }

    @Test func aesKnownAnswer() {
      // FIPS 197, appendix C.1.
      var out = [UInt8](repeating: 0, count: 16)
      fl_aes128_block(Array(0..<16), (0..<16).map { UInt8($0) * 0x11 }, &out)
      let expected: [UInt8] = [
        0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5,
        0x5a,
      ]
      #expect(out == expected)
    }

    @Test func wordsComeFromTheirCounters() {
      for (stream, word) in [(philox, philoxWord), (aes, aesWord)] {
        var stream = stream
        // Offsets within a superblock, and where the counter's upper half changes.
        for offset: UInt64 in [0, 1, 31, 32, 77, (1 << 34) - 40, (1 << 40) + 5] {
          for n in [0, 1, 5, 32, 64, 65, 300] {
            let expected = (0..<n).map { word(stream, offset + UInt64($0)) }
            onEveryLevel { level in
              var out = [UInt32](repeating: 0xabcd, count: n + 1)
              fl_random_u32(n, &stream, offset, &out)
              #expect(Array(out[..<n]) == expected, "level \(level), offset \(offset), n \(n)")
              #expect(out[n] == 0xabcd)
            }
          }
        }
      }
    }

    @Test func blocksOfAStreamFitTogether() {
      for stream in [philox, aes] {
        var stream = stream
        let n = 500
        let kernels: [(Int, UInt64, UnsafeMutablePointer<Float>) -> Void] = [
          { fl_random_normal_f32($0, 1, 2, &stream, $1, $2) },
          { fl_random_uniform_f32($0, -1, 3, &stream, $1, $2) },
          { fl_add_normal_f32($0, 0.5, &stream, $1, $2) },
          { fl_dropout_f32($0, 0.7, [Float](repeating: 1, count: 500), &stream, $1, $2) },
        ]
        let zeros = [Float](repeating: 0, count: n)
        for kernel in kernels {
          let whole = sameOnEveryLevel { output(n, initial: zeros) { kernel(n, 100, $0) } }
          for cuts in [[0, 1, 64, 65, 128, 300, 500], [0, 17, 33, 499, 500]] {
            let pieces = output(n, initial: zeros) {
              for (a, b) in zip(cuts, cuts.dropFirst()) {
                kernel(b - a, 100 + UInt64(a), $0 + a)
              }
            }
            #expect(pieces == whole)
          }
        }
        var whole = [UInt8](repeating: 0, count: n)
        fl_random_bernoulli_u8(n, 0.3, &stream, 100, &whole)
        onEveryLevel { _ in
          var pieces = [UInt8](repeating: 9, count: n)
          pieces.withUnsafeMutableBufferPointer {
            fl_random_bernoulli_u8(37, 0.3, &stream, 100, $0.baseAddress)
            fl_random_bernoulli_u8(n - 37, 0.3, &stream, 137, $0.baseAddress! + 37)  // Not empty.
          }
          #expect(pieces == whole)
        }
      }
    }

    @Test func normalsAreBoxMullerOfTheWords() {
      var stream = philox
      let z = output(320) { fl_random_normal_f32(320, 0, 1, &stream, 0, $0) }
      for block in 0..<10 {
        for i in 0..<16 {
          let first = philoxWord(stream, UInt64(block * 32 + i))
          let second = philoxWord(stream, UInt64(block * 32 + 16 + i))
          let u = Double(first) * 0x1p-32 + 0x1p-33
          let radius = (-2 * log(u)).squareRoot()
          let angle = (Double(second & 0x7fffff) * 0x1p-23 - 0.5) * Double.pi
          let mirror: Double = second >> 31 == 0 ? 1 : -1
          #expect((Double(z[block * 32 + i]) - mirror * radius * cos(angle)).magnitude < 1e-5)
          #expect((Double(z[block * 32 + 16 + i]) - radius * sin(angle)).magnitude < 1e-5)
        }
      }
    }

    @Test(arguments: [0, 1]) func normalsHaveTheNormalDistribution(generator: Int) {
      var stream = generator == 0 ? philox : aes
      let n = 1 << 20
      var z = [Float](repeating: 0, count: n)
      fl_random_normal_f32(n, 0, 1, &stream, 12345, &z)
      var moments = [0.0, 0.0, 0.0, 0.0]
      for value in z {
        let x = Double(value)
        moments[0] += x
        moments[1] += x * x
        moments[2] += x * x * x
        moments[3] += x * x * x * x
      }
      moments = moments.map { $0 / Double(n) }
      // Five standard errors each: sqrt(1, 2, 15, 96) / 1024.
      #expect(moments[0].magnitude < 5.0 / 1024)
      #expect((moments[1] - 1).magnitude < 5 * 2.0.squareRoot() / 1024)
      #expect(moments[2].magnitude < 5 * 15.0.squareRoot() / 1024)
      #expect((moments[3] - 3).magnitude < 5 * 96.0.squareRoot() / 1024)
      // Neighbours, partners in a superblock, and neighbours of superblocks are uncorrelated.
      for lag in [1, 2, 16, 32, 64] {
        let product = fl_dot_f32(n - lag, z, Array(z[lag...])) / Double(n)
        #expect(product.magnitude < 5.0 / 1024)
      }
      // Kolmogorov and Smirnov, at a level of about 1e-6.
      z.sort()
      var distance = 0.0
      for i in stride(from: 0, to: n, by: 64) {
        let p = 0.5 * erfc(-Double(z[i]) / 2.0.squareRoot())
        distance = max(distance, (p - (Double(i) + 0.5) / Double(n)).magnitude)
      }
      #expect(distance * 1024 < 2.7)
      let extreme = z.count { $0.magnitude > 4 }
      #expect((30..<110).contains(extreme))
      #expect(z.allSatisfy { $0.magnitude < 6.78 })
    }

    @Test func uniformsAndBernoullis() {
      var stream = philox
      let n = 1 << 18
      let u = output(n) { fl_random_uniform_f32(n, 0, 1, &stream, 0, $0) }
      #expect(u.allSatisfy { $0 >= 0 && $0 < 1 })
      let mean = fl_sum_f32(n, u) / Double(n)
      #expect((mean - 0.5).magnitude < 5 / (12 * Double(n)).squareRoot())
      var bytes = [UInt8](repeating: 0, count: n)
      fl_random_bernoulli_u8(n, 0.25, &stream, 0, &bytes)
      let share = Double(fl_count_u8(n, bytes)) / Double(n)
      #expect((share - 0.25).magnitude < 5 * (0.1875 / Double(n)).squareRoot())
      for (p, expected) in [(0.0, 0), (1.0, n), (-3, 0), (2, n)] {
        fl_random_bernoulli_u8(n, p, &stream, 0, &bytes)
        #expect(fl_count_u8(n, bytes) == expected)
      }
      let ones = [Float](repeating: 1, count: n)
      let dropped = output(n) { fl_dropout_f32(n, 0.8, ones, &stream, 0, $0) }
      #expect(dropped.allSatisfy { $0 == 0 || $0 == 1 / 0.8 })
      #expect((fl_sum_f32(n, dropped) / Double(n) - 1).magnitude < 0.01)
      #expect(output(n) { fl_dropout_f32(n, 1, ones, &stream, 0, $0) } == ones)
    }
  }
}
