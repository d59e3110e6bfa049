import Foundation
import Foundations
import Tensors
import Testing

@testable import Files
@testable import Sessions

@Suite struct SandboxTests {
  @Test func onlyTheWorkingDirectoryAndTheScriptsFolderAreOpen() throws {
    let work = try TemporaryDirectory()
    let scripts = try TemporaryDirectory()
    let sandbox = Sandbox(workingDirectory: work.path, scriptDirectory: scripts.path)
    #expect(try sandbox.check("a/b.csv", .read).hasSuffix("/a/b.csv"))
    #expect(try sandbox.check(scripts.path + "/data.csv", .write).hasSuffix("/data.csv"))
    #expect(throws: DomainError.self) { try sandbox.check("/etc/passwd", .read) }
    #expect(throws: DomainError.self) { try sandbox.check("../x", .write) }
    #expect(throws: DomainError.self) { try sandbox.check("a/../../x", .read) }
    #expect(throws: DomainError.self) { try sandbox.check("", .read) }
    #expect(throws: DomainError.self) { try sandbox.check(work.path + "-beside/x", .read) }
  }

  @Test func linksDoNotLeadOut() throws {
    let work = try TemporaryDirectory()
    try FileManager.default.createSymbolicLink(
      atPath: work.path + "/out", withDestinationPath: "/etc")
    try FileManager.default.createSymbolicLink(
      atPath: work.path + "/nowhere", withDestinationPath: "/etc/fairlead-does-not-exist")
    try FileManager.default.createSymbolicLink(
      atPath: work.path + "/circle", withDestinationPath: "circle")
    let sandbox = Sandbox(workingDirectory: work.path)
    #expect(throws: DomainError.self) { try sandbox.check("out/passwd", .read) }
    #expect(throws: DomainError.self) { try sandbox.check("nowhere", .write) }
    _ = try? sandbox.check("circle", .read)
  }

  @Test func leaveIsGivenForOneDirection() throws {
    let work = try TemporaryDirectory()
    let sandbox = Sandbox(workingDirectory: work.path, allowRead: ["/etc"])
    #expect(try sandbox.check("/etc/hostname", .read) == "/etc/hostname")
    let refusal = #expect(throws: DomainError.self) {
      try sandbox.check("/etc/hostname", .write)
    }
    #expect(refusal?.hint == "allow it with --allow-write=/etc/hostname")
    let writer = Sandbox(workingDirectory: work.path, allowWrite: ["/var"])
    #expect(try writer.check("/var/x", .read) == "/var/x")
  }

  @Test func theErrorSaysHowToAllowIt() throws {
    let work = try TemporaryDirectory()
    try FileManager.default.createSymbolicLink(
      atPath: work.path + "/out", withDestinationPath: "/etc/hostname")
    let sandbox = Sandbox(workingDirectory: work.path)
    func refusal(_ path: String, _ access: Door.Access) -> DomainError? {
      #expect(throws: DomainError.self) { try sandbox.check(path, access) }
    }
    let led = refusal("out", .read)
    #expect(
      led?.message == "this script may not read `out`: it lies outside of the working directory")
    #expect(led?.hint == "allow it with --allow-read=/etc/hostname")
    let record = refusal(".git/config", .write)
    #expect(record?.message.hasPrefix("no script may write `.git/config`") == true)
    // What lies elsewhere is not told of: where its links lead, or whether it is there.
    #expect(
      refusal("/proc/self/root/x", .read)?.hint == "allow it with --allow-read=/proc/self/root/x")
    #expect(refusal("/nowhere/x", .read)?.message == refusal("/nowhere/x", .read)?.message)
    #expect(refusal("x\u{0}", .read)?.message == "a path holds no character 0")
    // At the prompt all is open but the records.
    let prompt = Sandbox.unrestricted(workingDirectory: work.path, stores: [work.path])
    #expect(try prompt.check("/etc/hostname", .write) == "/etc/hostname")
    #expect(throws: DomainError.self) { try prompt.check(".fairlead/x", .write) }
    #expect(throws: DomainError.self) { try prompt.check("runs.sqlite", .write) }
    #expect(try prompt.check("runs.csv", .write) == work.path + "/runs.csv")
  }

  @Test func theEnvironmentIsClosed() throws {
    let sandbox = Sandbox(workingDirectory: "/tmp", allowEnvironment: ["HOME", "LANG"])
    try sandbox.checkVariable("HOME")
    let error = #expect(throws: DomainError.self) { try sandbox.checkVariable("SECRET") }
    #expect(error?.hint == "allow it with --allow-env=SECRET")
    #expect(throws: DomainError.self) { try sandbox.checkVariable("HOM") }
    #expect(throws: DomainError.self) { try sandbox.checkVariable("") }
    try Sandbox.unrestricted(workingDirectory: "/tmp").checkVariable("SECRET")
  }
}
