import Foundations

// Columns made of others' rows.

extension Series {
  /// The values at the given places, in that order.
  /// - Precondition: every place is within the column.
  public func gathered(_ places: [Int]) -> Series {
    func take<T>(_ items: [T]) -> [T] {
      items.withUnsafeBufferPointer { items in
        [T](unsafeUninitializedCapacity: places.count) { buffer, initialized in
          for (index, place) in places.enumerated() {
            (buffer.baseAddress.unsafelyUnwrapped + index).initialize(to: items[place])
          }
          initialized = places.count
        }
      }
    }
    let missing = missing.map(take)
    switch values {
    case .bool(let items): return Series(.bool(take(items)), missing: missing)
    case .int(let items): return Series(.int(take(items)), missing: missing)
    case .float(let items): return Series(.float(take(items)), missing: missing)
    case .string(let texts): return Series(.string(texts.gathered(places)), missing: missing)
    case .category(let codes, let levels):
      return Series(.category(codes: take(codes), levels: levels), missing: missing)
    case .date(let items): return Series(.date(take(items)), missing: missing)
    case .datetime(let items): return Series(.datetime(take(items)), missing: missing)
    case .cells(let items): return Series(.cells(take(items)), missing: missing)
    }
  }

  /// The same where a negative place gives a missing value.
  public func gatheredOrMissing(_ places: [Int]) -> Series {
    guard places.contains(where: { $0 < 0 }) else { return gathered(places) }
    guard count > 0 else { return Series(repeating: .null, count: places.count) }
    let taken = gathered(places.map { max(0, $0) })
    let flags = places.indices.map { places[$0] < 0 || taken.isMissing($0) }
    if case .cells(let cells) = taken.values {
      return Series(.cells(cells.indices.map { flags[$0] ? .null : cells[$0] }), missing: flags)
    }
    return Series(taken.values, missing: flags)
  }

  public func slice(_ range: Range<Int>) -> Series {
    if range == 0..<count { return self }
    let missing = missing.map { Array($0[range]) }
    switch values {
    case .bool(let items): return Series(.bool(Array(items[range])), missing: missing)
    case .int(let items): return Series(.int(Array(items[range])), missing: missing)
    case .float(let items): return Series(.float(Array(items[range])), missing: missing)
    case .string(let texts): return Series(.string(texts.slice(range)), missing: missing)
    case .category(let codes, let levels):
      return Series(.category(codes: Array(codes[range]), levels: levels), missing: missing)
    case .date(let items): return Series(.date(Array(items[range])), missing: missing)
    case .datetime(let items): return Series(.datetime(Array(items[range])), missing: missing)
    case .cells(let items): return Series(.cells(Array(items[range])), missing: missing)
    }
  }

  /// Both behind each other, as the type that fits both.
  public func appending(_ other: Series) -> Series {
    if count == 0 { return other }
    if other.count == 0 { return self }
    let flags: [Bool]? =
      missing == nil && other.missing == nil
      ? nil
      : (missing ?? [Bool](repeating: false, count: count))
        + (other.missing ?? [Bool](repeating: false, count: other.count))
    switch (values, other.values) {
    case (.bool(let a), .bool(let b)): return Series(.bool(a + b), missing: flags)
    case (.int(let a), .int(let b)): return Series(.int(a + b), missing: flags)
    case (.float(let a), .float(let b)): return Series(.float(a + b), missing: flags)
    case (.date(let a), .date(let b)): return Series(.date(a + b), missing: flags)
    case (.datetime(let a), .datetime(let b)): return Series(.datetime(a + b), missing: flags)
    case (.cells(let a), .cells(let b)): return Series(.cells(a + b), missing: flags)
    case (.string(var a), .string(let b)):
      a.append(contentsOf: b)
      return Series(.string(a), missing: flags)
    case (.category(let a, let levels), .category(let b, let others)) where levels == others:
      return Series(.category(codes: a + b, levels: levels), missing: flags)
    default: break
    }
    // A column of nothing but missing values takes the other's type.
    if isAllMissing {
      return other.gatheredOrMissing([Int](repeating: -1, count: count)).appending(other)
    }
    if other.isAllMissing {
      return appending(gatheredOrMissing([Int](repeating: -1, count: other.count)))
    }
    if var first = texts, let second = other.texts {
      first.append(contentsOf: second)
      return Series(.string(first), missing: flags)
    }
    return Series(cells: cells + other.cells)
  }
}
