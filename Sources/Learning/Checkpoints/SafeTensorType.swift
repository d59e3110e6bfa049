import Tensors

/// The element types of the safetensors format, in the order of its reference (by alignment).
public enum SafeTensorType: String, Sendable, CaseIterable, Comparable {
  case bool = "BOOL"
  case f4 = "F4"
  case f6e2m3 = "F6_E2M3"
  case f6e3m2 = "F6_E3M2"
  case u8 = "U8"
  case i8 = "I8"
  case f8e5m2 = "F8_E5M2"
  case f8e4m3 = "F8_E4M3"
  case f8e8m0 = "F8_E8M0"
  case f8e4m3fnuz = "F8_E4M3FNUZ"
  case f8e5m2fnuz = "F8_E5M2FNUZ"
  case i16 = "I16"
  case u16 = "U16"
  case f16 = "F16"
  case bf16 = "BF16"
  case i32 = "I32"
  case u32 = "U32"
  case f32 = "F32"
  case c64 = "C64"
  case f64 = "F64"
  case i64 = "I64"
  case u64 = "U64"

  /// Bits of one element.
  public var bits: Int {
    switch self {
    case .f4: 4
    case .f6e2m3, .f6e3m2: 6
    case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
    case .i16, .u16, .f16, .bf16: 16
    case .i32, .u32, .f32: 32
    case .c64, .f64, .i64, .u64: 64
    }
  }

  /// The tensor type that holds every value of this one; nil where there is none: complex numbers, and numbers that
  /// share bytes.
  public var dtype: DType? {
    switch self {
    case .bool: .bool
    case .f4, .f6e2m3, .f6e3m2, .c64: nil
    case .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz, .f16, .bf16, .f32: .f32
    case .f64: .f64
    case .i32: .i32
    // The largest u64 are refused when they are met.
    case .u8, .i8, .i16, .u16, .u32, .i64, .u64: .i64
    }
  }

  /// How a tensor of `dtype` is written.
  public init(_ dtype: DType) {
    switch dtype {
    case .bool: self = .bool
    case .i32: self = .i32
    case .i64: self = .i64
    case .f32: self = .f32
    case .f64: self = .f64
    }
  }

  private var rank: Int { SafeTensorType.allCases.firstIndex(of: self) ?? 0 }
  public static func < (a: SafeTensorType, b: SafeTensorType) -> Bool { a.rank < b.rank }
}

extension SafeTensorType {
  /// Turns `count` little-endian elements at `source` into elements of `dtype` at `target`.
  ///
  /// - Returns: false where a value does not fit (u64 past 2⁶³ - 1).
  func convert(
    _ source: UnsafeRawPointer, count: Int, into target: UnsafeMutableRawPointer
  ) -> Bool {
    switch self {
    case .bool:
      // Other bytes than 0 and 1 are no Swift truth values.
      map(source, count, target, UInt8.self, Bool.self) { $0 != 0 }
    case .u8: map(source, count, target, UInt8.self, Int64.self) { Int64($0) }
    case .i8: map(source, count, target, Int8.self, Int64.self) { Int64($0) }
    case .i16: map(source, count, target, Int16.self, Int64.self) { Int64($0) }
    case .u16: map(source, count, target, UInt16.self, Int64.self) { Int64($0) }
    case .u32: map(source, count, target, UInt32.self, Int64.self) { Int64($0) }
    case .u64:
      var all: UInt64 = 0
      map(source, count, target, UInt64.self, Int64.self) {
        all |= $0
        return Int64(bitPattern: $0)
      }
      return all >> 63 == 0
    case .f16:
      map(source, count, target, UInt16.self, Float.self, SafeTensorType.half)
    case .bf16:
      map(source, count, target, UInt16.self, Float.self) { Float(bitPattern: UInt32($0) << 16) }
    case .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz:
      (0..<256).map { eightBit(UInt8($0)) }.withUnsafeBufferPointer { table in
        map(source, count, target, UInt8.self, Float.self) { table[Int($0)] }
      }
    case .i32, .f32, .f64, .i64:
      target.copyMemory(from: source, byteCount: count * bits / 8)
    case .f4, .f6e2m3, .f6e3m2, .c64: return false
    }
    return true
  }

