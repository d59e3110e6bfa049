import Files
import Foundation
import Foundations
import Learning
import Tensors
import Testing

@Suite struct SafeTensorTests {
  /// A file of this header and data.
  private func file(_ header: String, _ data: [UInt8] = [], length: Int? = nil) -> [UInt8] {
    let json = Array(header.utf8)
    let count = UInt64(truncatingIfNeeded: length ?? json.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + json + data
  }

  private func open(_ bytes: [UInt8]) throws -> SafeTensorFile {
    try CheckpointFiles.inFolder { folder in
      let path = folder + "/x.safetensors"
      try CheckpointFiles.write(bytes, to: path)
      return try SafeTensorFile(path)
    }
  }

  private func message(_ bytes: [UInt8]) -> String {
    failure { _ = try open(bytes) }?.message ?? "no error"
  }

  @Test func readsTheFormatsExample() throws {
    let header = "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}  "
    let bytes = file(header, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    #expect(bytes.prefix(8) == [0x38, 0, 0, 0, 0, 0, 0, 0])
    #expect(try open(bytes).tensor("t").array(Float.self) == [1, 2])
    try CheckpointFiles.inFolder { folder in
      try SafeTensors.write([("t", Tensor([Float(1), 2]))], to: folder + "/t")
      #expect(try CheckpointFiles.bytes(folder + "/t") == bytes)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["t"])
    }
  }

  @Test func everyTypeAsPyTorchReadsIt() throws {
    let file = try SafeTensorFile(CheckpointFiles.golden("types.safetensors"))
    #expect(file.header.metadata.contains { $0 == (name: "name", value: "é") })
    let json = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(filePath: CheckpointFiles.golden("types.json"))))
    let expected = try #require(json as? [String: [String: Any]])
    #expect(expected.count == file.entries.count)
    for (name, fields) in expected {
      let data = try #require(fields["data"] as? [NSNumber])
      let tensor = try file.tensor(name)
      #expect(tensor.dtype.name == fields["dtype"] as? String, "\(name)")
      #expect(tensor.shape.array == fields["shape"] as? [Int], "\(name)")
      switch tensor.dtype {
      case .f32:
        for (a, b) in zip(try tensor.array(Float.self), data) {
          let b = Float(bitPattern: UInt32(bitPattern: b.int32Value))
          #expect(a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN), "\(name): \(a) \(b)")
        }
      case .f64:
        for (a, b) in zip(try tensor.array(Double.self), data) {
          #expect(a.bitPattern == UInt64(bitPattern: b.int64Value))
        }
      default: #expect(try tensor.integers() == data.map(\.intValue), "\(name)")
      }
    }
    #expect(try file.tensor("i16", as: .f32).array(Float.self) == [-32768, -1, 0, 7, 32767])
    #expect(try file.tensor("float16", as: .f64).dtype == .f64)
    #expect(failure { _ = try file.tensor("x") }?.kind == .key)
  }

