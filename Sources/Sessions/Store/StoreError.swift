import Foundation
import Foundations
import GRDB
import Tables
import Tensors

/// What went wrong with the record of runs: always of the language's kind `io`.
public struct StoreError: Error, Sendable {
  public var message: String
  public var hint: String?
  /// The record is not where it was: somebody has deleted or replaced it while it was in use.
  public var isLost = false

  public init(message: String, hint: String? = nil, isLost: Bool = false) {
    self.message = message
    self.hint = hint
    self.isLost = isLost
  }

  static let elsewhere =
    "give a directory that can be written with --store, or record nothing with --no-store"

  /// - Parameter what: what could not be done: "the run store … cannot be read".
  init(_ error: any Error, _ what: String) {
    switch error {
    case let error as StoreError: self = error
    case let error as DatabaseError: self.init(error, what)
    case let error as DomainError:
      self.init(message: what + ": " + error.message, hint: error.hint)
    default:
      let error = error as NSError
      let cause = (error.userInfo[NSUnderlyingErrorKey] as? NSError) ?? error
      let reason =
        cause.domain == NSPOSIXErrorDomain
        ? String(cString: strerror(Int32(cause.code))) : cause.localizedDescription
      self.init(message: what + ": " + reason, hint: StoreError.elsewhere)
    }
  }

  static func withoutLocks(_ what: String) -> StoreError {
    StoreError(
      message: what + ": its file system does not let it lock files, as some network drives do",
      hint:
        "keep the record on a local disk with --store=DIRECTORY, or record nothing with --no-store")
  }

  private init(_ error: DatabaseError, _ what: String) {
    switch error.extendedResultCode {
    case .SQLITE_IOERR_LOCK, .SQLITE_IOERR_UNLOCK, .SQLITE_IOERR_RDLOCK,
      .SQLITE_IOERR_CHECKRESERVEDLOCK, .SQLITE_IOERR_SHMOPEN, .SQLITE_IOERR_SHMLOCK,
      .SQLITE_IOERR_SHMMAP, .SQLITE_PROTOCOL:
      self = StoreError.withoutLocks(what)
      return
    case .SQLITE_READONLY_DBMOVED:
      self.init(message: what + ": it was moved or deleted", isLost: true)
      return
    default: break
    }
    switch error.resultCode {
    // The shared index beside the log of changes cannot grow.
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: fallthrough
    case .SQLITE_FULL:
      self.init(
        message: what + ": the disk is full",
        hint: "free some space and run the script again: finished trials are not repeated")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(
        message: what + ": another process holds its runs.sqlite",
        hint:
          "end that process, give another directory with --store, or record nothing with --no-store"
      )
    case .SQLITE_NOTADB, .SQLITE_CORRUPT:
      self.init(
        message: what + ": runs.sqlite is damaged or no database",
        hint: "move it away; a new one is made")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_CANTOPEN:
      self.init(
        message: what + ": runs.sqlite may not be written (\(error.message ?? "no permission"))",
        hint: StoreError.elsewhere)
    default:
      self.init(message: what + ": " + (error.message ?? error.resultCode.description))
    }
  }
}

/// The columns of a row of the store, each looked at before it is taken: somebody may have changed the database.
struct StoredRow {
  let row: Row
  /// What the row is, for messages: `run 3`.
  let what: String

  /// A row that cannot be read, told in one sentence.
  struct Broken: Error { var message: String }

  func int(_ column: String) throws -> Int {
    guard case .int64(let value) = storage(column) else { throw broken(column, "an integer") }
    return Int(value)
  }

  func number(_ column: String) throws -> Double {
    switch storage(column) {
    case .double(let value): return value
    case .int64(let value): return Double(value)
    default: throw broken(column, "a number")
    }
  }

  func text(_ column: String) throws -> String {
    guard case .string(let value) = storage(column) else { throw broken(column, "a text") }
    return value
  }

  func optionalText(_ column: String) throws -> String? {
    if case .null = storage(column) { return nil }
    return try text(column)
  }

  func bytes(_ column: String) throws -> Data {
    guard case .blob(let value) = storage(column) else { throw broken(column, "bytes") }
    return value
  }

  /// A text that holds a map.
  func entries(_ column: String) throws -> [Cell.Entry] {
    guard case .map(let entries)? = try? CellCoding.decode(text(column)) else {
      throw broken(column, "a map as JSON")
    }
    return entries
  }

  private func storage(_ column: String) -> DatabaseValue.Storage {
    let value: DatabaseValue? = row[column]
    return value?.storage ?? .null
  }

  private func broken(_ column: String, _ expected: String) -> Broken {
    let found =
      switch storage(column) {
      case .null: "nothing"
      case .int64(let value): "\(value)"
      case .double(let value): "\(value)"
      case .string(let value): "the text \(CellCoding.encode(.string(String(value.prefix(40)))))"
      case .blob(let value): "\(value.count) bytes"
      }
    return Broken(
      message: "\(what) cannot be read: its `\(column)` should be \(expected), it holds \(found)")
  }
}
