/// The hybrid of run lengths and packed bits in which Parquet writes levels and places in dictionaries.
enum ParquetLevels {
  /// `count` numbers of `width` bits.
  static func decoded(_ bytes: UnsafeRawBufferPointer, width: Int, count: Int)
    throws(ParquetProblem) -> [UInt32]
  {
    guard width <= 32 else { throw ParquetProblem("numbers of \(width) bits") }
    if width == 0 { return [UInt32](repeating: 0, count: count) }
    var result: [UInt32] = []
    result.reserveCapacity(count)
    var place = 0
    while result.count < count {
      var header = 0
      var shift = 0
      while true {
        guard place < bytes.count, shift < 35 else { throw ParquetProblem("a page is cut off") }
        let byte = bytes[place]
        place += 1
        header |= Int(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      let left = count - result.count
      if header & 1 == 0 {
        let size = (width + 7) / 8
        guard place + size <= bytes.count else { throw ParquetProblem("a page is cut off") }
        var value: UInt32 = 0
        for index in 0..<size { value |= UInt32(bytes[place + index]) << UInt32(8 * index) }
        place += size
        result.append(contentsOf: repeatElement(value, count: min(header >> 1, left)))
      } else {
        let wanted = min((header >> 1) * 8, left)
        guard (wanted * width + 7) / 8 <= bytes.count - place else {
          throw ParquetProblem("a page is cut off")
        }
        unpack(bytes, place, width: width, count: wanted, into: &result)
        place = min(place + (header >> 1) * width, bytes.count)
      }
    }
    return result
  }

  private static func unpack(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, width: Int, count: Int,
    into result: inout [UInt32]
  ) {
    let mask = width == 32 ? UInt64(UInt32.max) : (1 << UInt64(width)) - 1
    var held: UInt64 = 0
    var bits = 0
    var place = start
    for _ in 0..<count {
      while bits < width {
        held |= UInt64(bytes[place]) << UInt64(bits)
        place += 1
        bits += 8
      }
      result.append(UInt32(truncatingIfNeeded: held & mask))
      held >>= UInt64(width)
      bits -= width
    }
  }

  /// Numbers of `width` bits as one run of packed ones.
  static func packed(_ values: [UInt8], width: Int) -> [UInt8] {
    let groups = (values.count + 7) / 8
    var result: [UInt8] = []
    var header = UInt64(groups) << 1 | 1
    while header >= 0x80 {
      result.append(UInt8(truncatingIfNeeded: header) | 0x80)
      header >>= 7
    }
    result.append(UInt8(header))
    result.reserveCapacity(result.count + groups * width)
    var held: UInt64 = 0
    var bits = 0
    for index in 0..<groups * 8 {
      held |= UInt64(index < values.count ? values[index] : 0) << UInt64(bits)
      bits += width
      while bits >= 8 {
        result.append(UInt8(truncatingIfNeeded: held))
        held >>= 8
        bits -= 8
      }
    }
    return result
  }
}
