import Foundation
import Testing

/// What scripts can reach, with the binary as a user runs it.
@Suite struct ConfinementTests {
  private func link(_ fairlead: Binary, _ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: fairlead.folder + "/" + name, withDestinationPath: target)
  }

  private func folder(_ fairlead: Binary, _ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: fairlead.folder + "/" + name, withIntermediateDirectories: true)
  }

  /// A folder that may be read holds links that lead out of it.
  @Test func filesWithinAFolderStayWithin() throws {
    let fairlead = try Binary()
    let other = try Binary()
    try other.write("text,label\nsecret one,a\nsecret two,b\n", to: "train.csv")
    try other.write("secret", to: "secret.json")
    for name in ["d", "tok", "model", "seq", "seq/train"] { try folder(fairlead, name) }
    try link(fairlead, "d/train.csv", to: other.folder + "/train.csv")
    try link(fairlead, "tok/tokenizer.json", to: other.folder + "/secret.json")
    try link(fairlead, "model/config.json", to: other.folder + "/secret.json")
    try link(fairlead, "seq/train/seq.in", to: other.folder + "/secret.json")
    try link(fairlead, "d/more", to: other.folder)
    for text in [
      "data.load(\"d\")", "text.tokenizer(\"tok\")", "nn.load(\"model\")", "data.load(\"seq\")",
      "data.load(\"d/more/train.csv\")", "data.table(\"d/train.csv\")",
      "import \"d/more/x.fl\" as x\nx", "text.names(\"d/train.csv\")",
    ] {
      for arguments in [["-e", text], ["-e", text, "--no-store"]] {
        let outcome = try fairlead.run(arguments)
        #expect(outcome.status == 1, "\(text): \(outcome)")
        #expect(!(outcome.output + outcome.errors).contains("secret o"), "\(text): \(outcome)")
        #expect(
          outcome.errors.contains("may not read") || text.contains("text.names"),
          "\(text): \(outcome.errors)")
      }
    }
    let allowed = try fairlead.run(["-e", "data.load(\"d\")", "--allow-read", other.folder])
    #expect(allowed.status == 0, "\(allowed.errors)")
  }

  /// A cache whose files are links to one another.
  @Test func linksWithinAreUsable() throws {
    let fairlead = try Binary()
    try folder(fairlead, "blobs")
    try folder(fairlead, "snapshots/main")
    try fairlead.write("text,label\none,a\ntwo,b\n", to: "blobs/0123")
    try link(fairlead, "snapshots/main/train.csv", to: "../../blobs/0123")
    for path in ["snapshots/main", "snapshots/main/train.csv"] {
      let outcome = try fairlead.run(["-e", "print(data.load(\"\(path)\"))"])
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }

  @Test func recordsCannotBeWritten() throws {
    let fairlead = try Binary()
    try folder(fairlead, ".git")
    try fairlead.write("[core]\n", to: ".git/config")
    try fairlead.write("print(sweep a in 0..2 { {b: a} })\n", to: "s.fl")
    #expect(try fairlead.run(["s.fl", "--seed", "1"]).status == 0)
    try link(fairlead, "store", to: ".fairlead")
    for path in [".fairlead/runs.sqlite", "store/runs.sqlite", ".fairlead/x", ".git/config"] {
      for text in ["nn.linear(2, 2).save(\"\(path)\")", "table([{a: 1}]).save(\"\(path).csv\")"] {
        let outcome = try fairlead.run(["-e", text])
        #expect(outcome.status == 1, "\(outcome)")
        #expect(outcome.errors.contains("no script may write"), "\(outcome.errors)")
      }
    }
    #expect(try fairlead.text(".git/config") == "[core]\n")
    let again = try fairlead.run(["s.fl", "--seed", "1"])
    #expect(again.errors.contains("2 of 2 trials found"), "\(again.errors)")
    // A record elsewhere is one, too.
    try folder(fairlead, "kept")
    let stored = ["--store", "kept", "-e"]
    #expect(try fairlead.run(stored + ["sweep a in 0..2 { {b: a} }"]).status == 0)
    let refused = try fairlead.run(stored + ["nn.linear(2, 2).save(\"kept/runs.sqlite\")"])
    #expect(refused.status == 1 && refused.errors.contains("no script may write"), "\(refused)")
  }

  @Test func aRecordThatIsALinkIsNotUsed() throws {
    let fairlead = try Binary()
    let other = try Binary()
    try link(fairlead, ".fairlead", to: other.folder)
    let outcome = try fairlead.run(["-e", "sweep a in 0..2 { {b: a} }"])
    #expect(outcome.status == 1 && outcome.errors.contains("is a link to"), "\(outcome.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: other.folder).isEmpty)
  }

  @Test func theEnvironmentIsOnlySeenWhereItIsAllowed() throws {
    let fairlead = try Binary()
    let environment = ["FAIRLEAD_TOKEN": "12345", "FAIRLEAD_OTHER": "other"]
    let text = "print(sys.env(\"FAIRLEAD_TOKEN\"))"
    let refused = try fairlead.run(["-e", text], environment: environment)
    #expect(refused.status == 1 && refused.errors.contains("--allow-env=FAIRLEAD_TOKEN"))
    #expect(!refused.errors.contains("12345"))
    for arguments in [
      ["--allow-env=FAIRLEAD_TOKEN"], ["--allow-env", "A,FAIRLEAD_TOKEN"],
      ["--allow-env=A", "--allow-env=FAIRLEAD_TOKEN"],
    ] {
      let outcome = try fairlead.run(["-e", text] + arguments, environment: environment)
      #expect(outcome.output == "12345\n", "\(outcome.errors)")
      let other = try fairlead.run(
        ["-e", "sys.env(\"FAIRLEAD_OTHER\")"] + arguments, environment: environment)
      #expect(other.status == 1 && !other.output.contains("other"))
    }
    let unset = try fairlead.run(["-e", "sys.env(\"FAIRLEAD_X\") == nil", "--allow-env=FAIRLEAD_X"])
    #expect(unset.output == "true\n", "\(unset.errors)")
  }

  /// What only lies beside the data is not looked at, and what is no file is never waited for.
  @Test func whatIsNoFileIsNotWaitedFor() throws {
    let fairlead = try Binary()
    try folder(fairlead, "d")
    try fairlead.write("text,label\none,a\ntwo,b\n", to: "d/train.csv")
    try fairlead.write("print(data.load(\"d\"))\n", to: "b.fl")
    let notes = fairlead.folder + "/d/notes"
    for plant in [
      { #expect(mkfifo(notes, 0o600) == 0) },
      {
        try FileManager.default.createSymbolicLink(atPath: notes, withDestinationPath: "/dev/zero")
      },
      {
        #expect(FileManager.default.createFile(atPath: notes, contents: nil))
        #expect(truncate(notes, 6 << 30) == 0)
      },
    ] as [() throws -> Void] {
      try plant()
      let outcome = try fairlead.run(["run", "--time-limit", "5", "b.fl"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      try FileManager.default.removeItem(atPath: notes)
    }
    #expect(mkfifo(fairlead.folder + "/f.csv", 0o600) == 0)
    let piped = try fairlead.run(["-e", "data.load(\"f.csv\")"])
    #expect(piped.status == 1 && piped.errors.contains("is a pipe, not a file"), "\(piped)")
    try folder(fairlead, "p")
    #expect(mkfifo(fairlead.folder + "/p/train.csv", 0o600) == 0)
    let inner = try fairlead.run(["-e", "data.load(\"p\")"])
    #expect(inner.status == 1 && inner.errors.contains("is a pipe, not a file"), "\(inner)")
    try fairlead.write("import \"f.csv\" as f\nprint(f)\n", to: "i.fl")
    let checked = try fairlead.run(["check", "i.fl"])
    #expect(checked.status == 1 && checked.errors.contains("is a pipe"), "\(checked)")
    #expect(!checked.errors.contains("io:"), "\(checked)")
  }

  /// Files by which a trial hands something to itself do not make it run again; a file that would be read now does.
  @Test func whatATrialWritesIsNoData() throws {
    let fairlead = try Binary()
    try folder(fairlead, "d")
    try fairlead.write("text,label\none,a\ntwo,b\n", to: "d/train.csv")
    try fairlead.write(
      """
      print(sweep a in 0..3 {
        table([{n: a}]).save("scratch.csv")
        {b: a, n: len(data.table("scratch.csv")), t: len(data.load("d").train)}
      })

      """, to: "s.fl")
    let first = try fairlead.run(["s.fl", "--seed", "3"])
    #expect(first.status == 0, "\(first.errors)")
    let again = try fairlead.run(["s.fl", "--seed", "3"])
    #expect(again.errors.contains("3 of 3 trials found"), "\(again.errors)")
    #expect(again.output == first.output)
    try fairlead.write("text,label\nthree,a\n", to: "d/test.csv")
    let more = try fairlead.run(["s.fl", "--seed", "3"])
    #expect(more.status == 0 && !more.errors.contains("trials found"), "\(more.errors)")
  }

  /// A record stays valid where its folder moves, and only there where what was read is the same.
  @Test func dataAreKnownByContent() throws {
    let fairlead = try Binary()
    let text = """
      let corpus = data.load("own_train.csv")
      print(sweep a in 0..2 { {b: a, n: len(corpus.train)} })

      """
    for place in ["first", "first/scripts"] { try folder(fairlead, place) }
    try fairlead.write("text,label\none,a\ntwo,b\n", to: "first/own_train.csv")
    try fairlead.write(text, to: "first/scripts/s.fl")
    func run(_ place: String) throws -> Binary.Outcome {
      try fairlead.run(
        ["scripts/s.fl", "--seed", "3"], directory: fairlead.folder + "/" + place)
    }
    let first = try run("first")
    #expect(first.status == 0, "\(first.errors)")
    try FileManager.default.moveItem(
      atPath: fairlead.folder + "/first", toPath: fairlead.folder + "/second")
    let moved = try run("second")
    #expect(moved.errors.contains("2 of 2 trials found"), "\(moved.errors)")
    #expect(moved.output == first.output)
    // Other files in the folder are no data.
    try fairlead.write("x", to: "second/notes.csv")
    #expect(try run("second").errors.contains("2 of 2 trials found"))
    try fairlead.write("text,label\none,a\ntwo,b\nthree,b\n", to: "second/own_train.csv")
    let changed = try run("second")
    #expect(!changed.errors.contains("trials found") && changed.output != first.output)
  }
}
