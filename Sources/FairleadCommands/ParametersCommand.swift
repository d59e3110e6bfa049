import ArgumentParser
import Foundation
import Sessions
import Tables

import struct ArgumentParser.Argument

/// `fairlead params`.
struct Parameters: FairleadCommand {
  static let configuration = CommandConfiguration(
    commandName: "params",
    abstract: "Lists the parameters of a script with their defaults and documentation.")

  @Argument(help: "The script.") var script: String

  func status() -> Int32 {
    Console.guarded {
      let parameters = try Session().parameters(path: script)
      if parameters.isEmpty { return Status.success }
      let table = Table(
        rows: parameters.map { parameter in
          [
            ("parameter", .string(parameter.name)), ("default", .string(parameter.defaultText)),
            ("values", .string(parameter.domainText ?? "")), ("", .string(parameter.doc ?? "")),
          ]
        })
      Console.print(
        table.text(
          TextStyle(
            width: Console.columns(STDOUT_FILENO), maximumRows: nil,
            coloured: Console.isColoured(STDOUT_FILENO))))
      return Status.success
    }
  }
}
