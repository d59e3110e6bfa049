import Foundation
import Testing

/// Nothing that a script can call opens a file by any other way than the door.
@Suite struct OneDoorTests {
  @Test(arguments: [
    "Builtins", "Distillation", "Fairness", "JSONValues", "Learning", "Privacy", "Runtime",
    "Syntax",
    "TableFiles", "Tables", "Text",
  ])
  func noTargetOpensFilesItself(target: String) throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/" + target).path
    let ways =
      #/\b(O_RDONLY|O_WRONLY|O_RDWR|fopen|opendir|realpath|lstat|stat|access|mkdir|rename|unlink|creat)\((?!\{)|\bopen\([^)]*O_|FileManager|FileHandle|contentsOfFile|\((contentsOf|atPath|to): *URL/#
    var count = 0
    for name in FileManager.default.enumerator(atPath: sources)?.allObjects as? [String] ?? []
    where name.hasSuffix(".swift") {
      count += 1
      let text = try String(contentsOfFile: sources + "/" + name, encoding: .utf8)
      for line in text.split(separator: "\n") {
        // What the system says of itself.
        if line.contains("/proc/") || line.contains("fopen(path, \"r\")") { continue }
        let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
        #expect(code.firstMatch(of: ways) == nil, "\(target)/\(name): \(line)")
      }
    }
    #expect(count > 0)
  }
}
