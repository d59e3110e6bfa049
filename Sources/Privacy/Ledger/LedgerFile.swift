import Files
import Foundations
import JSONValues

// The file of a ledger: text, to be read by people too.
//
//   fairlead ledger 1 · records 00000000002 · file 00000000000001312345
//   {"id": …, "epsilon": 2.0, "delta": 1e-06, "unit": "example", "adjacency": "add_remove", "adaptive": false}
//   {"event": …, "operation": "dp.mean", "place": "clinic.fl:3", "time": …, "part": [], "epsilon": …, "seal": …}
//   …
//
// A record is appended and on the disk before its operation looks at any data; only then the first line's count goes
// up. So a process that is killed at any moment has charged too much or nothing. The seals chain: each is the
// fingerprint of its record and the seal before. From the count and the seals it is seen where records are missing or
// were changed, from the file's number that it is a copy, and from what the machine remembers that it was put back to
// an earlier state. Nobody who may write the file can be kept from writing another one: what this finds is accidents,
// restored backups and careless copies.

/// The records of one ledger on disk.
final class LedgerFile: Sendable {
  private let file: RecordFile
  private static let version = "fairlead ledger 1"
  private static let countWidth = 11
  private static let numberWidth = 20
  /// Bytes of the first line.
  private static let headLength = head(count: 0, number: 0).count
  private static let largest = 1 << 28

  /// What is known of the file's content.
  struct State: Sendable {
    var id = ""
    /// Bytes that have been read, up to the end of a record.
    var offset = 0
    var count = 0
    var seal = ""
    /// Of each record.
    var seals: [String] = []
    var entries: [LedgerEntry] = []
    /// What was found and mended, in sentences.
    var notes: [String] = []
  }

  /// What this machine remembers of ledgers; nil where it keeps nothing.
  private let memory: LedgerMemory?

  /// Opens a file, or makes one of these terms.
  ///
  /// - Throws: `io` where that fails.
  init(_ path: String, shownAs shown: String, _ terms: LedgerTerms, _ memory: LedgerMemory?)
    throws(DomainError)
  {
    self.memory = memory
    file = try RecordFile(path, shownAs: shown) { (number) throws(DomainError) in
      try Self.head(count: 0, number: number) + Self.title(terms)
    }
  }

  var path: String { file.path }

  private static func head(count: Int, number: UInt64) -> [UInt8] {
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    return Array(
      "\(version) · records \(padded(String(count), countWidth)) · file \(padded(String(number), numberWidth))\n"
        .utf8)
  }

  /// Runs `body` with all that stands in the file while nobody else writes it.
  func exclusively<Result>(_ body: () throws -> Result) throws -> Result {
    try file.exclusively(body)
  }

  // MARK: Opening

  /// Reads a file of the same terms. To be called in `exclusively`.
  ///
  /// - Parameter isMoved: whether a file with another number than it was made with is taken for the ledger itself.
  /// - Throws: `privacy` where its terms are others, it is a copy, or records are missing or were changed; `parse`
  ///   where it is no ledger, or one of another version.
  func open(_ terms: LedgerTerms, isMoved: Bool) throws(DomainError) -> State {
    var state = State()
    let bytes = try file.contents(from: 0, atMost: Self.largest)
    let head = try readHead(bytes)
    guard let end = bytes[Self.headLength...].firstIndex(of: UInt8(ascii: "\n")) else {
      throw lost("its terms")
    }
    let title = try JSON.parse(Array(bytes[Self.headLength..<end]), source: path)
    guard let id = title["id"]?.string else { throw noLedger() }
    try check(title, terms)
    if head.number != file.identity {
      guard isMoved else {
        throw DomainError(
          .privacy,
          "\(path) is a copy of a ledger, or was restored: two copies would each spend the whole budget",
          hint: "if the other one is gone for good, give `moved: true` once")
      }
      try file.write(Self.head(count: head.count, number: file.identity), at: 0)
    }
    state.id = id
    state.seal = id
    state.offset = end + 1
    try take(Array(bytes[(end + 1)...]), into: &state, terms, counted: head.count)
    if let memory {
      if let last = memory.last(of: id),
        state.count < last.count || state.seals[last.count - 1] != last.seal
      {
        throw DomainError(
          .privacy,
          "\(path) was put back to an earlier state: it lacks charges that were made on this machine",
          hint: "restore the newest state, or take the whole budget for spent")
      }
      memory.remember(id, state.count, state.seal)
    }
    return state
  }

