import Foundation
import Testing

/// The prompt in a terminal.
@Suite struct PromptTests {
  private func start(_ screen: Terminal) throws -> Binary.Running {
    try Binary().start(
      [], environment: ["TERM": "xterm", "NO_COLOR": "1"], output: screen.end,
      standardInput: screen.end)
  }

  @Test func aWrappedLineIsDrawnAnewWhereTheWindowChanges() throws {
    let screen = try Terminal()
    screen.resize(columns: 60)
    let running = try start(screen)
    #expect(screen.waits(for: "[1]"))
    screen.type("let word = \"" + String(repeating: "a", count: 50))
    #expect(screen.waits(for: "aaaaaa"))
    usleep(200_000)
    // 4 of the prompt and 62 of the text: the cursor is in the second row of 60 columns, and would be in the third of
    // 30.
    screen.resize(columns: 30)
    running.send(SIGWINCH)
    #expect(screen.waits(for: "\r\u{1B}[2A\u{1B}[J[1] let word"))
    usleep(100_000)
    screen.resize(columns: 90)
    running.send(SIGWINCH)
    #expect(screen.waits(for: "\r\u{1B}[J[1] let word"))
    screen.type("\"\nlen(word)\n")
    #expect(screen.waits(for: "50"))
    screen.type("quit\n")
    #expect(running.finish().status == 0)
  }

  @Test func endingABlockLeavesNoEmptyLinesBehind() throws {
    let screen = try Terminal()
    let running = try start(screen)
    #expect(screen.waits(for: "[1]"))
    screen.type("fn f(x) {\n")
    #expect(screen.waits(for: "·"))
    screen.type("\u{4}")
    #expect(screen.waits(for: "[1]"))
    screen.type("20 + 22\n")
    #expect(screen.waits(for: "20 + 22\r\n\u{1B}[?2004l\r42\r\n"))
    screen.type("let table = {alpha: 1}\n")
    #expect(screen.waits(for: "[3]"))
    screen.type("table[\"al\t] + 1\n")
    #expect(screen.waits(for: "\r2\r\n"))
    screen.type("let exit = 3\nexit\n")
    #expect(screen.waits(for: "\r3\r\n"))
    screen.type("quit()\n")
    #expect(running.finish().status == 0)
  }

  /// The first Ctrl-C ends the statement, the second its `finally` blocks, and neither the session.
  @Test(arguments: [
    "try { while true {} } finally { while true {} }",
    "sweep a in [1] { try { while true {} } finally { while true {} }; {b: 1} }",
  ])
  func aSecondControlCKeepsTheSession(statement: String) throws {
    let screen = try Terminal()
    let running = try start(screen)
    #expect(screen.waits(for: "[1]"))
    screen.type("let kept = 40\n")
    #expect(screen.waits(for: "[2]"))
    screen.type(statement + "\n")
    usleep(500_000)
    running.send(SIGINT)
    usleep(600_000)
    running.send(SIGINT)
    #expect(screen.waits(for: "interrupted"))
    #expect(screen.waits(for: "[3]"))
    screen.type("kept + 2\n")
    #expect(screen.waits(for: "42"))
    screen.type("quit\n")
    #expect(running.finish().status == 0)
  }
}
