import Foundation
import Foundations
import Tensors
import Testing

@testable import Text

/// Real corpora beside the checkout, used where they are there.
enum TestData {
  static let folder: String = {
    if let given = ProcessInfo.processInfo.environment["FAIRLEAD_DATA"] { return given }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
      .deletingLastPathComponent()
    return root.deletingLastPathComponent().appendingPathComponent("shared/data").path
  }()

  static func path(_ name: String) -> String { "\(folder)/\(name)" }
  static func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}

/// A folder that goes away with the test.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "fairlead-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ name: String, _ content: String) throws -> String {
    try write(name, Array(content.utf8))
  }

  @discardableResult
  func write(_ name: String, _ content: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    let parent = URL(fileURLWithPath: file).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    try Data(content).write(to: URL(fileURLWithPath: file))
    return file
  }
}

/// The error that `body` throws.
func failure(_ body: () throws -> Void) -> DomainError? {
  do {
    try body()
    return nil
  } catch {
    return error as? DomainError
  }
}
