import Foundation
import Sessions
import Testing

@testable import Terminal

@Suite struct TerminalPromptTests {
  @Test func theHistoryLiesWhereStateBelongs() {
    #expect(
      ReadEvalPrint.historyPath(["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/fairlead/history")
    #expect(ReadEvalPrint.historyPath(["HOME": "/h"]) == "/h/.local/state/fairlead/history")
    #expect(ReadEvalPrint.historyPath(["XDG_STATE_HOME": "relative"]) == nil)
  }

  @Test func colonCommandsComplete() {
    #expect(ColonCommand.completions(":hi").candidates.map(\.text) == ["history"])
    #expect(ColonCommand.completions(":").candidates.count == 10)
  }

  @Test func durationsHaveUnits() {
    #expect(
      [2e-5, 0.0123, 4.5, 250].map(ColonCommand.duration) == [
        "20 µs", "12.3 ms", "4.50 s", "250 s",
      ])
  }
}
