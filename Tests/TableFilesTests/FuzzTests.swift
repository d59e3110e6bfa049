import Foundation
import Foundations
import TableFiles
import Tables
import Testing

/// A moment's fuzzing in every run of the tests; `FAIRLEAD_FUZZ_SECONDS=900` gives each reader a quarter of an hour.
@Suite struct FuzzTests {
  private static let seconds =
    ProcessInfo.processInfo.environment["FAIRLEAD_FUZZ_SECONDS"].flatMap(Double.init) ?? 0.2

  private static let texts: [TableFormat: [String]] = [
    .csv: [
      "id,age,city\n1,30,Rome\n2,,\n3,NA,\"Os\"\"lo\"\n4,nan,\"two\nlines\"\n", "a;b\n1;2\n3;4\n",
      "d,b,x\n2026-11-29,true,0.1\n2026-11-30T10:00:00Z,false,-1e300\n",
    ],
    .tsv: ["a\tb\n1\tx\n2\t\"y\"\n"],
    .json: [
      "[{\"a\": 1, \"b\": [1, null]}, {\"a\": 2.5, \"c\": {\"d\": \"\\u00e9\"}}]",
      "{\"a\": [1, 2], \"b\": [\"x\", null]}",
    ],
    .jsonl: ["{\"a\": 1, \"b\": \"x\"}\n{\"a\": null, \"b\": \"\\ud83d\\ude00\", \"c\": [true]}\n"],
  ]

  @Test(arguments: TableFormat.allCases)
  func readersSurvive(_ format: TableFormat) throws {
    var seeds = (Self.texts[format] ?? []).map { Array($0.utf8) }
    if format == .parquet {
      seeds = try ParquetTests.entries("files").map { try ParquetTests.bytes($0.value) }
    }
    try survives(seeds) { try TableFile.table($0, source: "f", format, ReadingOptions()).table }
  }

  private func survives(_ seeds: [[UInt8]], _ read: @escaping ([UInt8]) throws -> Table) throws {
    var fuzz = TableFuzz(seeds: seeds, seed: SplitMix64.fromClock, read: read)
    let outcome = fuzz.run(seconds: Self.seconds)
    #expect(outcome.faults.isEmpty, "\(outcome.faults.prefix(5))")
    #expect(outcome.tables + outcome.errors > 0)
  }

  private func path(_ ending: String) -> String {
    NSTemporaryDirectory() + "fairlead-fuzz-\(UUID().uuidString)\(ending)"
  }

  /// Damage to packed files is found by the unpacker, or in what comes out of it.
  @Test(arguments: [".csv.gz", ".csv.zst", ".jsonl.gz", ".parquet"])
  func filesSurvive(_ ending: String) throws {
    let table = try TableFile.table(
      Array((Self.texts[.csv] ?? [])[0].utf8), source: "f", .csv, ReadingOptions()
    ).table
    let path = path(ending)
    defer { try? FileManager.default.removeItem(atPath: path) }
    _ = try TableFile.write(table, to: path)
    let seed = try Data(contentsOf: URL(fileURLWithPath: path))
    try survives([Array(seed)]) { bytes in
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return try TableFile.read(path).table
    }
  }

  @Test func sentencesSurvive() throws {
    let seeds = [
      "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\n. . O O\n\nPeter NNP B-NP B-PER\n",
      "# text = It's\n1-2\tIt's\t_\t_\t_\t_\t_\t_\t_\t_\n1\tIt\tit\tPRON\tPRP\tCase=Nom\t3\tnsubj\t_\t_\n2\t's\tbe\tAUX\tVBZ\t_\t3\tcop\t_\t_\n3.1\tx\tx\tX\t_\t_\t_\t_\t_\t_\n",
    ]
    let path = path(".conll")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try survives(seeds.map { Array($0.utf8) }) { bytes in
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return try ConllFile.read(path)
    }
  }
}

extension SplitMix64 {
  /// Another one in every run: a fault that is found is in the message.
  fileprivate static var fromClock: UInt64 { UInt64(Date().timeIntervalSince1970) }
}
