import Foundation
import Foundations
import Tables
import Testing

@testable import Plots

/// What pictures and charts have in common: every kind, with whatever a table holds.
@Suite struct PictureTests {
  /// Widths of DejaVu Sans Bold, as librsvg takes it where there is no Helvetica.
  @Test func titlesAreMeasuredAsBold() {
    let widths: [(String, Double)] = [
      ("W", 1.103), ("m", 1.042), ("w", 0.924), ("M", 0.995), ("%", 1.002), ("O", 0.85),
      ("K", 0.775), ("J", 0.372), ("a", 0.675), ("b", 0.716), ("0", 0.696),
      ("t", 0.478), ("r", 0.493), ("(", 0.457), ("!", 0.456), (":", 0.4), (" ", 0.348),
      ("i", 0.343), ("/", 0.365), ("ü", 0.712),
    ]
    for (text, width) in widths {
      #expect(TextMetrics.width(text, size: 1, isBold: true) >= width, "\(text)")
    }
    let title = widths.map(\.0).joined()
    #expect(
      TextMetrics.width(title, size: 1, isBold: true) >= widths.reduce(0) { $0 + $1.1 })
    let words = "How accuracy and membership leakage grow with the budget of training"
    for width in stride(from: 60.0, to: 400, by: 20) {
      let lines = TextMetrics.wrapped(words, to: width, size: 10, atMost: 20, isBold: true)
      #expect(
        lines.joined(separator: " ").hasSuffix("training") || lines.contains { $0.hasSuffix("…") })
      #expect(lines.allSatisfy { TextMetrics.width($0, size: 10, isBold: true) <= width })
    }
  }

  /// A request for each kind, over columns x, y, k and label.
  private static func plot(
    _ kind: Plot.Kind, _ table: Table, _ change: (inout PlotOptions) -> Void = { _ in }
  ) throws -> Plot {
    var options = PlotOptions()
    change(&options)
    switch kind {
    case .line, .scatter, .bar:
      return try Plot(table, kind: kind, x: "x", y: ["y"], options: options)
    case .errorbar:
      (options.low, options.high) = ("low", "high")
      return try Plot(table, kind: kind, x: "x", y: ["y"], options: options)
    case .histogram, .density: return try Plot(table, kind: kind, y: ["y"], options: options)
    case .box, .violin, .strip:
      return try Plot(table, kind: kind, x: "k", y: ["y"], options: options)
    case .roc, .det:
      options.labels = "label"
      return try Plot(table, kind: kind, y: ["y"], options: options)
    case .calibration:
      options.labels = "label"
      return try Plot(table, kind: kind, y: ["chance"], options: options)
    case .forest:
      (options.low, options.high) = ("low", "high")
      return try Plot(table, kind: kind, x: "y", y: ["k"], options: options)
    case .heatmap:
      options.value = "y"
      return try Plot(table, kind: kind, x: "x", y: ["k"], options: options)
    }
  }

  private static func table(_ values: [Double]) throws -> Table {
    try Table(columns: [
      Table.Column("x", values.map(Cell.float)), Table.Column("y", values.map(Cell.float)),
      Table.Column("low", values.map { .float($0 - 1) }),
      Table.Column("high", values.map { .float($0 + 1) }),
      Table.Column("k", values.indices.map { .string($0 % 2 == 0 ? "<even>&\u{1}" : "odd\"") }),
      Table.Column("label", values.indices.map { .int($0 % 2) }),
      Table.Column("chance", values.indices.map { .float(Double($0) / Double(values.count)) }),
    ])
  }

  private func check(_ plot: Plot) throws {
    let svg = try plot.svg()
    #expect(!svg.contains("nan") || plot.scene.notes.contains { $0.contains("nan") })
    #expect(!svg.contains("\"inf") && !svg.contains("\"-inf") && !svg.contains("\u{1}"))
    let parser = XMLCheck(svg)
    #expect(parser.isWellFormed, "\(plot.kind)")
    for width in [40, 60, 80, 120] {
      let chart = plot.terminalChart(width: width, height: 10)
      #expect(
        chart.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= width },
        "\(plot.kind) \(width)\n\(chart)")
    }
  }

  @Test(arguments: Plot.Kind.allCases)
  func anyValuesCanBeDrawn(kind: Plot.Kind) throws {
    let cases: [[Double]] = [
      [], [.nan], [.infinity], [-.infinity, .infinity], [0], [1e308, -1e308],
      [.leastNonzeroMagnitude], [1, 1 + 1e-16], [1e-300, 1e300], [3, 3, 3], [0, 0.5, 1, .nan],
      (0..<150).map { Double($0 * 7 % 40) },
    ]
    for values in cases {
      for log in ["", "x", "y", "xy"] {
        do {
          try check(
            Self.plot(kind, Self.table(values + [1])) {
              $0.log = log
              $0.title = "T <&> \"q\""
            })
        } catch let error as DomainError {
          // What an axis cannot show is said.
          #expect(
            ["axis", "axes", "logarithmic", "numbers", "interval"].contains {
              error.message.contains($0)
            }, "\(kind): \(error)")
        }
      }
    }
    try check(Self.plot(kind, Self.table([])))
  }

  @Test(arguments: Plot.Kind.allCases)
  func everySizeAndThemeIsDrawn(kind: Plot.Kind) throws {
    let table = try Self.table((0..<40).map { Double($0 * 13 % 17) })
    for (width, height) in [(160.0, 120.0), (320, 220), (720, 460), (4000, 4000)] {
      for theme in PlotOptions.Theme.allCases {
        try check(
          Self.plot(kind, table) {
            $0.width = width
            $0.height = height
            $0.theme = theme
          })
      }
    }
  }

  @Test(arguments: Plot.Kind.allCases)
  func limitsCutWhatLiesOutside(kind: Plot.Kind) throws {
    let table = try Self.table((0..<40).map { Double($0 * 13 % 17) })
    for ends in [(5.0, 6.0), (-100, -99), (1e300, 1.1e300), (0, 1e-300)] {
      let plot = try Self.plot(kind, table) {
        $0.xLimits = ends
        $0.yLimits = ends
        $0.xReferences = [5.5, 1e6]
        $0.yReferences = [5.5, -1e6]
      }
      try check(plot)
      // Nothing is drawn beside the picture.
      for match in try plot.svg().matches(of: #/ (?:x1|x2|cx)="(-?[\d.]+)"/#) {
        let place = try #require(Double(match.output.1))
        #expect(place >= -10 && place <= 740, "\(kind): \(place)")
      }
    }
  }

  @Test func picturesSayWhatTheyShow() throws {
    let svg = try Self.plot(.line, Self.table([1, 2])) { $0.title = "Loss" }.svg()
    #expect(svg.contains("<title>Loss</title>"))
    #expect(
      svg.contains("<desc>Line plot of y over x. Horizontal: 1 to 2. Vertical: 1 to 2.</desc>"))
    #expect(svg.contains("role=\"img\""))
  }

  @Test func manyPointsMakeNoLargeFile() throws {
    let count = 50_000
    let values = (0..<count).map { Double($0 * 7919 % 100_003) / 1000 }
    for kind in [Plot.Kind.scatter, .line, .strip, .density, .roc] {
      let plot = try Self.plot(kind, Self.table(values))
      let svg = try plot.svg()
      #expect(svg.utf8.count < 2_000_000, "\(kind): \(svg.utf8.count)")
      if kind != .density { #expect(svg.contains("drawn once"), "\(kind)") }
    }
  }

  @Test func manySeriesDifferAndTheirLegendIsCut() throws {
    let rows = (0..<1000).flatMap { series in
      (0..<3).map { x in
        [("x", Cell.int(x)), ("y", Cell.int(series + x)), ("s", Cell.string("series \(series)"))]
      }
    }
    var options = PlotOptions()
    options.by = ["s"]
    let plot = try Plot(Table(rows: rows), kind: .line, x: "x", y: ["y"], options: options)
    let svg = try plot.svg()
    #expect(svg.contains(" more</text>") && svg.utf8.count < 2_000_000)
    #expect(plot.terminalChart().contains(" more"))
    let theme = PictureTheme(.light)
    let looks = (0..<252).map { index -> String in
      let style = SeriesStyle(index, theme)
      return "\(style.colour) \(style.mark) \(style.dashes)"
    }
    #expect(Set(looks).count == 252)
  }

  @Test func coloursStandOutFromTheirBackground() {
    for theme in PlotOptions.Theme.allCases {
      let colours = PictureTheme(theme)
      let background = ColourScale.Colour(hex: colours.background)
      for colour in colours.palette {
        #expect(
          ColourScale.Colour(hex: colour).contrast(with: background) >= 3, "\(theme) \(colour)")
      }
      for text in [colours.ink, colours.muted] {
        #expect(ColourScale.Colour(hex: text).contrast(with: background) >= 4.5)
      }
    }
  }

  @Test func numbersInCellsCanBeRead() throws {
    for values in [[0.0, 1, 2, 3, 10], [-3, -1, 0, 0.5, 3]] {
      let scale = try #require(ColourScale(values))
      for step in 0...40 {
        let value = scale.low + (scale.high - scale.low) * Double(step) / 40
        let colour = scale.colour(value)
        #expect(ColourScale.ink(on: colour).contrast(with: colour) >= 4.4)
      }
    }
  }

  @Test func textAxesAreCategories() throws {
    let table = Table(
      rows: ["uniform", "activity"].map { [("s", .string($0)), ("y", .int($0.count))] })
    let plot = try Plot(table, kind: .line, x: "s", y: ["y"])
    #expect(plot.scene.x.categories == ["uniform", "activity"])
    #expect(try plot.svg().contains(">activity</text>"))
  }

  @Test func longNamesStayApart() throws {
    let names = (0..<30).map { "the same beginning of all names, number \($0)" }
    let table = Table(rows: names.map { [("s", .string($0)), ("y", .int(1))] })
    let plot = try Plot(table, kind: .bar, x: "s", y: ["y"])
    let svg = try plot.svg()
    let labels = svg.matches(of: #/rotate\(-45[^>]*>([^<]*)</#).map { String($0.output.1) }
    #expect(labels.count == 30 && Set(labels).count == 30)
  }

  @Test func markupInNamesIsEscaped() throws {
    let table = Table(rows: [[("<x>&", .int(1)), ("y\u{1}\u{202E}", .int(1))]])
    let svg = try Plot(table, kind: .scatter, x: "<x>&", y: ["y\u{1}\u{202E}"]).svg()
    #expect(svg.contains("&lt;x&gt;&amp;") && !svg.contains("\u{1}") && !svg.contains("\u{202E}"))
  }

  @Test func chartOfASweep() throws {
    var rows: [[(name: String, cell: Cell)]] = []
    for method in ["plain", "dp-sgd", "edp-sgd"] {
      for epsilon in [0.5, 8, .infinity] {
        rows.append([
          ("method", .string(method)), ("epsilon", .float(epsilon)),
          ("accuracy", .float(Double(method.count) + min(epsilon, 9))),
        ])
      }
    }
    var options = PlotOptions()
    options.by = ["method"]
    options.log = "x"
    options.title = "Accuracy against privacy"
    let plot = try Plot(
      Table(rows: rows), kind: .line, x: "epsilon", y: ["accuracy"], options: options)
    let chart = plot.terminalChart(width: 72, height: 12)
    #expect(chart.contains("∞") && chart.contains("● plain") && chart.contains("▲ edp-sgd"))
    #expect(!chart.contains("\u{1B}"))
    #expect(plot.terminalChart(coloured: true).contains("\u{1B}[38;5;32m"))
  }

  @Test func aMissingLibraryIsNamed() {
    #expect {
      _ = try PNGRenderer(libraries: ["libnothing-of-this-name.so.9"])
    } throws: { error in
      let text = String(describing: error)
      return text.contains("libnothing-of-this-name.so.9") && text.contains("librsvg2-2")
    }
  }

  @Test(.enabled(if: (try? PNGRenderer.shared.get()) != nil))
  func picturesBecomePNG() throws {
    for kind in Plot.Kind.allCases {
      let plot = try Self.plot(kind, Self.table((0..<40).map { Double($0 * 13 % 17) })) {
        $0.width = 300
        $0.height = 200
      }
      let bytes = try plot.png()
      #expect(bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
      // The header's sizes: two pixels a point.
      let sizes = [16, 20].map { start in bytes[start..<start + 4].reduce(0) { $0 * 256 + Int($1) }
      }
      #expect(sizes == [600, 400])
      #expect(bytes.count > 1500)
    }
  }
}

