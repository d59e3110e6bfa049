import Runtime
import Syntax

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// Functions of numbers; other values go to the overload. As in Julia a function of a number gives `nan` for `nan` only:
// outside its domain it is an error. Infinite results are given as they are (`log(0)` is `-inf`).

extension CoreBuiltins {
  private static let operand = Param<Value>("x", "A number, a tensor or a column.")

  /// A function of one number that gives a float.
  private static func function(
    _ name: String, _ summary: String, _ example: (String, String)? = nil, search: [String] = [],
    _ overload: @escaping Overload, _ compute: @escaping @Sendable (Double) -> Double
  ) -> Native {
    Native(
      name, summary, operand,
      returns: "float, tensor or column", search: search, examples: example.map { [$0] } ?? []
    ) { vm, x in
      switch x {
      case .float(let float): return Value.float(try defined(compute(float), name, float))
      case .int(let int):
        return Value.float(try defined(compute(Double(int)), name, Double(int)))
      default:
        if let result = try overload(name, [x], vm) { return result }
        let value = try number(x, "x")
        return Value.float(try defined(compute(value), name, value))
      }
    }
  }

  /// The result of a function, or an error where it has none.
  private static func defined(_ result: Double, _ name: String, _ argument: Double) throws -> Double
  {
    guard result.isNaN, !argument.isNaN else { return result }
    throw Fault(
      .value, "`\(name)` is not defined at \(Formatting.float(argument))"
    ).atArgument(0)
  }

  /// The number that a value stands for.
  static func number(_ value: Value, _ name: String) throws -> Double {
    guard let number = value.number else {
      throw Fault(.type, "`\(name)` must be a number, found \(Representation.brief(value))")
        .atArgument(0)
    }
    return number
  }

  static func exponentials(_ overload: @escaping Overload) -> [Native] {
    [
      function("exp", "The exponential, e to the power of x.", ("exp(0)", "1.0"), overload, exp),
      function(
        "expm1", "The exponential less one, exp(x) - 1, exact for small x.", ("expm1(0)", "0.0"),
        overload, expm1),
      Native(
        "log", "The natural logarithm, or that to a base.",
        operand,
        Param<Double?>("base", "The base; e where it is nil.", default: nil),
        returns: "float, tensor or column", seeAlso: ["log2", "log10", "log1p"],
        search: ["logarithm", "ln"], examples: [("log(1)", "0.0"), ("log(8, 2)", "3.0")]
      ) { vm, x, base in
        if x.object != nil {
          if let result = try overload("log", [x] + (base.map { [.float($0)] } ?? []), vm) {
            return result
          }
        }
        let value = try number(x, "x")
        guard let base else { return Value.float(try defined(log(value), "log", value)) }
        let result = base == 2 ? log2(value) : base == 10 ? log10(value) : log(value) / log(base)
        return Value.float(try defined(result, "log", value > 0 ? base : value))
      },
      function("log2", "The logarithm to base 2.", ("log2(8)", "3.0"), overload, log2),
      function("log10", "The logarithm to base 10.", ("log10(1000)", "3.0"), overload, log10),
      function(
        "log1p", "The logarithm of one more, log(1 + x), exact for small x.", ("log1p(0)", "0.0"),
        overload, log1p),
      function(
        "sqrt", "The square root.", ("sqrt(2)", "1.4142135623730951"), search: ["root"], overload
      ) { $0.squareRoot() },
      function(
        "sigmoid", "1 / (1 + exp(-x)).", ("sigmoid(0)", "0.5"), search: ["logistic", "expit"],
        overload
      ) { x in
        // Neither branch overflows.
        if x >= 0 { return 1 / (1 + exp(-x)) }
        let power = exp(x)
        return power / (1 + power)
      },
      function(
        "relu", "The rectified linear unit: x where it is positive, else 0.", ("relu(-2.0)", "0.0"),
        search: ["rectifier"],
        overload
      ) { $0.isNaN ? $0 : Swift.max($0, 0) },
    ]
  }