  @Test func writesTheReferencesBytes() throws {
    let golden = CheckpointFiles.golden("written.safetensors")
    let base = try Tensor((0..<6).map { Float($0) / 4 }, shape: [2, 3])
    try CheckpointFiles.inFolder { folder in
      let path = folder + "/w"
      // A view that does not lie in order is written in order.
      let view = try base.transposed(0, 1).contiguous().transposed(0, 1)
      try SafeTensors.write(
        [
          ("none", .zeros([0, 4])), ("b", view), ("mask", Tensor([true, false, true])),
          ("ids", Tensor(ints: [3, 1, -4])), ("a", Tensor([Float(1.5)])),
          ("small", Tensor([Int32(1), 2])),
          ("é \"quoted\" \\ name", Tensor([7.0], shape: [1, 1])),
        ], metadata: [("format", "pt")], to: path)
      #expect(try CheckpointFiles.bytes(path) == CheckpointFiles.bytes(golden))
      #expect(try Tensor.identical(SafeTensorFile(path).tensor("b"), base))
    }
    #expect(
      failure { try SafeTensors.write([("a", base), ("a", base)], to: "/nowhere/x") }?.kind == .key)
    #expect(failure { try SafeTensors.write([("a", base)], to: "/nowhere/x") }?.kind == .io)
  }

  @Test func aFailedWriteLeavesNothingBehind() throws {
    // As where the disk is full or the process runs into an error half-way.
    try CheckpointFiles.inFolder { folder in
      let path = folder + "/model"
      try CheckpointFiles.write("old", to: path)
      let error = failure {
        try AtomicFile.write(path) { file in
          try file.append(Array("new".utf8))
          throw DomainError(.io, "no space left on device")
        }
      }
      #expect(error?.message == "no space left on device")
      #expect(try CheckpointFiles.bytes(path) == Array("old".utf8))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model"])
    }
  }

  @Test func numbersAreLoadedAsTheyAre() throws {
    let header = "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"
    let values = try open(file(header, [0, 0, 0xC0, 0x7F, 0, 0, 0x80, 0xFF])).tensor("t")
    #expect(try values.array(Float.self)[0].isNaN)
    #expect(try values.array(Float.self)[1] == -.infinity)
    let truth = "{\"t\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]}}"
    #expect(try open(file(truth, [0, 1, 0xFF])).tensor("t").integers() == [0, 1, 1])
    let large = "{\"t\":{\"dtype\":\"U64\",\"shape\":[1],\"data_offsets\":[0,8]}}"
    let error = failure { _ = try open(file(large, Array(repeating: 0xFF, count: 8))).tensor("t") }
    #expect(error?.kind == .value)
    let complex = "{\"t\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,8]}}"
    let other = failure { _ = try open(file(complex, Array(repeating: 0, count: 8))).tensor("t") }
    #expect(other?.kind == .type)
  }

  private func entry(_ name: String, _ type: String, _ shape: String, _ offsets: String) -> String {
    "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  @Test func refusesWhatTheFormatForbids() {
    let four = Array(repeating: UInt8(0), count: 4)
    let a = entry("a", "F32", "[1]", "[0,4]")
    let cases: [(bytes: [UInt8], part: String)] = [
      ([], "ends inside of its header"),
      ([1, 0, 0, 0, 0, 0, 0], "ends inside of its header"),
      (file("{}", length: 3), "ends inside of its header"),
      (file("{}", length: 100_000_001), "more than 100000000"),
      (file("{}", length: -1), "more than 100000000"),
      (file(""), "must begin with `{`"),
      (file(" {}"), "must begin with `{`"),
      (file("[]"), "must begin with `{`"),
      (file("{} x"), "text behind the end"),
      (file("{\(a)"), "expected `,` or `}`"),
      (file("{\(a),\(a)}", four), "`a` appears twice"),
      (file("{\"__metadata__\":{},\"__metadata__\":{}}"), "`__metadata__` appears twice"),
      (file("{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}"), "`a` appears twice"),
      (file("{\"__metadata__\":{\"a\":1}}"), "expected a string"),
      (file("{\"__metadata__\":[]}"), "expected an object"),
      (file("{\"a\":[]}"), "expected an object"),
      (file("{\"a\":{}}"), "needs the fields"),
      (file("{\(entry("a", "F33", "[1]", "[0,4]"))}", four), "unknown type \"F33\""),
      (file("{\(entry("a", "F32", "[-1]", "[0,4]"))}", four), "expected an integer from 0"),
      (file("{\(entry("a", "F32", "[1.0]", "[0,4]"))}", four), "expected an integer from 0"),
      (
        file("{\(entry("a", "F32", "[99999999999999999999]", "[0,4]"))}", four),
        "expected an integer from 0"
      ),
      (file("{\(entry("a", "F32", "1", "[0,4]"))}", four), "expected a list"),
      (file("{\(entry("a", "F32", "[1]", "[0,4,4]"))}", four), "needs two data_offsets"),
      (file("{\(entry("a", "F32", "[1]", "[4,0]"))}", four), "before it begins"),
      (file("{\(entry("a", "F32", "[1]", "[0,3]"))}", Array(four[..<3])), "takes 4 bytes"),
      (file("{\(entry("a", "F16", "[1]", "[0,4]"))}", four), "takes 2 bytes"),
      (file("{\(entry("a", "F4", "[1]", "[0,0]"))}"), "whole byte"),
      (
        file("{\(entry("a", "F32", "[4294967296,4294967296]", "[0,4]"))}", four),
        "too large to count"
      ),
      (
        file("{\(entry("a", "F32", "[4294967296,4294967296,0]", "[0,0]"))}"),
        "too large to count"
      ),
      (file("{\(a),\(entry("b", "F32", "[1]", "[0,4]"))}", four), "overlaps"),
      (file("{\(a),\(entry("b", "F32", "[1]", "[2,6]"))}", four), "overlaps"),
      (file("{\(a),\(entry("b", "F32", "[1]", "[8,12]"))}", four + four + four), "leaves a hole"),
      (file("{\(entry("a", "F32", "[1]", "[4,8]"))}", four + four), "leaves a hole"),
      (file("{\(a)}", four + [0]), "4 bytes, and 5 follow"),
      (file("{\(a)}", Array(four[..<3])), "4 bytes, and 3 follow"),
      (file("{}", [0]), "0 bytes, and 1 follow"),
      (
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", four),
        "unknown field `x`"
      ),
      (
        file(
          "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", four
        ),
        "`dtype` appears twice"
      ),
      (file("{\"a\":" + String(repeating: "{\"a\":", count: 100_000)), "unknown field"),
      (
        file("{\"a\":{\"shape\":" + String(repeating: "[", count: 100_000)), "expected a JSON value"
      ),
    ]
    for (bytes, part) in cases {
      let found = message(bytes)
      #expect(
        found.contains(part) && found.contains("x.safetensors is not a sound"), "\(part): \(found)")
    }
    var broken = file("{\"é\":1}")
    broken[10] = 0xFF
    #expect(message(broken).contains("not UTF-8"))
    #expect(failure { _ = try SafeTensorFile("/nowhere") }?.kind == .io)
    #expect(failure { _ = try SafeTensorFile("/tmp") }?.message == "/tmp is a folder, not a file")
    #expect(failure { _ = try SafeTensorFile("/dev/zero") }?.kind == .io)
  }

  @Test func manyTensors() throws {
    // Over one range they are refused; one behind the other they are read.
    let over = (0..<100_000).map { entry("t\($0)", "F32", "[2,2]", "[0,16]") }
    #expect(
      message(file("{\(over.joined(separator: ","))}", Array(repeating: 0, count: 16)))
        .contains("overlaps"))
    let row = (0..<100_000).map { entry("t\($0)", "U8", "[1]", "[\($0),\($0 + 1)]") }
    let data = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    let opened = try open(file("{\(row.joined(separator: ","))}", data))
    #expect(try opened.tensor("t99999").integers() == [Int(data[99_999])])
  }

  @Test func sizesThatOnlyAnEmptyTensorCanHave() throws {
    let huge = entry("a", "F32", "[0,4611686018427387904,4611686018427387904]", "[0,0]")
    #expect(failure { _ = try open(file("{\(huge)}")).tensor("a") }?.kind == .limit)
    let axes = entry("a", "F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]")
    let error = failure { _ = try open(file("{\(axes)}", [0, 0, 0, 0])).tensor("a") }
    #expect(error?.kind == .limit)
    let empty = entry("a", "F64", "[3,0]", "[0,0]")
    #expect(try open(file("{\(empty)}")).tensor("a").shape == [3, 0])
  }

  @Test func aFileCutOffWhileOpenIsAnError() throws {
    try CheckpointFiles.inFolder { folder in
      let path = folder + "/x"
      try SafeTensors.write([("a", .zeros([1 << 16]))], to: path)
      let file = try SafeTensorFile(path)
      #expect(truncate(path, 1000) == 0)
      #expect(failure { _ = try file.tensor("a") }?.kind == .data)
      #expect(failure { _ = try SafeTensorFile(path) }?.message.contains("262144 bytes") == true)
    }
  }

  /// Bytes changed, removed and added: every file is read or refused.
  @Test func changedBytesNeverTrap() throws {
    let original = try CheckpointFiles.bytes(CheckpointFiles.golden("written.safetensors"))
    let digits = Array("0123456789[]{},:\"\\-eE. FIU".utf8)
    var random = RandomStream(seed: 11)
    var read = 0
    try CheckpointFiles.inFolder { folder in
      let path = folder + "/x"
      for _ in 0..<4000 {
        var bytes = original
        for _ in 0...random.integer(below: 3) {
          let place = random.integer(below: bytes.count)
          switch random.integer(below: 5) {
          case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
          case 1: bytes.remove(at: place)
          case 2: bytes.insert(digits[random.integer(below: digits.count)], at: place)
          case 3: bytes.removeLast(random.integer(below: min(40, bytes.count - 1)))
          default: bytes[place] = digits[random.integer(below: digits.count)]
          }
        }
        try CheckpointFiles.write(bytes, to: path)
        let error = failure {
          let file = try SafeTensorFile(path)
          for entry in file.entries { _ = try file.tensor(entry.name) }
          read += 1
        }
        if let error { #expect(!error.message.isEmpty) }
      }
    }
    // Changes in the numbers alone leave a sound file.
    #expect(read > 50)
  }

  /// Numbers that were read from a small type are the same after writing them as that type.
  @Test(arguments: ["F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ"])
  func smallTypesAreWrittenAsTheyWereRead(_ name: String) throws {
    let type = try #require(SafeTensorType(rawValue: name))
    let size = type.bits / 8
    let count = 1 << type.bits
    let data = (0..<count).flatMap { i in (0..<size).map { UInt8(i >> (8 * $0) & 0xFF) } }
    let header =
      #"{"t":{"dtype":"\#(name)","shape":[\#(count)],"data_offsets":[0,\#(count * size)]}}"#
    let read = try open(file(header, data)).tensor("t")
    try CheckpointFiles.inFolder { folder in
      try SafeTensors.write([("t", read)], types: ["t": type], to: folder + "/t")
      let again = try SafeTensorFile(folder + "/t")
      #expect(again.entries[0].type == type)
      for (a, b) in zip(try read.array(Float.self), try again.tensor("t").array(Float.self)) {
        #expect(a == b || (a.isNaN && b.isNaN), "\(a) \(b)")
      }
    }
  }

  @Test func smallTypesRoundToTheNearest() throws {
    try CheckpointFiles.inFolder { folder in
      func written(_ numbers: [Float], _ type: SafeTensorType) throws -> (SafeTensorType, [Float]) {
        try SafeTensors.write([("t", Tensor(numbers))], types: ["t": type], to: folder + "/t")
        let file = try SafeTensorFile(folder + "/t")
        return (file.entries[0].type, try file.tensor("t").array(Float.self))
      }
      // Halves go to the even neighbour: 1 + 2⁻⁸ lies between 1 and 1 + 2⁻⁷.
      #expect(
        try written([1 + 0x1p-8, 1 + 0x1.8p-7, 0x1p-140], .bf16).1 == [1, 1 + 0x1p-6, 0])
      #expect(try written([2049, 2051, 65519, 0x1p-25], .f16).1 == [2048, 2052, 65504, 0])
      #expect(try written([1.0625, 1.1875, 448, 0.3], .f8e4m3).1 == [1, 1.25, 448, 0.3125])
      // What does not fit keeps 32 bits; infinities stay.
      #expect(try written([1, 65520], .f16) == (.f32, [1, 65520]))
      #expect(try written([.infinity, 1], .bf16) == (.bf16, [.infinity, 1]))
      #expect(try written([1, 500], .f8e4m3).0 == .f32)
      // No fractions: as they are.
      try SafeTensors.write([("t", Tensor(ints: [1, 2]))], types: ["t": .f16], to: folder + "/t")
      #expect(try SafeTensorFile(folder + "/t").entries[0].type == .i64)
    }
  }
}

