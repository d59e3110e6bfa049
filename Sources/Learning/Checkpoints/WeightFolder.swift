import Files
import Foundations
import JSONValues
import Tensors

/// The weights of a Hugging Face folder: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
public final class WeightFolder {
  public let folder: String
  /// Every tensor, in the order of the files.
  public let entries: [SafeTensorEntry]
  private let files: [SafeTensorFile]
  private let places: [Spelling: Int]
  /// The most shards, so that an index cannot use up the process's open files.
  public static let largestShardCount = 500

  /// Opens the files and checks their headers, and that the index and the shards agree.
  ///
  /// - Throws: `io` where there are no weights or one cannot be read, `parse` and `data` where a file is not sound; a
  ///   shard's name that leads out of the folder is refused.
  public init(_ folder: String) throws {
    self.folder = folder
    let single = folder + "/model.safetensors"
    let index = folder + "/model.safetensors.index.json"
    if Door.current.kind(single).exists {
      let file = try SafeTensorFile(single)
      files = [file]
      entries = file.entries
      places = Dictionary(uniqueKeysWithValues: file.entries.map { (Spelling($0.name), 0) })
      return
    }
    guard Door.current.kind(index).exists else { throw WeightFolder.missing(folder) }
    let map = try WeightFolder.weightMap(index)
    let names = map.values.distinctSpellings()
    guard names.count <= WeightFolder.largestShardCount else {
      throw DomainError(
        .limit, "\(index) names more than \(WeightFolder.largestShardCount) shards")
    }
    files = try names.map { try SafeTensorFile(folder + "/" + $0) }
    entries = files.flatMap(\.entries)
    var places: [Spelling: Int] = [:]
    for (i, file) in files.enumerated() {
      for entry in file.entries {
        guard places.updateValue(i, forKey: Spelling(entry.name)) == nil else {
          throw DomainError(.data, "tensor `\(entry.name)` is in two shards of \(folder)")
        }
      }
    }
    for (name, file) in map where places[name].map({ names[$0] }) != file {
      throw DomainError(
        .data, "\(index) says that tensor `\(name.text)` is in \(file), where it is not")
    }
    if let extra = places.keys.filter({ name in map[name] == nil }).min() {
      throw DomainError(.data, "tensor `\(extra.text)` of \(folder) is missing from \(index)")
    }
    self.places = places
  }

  public func contains(_ name: String) -> Bool { places[name] != nil }

  /// Reads a tensor; see `SafeTensorFile.tensor`.
  public func tensor(_ name: String, as dtype: DType? = nil) throws -> Tensor {
    guard let place = places[name] else {
      throw DomainError(.key, "the weights in \(folder) have no tensor `\(name)`")
    }
    return try files[place].tensor(name, as: dtype)
  }

  /// Tensor name to file name.
  private static func weightMap(_ index: String) throws -> [Spelling: String] {
    guard let object = try JSONFile.read(index)["weight_map"]?.object else {
      throw DomainError(.data, "\(index) has no object `weight_map`")
    }
    var map: [Spelling: String] = [:]
    for member in object {
      let (name, value) = (member.name, member.value)
      guard let file = value.string, isPlainName(file) else {
        throw DomainError(
          .data,
          "\(index) gives tensor `\(name)` the file \((try? value.text()) ?? "?"), which is not the name of a safetensors file in its folder"
        )
      }
      map[name] = file
    }
    return map
  }

  /// Whether a name from an untrusted file stays in its folder.
  static func isPlainName(_ name: String) -> Bool {
    name.hasSuffix(".safetensors") && !name.hasPrefix(".") && !name.contains("..")
      && name.utf8.allSatisfy { $0 > 0x1F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
  }

  private static func missing(_ folder: String) -> DomainError {
    let (exists, isFolder) = Door.current.kind(folder)
    guard exists else {
      return DomainError(.io, "cannot read \(folder): No such file or directory")
    }
    guard isFolder else { return DomainError(.io, "\(folder) is a file, not a folder") }
    let hasPickle = Door.current.kind(folder + "/pytorch_model.bin").exists
    return DomainError(
      .io, "\(folder) has neither model.safetensors nor model.safetensors.index.json",
      hint: hasPickle
        ? "pytorch_model.bin is a pickle, which can run code: save the model with safe_serialization"
        : nil)
  }
}

/// Small JSON files.
enum JSONFile {
  /// The most bytes that are read: the index of a model with a million tensors stays below.
  private static let largestSize = 256 << 20

  static func read(_ path: String) throws -> JSON {
    let bytes = try Door.current.open(path).contents(atMost: largestSize)
    return try JSON.parse(bytes, source: path)
  }

  /// Replaces the file whole.
  static func write(_ value: JSON, to path: String) throws {
    try AtomicFile.write(path, (value.text(indent: 2) + "\n").utf8)
  }
}
