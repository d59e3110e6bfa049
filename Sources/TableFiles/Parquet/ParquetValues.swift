import Foundations
import Tables

/// Values of a page behind each other, as they are in memory.
enum ParquetValues {
  case bools([Bool])
  /// Also moments.
  case ints([Int])
  case floats([Double])
  case days([Int32])
  case texts(Texts)

  var count: Int {
    switch self {
    case .bools(let items): items.count
    case .ints(let items): items.count
    case .floats(let items): items.count
    case .days(let items): items.count
    case .texts(let items): items.count
    }
  }

  func cell(_ index: Int) -> Cell {
    switch self {
    case .bools(let items): .bool(items[index])
    case .ints(let items): .int(items[index])
    case .floats(let items): .float(items[index])
    case .days(let items): .date(Int(items[index]))
    case .texts(let items): .string(items[index])
    }
  }

  /// The values at places of a dictionary.
  func gathered(_ places: [UInt32]) throws(ParquetProblem) -> ParquetValues {
    guard places.allSatisfy({ $0 < count }) else {
      throw ParquetProblem("a page names a value that its dictionary does not have")
    }
    switch self {
    case .bools(let items): return .bools(places.map { items[Int($0)] })
    case .ints(let items): return .ints(places.map { items[Int($0)] })
    case .floats(let items): return .floats(places.map { items[Int($0)] })
    case .days(let items): return .days(places.map { items[Int($0)] })
    case .texts(let items): return .texts(items.gathered(places.map(Int.init)))
    }
  }

  /// Values in the encoding PLAIN.
  /// - Parameter isCut: set where a moment was finer than a microsecond.
  static func plain(
    _ bytes: UnsafeRawBufferPointer, count: Int, _ column: ParquetColumn, isCut: inout Bool
  ) throws(ParquetProblem) -> ParquetValues {
    let size: Int
    switch column.physical {
    case .boolean:
      guard (count + 7) / 8 <= bytes.count else { throw ParquetProblem("a page is cut off") }
      return .bools((0..<count).map { bytes[$0 >> 3] >> UInt8($0 & 7) & 1 == 1 })
    case .byteArray: return .texts(try texts(bytes, count: count))
    case .int32, .float: size = 4
    case .int64, .double: size = 8
    case .int96: size = 12
    case .fixed: size = column.length
    }
    guard count <= bytes.count / size else { throw ParquetProblem("a page is cut off") }
    func load<T>(_ index: Int, _ type: T.Type) -> T {
      bytes.loadUnaligned(fromByteOffset: index * size, as: type)
    }
    switch (column.physical, column.meaning) {
    case (.float, _): return .floats((0..<count).map { Double(load($0, Float.self)) })
    case (.double, _): return .floats((0..<count).map { load($0, Double.self) })
    case (.fixed, _): return .floats((0..<count).map { half(load($0, UInt16.self)) })
    case (.int96, _): return .ints(try legacyMoments(bytes, count, column, &isCut))
    case (.int32, .float), (.int64, .float):
      guard count == 0 else {
        throw ParquetProblem("the column `\(column.name)` has values, but no type")
      }
      return .floats([])
    case (.int32, .day):
      let days = (0..<count).map { load($0, Int32.self) }
      guard days.allSatisfy({ CalendarTime.days.contains(Int($0)) }) else {
        throw ParquetProblem(
          "the column `\(column.name)` holds a day outside of the years 1 to 9999")
      }
      return .days(days)
    case (.int32, .int(isUnsigned: true)):
      return .ints((0..<count).map { Int(load($0, UInt32.self)) })
    case (.int32, _): return .ints((0..<count).map { Int(load($0, Int32.self)) })
    case (_, .moment(let unit)):
      var moments: [Int] = []
      moments.reserveCapacity(count)
      for index in 0..<count {
        let value = load(index, Int.self)
        if unit == 1 {
          if value % 1000 != 0 { isCut = true }
          let floor = value >= 0 ? value / 1000 : (value + 1) / 1000 - 1
          moments.append(try moment((floor, false), plus: 0, column))
        } else {
          moments.append(
            try moment(value.multipliedReportingOverflow(by: unit / 1000), plus: 0, column))
        }
      }
      return .ints(moments)
    case (_, .int(isUnsigned: true)):
      let values = (0..<count).map { load($0, Int.self) }
      guard values.allSatisfy({ $0 >= 0 }) else {
        throw ParquetProblem("the column `\(column.name)` holds a number past 64 bits with a sign")
      }
      return .ints(values)
    default: return .ints((0..<count).map { load($0, Int.self) })
    }
  }

  /// Moments as a day, counted from the year -4713, behind the nanoseconds of that day: what older programs write.
  private static func legacyMoments(
    _ bytes: UnsafeRawBufferPointer, _ count: Int, _ column: ParquetColumn, _ isCut: inout Bool
  ) throws(ParquetProblem) -> [Int] {
    var moments: [Int] = []
    for index in 0..<count {
      let day = Int(bytes.loadUnaligned(fromByteOffset: index * 12 + 8, as: UInt32.self))
      let rest = Int(clamping: bytes.loadUnaligned(fromByteOffset: index * 12, as: UInt64.self))
      if rest % 1000 != 0 { isCut = true }
      moments.append(
        try moment(
          (day - 2_440_588).multipliedReportingOverflow(by: CalendarTime.microsecondsPerDay),
          plus: rest / 1000, column))
    }
    return moments
  }

  private static func moment(
    _ start: (partialValue: Int, overflow: Bool), plus rest: Int, _ column: ParquetColumn
  ) throws(ParquetProblem) -> Int {
    let (value, overflow) = start.partialValue.addingReportingOverflow(rest)
    guard !start.overflow, !overflow, CalendarTime.moments.contains(value) else {
      throw ParquetProblem(
        "the column `\(column.name)` holds a moment outside of the years 1 to 9999")
    }
    return value
  }

  /// IEEE 754's binary16.
  private static func half(_ bits: UInt16) -> Double {
    let sign: Double = bits >> 15 == 1 ? -1 : 1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Double(bits & 0x3FF)
    if exponent == 0 { return sign * fraction * 0x1p-24 }
    if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
    return sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
  }

  private static func texts(_ bytes: UnsafeRawBufferPointer, count: Int) throws(ParquetProblem)
    -> Texts
  {
    // Each takes four bytes at least.
    guard count <= bytes.count / 4 else { throw ParquetProblem("a page is cut off") }
    var texts = Texts()
    texts.reserve(count: count, bytes: bytes.count - 4 * count)
    let values = bytes.assumingMemoryBound(to: UInt8.self)
    var place = 0
    for _ in 0..<count {
      guard place + 4 <= bytes.count else { throw ParquetProblem("a page is cut off") }
      let length = Int(bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
      place += 4
      guard length <= bytes.count - place else { throw ParquetProblem("a page is cut off") }
      let text = UnsafeBufferPointer(rebasing: values[place..<place + length])
      if UTF8Check.firstInvalid(text) != nil {
        throw ParquetProblem("a column holds bytes that are no text (UTF-8)")
      }
      texts.append(text)
      place += length
    }
    return texts
  }
}
