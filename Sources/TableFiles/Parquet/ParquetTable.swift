import Foundations
import JSONValues
import Tables

/// Reads Apache Parquet files (parquet.apache.org/docs/file-format): flat columns and lists of one level, in the
/// encodings and packings that pandas, pyarrow and `datasets` write by default.
enum ParquetTable {
  private static let magic = Array("PAR1".utf8)
  /// Where the writer of this program notes types that Parquet does not have.
  static let typesKey = "fairlead.types"

  static func read(_ bytes: [UInt8], source: String, _ options: ReadingOptions) throws -> ReadTable
  {
    do {
      return try bytes.withUnsafeBytes { try table($0, source, options) }
    } catch let problem as ParquetProblem {
      throw DomainError(
        .data, "\(source) cannot be read as Parquet: \(problem.message)")
    }
  }

  private static func footer(_ bytes: UnsafeRawBufferPointer, _ source: String) throws -> Thrift {
    if bytes.isEmpty { throw DomainError(.data, "\(source) is empty") }
    guard bytes.count >= 12, bytes.starts(with: magic), bytes.suffix(4).elementsEqual(magic) else {
      throw ParquetProblem("it does not begin and end as one")
    }
    let size = Int(bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt32.self))
    guard size <= bytes.count - 12 else { throw ParquetProblem("its description is cut off") }
    try MemoryRoom.require(64 * size, for: source)
    let start = bytes.count - 8 - size
    var reader = ThriftReader(UnsafeRawBufferPointer(rebasing: bytes[start..<bytes.count - 8]))
    return try reader.record()
  }

  private static func table(
    _ bytes: UnsafeRawBufferPointer, _ source: String, _ options: ReadingOptions
  ) throws -> ReadTable {
    let footer = try footer(bytes, source)
    var schema = ParquetSchema(footer[2]?.list ?? [], source)
    let columns = try schema.columns()
    let groups = footer[4]?.list ?? []
    let chunks = try chunks(bytes, source, columns, groups)
    var names: Set<Spelling> = []
    for column in columns where !names.add(column.name) {
      throw DomainError(.data, "\(source): the column `\(column.name)` appears twice")
    }
    var types = noted(footer)
    try ObjectColumns.requireNames(options, columns.map(\.name), source)
    types.merge(options.types) { _, wanted in wanted }
    var notes: [String] = []
    let result = try columns.indices.map { index in
      let column = columns[index]
      let parts = chunks.map { $0[index] }
      if parts.contains(where: \.isCut) {
        notes.append(
          "\(source): moments of the column `\(column.name)` are cut to microseconds")
      }
      var series =
        parts.isEmpty
        ? SeriesBuilder(column.itemLevel == nil ? column.stored : .list).finished()
        : try SeriesBuilder.joined(parts.map(\.builder), name: column.name)
      if let kind = types[column.name], kind != series.kind {
        series = try series.converted(to: kind)
      }
      return Table.Column(column.name, series)
    }
    return ReadTable(table: try Table(columns: result), notes: notes)
  }

  /// Types that the writer has noted.
  private static func noted(_ footer: Thrift) -> [Spelling: Series.Kind] {
    var types: [Spelling: Series.Kind] = [:]
    for entry in footer[5]?.list ?? [] where entry[1]?.text == typesKey {
      guard let text = entry[2]?.text,
        case .map(let entries)? = (try? JSONCell.parse(Array(text.utf8), source: typesKey))?.cell
      else { continue }
      for entry in entries {
        if case .string(let kind) = entry.value {
          types[entry.key.text] = Series.Kind(rawValue: kind)
        }
      }
    }
    return types
  }

  /// All columns of all groups of rows, read side by side.
  private static func chunks(
    _ bytes: UnsafeRawBufferPointer, _ source: String, _ columns: [ParquetColumn],
    _ groups: [Thrift]
  ) throws -> [[ParquetChunk]] {
    var chunks = try groups.map { group in
      guard let described = group[1]?.list, described.count == columns.count,
        let rows = group[3]?.int, rows >= 0
      else { throw ParquetProblem("a group of rows is not described") }
      return try zip(columns, described).map { column, chunk in
        guard let description = chunk[3] else {
          throw ParquetProblem("the column `\(column.name)` is not described")
        }
        return ParquetChunk(bytes, source: source, column, description, rowCount: rows)
      }
    }
    let width = columns.count
    guard width > 0 else { return [] }
    var problems = [(any Error)?](repeating: nil, count: chunks.count * width)
    chunks.withUnsafeMutableBufferPointer { chunks in
      problems.withUnsafeMutableBufferPointer { problems in
        var flat = chunks.flatMap { $0 }
        flat.withUnsafeMutableBufferPointer { flat in
          Parallel.each(flat.count) { index in
            do { try flat[index].read() } catch { problems[index] = error }
          }
        }
        for group in chunks.indices {
          chunks[group] = Array(flat[group * width..<(group + 1) * width])
        }
      }
    }
    try AbandonableWork.requireWhole()
    if let problem = problems.lazy.compactMap({ $0 }).first { throw problem }
    return chunks
  }
}
