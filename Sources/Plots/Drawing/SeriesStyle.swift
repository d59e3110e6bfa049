/// How series look: colours that people with any kind of colour vision can tell apart, and marks, dashes and hatches
/// that differ as well, so that a plot also reads in black and white. The counts of colours, marks and dashes have no
/// common divisor: 252 series look different from each other.
struct SeriesStyle {
  enum Mark: Int, CaseIterable {
    case circle, square, triangle, diamond, invertedTriangle, plus, ring, openSquare, cross
  }

  let colour: String
  let mark: Mark
  /// As SVG's `stroke-dasharray`; empty for a solid line.
  let dashes: String
  /// Which lines cross an area of this series; 0 for none.
  let hatch: Int

  static let dashes = ["", "7 4", "2 3", "9 3 2 3"]
  static let hatches = 5

  init(_ series: Int, _ theme: PictureTheme) {
    colour = theme.palette[series % theme.palette.count]
    mark = Mark.allCases[series % Mark.allCases.count]
    dashes = SeriesStyle.dashes[series % SeriesStyle.dashes.count]
    hatch = series % SeriesStyle.hatches
  }
}

/// The colours of a picture.
struct PictureTheme {
  let background: String
  let ink: String
  let muted: String
  let grid: String
  let axis: String
  /// Okabe and Ito's palette (2008) without its yellow; hues too pale or too dark for the background are moved until
  /// their contrast to it is 3 to 1, as WCAG 2.1 asks of graphics.
  let palette: [String]

  init(_ theme: PlotOptions.Theme) {
    switch theme {
    case .light:
      background = "#ffffff"
      ink = "#222222"
      muted = "#5c5c5c"
      grid = "#e4e4e4"
      axis = "#666666"
      palette = ["#0072B2", "#D55E00", "#009872", "#C2649B", "#3C93C8", "#B37C00", "#000000"]
    case .dark:
      background = "#17191e"
      ink = "#e8e8e8"
      muted = "#a8a8a8"
      grid = "#33363d"
      axis = "#8a8d94"
      palette = ["#4BA3E3", "#F08A4B", "#2DBE97", "#DE97C0", "#9AD5F7", "#E8B23A", "#F2F2F2"]
    }
  }
}
