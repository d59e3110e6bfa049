import Foundation
import Testing

@testable import Session

@Suite struct SandboxTests {
  @Test func onlyTheWorkingDirectoryAndTheScriptsFolderAreOpen() throws {
    let work = try TemporaryDirectory()
    let scripts = try TemporaryDirectory()
    let sandbox = Sandbox(workingDirectory: work.path, scriptDirectory: scripts.path)
    #expect(try sandbox.check("a/b.csv", .read).hasSuffix("/a/b.csv"))
    #expect(try sandbox.check(scripts.path + "/data.csv", .write).hasSuffix("/data.csv"))
    #expect(throws: Sandbox.Refusal.self) { try sandbox.check("/etc/passwd", .read) }
    #expect(throws: Sandbox.Refusal.self) { try sandbox.check("../x", .write) }
    #expect(throws: Sandbox.Refusal.self) { try sandbox.check("a/../../x", .read) }
    #expect(throws: Sandbox.Refusal.self) { try sandbox.check("", .read) }
    #expect(throws: Sandbox.Refusal.self) { try sandbox.check(work.path + "-beside/x", .read) }
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
    #expect(throws: Sandbox.Refusal.self) { try sandbox.check("out/passwd", .read) }
    #expect(throws: Sandbox.Refusal.self) { try sandbox.check("nowhere", .write) }
    _ = try? sandbox.check("circle", .read)
  }

  @Test func leaveIsGivenForOneDirection() throws {
    let work = try TemporaryDirectory()
    let sandbox = Sandbox(workingDirectory: work.path, allowRead: ["/etc"])
    #expect(try sandbox.check("/etc/hostname", .read) == "/etc/hostname")
    let refusal = #expect(throws: Sandbox.Refusal.self) {
      try sandbox.check("/etc/hostname", .write)
    }
    #expect(refusal?.hint == "allow it with --allow-write=/etc/hostname")
    let writer = Sandbox(workingDirectory: work.path, allowWrite: ["/var"])
    #expect(try writer.check("/var/x", .read) == "/var/x")
  }
}
