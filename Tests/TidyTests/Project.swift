import Foundation

/// The project's files, as the tests of tidiness see them.
enum Project {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  struct File: Sendable {
    /// Relative to the project.
    let path: String
    let lines: [String]

    var name: String { String(path.split(separator: "/").last ?? "") }
    /// The target that it belongs to.
    var target: String { String(path.split(separator: "/").dropFirst().first ?? "") }
  }

  /// Sources and tests, in Swift and C, by path. Read once.
  private static let all = Result { try read() }

  private static func read() throws -> [File] {
    try ["Sources", "Tests"].flatMap { folder -> [File] in
      guard let walk = FileManager.default.enumerator(atPath: "\(root)/\(folder)") else {
        return []
      }
      let names = walk.compactMap { $0 as? String }.filter { name in
        [".swift", ".c", ".h"].contains { name.hasSuffix($0) }
      }
      return try names.sorted().map { name in
        let text = try String(contentsOfFile: "\(root)/\(folder)/\(name)", encoding: .utf8)
        return File(
          path: "\(folder)/\(name)",
          lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
      }
    }
  }

  /// Files below folders with one of these endings.
  static func files(in folders: [String] = ["Sources", "Tests"], endings: [String] = [".swift"])
    throws -> [File]
  {
    try all.get().filter { file in
      folders.contains { file.path.hasPrefix($0 + "/") }
        && endings.contains { file.name.hasSuffix($0) }
    }
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }
}

/// A function in a file laid out by swift-format: it ends with the bracket in the column where it began. A property
/// that is computed is one, and a table that functions stand in.
struct Function {
  let name: String
  let lines: Int

  private enum Kind { case function, property, constant }

  static func all(in file: Project.File) -> [Function] {
    var found: [Function] = []
    for (index, line) in file.lines.enumerated() {
      guard let (name, kind) = declaration(in: line) else { continue }
      let indent = String(line.prefix { $0 == " " })
      // On one line, or without a body: the next line that stands no deeper is not its brace.
      let end = file.lines[(index + 1)...].firstIndex { next in
        next.hasPrefix(indent) && !next.hasPrefix(indent + " ")
          && !["{", ")", "where", "throws", "async", "->", ">", "\"\"\""].contains {
            next.hasPrefix(indent + $0)
          }
      }
      guard let end, !line.hasSuffix("}") else { continue }
      let last = file.lines[end].dropFirst(indent.count)
      let isWhole =
        switch kind {
        case .function, .property: last == "}"
        case .constant:
          ["}", "]", "}()"].contains(last)
            && file.lines[index..<end].contains {
              $0.contains(#/[{)] ?(?:\w+, )*\w+(?: throws)? in$/#)
            }
        }
      guard isWhole else { continue }
      found.append(Function(name: name, lines: end - index + 1))
    }
    return found
  }

  private static let modifiers: Set<Substring> = [
    "public", "private", "fileprivate", "static", "final", "override", "mutating", "open",
    "convenience",
    "borrowing", "consuming", "required", "nonisolated", "internal", "package", "lazy",
    "nonisolated(unsafe)",
  ]

  private static func declaration(in line: String) -> (name: String, kind: Kind)? {
    guard ["func ", "init", "var ", "let ", "subscript("].contains(where: line.contains) else {
      return nil
    }
    var words = line.split(separator: " ")[...]
    while let word = words.first, modifiers.contains(word) || word.hasPrefix("@") {
      words.removeFirst()
    }
    guard let first = words.first else { return nil }
    if first == "func" {
      return words.dropFirst().first.map { (String($0.prefix { !"(<".contains($0) }), .function) }
    }
    if first == "var" || first == "let" {
      guard let name = words.dropFirst().first?.prefix(while: { $0 != ":" }) else { return nil }
      if first == "var", line.hasSuffix("{"), !line.contains(" = ") {
        return (String(name), .property)
      }
      return line.hasSuffix("= [") || line.hasSuffix("= {") ? (String(name), .constant) : nil
    }
    if first.hasPrefix("subscript(") { return ("subscript", .property) }
    return first.hasPrefix("init(") || first.hasPrefix("init<") || first.hasPrefix("init?(")
      ? ("init", .function) : nil
  }
}
