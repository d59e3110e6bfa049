import Foundation
import Foundations

// What stands around the shapes: axes, titles, legend, notes.

extension Picture {
  mutating func draw() throws -> String {
    let n = SVGDocument.number
    document.add(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(n(width))\" height=\"\(n(height))\" "
        + "viewBox=\"0 0 \(n(width)) \(n(height))\" role=\"img\" "
        + "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"\(n(size))\" fill=\"\(theme.ink)\">"
    )
    let title = scene.title.isEmpty ? scene.description : scene.title
    document.add("<title>\(SVGDocument.escaped(title))</title>")
    document.add("<desc>\(SVGDocument.escaped(scene.description))</desc>")
    document.add("<rect width=\"100%\" height=\"100%\" fill=\"\(theme.background)\"/>")
    drawHatches()
    drawHeading()
    for index in scene.panels.indices {
      let frame = frame(index)
      drawAxes(frame, title: scene.panels[index].title)
      try draw(scene.panels[index], in: frame)
      drawEdges(frame)
    }
    drawNames()
    if scene.colours != nil { drawColourBar() }
    drawNotes()
    document.add("</svg>")
    return document.text
  }

  private mutating func drawHeading() {
    for (index, line) in titleLines.enumerated() {
      document.write(
        line, min(left, 20), 12 + size * 1.55 * Double(index) + size,
        "font-size=\"\(SVGDocument.number(size * 1.23))\" font-weight=\"bold\"")
    }
    let start =
      14 + (titleLines.isEmpty ? 0 : Double(titleLines.count) * size * 1.55 + 2) + size * 0.7
    let style = "stroke-width=\"2\""
    for (row, keys) in legend.rows.enumerated() {
      let place = start + Double(row) * size * 1.55
      var across = 24.0
      if row == 0, !legend.heading.isEmpty {
        document.write(legend.heading, across, place + size * 0.35, "fill=\"\(theme.muted)\"")
        across += TextMetrics.width(legend.heading, size: size) + 10
      }
      for key in keys {
        let look = SeriesStyle(key.series, theme)
        switch scene.keyStyle {
        case .line:
          document.line(
            across, place, across + 24, place,
            "stroke=\"\(look.colour)\" \(style)\(dashes(look))")
          if legend.rows.count > 1 || keys.count > 1 { mark(look, across + 12, place) }
        case .mark: mark(look, across + 12, place)
        case .area:
          document.rectangle(
            across + 2, place - size * 0.4, 20, size * 0.8, fill(key.series, look))
        case .range:
          document.rectangle(
            across + 2, place - size * 0.4, 20, size * 0.8, Picture.rangeStyle(look))
        }
        document.write(key.name, across + 30, place + size * 0.35)
        across += LegendRows.width(key, size)
      }
      if row == legend.rows.count - 1, legend.left > 0 {
        document.write(
          "… and \(legend.left) more", min(across, width - 100), place + size * 0.35,
          "fill=\"\(theme.muted)\"")
      }
    }
  }

  private mutating func drawAxes(_ frame: Frame, title: String) {
    let grid = "stroke=\"\(theme.grid)\" stroke-width=\"1\""
    let isMap = scene.colours != nil
    for (tick, label) in zip(y.ticks, yLabels) {
      let up = frame.y(tick.position)
      if !isMap { document.line(frame.left, up, frame.right, up, grid) }
      guard frame.hasVerticalLabels else { continue }
      document.write(
        label, frame.left - 8, up + size * 0.35, "text-anchor=\"end\" fill=\"\(theme.muted)\"")
    }
    let labels = TextMetrics.cut(all: x.ticks.map(\.label), to: xLabels.longest, size: size)
    for (tick, label) in zip(x.ticks, labels) {
      let across = frame.x(tick.position)
      if !isMap, scene.x.categories == nil {
        document.line(across, frame.top, across, frame.bottom, grid)
      }
      document.line(
        across, frame.bottom, across, frame.bottom + 4,
        "stroke=\"\(theme.axis)\" stroke-width=\"1\"")
      guard frame.hasHorizontalLabels else { continue }
      drawHorizontalLabel(label, across, frame, isBeyond: tick.isBeyond)
    }
    for (index, text) in rowTexts.enumerated() {
      guard let place = y.position(Double(index)), y.labelStride == 1 else { continue }
      document.write(text, frame.right + 8, frame.y(place) + size * 0.35)
    }
    guard !title.isEmpty else { return }
    document.write(
      TextMetrics.cut(title, to: frame.right - frame.left, size: size, isBold: true),
      (frame.left + frame.right) / 2, frame.top - size * 0.45,
      "text-anchor=\"middle\" font-weight=\"bold\" fill=\"\(theme.muted)\"")
  }