  /// The second line of a new file.
  private static func title(_ terms: LedgerTerms) throws(DomainError) -> [UInt8] {
    var id = [UInt8](repeating: 0, count: 16)
    id.withUnsafeMutableBytes { SecureRandom.fill($0) }
    let text = id.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    let title: JSON = .object([
      "id": .string(text), "epsilon": .number(terms.epsilon), "delta": .number(terms.delta),
      "unit": .string(terms.unit.rawValue), "adjacency": .string(terms.neighbours.rawValue),
      "adaptive": .bool(terms.isAdaptive),
    ])
    return Array(try title.text().utf8) + [UInt8(ascii: "\n")]
  }

  private func readHead(_ bytes: [UInt8]) throws(DomainError) -> (count: Int, number: UInt64) {
    let text = String(decoding: bytes.prefix(Self.headLength), as: UTF8.self)
    guard text.hasPrefix("fairlead ledger ") else { throw noLedger() }
    guard text.hasPrefix(Self.version + " ") else {
      let found = text.dropFirst("fairlead ledger ".count).prefix { $0 != " " && $0 != "\n" }
      throw DomainError(
        .parse, "\(path) is a ledger of version \(found), and this program reads version 1",
        hint: "open it with the program that made it")
    }
    guard bytes.count >= Self.headLength else { throw lost("its first line") }
    let fields = text.split(separator: " ")
    guard fields.count == 9, let count = Int(fields[5]), let number = UInt64(fields[8].dropLast()),
      count >= 0, Self.head(count: count, number: number) == Array(bytes.prefix(Self.headLength))
    else { throw noLedger() }
    return (count, number)
  }

  private func noLedger() -> DomainError {
    DomainError(
      .parse, "\(path) is not the file of a ledger",
      hint: "give the name of a file that does not exist yet, or of a ledger")
  }

  private func lost(_ what: String) -> DomainError {
    DomainError(
      .privacy, "\(path) has lost \(what): what was spent is not known, so nothing can be left",
      hint: "restore the file, or take the whole budget for spent")
  }

  private func check(_ title: JSON, _ terms: LedgerTerms) throws(DomainError) {
    let pairs: [(name: String, found: String, wanted: String)] = [
      (
        "epsilon", title["epsilon"]?.number.map { "\($0)" } ?? "none", "\(terms.epsilon)"
      ),
      ("delta", title["delta"]?.number.map { "\($0)" } ?? "none", "\(terms.delta)"),
      ("unit", title["unit"]?.string ?? "none", terms.unit.rawValue),
      ("adjacency", title["adjacency"]?.string ?? "none", terms.neighbours.rawValue),
      (
        "adaptive", title["adaptive"]?.bool.map { "\($0)" } ?? "none", "\(terms.isAdaptive)"
      ),
    ]
    for (name, found, wanted) in pairs where found != wanted {
      throw DomainError(
        .privacy, "\(path) is a ledger with \(name) \(found), not \(wanted)",
        hint: "open it with the terms that it was made with; a budget cannot be changed afterwards")
    }
  }

  // MARK: Records

  /// Reads what others have appended since. To be called in `exclusively`.
  func refresh(_ state: inout State, _ terms: LedgerTerms) throws(DomainError) {
    let bytes = try file.contents(from: 0, atMost: Self.largest)
    let head = try readHead(bytes)
    guard bytes.count >= state.offset else { throw lost("records") }
    try take(Array(bytes[state.offset...]), into: &state, terms, counted: head.count)
  }

