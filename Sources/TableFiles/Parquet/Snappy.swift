/// Google's Snappy (format_description.txt of its sources): what most Parquet files are packed by.
enum Snappy {
  /// The unpacked bytes; nil where the block is damaged or does not hold `count` bytes.
  static func unpacked(_ packed: UnsafeRawBufferPointer, count: Int) -> [UInt8]? {
    var place = 0
    var length = 0
    var shift = 0
    while true {
      guard place < packed.count, shift < 35 else { return nil }
      let byte = packed[place]
      place += 1
      length |= Int(byte & 0x7F) << shift
      shift += 7
      if byte < 0x80 { break }
    }
    guard length == count else { return nil }
    var isSound = false
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      isSound = unpack(packed, from: place, into: UnsafeMutableRawBufferPointer(buffer))
      filled = isSound ? count : 0
    }
    return isSound ? result : nil
  }

  private static func unpack(
    _ packed: UnsafeRawBufferPointer, from start: Int, into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    var place = start
    var done = 0
    func number(_ bytes: Int) -> Int? {
      guard place + bytes <= packed.count else { return nil }
      var value = 0
      for index in 0..<bytes { value |= Int(packed[place + index]) << (8 * index) }
      return value
    }
    while place < packed.count {
      let tag = packed[place]
      place += 1
      if tag & 3 == 0 {
        var length = Int(tag >> 2) + 1
        if length > 60 {
          let width = length - 60
          guard let long = number(width) else { return false }
          length = long + 1
          place += width
        }
        guard length <= packed.count - place, length <= target.count - done,
          let from = packed.baseAddress, let to = target.baseAddress
        else { return false }
        (to + done).copyMemory(from: from + place, byteCount: length)
        place += length
        done += length
        continue
      }
      let length: Int
      let offset: Int
      switch tag & 3 {
      case 1:
        guard let low = number(1) else { return false }
        length = Int(tag >> 2 & 7) + 4
        offset = Int(tag >> 5) << 8 | low
        place += 1
      case 2:
        guard let far = number(2) else { return false }
        (length, offset) = (Int(tag >> 2) + 1, far)
        place += 2
      default:
        guard let far = number(4) else { return false }
        (length, offset) = (Int(tag >> 2) + 1, far)
        place += 4
      }
      guard offset > 0, offset <= done, length <= target.count - done,
        let base = target.baseAddress
      else { return false }
      if offset >= length {
        (base + done).copyMemory(from: base + (done - offset), byteCount: length)
      } else {
        // What is copied overlaps what is made: it repeats.
        for index in done..<done + length { target[index] = target[index - offset] }
      }
      done += length
    }
    return done == target.count
  }
}
