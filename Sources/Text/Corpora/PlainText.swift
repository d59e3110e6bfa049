import Files
import Foundations

/// Plain text files as lists of documents.
public enum PlainText {
  /// What counts as one document.
  public enum Unit: String, Sendable, CaseIterable {
    /// Each line that is not blank.
    case line
    /// Lines up to the next blank one, with their line ends between them.
    case paragraph
    /// The whole file.
    case file
  }

  /// The documents of a UTF-8 file, packed by gzip or not, in order.
  ///
  /// - Throws: `io` where the file cannot be read, `parse` where it is no UTF-8, `data` where it holds no document.
  public static func documents(_ path: String, by unit: Unit = .line) throws(DomainError)
    -> [String]
  {
    let documents = try documents(in: try InputFile.textBytes(path), by: unit)
    guard !documents.isEmpty else { throw DomainError(.data, "\(path) is empty") }
    return documents
  }

  static func documents(in bytes: [UInt8], by unit: Unit) throws(DomainError) -> [String] {
    func isBlank(_ line: ArraySlice<UInt8>) -> Bool { line.allSatisfy { $0 <= 0x20 } }
    switch unit {
    case .file: return isBlank(bytes[...]) ? [] : [String(decoding: bytes, as: UTF8.self)]
    case .line:
      var result: [String] = []
      for (index, line) in DelimitedReader.lines(bytes).enumerated() where !isBlank(line) {
        try Cancellation.check(turn: index)
        result.append(String(decoding: line, as: UTF8.self))
      }
      return result
    case .paragraph:
      return DelimitedReader.lines(bytes).split(whereSeparator: isBlank).map { lines in
        lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
      }
    }
  }
}
