// A folder that holds a corpus in parts: files of rows, one a part (as SNIPS and ATIS are often passed on), or the
// original Slot-Gated folders of parallel line files `seq.in`, `seq.out`, `label`.

import Files
import Foundations

/// The parts of a corpus in a folder.
///
/// A part is a CSV, TSV or JSONL file (also `.gz`) that is named after it, `train.tsv`, or whose name differs from the
/// training part's by that word alone, `sst_train.tsv` and `sst_dev.tsv`; or a folder of that name with `seq.in`,
/// `label` and, where the corpus has slots, `seq.out`. A folder with one file of rows, whatever its name, has that file
/// as its training part.
struct CorpusFolder {
  /// A file of rows: its name, and in lower case what is before its format's ending.
  private struct File {
    let name: String
    let stem: Substring
  }

  private let path: String
  private let files: [File]
  /// What is before and behind a part's word in the names of files.
  private var frame: (before: Substring, after: Substring) = ("", "")

  /// - Throws: `io` where the folder cannot be read.
  init(_ path: String) throws(DomainError) {
    self.path = path
    let names = try Door.current.names(in: path, endingIn: RecordFormat.endings)
    files = names.map { name in
      let lower = name.lowercased()
      let unpacked = lower.hasSuffix(".gz") ? lower.dropLast(3) : lower[...]
      // There is a dot: the name tells a format.
      return File(name: name, stem: unpacked[..<(unpacked.lastIndex(of: ".") ?? unpacked.endIndex)])
    }
    if !files.contains(where: { $0.stem == "train" }), frames.count == 1 { frame = frames[0] }
  }

  /// The names' frames around the word "train".
  private var frames: [(before: Substring, after: Substring)] {
    var found: [(before: Substring, after: Substring)] = []
    for file in files {
      guard let word = CorpusFolder.words(file.stem).first(where: { $0 == "train" }) else {
        continue
      }
      let frame = (file.stem[..<word.startIndex], file.stem[word.endIndex...])
      if !found.contains(where: { $0 == frame }) { found.append(frame) }
    }
    return found
  }

  private static func words(_ stem: Substring) -> [Substring] {
    stem.split { !$0.isLetter && !$0.isNumber }
  }

  /// The rows of the training part; nil where there is none.
  ///
  /// - Throws: `data` where several files might be it, and as reading does.
  func train() throws(DomainError) -> Records? {
    if let records = try part(["train"]) { return records }
    guard frames.isEmpty else {
      throw DomainError(
        .data,
        "\(path) holds several files that may be the training part: \(Records.list(frames.map { "\($0.before)train\($0.after)" }))",
        hint: "name one of them `train`, or keep each with its test part in a folder of its own")
    }
    guard files.count == 1, !CorpusFolder.words(files[0].stem).contains("test") else { return nil }
    return try Records.read("\(path)/\(files[0].name)")
  }

  /// The rows of the part that has one of the names; nil where there is none.
  ///
  /// - Throws: as reading does.
  func part(_ names: [String]) throws(DomainError) -> Records? {
    for name in names {
      let stem = "\(frame.before)\(name)\(frame.after)"
      if let file = files.first(where: { $0.stem == stem }) {
        return try Records.read("\(path)/\(file.name)")
      }
      let inner = "\(path)/\(name)"
      if InputFile.kind("\(inner)/seq.in").exists { return try parallelFiles(inner) }
    }
    return nil
  }

  /// Why there is nothing to train on.
  var withoutTraining: DomainError {
    guard let example = files.first else {
      return DomainError(
        .data, "\(path) holds no training part",
        hint:
          "a corpus folder has train.tsv (or .csv, .jsonl, also .gz) or train/seq.in and train/label"
      )
    }
    return DomainError(
      .data, "\(path) holds no training part; its files are \(Records.list(files.map(\.name)))",
      hint: "name one of them `train`, or load it by itself: `\"\(path)/\(example.name)\"`")
  }

  /// `seq.in`, `label` and, where it is there, `seq.out` as rows.
  private func parallelFiles(_ folder: String) throws(DomainError) -> Records {
    let names = ["seq.in", "label", "seq.out"]
    var columns = ["text", "intent"]
    var contents: [[String]] = []
    for name in names {
      let file = "\(folder)/\(name)"
      if name == "seq.out" {
        guard InputFile.kind(file).exists else { continue }
        columns.append("slots")
      }
      let lines = DelimitedReader.lines(try InputFile.textBytes(file))
      contents.append(lines.map { Corpus.trimmed(String(decoding: $0, as: UTF8.self)) })
      guard contents[0].count == lines.count else {
        throw DomainError(
          .data, "\(file) has \(lines.count) lines, but \(folder)/seq.in has \(contents[0].count)")
      }
    }
    let rows = contents[0].indices.map { i in contents.map { $0[i] } }
    return Records(
      source: "\(folder)/seq.in", columns: columns, rows: rows, lines: rows.indices.map { $0 + 1 })
  }
}
