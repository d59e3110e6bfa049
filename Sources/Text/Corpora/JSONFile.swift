// JSON values from files, packed or not.

import Files
import Foundations
import JSONValues

extension JSON {
  /// Reads the JSON file at `path`, packed by gzip or not.
  ///
  /// - Throws: as `parse`, and `io` or `data` where the file cannot be read.
  public static func read(_ path: String) throws(DomainError) -> JSON {
    try parse(try InputFile.textBytes(path), source: path)
  }
}