@Suite struct WeightFolderTests {
  private func shards(_ folder: String, index: String? = nil) throws {
    try SafeTensors.write(
      [("a", Tensor([Float(1)])), ("b", Tensor([Float(2)]))], to: folder + "/m-1.safetensors")
    try SafeTensors.write([("c", Tensor(ints: [3]))], to: folder + "/m-2.safetensors")
    try CheckpointFiles.write(
      index
        ?? "{\"metadata\":{\"total_size\":16},\"weight_map\":{\"a\":\"m-1.safetensors\",\"b\":\"m-1.safetensors\",\"c\":\"m-2.safetensors\"}}",
      to: folder + "/model.safetensors.index.json")
  }

  @Test func readsShards() throws {
    try CheckpointFiles.inFolder { folder in
      try shards(folder)
      let weights = try WeightFolder(folder)
      #expect(weights.entries.map(\.name) == ["a", "b", "c"])
      #expect(try weights.tensor("b").item() == 2)
      #expect(try weights.tensor("c").integerItem() == 3)
      #expect(weights.contains("a") && !weights.contains("d"))
      #expect(failure { _ = try weights.tensor("d") }?.kind == .key)
      // One whole file goes before shards.
      try SafeTensors.write([("z", Tensor([Float(9)]))], to: folder + "/model.safetensors")
      #expect(try WeightFolder(folder).entries.map(\.name) == ["z"])
    }
  }

