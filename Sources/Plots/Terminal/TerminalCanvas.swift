/// A grid of braille characters, each two dots wide and four high, with marks and texts above the dots.
struct TerminalCanvas {
  struct Cell {
    var dots: UInt8 = 0
    var mark: Character?
    /// Whose colour it has; nil for that of the text around.
    var owner: Int?
    /// The colour behind it, as a code of 256.
    var background: Int?

    var character: Character {
      if let mark { return mark }
      guard dots != 0, let scalar = Unicode.Scalar(0x2800 + UInt32(dots)) else { return " " }
      return Character(scalar)
    }
  }

  let columns: Int
  let rows: Int
  private var cells: [Cell]

  init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    cells = Array(repeating: Cell(), count: columns * rows)
  }

  func cell(_ column: Int, _ row: Int) -> Cell { cells[row * columns + column] }

  func row(_ position: Double) -> Int { min(rows - 1, max(0, Int((1 - position) * Double(rows)))) }

  func column(_ position: Double) -> Int {
    min(columns - 1, max(0, Int(position * Double(columns))))
  }

  /// The dot at a position in 0...1 both ways, y upwards.
  func dot(_ place: Place) -> (Int, Int) {
    (
      min(columns * 2 - 1, max(0, Int(place.x * Double(columns * 2)))),
      min(rows * 4 - 1, max(0, Int((1 - place.y) * Double(rows * 4))))
    )
  }

  mutating func set(_ x: Int, _ y: Int, _ owner: Int?) {
    guard x >= 0, y >= 0, x < columns * 2, y < rows * 4 else { return }
    let bits: [UInt8] = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80]
    let place = y / 4 * columns + x / 2
    cells[place].dots |= bits[x % 2 * 4 + y % 4]
    cells[place].owner = owner
  }

  private mutating func clear(_ x: Int, _ y: Int) {
    let bits: [UInt8] = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80]
    cells[y / 4 * columns + x / 2].dots &= ~bits[x % 2 * 4 + y % 4]
  }

  mutating func setMark(_ mark: Character, column: Int, row: Int, _ owner: Int?) {
    guard column >= 0, row >= 0, column < columns, row < rows else { return }
    cells[row * columns + column].mark = mark
    cells[row * columns + column].owner = owner
  }

  mutating func setBackground(_ code: Int, column: Int, row: Int) {
    cells[row * columns + column].background = code
  }

  /// Bresenham's line between two dots.
  mutating func line(_ from: (Int, Int), _ to: (Int, Int), _ owner: Int?, every step: Int = 1) {
    var (x, y) = from
    let dx = abs(to.0 - x)
    let dy = -abs(to.1 - y)
    let stepX = x < to.0 ? 1 : -1
    let stepY = y < to.1 ? 1 : -1
    var (error, turn) = (dx + dy, 0)
    while true {
      if turn % step == 0 { set(x, y, owner) }
      turn += 1
      if (x, y) == to { return }
      let doubled = 2 * error
      if doubled >= dy {
        error += dy
        x += stepX
      }
      if doubled <= dx {
        error += dx
        y += stepY
      }
    }
  }

  /// Which dots of an area are set, so that areas of different series differ without colours.
  static func isFilled(_ x: Int, _ y: Int, _ pattern: Int) -> Bool {
    switch pattern % 5 {
    case 0: true
    case 1: (x + y) % 2 == 0
    case 2: y % 2 == 0
    case 3: x % 2 == 0
    default: (x + 2 * y) % 4 == 0
    }
  }

  /// Fills a rectangle of dots, its corners included; what lay there before is covered.
  mutating func fill(_ from: (Int, Int), _ to: (Int, Int), _ owner: Int?, pattern: Int) {
    guard from.0 <= to.0, from.1 <= to.1 else { return }
    for y in from.1...to.1 {
      for x in from.0...to.0 {
        if TerminalCanvas.isFilled(x, y, pattern) { set(x, y, owner) } else { clear(x, y) }
      }
    }
  }
}
