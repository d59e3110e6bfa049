import Foundations

/// The type of a tensor's elements.
public enum DType: UInt8, Sendable, CaseIterable, Comparable {
  // In the order of promotion: the result of two types is the later one.
  case bool, i32, i64, f32, f64

  /// Bytes of one element.
  @inlinable public var size: Int {
    switch self {
    case .bool: 1
    case .i32, .f32: 4
    case .i64, .f64: 8
    }
  }

  @inlinable public var isFloating: Bool { self == .f32 || self == .f64 }

  /// As scripts write it.
  public var name: String {
    switch self {
    case .bool: "bool"
    case .i32: "i32"
    case .i64: "i64"
    case .f32: "f32"
    case .f64: "f64"
    }
  }

  /// Reads a script's name of a type; also NumPy's and PyTorch's.
  public init(named name: String) throws {
    switch name {
    case "f32", "float32", "float": self = .f32
    case "f64", "float64", "double": self = .f64
    case "i64", "int64", "int", "long": self = .i64
    case "i32", "int32": self = .i32
    case "bool": self = .bool
    default:
      throw DomainError(
        .value, "unknown dtype \"\(name)\"", hint: "one of f32, f64, i64, i32, bool")
    }
  }

  @inlinable public static func < (a: DType, b: DType) -> Bool { a.rawValue < b.rawValue }

  /// The type that two tensors' elements meet in.
  @inlinable public static func promoted(_ a: DType, _ b: DType) -> DType { max(a, b) }
}

/// A Swift type that a tensor can hold.
public protocol TensorElement: BitwiseCopyable, Sendable {
  static var dtype: DType { get }
}

extension Float: TensorElement {
  public static var dtype: DType { .f32 }
}
extension Double: TensorElement {
  public static var dtype: DType { .f64 }
}
extension Int64: TensorElement {
  public static var dtype: DType { .i64 }
}
extension Int32: TensorElement {
  public static var dtype: DType { .i32 }
}
extension Bool: TensorElement {
  public static var dtype: DType { .bool }
}
