import Glibc

/// A function of two numbers with its two derivatives, element by element over broadcast shapes. Computed in f64: none
/// of them is hot.
struct PairFunction: @unchecked Sendable {
  let name: StaticString
  let value: (Double, Double) -> Double
  let slopes: (Double, Double) -> (Double, Double)

  static let hypot = PairFunction(
    name: "hypot", value: { Glibc.hypot($0, $1) },
    slopes: { x, y in
      let length = Glibc.hypot(x, y)
      return (x / length, y / length)
    })
  static let atan2 = PairFunction(
    name: "atan2", value: { Glibc.atan2($0, $1) },
    slopes: { y, x in
      // Divided twice, since the square of the length may overflow.
      let length = Glibc.hypot(x, y)
      return (x / length / length, -y / length / length)
    })

  func callAsFunction(_ x: Tensor, _ y: Tensor) throws -> Tensor {
    let dtype: DType = x.dtype == .f64 || y.dtype == .f64 ? .f64 : .f32
    let shape = try Shape.broadcast(x.shape, y.shape, name.description)
    let a = try x.cast(to: dtype).expanded(to: Array(shape))
    let b = try y.cast(to: dtype).expanded(to: Array(shape))
    let (p, q) = (try a.detached.doubles(), try b.detached.doubles())
    func tensor(_ values: [Double]) throws -> Tensor {
      try Tensor(values, shape: shape).cast(to: dtype)
    }
    let output = try tensor(zip(p, q).map(value))
    return Tape.record(name, inputs: [a, b], output: output) { request in
      let slopes = zip(p, q).map(slopes)
      let (first, second) = (try tensor(slopes.map(\.0)), try tensor(slopes.map(\.1)))
      return BackwardResult(
        inputs: [try request.gradient * first, try request.gradient * second])
    }
  }
}

extension Tensor {
  /// √(x² + y²) without overflow.
  public static func hypot(_ x: Tensor, _ y: Tensor) throws -> Tensor {
    try PairFunction.hypot(x, y)
  }

  /// The angle of the points (x, y), in -π…π.
  public static func atan2(_ y: Tensor, _ x: Tensor) throws -> Tensor {
    try PairFunction.atan2(y, x)
  }
}