  static func trigonometry(_ overload: @escaping Overload) -> [Native] {
    [
      function("sin", "The sine of x in radians.", ("sin(0)", "0.0"), overload, sin),
      function("cos", "The cosine of x in radians.", ("cos(0)", "1.0"), overload, cos),
      function("tan", "The tangent of x in radians.", ("tan(0)", "0.0"), overload, tan),
      function("asin", "The arc sine in radians.", ("asin(0)", "0.0"), overload, asin),
      function("acos", "The arc cosine in radians.", ("acos(1)", "0.0"), overload, acos),
      function("atan", "The arc tangent in radians.", ("atan(0)", "0.0"), overload, atan),
      ofTwo(
        "atan2", "The angle of the point (x, y) in radians.",
        (("y", "The ordinate."), ("x", "The abscissa.")), search: ["angle"],
        ("atan2(0, 1)", "0.0"), overload, atan2),
      function("sinh", "The hyperbolic sine.", ("sinh(0)", "0.0"), overload, sinh),
      function("cosh", "The hyperbolic cosine.", ("cosh(0)", "1.0"), overload, cosh),
      function("tanh", "The hyperbolic tangent.", ("tanh(0)", "0.0"), overload, tanh),
    ]
  }

  static func specialFunctions(_ overload: @escaping Overload) -> [Native] {
    [
      function(
        "erf", "The error function.", ("erf(0)", "0.0"), search: ["gauss", "normal"], overload, erf),
      function("erfc", "1 - erf(x), exact for large x.", ("erfc(0)", "1.0"), overload, erfc),
      function(
        "gamma", "The gamma function.", ("gamma(5)", "24.0"), search: ["factorial"], overload,
        tgamma),
      function(
        "lgamma", "The logarithm of the gamma function.", ("lgamma(1)", "0.0"), overload
      ) { x in
        var sign: Int32 = 0
        return lgamma_r(x, &sign)
      },
      ofTwo(
        "hypot", "The length sqrt(x² + y²) of a hypotenuse, without overflow.",
        (("x", "A number, a tensor or a column."), ("y", "Another.")),
        search: ["distance", "norm"], ("hypot(3, 4)", "5.0"), overload, hypot),
    ]
  }

  static func tests(_ overload: @escaping Overload) -> [Native] {
    func test(
      _ name: String, _ summary: String, _ example: (String, String),
      _ check: @escaping @Sendable (Double) -> Bool
    ) -> Native {
      Native(
        name, summary, operand,
        returns: "bool, tensor or column",
        examples: [example]
      ) { vm, x in
        if x.object != nil, let result = try overload(name, [x], vm) { return result }
        return Value.bool(check(try number(x, "x")))
      }
    }
    return [
      test("isnan", "Whether x is `nan`, which equals nothing.", ("isnan(nan)", "true")) {
        $0.isNaN
      },
      test("isinf", "Whether x is infinite.", ("isinf(-inf)", "true")) { $0.isInfinite },
      test("isfinite", "Whether x is neither infinite nor `nan`.", ("isfinite(1)", "true")) {
        $0.isFinite
      },
    ]
  }

  // MARK: Rounding

  static func rounding(_ overload: @escaping Overload) -> [Native] {
    [
      Native(
        "abs", "The value without its sign.", operand, returns: "int, float, tensor or column",
        search: ["absolute", "magnitude"], examples: [("abs(-3)", "3")]
      ) { vm, x in
        switch x {
        case .int(let int):
          guard int != .min else {
            throw Fault(.value, "the absolute value of \(int) does not fit into a 64-bit int")
              .atArgument(0)
          }
          return Value.int(Swift.abs(int))
        case .float(let float): return Value.float(float.magnitude)
        default:
          if let result = try overload("abs", [x], vm) { return result }
          return Value.float(try number(x, "x").magnitude)
        }
      },
      Native(
        "round", "The nearest whole number, or the nearest with some decimals; halves go to even.",
        operand,
        Param<Int?>("digits", "How many decimals; nil gives an int.", default: nil),
        returns: "int, float, tensor or column", seeAlso: ["floor", "ceil"],
        examples: [("round(2.5)", "2"), ("round(2.675, 2)", "2.67"), ("round(1234, -2)", "1200")]
      ) { vm, x, digits in
        switch x {
        case .int(let int): return Value.int(try round(int, digits ?? 0))
        case .float(let float): return try rounded(float, digits)
        default:
          let rest: [Value] = digits.map { [.int($0)] } ?? []
          if let result = try overload("round", [x] + rest, vm) { return result }
          return try rounded(try number(x, "x"), digits)
        }
      },
      toWhole(
        "floor", "The largest whole number that is not above x.", ("floor(-1.5)", "-2"), overload
      ) {
        $0.rounded(.down)
      },
      toWhole(
        "ceil", "The smallest whole number that is not below x.", ("ceil(1.2)", "2"), overload
      ) {
        $0.rounded(.up)
      },
      toWhole("trunc", "Cuts the decimals of x off.", ("trunc(-1.5)", "-1"), overload) {
        $0.rounded(.towardZero)
      },
      Native(
        "sign", "The sign: -1, 0 or 1 as x is negative, zero or positive.",
        operand,
        returns: "int, float, tensor or column", search: ["signum"],
        examples: [("sign(-2.5)", "-1.0"), ("sign(3)", "1")]
      ) { vm, x in
        switch x {
        case .int(let int): return Value.int(int.signum())
        case .float(let float):
          return Value.float(float.isNaN || float == 0 ? float : float < 0 ? -1 : 1)
        default:
          if let result = try overload("sign", [x], vm) { return result }
          let value = try number(x, "x")
          return Value.float(value.isNaN || value == 0 ? value : value < 0 ? -1 : 1)
        }
      },
      ofTwo(
        "pow", "Raises x to the power of y, as a float.",
        (("x", "The base."), ("y", "The exponent.")),
        search: ["power", "exponent"], ("pow(2, 0.5)", "1.4142135623730951"), overload, pow),
    ]
  }