  /// - Parameter counted: the records that the first line counts.
  private func take(
    _ bytes: [UInt8], into state: inout State, _ terms: LedgerTerms, counted: Int
  ) throws(DomainError) {
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let line = Array(rest[rest.startIndex..<end])
      let (entry, seal) = try record(line, after: state.seal)
      state.entries.append(entry)
      state.seal = seal
      state.seals.append(seal)
      state.count += 1
      state.offset += line.count + 1
      rest = rest[(end + 1)...]
    }
    let isTorn = !rest.isEmpty
    guard counted <= state.count + (isTorn ? 1 : 0) else {
      throw lost(
        NumberText.counted(counted - state.count, "of its records", "of its records"))
    }
    if isTorn {
      try mend(Array(rest), &state, terms)
    } else if counted < state.count {
      try writeCount(state)
    }
  }

  private func record(_ line: [UInt8], after seal: String) throws(DomainError) -> (
    LedgerEntry, String
  ) {
    let json = try? JSON.parse(line, source: path)
    guard let json, var body = json.object, let found = body["seal"]?.string else {
      throw changed()
    }
    body["seal"] = nil
    guard found == (try Self.seal(body, after: seal)), let event = body["event"],
      let operation = body["operation"]?.string, let place = body["place"]?.string,
      let time = body["time"]?.number
    else { throw changed() }
    let epsilon = body["epsilon"]?.number ?? .infinity
    return (
      LedgerEntry(
        event: try Event(event), operation: operation, place: place, time: time,
        part: (body["part"]?.array ?? []).compactMap(\.integer), epsilon: epsilon,
        run: try body["run"].map { (json) throws(DomainError) in try RunShare(json) }), found
    )
  }

  private func changed() -> DomainError {
    DomainError(
      .privacy, "a record of \(path) was changed, or records before it are missing",
      hint: "restore the file, or take the whole budget for spent")
  }

  private static func seal(_ body: JSON.Object, after seal: String) throws(DomainError) -> String {
    String(Fingerprint([seal, try JSON.object(body).text()]).description.prefix(32))
  }

  /// Charges for the record that was being written when a process or the machine stopped.
  private func mend(_ torn: [UInt8], _ state: inout State, _ terms: LedgerTerms)
    throws(DomainError)
  {
    let event = Self.event(inTorn: torn)
    let note =
      event.map {
        "the last record of \(path) was cut off: it is charged for what it names, \($0)"
      }
      ?? "the last record of \(path) was cut off before what it names: all that was left is charged"
    state.notes.append(note)
    // Without protection: epsilon is infinite, so nothing is left.
    let charged =
      event ?? Event(.nonPrivate, neighbours: terms.neighbours, unit: terms.unit)
    try append(
      LedgerEntry(
        event: charged, operation: "a record that was cut off", place: "", time: 0,
        epsilon: .infinity), &state)
  }

  /// The event of a record whose end is missing; it stands first.
  private static func event(inTorn bytes: [UInt8]) -> Event? {
    let start = Array("{\"event\":".utf8)
    guard bytes.starts(with: start) else { return nil }
    var depth = 0
    var isText = false
    for (index, byte) in bytes.enumerated().dropFirst(start.count) {
      // Names and numbers of events hold no escapes.
      if byte == UInt8(ascii: "\"") { isText.toggle() }
      if isText { continue }
      if byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "}") {
        depth -= 1
        guard depth <= 0 else { continue }
        let json = try? JSON.parse(Array(bytes[start.count...index]), source: "")
        return json.flatMap { try? Event($0) }
      }
    }
    return nil
  }

  /// Appends a record: it is on the disk when this returns. To be called in `exclusively`, with all records read.
  func append(_ entry: LedgerEntry, _ state: inout State) throws(DomainError) {
    var body: JSON.Object = [
      "event": entry.event.json, "operation": .string(entry.operation),
      "place": .string(entry.place), "time": .number(entry.time),
      "part": .array(entry.part.map { .integer($0) }),
    ]
    if entry.epsilon.isFinite { body["epsilon"] = .number(entry.epsilon) }
    if let run = entry.run { body["run"] = run.json }
    let seal = try Self.seal(body, after: state.seal)
    body["seal"] = .string(seal)
    let line = Array(try JSON.object(body).text().utf8) + [UInt8(ascii: "\n")]
    try file.write(line, at: state.offset, cuts: true)
    state.entries.append(entry)
    state.seal = seal
    state.seals.append(seal)
    state.count += 1
    state.offset += line.count
    try writeCount(state)
  }

  private func writeCount(_ state: State) throws(DomainError) {
    try file.write(Self.head(count: state.count, number: file.identity), at: 0)
    memory?.remember(state.id, state.count, state.seal)
  }
}