  @inline(__always)
  private func map<Source: BitwiseCopyable, Target: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer,
    _: Source.Type, _: Target.Type, _ function: (Source) -> Target
  ) {
    let target = target.assumingMemoryBound(to: Target.self)
    for i in 0..<count {
      target[i] = function(
        source.loadUnaligned(fromByteOffset: i * MemoryLayout<Source>.stride, as: Source.self))
    }
  }

  /// IEEE 754 binary16: the multiplication moves the exponent, and normalises what is subnormal there, exactly.
  @inline(__always)
  static func half(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let rest = UInt32(bits & 0x7FFF) << 13
    let scaled = (Float(bitPattern: rest) * 0x1p112).bitPattern
    let magnitude = rest >= 0x7C00 << 13 ? rest | 0x7F80_0000 : scaled
    return Float(bitPattern: sign | magnitude)
  }

  /// The value of one byte. OCP 8-bit floating point (E4M3 has no infinity, E5M2 is the upper byte of a binary16), its
  /// "FNUZ" variants (the bias is one more, 0x80 is the only NaN, there is no negative zero), and E8M0, a power of two.
  fileprivate func eightBit(_ byte: UInt8) -> Float {
    func value(mantissaBits: Int, bias: Int) -> Float {
      let exponent = Int(byte & 0x7F) >> mantissaBits
      let fraction = Float(byte & (1 << mantissaBits - 1)) / Float(1 << mantissaBits)
      let magnitude =
        exponent == 0
        ? Float(sign: .plus, exponent: 1 - bias, significand: fraction)
        : Float(sign: .plus, exponent: exponent - bias, significand: 1 + fraction)
      return byte & 0x80 == 0 ? magnitude : -magnitude
    }
    switch self {
    case .f8e8m0:
      return byte == 0xFF ? .nan : Float(sign: .plus, exponent: Int(byte) - 127, significand: 1)
    case .f8e4m3: return byte & 0x7F == 0x7F ? .nan : value(mantissaBits: 3, bias: 7)
    case .f8e4m3fnuz: return byte == 0x80 ? .nan : value(mantissaBits: 3, bias: 8)
    case .f8e5m2fnuz: return byte == 0x80 ? .nan : value(mantissaBits: 2, bias: 16)
    default: return SafeTensorType.half(UInt16(byte) << 8)
    }
  }
}

// MARK: Writing

extension SafeTensorType {
  /// Numbers below it in size stay finite when they are rounded to this type; nil for types that f32 tensors are not
  /// rounded to.
  var largestRounded: Float? {
    switch self {
    case .f16: 65520
    // Half a step above the largest.
    case .bf16: Float(bitPattern: 0x7F7F_8000)
    case .f8e5m2, .f8e4m3, .f8e4m3fnuz, .f8e5m2fnuz:
      (0..<256).map { eightBit(UInt8($0)) }.filter(\.isFinite).max()?.nextUp
    default: nil
    }
  }

  /// Whether infinity is a number of this type.
  var hasInfinity: Bool { ![.f8e4m3, .f8e4m3fnuz, .f8e5m2fnuz, .f8e8m0].contains(self) }

  /// Rounds each number to the nearest of this type, of two to the even one, and writes them one after another.
  func round(_ numbers: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer) {
    switch self {
    case .f16:
      for (i, number) in numbers.enumerated() {
        bytes.storeBytes(
          of: Float16(number).bitPattern.littleEndian, toByteOffset: 2 * i, as: UInt16.self)
      }
    case .bf16:
      for (i, number) in numbers.enumerated() {
        let bits = number.bitPattern
        let rounded = bits &+ 0x7FFF &+ (bits >> 16 & 1)
        let upper = number.isNaN ? UInt16(bits >> 16) | 0x40 : UInt16(rounded >> 16)
        bytes.storeBytes(of: upper.littleEndian, toByteOffset: 2 * i, as: UInt16.self)
      }
    default:
      let values = (0..<256).map { (byte: UInt8($0), value: eightBit(UInt8($0))) }
      let nan = values.first { $0.value.isNaN }?.byte ?? 0
      let infinities = values.filter(\.value.isInfinite)
      // Of the two zeros the one without a sign.
      let finite = values.filter { $0.value.isFinite && !($0.value == 0 && $0.byte != 0) }
        .sorted { $0.value < $1.value }
      for (i, number) in numbers.enumerated() {
        bytes[i] =
          number.isNaN
          ? nan
          : infinities.first { $0.value == number }?.byte ?? SafeTensorType.nearest(number, finite)
      }
    }
  }

  private static func nearest(_ number: Float, _ values: [(byte: UInt8, value: Float)]) -> UInt8 {
    var (low, high) = (0, values.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if values[middle].value <= number { low = middle } else { high = middle }
    }
    let (below, above) = (number - values[low].value, values[high].value - number)
    let isLower = below < above || (below == above && values[low].byte % 2 == 0)
    return values[isLower ? low : high].byte
  }
}
