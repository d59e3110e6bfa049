import Foundations
import Glibc
import Tensors

/// Positions told by turning pairs of numbers of queries and keys (RoPE, Su et al. 2021).
public struct Rotary: Sendable, Equatable {
  /// How the frequencies are changed for contexts longer than those of the first training.
  public enum Scaling: Sendable, Equatable {
    case none
    /// All divided by a factor (Chen et al. 2023).
    case linear(factor: Double)
    /// Low ones divided, those between the two wavelengths blended (Llama 3.1).
    case llama3(factor: Double, low: Double, high: Double, original: Double)
  }

  /// The base of the wavelengths.
  public var theta: Double
  /// How many of a head's numbers are turned, from the first: even.
  public var width: Int
  /// Pairs are (2i, 2i + 1) as in GPT-J; else (i, i + width / 2).
  public var isInterleaved: Bool
  public var scaling: Scaling

  public init(
    theta: Double, width: Int, isInterleaved: Bool = false, scaling: Scaling = .none
  ) {
    self.theta = theta
    self.width = width
    self.isInterleaved = isInterleaved
    self.scaling = scaling
  }

  /// The angle by which pair i turns from one position to the next.
  var frequencies: [Double] {
    (0..<width / 2).map { i in
      let frequency = 1 / pow(theta, Double(2 * i) / Double(width))
      switch scaling {
      case .none: return frequency
      case .linear(let factor): return frequency / factor
      case .llama3(let factor, let low, let high, let original):
        let wavelength = 2 * Double.pi / frequency
        if wavelength < original / high { return frequency }
        if wavelength > original / low { return frequency / factor }
        let smooth = (original / wavelength - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
    }
  }

  /// Cosines and sines of positions 0 ..< count: [count, 2, width / 2].
  func table(_ count: Int) throws -> Tensor {
    let half = width / 2
    let table = try Tensor.uninitialized(Shape(checking: [count, 2, half]))
    let frequencies = frequencies.map { Float($0) }
    for position in 0..<count {
      let row = table.floats + position * 2 * half
      for i in 0..<half {
        let angle = Double(Float(position) * frequencies[i])
        row[i] = Float(cos(angle))
        row[half + i] = Float(sin(angle))
      }
    }
    return table
  }

  /// Turns the first numbers of each head of x [examples, time, heads · headWidth]; time counts from position 0.
  func turned(_ x: Tensor, headWidth: Int) throws -> Tensor {
    let a = try Check.floats(x, "rotary")
    let table = try table(a.shape[1])
    let y = try turn(a, table, headWidth, forwards: true)
    return Tape.record("rotary", inputs: [x], output: y) { request in
      let g = try request.gradient.contiguous()
      return BackwardResult(inputs: [try turn(g, table, headWidth, forwards: false)])
    }.with(lengths: x.lengths)
  }

  private func turn(
    _ x: Tensor, _ table: Tensor, _ headWidth: Int, forwards: Bool
  ) throws -> Tensor {
    let y = try Tensor.uninitialized(x.shape)
    let (time, row) = (x.shape[1], x.shape[2])
    withExtendedLifetime((x, table)) {
      let (from, to, table) = (x.floats, y.floats, table.floats)
      Parallel.blocks(x.shape[0] * time, size: RowBlocks.size(width: row)) { block in
        for place in block {
          let (source, target) = (from + place * row, to + place * row)
          target.update(from: source, count: row)
          for head in stride(from: 0, to: row, by: headWidth) {
            turnHead(target + head, table + place % time * width, forwards: forwards)
          }
        }
      }
    }
    return y
  }

  /// Turns one head in place by a row of the table.
  @inline(__always)
  func turnHead(
    _ x: UnsafeMutablePointer<Float>, _ row: UnsafePointer<Float>, forwards: Bool
  ) {
    let half = width / 2
    let (step, other) = isInterleaved ? (2, 1) : (1, half)
    for i in 0..<half {
      let (c, s) = (row[i], forwards ? row[half + i] : -row[half + i])
      let (a, b) = (x[i * step], x[i * step + other])
      x[i * step] = a * c - b * s
      x[i * step + other] = b * c + a * s
    }
  }
}
