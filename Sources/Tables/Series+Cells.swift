import Foundations

// From single values to a column: the type that fits all of them.

extension Series {
  /// The column of the given cells. Ints beside floats become floats, where each of them is one exactly; what fits no
  /// type together stays as it is.
  public convenience init(cells: [Cell]) {
    var kinds: Set<CellKind> = []
    for cell in cells { if let kind = CellKind(cell) { kinds.insert(kind) } }
    let missing = cells.map(\.isNull)
    if kinds.isEmpty {
      self.init(.float([Double](repeating: 0, count: cells.count)), missing: missing)
      return
    }
    if kinds == [.int, .float] {
      let fits = cells.allSatisfy { cell in
        if case .int(let value) = cell { Int(exactly: Double(value)) == value } else { true }
      }
      if fits {
        self.init(.float(cells.map { $0.number ?? 0 }), missing: missing)
        return
      }
    }
    guard kinds.count == 1, let kind = kinds.first else {
      self.init(.cells(cells))
      return
    }
    switch kind {
    case .bool: self.init(.bool(cells.map { $0.number == 1 }), missing: missing)
    case .int:
      self.init(
        .int(cells.map { if case .int(let value) = $0 { value } else { 0 } }), missing: missing)
    case .float: self.init(.float(cells.map { $0.number ?? 0 }), missing: missing)
    case .string:
      var texts = Texts()
      texts.reserve(count: cells.count, bytes: 0)
      for cell in cells {
        if case .string(let text) = cell { texts.append(text) } else { texts.append("") }
      }
      self.init(.string(texts), missing: missing)
    case .date:
      self.init(
        .date(cells.map { if case .date(let day) = $0 { Int32(clamping: day) } else { 0 } }),
        missing: missing)
    case .datetime:
      self.init(
        .datetime(cells.map { if case .datetime(let value) = $0 { value } else { 0 } }),
        missing: missing)
    case .other: self.init(.cells(cells))
    }
  }

  /// What decides the type of a column.
  private enum CellKind {
    case bool, int, float, string, date, datetime, other

    init?(_ cell: Cell) {
      switch cell {
      case .null: return nil
      case .bool: self = .bool
      case .int: self = .int
      case .float: self = .float
      case .string: self = .string
      case .date: self = .date
      case .datetime: self = .datetime
      case .list, .map, .tensor, .table, .opaque: self = .other
      }
    }
  }
}