  private mutating func drawHorizontalLabel(
    _ label: String, _ across: Double, _ frame: Frame, isBeyond: Bool
  ) {
    let n = SVGDocument.number
    guard !xLabels.isSlanted else {
      let (place, down) = (across + size * 0.35, frame.bottom + 6 + size * 0.6)
      document.write(
        label, place, down,
        "text-anchor=\"end\" fill=\"\(theme.muted)\" transform=\"rotate(-45 \(n(place)) \(n(down)))\""
      )
      return
    }
    // The outermost labels stay within the picture.
    let half = TextMetrics.width(label, size: size) / 2
    let place = min(max(across, half + 2), width - half - 2)
    document.write(
      label, place, frame.bottom + 5 + size,
      "text-anchor=\"middle\" fill=\"\(theme.muted)\""
        + (isBeyond && label.hasSuffix("∞") ? " font-size=\"\(n(size * 1.2))\"" : ""))
  }

  /// The two axes and where they are broken, above the shapes.
  private mutating func drawEdges(_ frame: Frame) {
    let axis = "stroke=\"\(theme.axis)\" stroke-width=\"1\""
    document.line(frame.left, frame.bottom, frame.right, frame.bottom, axis)
    document.line(frame.left, frame.top, frame.left, frame.bottom, axis)
    let gap = "fill=\"\(theme.background)\""
    for position in x.breaks {
      let place = frame.x(position)
      document.rectangle(place - 3, frame.bottom - 4, 6, 8, gap)
      for shift in [-3.0, 3] {
        document.line(
          place + shift - 2, frame.bottom + 5, place + shift + 2, frame.bottom - 5, axis)
      }
    }
    for position in y.breaks {
      let place = frame.y(position)
      document.rectangle(frame.left - 4, place - 3, 8, 6, gap)
      for shift in [-3.0, 3] {
        document.line(frame.left - 5, place + shift + 2, frame.left + 5, place + shift - 2, axis)
      }
    }
  }

  private mutating func drawNames() {
    let middle = (left + right) / 2
    let lowest = frame(max(0, scene.panels.count - 1)).bottom
    if !x.title.isEmpty {
      document.write(
        TextMetrics.cut(x.title, to: width - 20, size: size),
        min(max(middle, TextMetrics.width(x.title, size: size) / 2 + 4), max(middle, width / 2)),
        max(lowest, bottom) + 6 + xLabels.height + size, "text-anchor=\"middle\"")
    }
    if !y.title.isEmpty {
      let up = (top + bottom) / 2
      let n = SVGDocument.number
      let place = 6 + size
      document.write(
        TextMetrics.cut(y.title, to: height - 16, size: size), place, up,
        "text-anchor=\"middle\" transform=\"rotate(-90 \(n(place)) \(n(up)))\"")
    }
    if scene.isEmpty {
      document.write(
        "no data", middle, (top + bottom) / 2, "text-anchor=\"middle\" fill=\"\(theme.muted)\"")
    }
  }

  private mutating func drawNotes() {
    for (index, line) in notes.enumerated() {
      let up = height - 7 - Double(notes.count - 1 - index) * size * 1.15
      document.write(
        line, width - 14, up,
        "text-anchor=\"end\" font-size=\"\(SVGDocument.number(size * 0.85))\" fill=\"\(theme.muted)\""
      )
    }
  }

  private mutating func drawColourBar() {
    guard let colours = scene.colours else { return }
    let (x, steps) = (right + 14, 48)
    let tall = bottom - top
    for step in 0..<steps {
      let part = (Double(step) + 0.5) / Double(steps)
      let value = colours.low * (1 - part) + colours.high * part
      // Each a little taller, so that no line of the background is seen between them.
      document.rectangle(
        x, bottom - tall * Double(step + 1) / Double(steps), 12, tall / Double(steps) + 0.5,
        "fill=\"\(colours.colour(value).hex)\"")
    }
    var scale = AxisDescription()
    scale.isPadded = false
    scale.extent.include([colours.low, colours.high])
    let axis = PlotAxis(scale, maximumTicks: max(2, min(7, Int(tall / (size * 2.4)))))
    for tick in axis.ticks {
      let up = bottom - tall * tick.position
      document.write(
        TextMetrics.cut(tick.label, to: 44, size: size * 0.9), x + 15, up + size * 0.35,
        "font-size=\"\(SVGDocument.number(size * 0.9))\" fill=\"\(theme.muted)\"")
    }
  }
}
