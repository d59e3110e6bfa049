import Foundation
import Foundations
import Tensors
import TestSupport
import Testing

/// Files that tests of checkpoints read and write.
enum CheckpointFiles {
  /// What the scripts of Scripts/oracles have written.
  static func golden(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(components: "Golden", "checkpoints", name).path
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
  }

  /// Runs `body` with the path of an empty folder that is removed afterwards.
  static func inFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory
      .appending(component: "fairlead-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
  }

  static func write(_ text: String, to path: String) throws {
    try write(Array(text.utf8), to: path)
  }
}

/// The error that `body` throws; nil where it throws none.
func failure(_ body: () throws -> Void) -> DomainError? {
  do {
    try body()
    return nil
  } catch {
    return error as? DomainError
  }
}
