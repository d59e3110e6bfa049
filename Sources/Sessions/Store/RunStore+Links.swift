import Foundation

extension RunStore {
  /// Whether `path` is a link, to whatever.
  static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// A file that has the name of a project's record, as `defaultDirectory` looks for it; nil where there is none.
  static func file(inPlaceOfRecord workingDirectory: String) -> String? {
    project(of: workingDirectory).map { $0.appendingPathComponent(".fairlead").path }.first {
      var status = stat()
      return lstat($0, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
  }

  /// A record that lies elsewhere than its name says might be written over what is no record: a `.fairlead` that came
  /// with a project can point anywhere. A folder that a person names may be a link.
  /// - Throws: `StoreError` where the folder or what is in it is a link, or something in it is not what it should be.
  static func refuseLinks(_ directory: String) throws {
    func refuse(_ name: String, _ what: String) -> StoreError {
      StoreError(
        message: "the run store \(directory) is not used: \(name) is \(what)",
        hint: "move it away, or give another folder with --store")
    }
    var folder = directory
    while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    if folder.hasSuffix("/.fairlead") || folder == ".fairlead", isLink(folder) {
      let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: folder)) ?? "?"
      throw refuse("`.fairlead`", "a link to \(target)")
    }
    let files = ["", "-wal", "-shm", "-journal"].map { ("runs.sqlite" + $0, S_IFREG) }
    for (name, type) in files + [("artefacts", S_IFDIR)] {
      var status = stat()
      guard lstat(folder + "/" + name, &status) == 0, status.st_mode & S_IFMT != type else {
        continue
      }
      let isLink = status.st_mode & S_IFMT == S_IFLNK
      throw refuse("its `\(name)`", isLink ? "a link" : type == S_IFDIR ? "no folder" : "no file")
    }
  }
}