/// Whether a text is well-formed as far as pictures go: elements are closed in order, and `<` and `&` are escaped.
private struct XMLCheck {
  let isWellFormed: Bool

  init(_ text: String) {
    var open: [Substring] = []
    var rest = Substring(text)
    var isRight = true
    while let start = rest.firstIndex(of: "<") {
      let content = rest[..<start]
      isRight = isRight && XMLCheck.isEscaped(content)
      guard let end = rest[start...].firstIndex(of: ">") else {
        isRight = false
        break
      }
      let tag = rest[rest.index(after: start)..<end]
      isRight = isRight && !tag.contains("<") && XMLCheck.isEscaped(tag)
      let name = tag.drop { $0 == "/" }.prefix { $0.isLetter }
      if tag.hasPrefix("/") {
        isRight = isRight && open.popLast() == name
      } else if !tag.hasSuffix("/") {
        open.append(name)
      }
      rest = rest[rest.index(after: end)...]
    }
    isWellFormed = isRight && open.isEmpty
  }

  private static func isEscaped(_ text: Substring) -> Bool {
    text.split(separator: "&", omittingEmptySubsequences: false).dropFirst().allSatisfy { part in
      ["amp;", "lt;", "gt;", "quot;"].contains { part.hasPrefix($0) }
    }
  }
}