  /// A function of two numbers, one of which may be a tensor.
  private static func ofTwo(
    _ name: String, _ summary: String,
    _ operands: ((name: String, doc: String), (name: String, doc: String)), search: [String],
    _ example: (String, String), _ overload: @escaping Overload,
    _ compute: @escaping @Sendable (Double, Double) -> Double
  ) -> Native {
    Native(
      name, summary, Param<Value>(operands.0.name, operands.0.doc),
      Param<Value>(operands.1.name, operands.1.doc),
      returns: "float or tensor", search: search, examples: [example]
    ) { vm, x, y in
      if x.object != nil || y.object != nil, let result = try overload(name, [x, y], vm) {
        return result
      }
      return Value.float(compute(try number(x, operands.0.name), try number(y, operands.1.name)))
    }
  }

  private static func toWhole(
    _ name: String, _ summary: String, _ example: (String, String), _ overload: @escaping Overload,
    _ compute: @escaping @Sendable (Double) -> Double
  ) -> Native {
    Native(
      name, summary, operand,
      returns: "int, tensor or column",
      seeAlso: ["round"], examples: [example]
    ) { vm, x in
      switch x {
      case .int: return x
      case .float(let float): return Value.int(try whole(compute(float), name))
      default:
        if let result = try overload(name, [x], vm) { return result }
        return Value.int(try whole(compute(try number(x, "x")), name))
      }
    }
  }

  /// Rounds an int to tens, hundreds … for negative `digits`.
  static func round(_ value: Int, _ digits: Int) throws -> Int {
    guard digits < 0 else { return value }
    guard digits > -19 else {
      if digits == -19, value.magnitude > 5_000_000_000_000_000_000 {
        throw Fault(.value, "\(value) rounded to \(digits) digits does not fit into a 64-bit int")
      }
      return 0
    }
    var unit = 1
    for _ in 0..<(-digits) { unit *= 10 }
    let magnitude = value.magnitude
    let remainder = magnitude % UInt(unit)
    var quotient = magnitude / UInt(unit)
    let half = UInt(unit) / 2
    if remainder > half || (remainder == half && quotient % 2 == 1) { quotient += 1 }
    let (result, overflow) = quotient.multipliedReportingOverflow(by: UInt(unit))
    guard !overflow, let signed = Int(exactly: result) else {
      throw Fault(.value, "\(value) rounded to \(digits) digits does not fit into a 64-bit int")
    }
    return value < 0 ? -signed : signed
  }

  private static func rounded(_ value: Double, _ digits: Int?) throws -> Value {
    guard let digits else {
      return Value.int(try whole(value.rounded(.toNearestOrEven), "round"))
    }
    return Value.float(round(value, digits))
  }

  /// Correctly rounded: of the two neighbours with that many decimals the one nearer to the exact value of the float.
  static func round(_ value: Double, _ digits: Int) -> Double {
    guard value.isFinite, value != 0 else { return value }
    if digits > 323 { return value }
    if digits >= 0 { return Double(Formatting.fixed(value, digits)) ?? value }
    if digits < -308 { return 0 * value }
    // A power of ten up to 22 is exact; larger ones only matter for numbers beyond 2⁵³, which are whole.
    let unit = pow(10, Double(-digits))
    let scaled = value / unit
    let result = scaled.rounded(.toNearestOrEven) * unit
    return result.isFinite ? result : value
  }
}
