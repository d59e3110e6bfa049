import Foundations

// Columns made from others: what is missing filled, numbers put into bins.

extension Series {
  /// The column with another's values where its own are missing. A single value stands for all rows.
  /// - Throws: `value` for another length.
  public func filled(with other: Series) throws -> Series {
    guard other.count == 1 || other.count == count else {
      throw DomainError(
        .value, "\(count) values cannot be filled from a column of \(other.count)")
    }
    guard let missing else { return self }
    let places = missing.indices.map { missing[$0] ? count + (other.count == 1 ? 0 : $0) : $0 }
    return appending(other).gathered(places)
  }

  /// The interval that each number lies in, as a category: `[0, 10)`, the last one closed. What lies outside of all
  /// edges, `nan` and missing values have none.
  /// - Throws: `type` where the column holds no numbers, `value` for edges that do not ascend or are not finite but at
  ///   the ends.
  public func binned(edges: [Double]) throws -> Series { try binned(edges: edges, named: edges) }

  /// - Parameter shown: what the names of the intervals call the edges.
  private func binned(edges: [Double], named shown: [Double]) throws -> Series {
    guard edges.count >= 2, !edges.contains(where: \.isNaN),
      zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw DomainError(.value, "bins need at least two edges that ascend")
    }
    guard let numbers else {
      throw DomainError(.type, "`bins` needs numbers, found a column of type \(kind.rawValue)")
    }
    let texts = shown.map { edge in
      Int(exactly: edge).map { abs($0) < 1 << 53 ? String($0) : NumberText.shortest(edge) }
        ?? NumberText.shortest(edge)
    }
    var levels = Texts()
    for bin in 0..<(edges.count - 1) {
      levels.append("[\(texts[bin]), \(texts[bin + 1])\(bin == edges.count - 2 ? "]" : ")")")
    }
    var codes = [Int32](repeating: 0, count: count)
    var missing = [Bool](repeating: false, count: count)
    for row in 0..<count {
      if let bin = BinEdges.bin(of: numbers[row], in: edges) {
        codes[row] = Int32(bin)
      } else {
        missing[row] = true
      }
    }
    return Series(.category(codes: codes, levels: levels), missing: missing)
  }

  /// The same with bins of equal width from the smallest to the greatest finite number. Their names round the edges, as
  /// `pandas.cut` does; values are placed by the edges themselves.
  public func binned(count bins: Int) throws -> Series {
    guard bins >= 1, bins <= 1_000_000 else {
      throw DomainError(.value, "a column is put into 1 to 1,000,000 bins, found \(bins)")
    }
    let finite = try measured("bins").filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else {
      return Series(repeating: .null, count: count)
    }
    let edges = BinEdges.equal(from: low, to: high, count: bins)
    return try binned(edges: edges, named: BinEdges.rounded(edges))
  }

  /// The texts as a category, its levels sorted; other columns by the texts of their values.
  public func categorized() throws -> Series {
    if case .category = values { return self }
    let codes = try Codes(self)
    let present = codes.firsts.indices.filter { !isMissing(codes.firsts[$0]) }
    let firsts = gathered(present.map { codes.firsts[$0] })
    let order = try firsts.ordered()
    var place = [Int32](repeating: 0, count: codes.count)
    var levels = Texts()
    for (rank, index) in order.enumerated() {
      place[present[index]] = Int32(rank)
      levels.append(firsts[index].text)
    }
    return Series(
      .category(codes: codes.rows.map { place[Int($0)] }, levels: levels), missing: missing)
  }

  /// The values as another type.
  /// - Throws: `value` with the first row whose value is not one of that type.
  public func converted(to kind: Kind) throws -> Series {
    if self.kind == kind { return self }
    func failure(_ row: Int) -> DomainError {
      DomainError(
        .value,
        "row \(row): \(String(self[row].sourceText.prefix(60))) is no \(kind.rawValue)")
    }
    func each<T>(_ zero: T, _ convert: (Cell) -> T?) throws -> [T] {
      try (0..<count).map { row in
        if isMissing(row) { return zero }
        guard let value = convert(self[row]) else { throw failure(row) }
        return value
      }
    }
    switch kind {
    case .int:
      return Series(
        .int(
          try each(0) { cell in
            switch cell {
            case .int(let value): value
            case .bool(let value): value ? 1 : 0
            case .float(let value): Int(exactly: value)
            case .string(let text): Int(text)
            default: nil
            }
          }), missing: missing)
    case .float:
      return Series(
        .float(
          try each(0) { cell in
            if case .string(let text) = cell { return Double(text) }
            return cell.number
          }), missing: missing)
    case .bool:
      return Series(
        .bool(
          try each(false) { cell in
            switch cell {
            case .bool(let value): value
            case .int(0), .string("false"), .string("False"): false
            case .int(1), .string("true"), .string("True"): true
            default: nil
            }
          }), missing: missing)
    case .string:
      var texts = Texts()
      for row in 0..<count { texts.append(isMissing(row) ? "" : self[row].text) }
      return Series(.string(texts), missing: missing)
    case .category: return try categorized()
    case .date:
      let dates = try dates(format: nil)
      if case .datetime(let moments) = dates.values {
        return Series(.date(moments.map { Int32(CalendarTime.split($0).day) }), missing: missing)
      }
      return dates
    case .datetime: return Series(.datetime(try dates(format: nil).moments ?? []), missing: missing)
    case .list, .mixed: return Series(.cells(cells))
    }
  }
}
