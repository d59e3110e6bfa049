import Foundations
import Tables

/// How a file of rows is read.
public struct ReadingOptions: Sendable {
  /// What stands between the fields of a line; nil for what the format and the file say.
  public var separator: String?
  /// Whether the first line names the columns.
  public var hasHeader = true
  /// The unquoted texts that mean a missing value, beside the empty one; nil for the usual ones.
  public var missing: [String]?
  /// Types of columns by name; the others are found.
  public var types: [Spelling: Series.Kind] = [:]
  public var encoding = TextEncoding.utf8
  /// What a line begins with that is no data; nil where there are none.
  public var comment: String?
  /// Whether quotes enclose fields; nil for what the format says.
  public var quoting: Bool?

  public init() {}

  /// What most programs write for a missing value. `nan` is none: it is a number.
  public static let usualMissing = [
    "NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null", "None", "nil",
  ]
}

/// A table from a file, and what a person should know of how it was read.
public struct ReadTable: Sendable {
  public var table: Table
  public var notes: [String]
}

/// How lines are taken apart.
struct Dialect {
  var separator: UInt8
  var isQuoted: Bool
  /// Whether spaces behind a separator belong to neither field.
  var skipsSpace = false
  /// What comment lines begin with; empty where there are none.
  var comment: [UInt8] = []
  /// The unquoted texts that are missing values.
  var missing: MissingMarks
}

/// The texts that mean a missing value.
struct MissingMarks {
  let marks: [[UInt8]]
  private let longest: Int
  /// Which first bytes any of them has, to pass by most fields at once.
  private let firsts: [Bool]

  init(_ texts: [String]) {
    marks = texts.map { Array($0.utf8) }.filter { !$0.isEmpty }
    longest = marks.map(\.count).max() ?? 0
    var firsts = [Bool](repeating: false, count: 256)
    for mark in marks { firsts[Int(mark[0])] = true }
    self.firsts = firsts
  }

  /// Which mark the field is; nil where it is none.
  @inline(__always)
  func index(of field: UnsafeBufferPointer<UInt8>) -> Int? {
    guard field.count <= longest, !field.isEmpty, firsts[Int(field[0])] else { return nil }
    return marks.firstIndex { $0.elementsEqual(field) }
  }
}
