/// Where gradients of a set of parameters are summed: a block of memory for each, taken when something is first added
/// and given back by `discard`, and a compact form for tables of which a step touches few rows (embeddings), so that
/// neither zeroing nor the optimizer need read a big dense gradient.
///
/// A step is: `begin()`; rules add through `target(_:)` or `sparse(_:)`; readers use `values(_:)` or the rows.
public final class GradientSink {
  public let parameters: [Parameter]
  private let indexOf: [ObjectIdentifier: Int]
  private var storages: [Storage?]
  private var touched: [Bool]
  private var tables: [SparseRows?]

  /// `sparse` names those parameters ([rows, width]) whose rule may add single rows.
  public init(_ parameters: [Parameter], sparse: Set<Parameter> = []) throws {
    self.parameters = parameters
    var indexOf: [ObjectIdentifier: Int] = [:]
    for (index, parameter) in parameters.enumerated() {
      indexOf[ObjectIdentifier(parameter)] = index
    }
    self.indexOf = indexOf
    storages = Array(repeating: nil, count: parameters.count)
    touched = Array(repeating: false, count: parameters.count)
    tables = try parameters.map { parameter in
      guard sparse.contains(parameter), parameter.shape.rank == 2 else { return nil }
      return try SparseRows(tableRows: parameter.shape[0], width: parameter.shape[1])
    }
  }

  public func index(of parameter: Parameter) -> Int? { indexOf[ObjectIdentifier(parameter)] }

  /// Forgets all that was added; costs nothing for the dense part (the first addition overwrites).
  public func begin() {
    for index in touched.indices { touched[index] = false }
    for table in tables { table?.clear() }
  }

  /// Forgets what was added to parameter `index` and gives its dense memory back.
  public func discard(_ index: Int) {
    touched[index] = false
    storages[index] = nil
    tables[index]?.clear()
  }

  /// Parameter `index`'s dense gradient, contiguous; nil where nothing dense has been added since `begin()`.
  public func values(_ index: Int) -> UnsafeMutablePointer<Float>? {
    touched[index] ? storages[index]?.pointer.assumingMemoryBound(to: Float.self) : nil
  }

  /// Where to put parameter `index`'s dense gradient. The first writer since `begin()` gets `accumulate == false` and
  /// must overwrite the whole range (what is there is stale); later ones must add.
  public func target(_ index: Int) throws -> (
    pointer: UnsafeMutablePointer<Float>, accumulate: Bool
  ) {
    let storage =
      try storages[index] ?? Storage(byteCount: max(parameters[index].count, 1) * 4)
    storages[index] = storage
    let accumulate = touched[index]
    touched[index] = true
    return (storage.pointer.assumingMemoryBound(to: Float.self), accumulate)
  }

  /// As `target(_:)`, but already cleared for the first writer: for those who add here and there.
  public func zeroedTarget(_ index: Int) throws -> UnsafeMutablePointer<Float> {
    let (pointer, accumulate) = try target(index)
    if !accumulate { pointer.update(repeating: 0, count: parameters[index].count) }
    return pointer
  }

  /// The row table of a parameter that was declared sparse; nil where it is dense.
  public func sparse(_ index: Int) -> SparseRows? { tables[index] }

  /// Adds the rows of a table into its dense gradient where something wrote that, too.
  public func mergeRows(_ index: Int) throws {
    guard let table = tables[index], table.rowCount > 0, touched[index] else { return }
    table.add(to: try zeroedTarget(index))
    table.clear()
  }

  /// Makes every gradient dense, those of parameters that nothing was added to zero.
  public func densify() throws {
    for index in parameters.indices {
      let target = try zeroedTarget(index)
      tables[index]?.add(to: target)
      tables[index]?.clear()
    }
  }

  /// Parameter `index`'s gradient as a new tensor of its shape.
  public func gradient(_ index: Int) throws -> Tensor {
    let result = try Tensor.zeros(parameters[index].shape)
    if let values = values(index) { result.floats.update(from: values, count: result.count) }
    tables[index]?.add(to: result.floats)
    return result
  }
}

