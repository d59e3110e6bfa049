import Foundation
import Foundations
import Tensors
import Testing
import Text

@testable import Fairness

@Suite struct PromptsTests {
  @Test func fillsTemplates() throws {
    let prompts = try Prompts.professions(
      ["nurse", "artist"], templates: ["The {} said", "{a} is {a}"])
    #expect(
      prompts == [
        Prompt(text: "The nurse said", group: "nurse"),
        Prompt(text: "a nurse is a nurse", group: "nurse"),
        Prompt(text: "The artist said", group: "artist"),
        Prompt(text: "an artist is an artist", group: "artist"),
      ])
    #expect(throws: DomainError.self) { try Prompts.professions(templates: ["no place"]) }
    #expect(throws: DomainError.self) { try Prompts.professions([]) }
  }

  @Test func professionPromptsAreNeutralAndGenderPromptsAreNot() throws {
    for prompt in try Prompts.professions() {
      #expect(GenderPolarity.standard.classify(prompt.text) == .neutral)
      #expect(RoleReversal.standard.reverse(prompt.text) == prompt.text)
    }
    for prompt in try Prompts.aboutGenders() {
      #expect(GenderPolarity.standard.classify(prompt.text).rawValue == prompt.group)
    }
  }

  @Test func readsTablesLikeBOLDs() throws {
    let path = FileManager.default.temporaryDirectory.path() + "/bold-\(UUID()).tsv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(
      "domain\tcategory\tname\tprompt\twikipedia\nprofession\tdance\tx\tA dancer is\trest\nrace\ta\tb\tc\td\n"
        .utf8
    ).write(to: URL(filePath: path))
    #expect(try Prompts.bold(path) == [Prompt(text: "A dancer is", group: "dance")])
    #expect(throws: DomainError.self) { try Prompts.bold(path, domain: "gender") }
  }
}
