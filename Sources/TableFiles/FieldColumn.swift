import Foundations
import Tables

/// A column that is read from the fields of delimited text.
final class FieldColumn {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  /// What becomes of the fields.
  enum Task {
    /// They are passed by.
    case skip
    /// Only their types are found.
    case classify
    /// They are read as this type, which was guessed.
    case read(Series.Kind)
    /// They are read as this type, which a person has named: more ways of writing are taken.
    case require(Series.Kind)
  }

  let task: Task
  private let kind: Series.Kind
  private let isLenient: Bool
  private let marks: MissingMarks
  let builder: SeriesBuilder
  /// What fits all fields, while only types are found.
  @exclusivity(unchecked) private(set) var fits = FieldKinds.all
  @exclusivity(unchecked) private(set) var hasValue = false
  /// Whether a field was not of the type.
  @exclusivity(unchecked) private(set) var hasFailed = false
  /// Whether a moment was finer than microseconds.
  @exclusivity(unchecked) private(set) var hasCut = false
  /// The marks of missing values that were met.
  @exclusivity(unchecked) private(set) var marksSeen: UInt64 = 0

  init(_ task: Task, _ marks: MissingMarks) {
    self.task = task
    self.marks = marks
    switch task {
    case .read(let kind):
      self.kind = kind
      isLenient = false
    case .require(let kind):
      self.kind = kind
      isLenient = true
    case .skip, .classify:
      kind = .mixed
      isLenient = false
    }
    builder = SeriesBuilder(FieldColumn.stored(kind))
  }

  private static func stored(_ kind: Series.Kind) -> Series.Kind {
    kind == .category ? .string : kind
  }

  /// Takes a field.
  /// - Returns: whether it fits what the column is; a guess that does not fit is kept in mind instead.
  @inline(__always)
  func take(_ field: Bytes, wasQuoted: Bool) -> Bool {
    if hasFailed { return true }
    if !wasQuoted {
      if field.isEmpty {
        if kind != .mixed { builder.appendMissing() }
        return true
      }
      if let mark = marks.index(of: field) {
        if mark < 64 { marksSeen |= 1 << UInt64(mark) }
        if kind != .mixed { builder.appendMissing() }
        return true
      }
    }
    switch kind {
    case .int:
      if let value = NumberField.int(field) {
        builder.append(int: value)
        return true
      }
    case .float:
      if let value = NumberField.float(field, isLenient: isLenient) {
        builder.append(float: value)
        return true
      }
    case .string:
      builder.append(text: field)
      return true
    default: break
    }
    return takeSlowly(field)
  }

  @inline(never)
  private func takeSlowly(_ field: Bytes) -> Bool {
    let text = FieldKinds.trimmed(field)
    switch kind {
    case .mixed:
      guard case .classify = task else { return true }
      hasValue = true
      if fits != .string { fits.formIntersection(FieldKinds(of: field)) }
      return true
    case .category:
      builder.append(text: field)
      return true
    case .int: if let value = NumberField.int(text) { return added { builder.append(int: value) } }
    case .float:
      if let value = NumberField.float(text, isLenient: isLenient) {
        return added { builder.append(float: value) }
      }
    case .bool:
      if let value = FieldKinds.bool(text) ?? (isLenient ? FieldColumn.digit(text) : nil) {
        return added { builder.append(bool: value) }
      }
    case .date:
      if let day = CalendarTime.date(text) { return added { builder.append(day: Int32(day)) } }
    case .datetime:
      if let moment = CalendarTime.date(text).map({ $0 * CalendarTime.microsecondsPerDay })
        ?? CalendarTime.moment(text)
      {
        hasCut = hasCut || CalendarTime.isCut(text)
        return added { builder.append(int: moment) }
      }
    case .list:
      if case .list(let items)? = try? JSONCell.parse(field) {
        return added { builder.append(cell: .list(items)) }
      }
    case .string: break
    }
    if isLenient { return false }
    hasFailed = true
    return true
  }

  private func added(_ append: () -> Void) -> Bool {
    append()
    return true
  }

  private static func digit(_ text: Bytes) -> Bool? {
    guard text.count == 1, text[0] == 0x30 || text[0] == 0x31 else { return nil }
    return text[0] == 0x31
  }
}