  @Test func refusesIndexesThatLie() throws {
    func index(_ map: String) -> String { "{\"weight_map\":{\(map)}}" }
    let two = "\"a\":\"m-1.safetensors\",\"b\":\"m-1.safetensors\""
    let cases = [
      ("{}", "no object `weight_map`"),
      ("{\"weight_map\":[]}", "no object `weight_map`"),
      ("{\"weight_map\":{", "byte 15"),
      (index("\"a\":1"), "not the name of a safetensors file"),
      (index("\"a\":\"../m-1.safetensors\""), "not the name"),
      (index("\"a\":\"/etc/x.safetensors\""), "not the name"),
      (index("\"a\":\"sub/m-1.safetensors\""), "not the name"),
      (index("\"a\":\"m..safetensors\""), "not the name"),
      (index("\"a\":\"m-1.safetensors\\u0000\""), "not the name"),
      (index("\"a\":\"m-1.bin\""), "not the name"),
      (index("\"a\":\"m-3.safetensors\""), "cannot read"),
      (index(two + ",\"c\":\"m-1.safetensors\""), "where it is not"),
      (index("\"a\":\"m-1.safetensors\",\"c\":\"m-2.safetensors\""), "`b` of"),
      (index(two + ",\"c\":\"m-2.safetensors\",\"d\":\"m-2.safetensors\""), "`d` is in"),
      (index(two + ",\"a\":\"m-2.safetensors\""), "appears twice"),
    ]
    try CheckpointFiles.inFolder { folder in
      for (text, part) in cases {
        try shards(folder, index: text)
        let found = failure { _ = try WeightFolder(folder) }?.message ?? "no error"
        #expect(found.contains(part), "\(text): \(found)")
      }
      // A shard that the index leaves out whole is never looked at.
      try shards(folder, index: index(two))
      #expect(try WeightFolder(folder).entries.map(\.name) == ["a", "b"])
    }
  }

  @Test func saysWhatIsMissing() throws {
    #expect(failure { _ = try WeightFolder("/nowhere") }?.message.contains("No such file") == true)
    try CheckpointFiles.inFolder { folder in
      #expect(failure { _ = try WeightFolder(folder) }?.hint == nil)
      try CheckpointFiles.write("x", to: folder + "/pytorch_model.bin")
      #expect(failure { _ = try WeightFolder(folder) }?.hint?.contains("pickle") == true)
    }
  }
}