/// Gradient rows of a big table: the distinct rows that a step touched, in order of their first appearance, and the
/// sums for them in compact form.
public final class SparseRows {
  /// Rows of the whole table.
  public let tableRows: Int
  public let width: Int
  /// The touched rows of the table.
  public private(set) var rows: [Int32] = []
  private let map: Storage
  private var storage: Storage?
  private var capacity = 0

  init(tableRows: Int, width: Int) throws {
    self.tableRows = tableRows
    self.width = width
    map = try Storage(byteCount: max(tableRows, 1) * 4)
    map.pointer.assumingMemoryBound(to: Int32.self).update(repeating: -1, count: tableRows)
  }

  public var rowCount: Int { rows.count }

  /// For each row of the table its compact row, -1 where it has not been touched: what the optimizer kernels take as
  /// `row_map`.
  public var rowMap: UnsafePointer<Int32> { UnsafePointer(slotOf) }
  private var slotOf: UnsafeMutablePointer<Int32> {
    map.pointer.assumingMemoryBound(to: Int32.self)
  }

  /// `rowCount × width` sums; row j belongs to table row `rows[j]`. Nil while no row has been touched.
  public var values: UnsafeMutablePointer<Float>? {
    rows.isEmpty ? nil : storage?.pointer.assumingMemoryBound(to: Float.self)
  }

  /// Makes room for the table rows `tokens[0..<count]` and writes to `slots` the compact row of each. New rows are
  /// zero. Then scatter into `values` by slot. A token outside of the table is padding: its slot is -1.
  public func slots<Index: FixedWidthInteger>(
    for tokens: UnsafePointer<Index>, count: Int, into slots: UnsafeMutablePointer<Int32>
  ) throws {
    let before = rows.count
    for i in 0..<count {
      let token = Int(tokens[i])
      guard token >= 0, token < tableRows else {
        slots[i] = -1
        continue
      }
      var slot = slotOf[token]
      if slot < 0 {
        slot = Int32(rows.count)
        slotOf[token] = slot
        rows.append(Int32(token))
      }
      slots[i] = slot
    }
    try reserve(rows.count, keeping: before)
    if let values {
      (values + before * width).update(repeating: 0, count: (rows.count - before) * width)
    }
  }

  /// Takes distinct rows of the table as the touched ones where none has been touched yet, and returns where to write
  /// their sums (all of them: nothing is cleared), row j's at j × width. Nil where rows were touched before: add with
  /// `slots`.
  public func claim(_ newRows: UnsafeBufferPointer<Int32>) throws -> UnsafeMutablePointer<Float>? {
    guard rows.isEmpty, !newRows.isEmpty else { return nil }
    try reserve(newRows.count, keeping: 0)
    rows.append(contentsOf: newRows)
    let slotOf = slotOf
    for (slot, row) in newRows.enumerated() {
      precondition(row >= 0 && Int(row) < tableRows, "row outside of the table")
      slotOf[Int(row)] = Int32(truncatingIfNeeded: slot)
    }
    return values
  }

  private func reserve(_ needed: Int, keeping kept: Int) throws {
    guard needed > capacity else { return }
    let newCapacity = max(needed, capacity * 2, 64)
    let grown = try Storage(byteCount: newCapacity * width * 4)
    if let storage { grown.pointer.copyMemory(from: storage.pointer, byteCount: kept * width * 4) }
    storage = grown
    capacity = newCapacity
  }

  /// Adds the rows to a dense table.
  public func add(to table: UnsafeMutablePointer<Float>) {
    guard let values else { return }
    for (slot, row) in rows.enumerated() {
      let from = values + slot * width
      let to = table + Int(row) * width
      for i in 0..<width { to[i] += from[i] }
    }
  }

  func clear() {
    for row in rows { slotOf[Int(row)] = -1 }
    rows.removeAll(keepingCapacity: true)
  }
}
