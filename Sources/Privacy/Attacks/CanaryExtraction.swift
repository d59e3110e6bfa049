// Canary extraction by model inversion, ModIvA (Parikh, Dupuy, Gupta 2022, "Canary extraction in natural language
// understanding models", arXiv 2203.13920): the text completion that the model likes best is searched for as a
// continuous problem. Each unknown token is a mixture p = softmax(z/T) of the possible ones and is read as the same
// mixture of their embeddings; Adam moves z against the gradient of the target's loss while the model stays as it is;
// the token is the likeliest of its mixture in the end. White box: it needs the model's numbers.
//
// A mixture has a row of its own at the end of a copy's embedding tables, so that the rest of the model, whatever it is
// made of, reads it as a token. Where a word is read by its characters, each of its characters is such a mixture with
// the same p. All starts are searched for as one batch.

import Foundation
import Foundations
import Learning
import Tensors

/// A canary as a model reads it.
public struct CanaryInput: Sendable {
  /// A number that the model reads at one place of its input, for each of the possible secret tokens.
  struct Cell {
    /// In the flattened input.
    var place: Int
    /// Which token of the secret decides what stands there.
    var position: Int
    var numbers: [Int]
  }

  let canary: Canary
  /// The input's shape for one text, and its numbers with the first secret everywhere.
  let shape: [Int]
  let base: [Int]
  let cells: [Cell]

  /// - Parameter encode: the input for a text: integers of any shape.
  /// - Throws: `value` where the model cannot tell the possible secrets apart, or tokens do not keep their places.
  public init(_ canary: Canary, encode: (String) throws -> (shape: [Int], numbers: [Int])) throws {
    let first = [Int](repeating: 0, count: canary.length)
    let (shape, base) = try encode(canary.text(of: first))
    var cells: [Int: Cell] = [:]
    for position in 0..<canary.length {
      var rows = [base]
      for token in 1..<canary.secrets.count {
        try Cancellation.check()
        var other = first
        other[position] = token
        let (otherShape, numbers) = try encode(canary.text(of: other))
        guard otherShape == shape, numbers.count == base.count else {
          throw DomainError(
            .value,
            "the canary becomes an input of shape \(Shape(otherShape)) with \(Quoting.literal(canary.secrets[token])) and \(Shape(shape)) with \(Quoting.literal(canary.secrets[0]))",
            hint: "all secrets must become as many tokens")
        }
        rows.append(numbers)
      }
      let places = base.indices.filter { place in rows.contains { $0[place] != base[place] } }
      guard !places.isEmpty else {
        throw DomainError(
          .value, "token \(position + 1) of the secret does not reach the model",
          hint:
            "the canary is longer than the model's input, or its secrets are not in the vocabulary: insert it before the vocabulary is counted"
        )
      }
      for (token, row) in rows.enumerated() {
        if let other = rows[..<token].firstIndex(where: { earlier in
          places.allSatisfy { earlier[$0] == row[$0] }
        }) {
          throw DomainError(
            .value,
            "the model reads \(Quoting.literal(canary.secrets[token])) and \(Quoting.literal(canary.secrets[other])) as the same",
            hint:
              "secrets must be in the vocabulary: insert the canary before the vocabulary is counted"
          )
        }
      }
      for place in places {
        guard cells[place] == nil else {
          throw DomainError(
            .value, "tokens \(position) and \(position + 1) of the secret become one",
            hint: "give the canary a separator that keeps its tokens apart")
        }
        cells[place] = Cell(place: place, position: position, numbers: rows.map { $0[place] })
      }
    }
    self.canary = canary
    self.shape = shape
    self.base = base
    self.cells = cells.values.sorted { $0.place < $1.place }
  }

  /// The input for one choice of tokens.
  func numbers(of choice: [Int]) -> [Int] {
    var numbers = base
    for cell in cells { numbers[cell.place] = cell.numbers[choice[cell.position]] }
    return numbers
  }
}

/// How the search goes.
public struct ExtractionOptions: Sendable {
  public var starts = 10
  public var iterations = 1000
  public var rate = 0.02
  /// A start ends where its likeliest tokens have been the same for so many iterations.
  public var patience = 100
  public var temperature = 1.0
  /// The temperature at the last iteration, reached geometrically; nil keeps the first one.
  public var finalTemperature: Double?
  public var key: RandomKey

  public init(key: RandomKey) { self.key = key }

  func check() throws(DomainError) {
    for (name, value) in [("starts", starts), ("iterations", iterations), ("patience", patience)]
    where value < 1 {
      throw DomainError(.value, "`\(name)` must be at least 1, got \(value)")
    }
    for (name, value) in [
      ("learning_rate", rate), ("temperature", temperature),
      ("final_temperature", finalTemperature ?? 1),
    ] where !(value > 0 && value <= 1e3 && (name == "learning_rate" || value >= 1e-3)) {
      throw DomainError(
        .value, "`\(name)` is out of range: \(NumberText.shortest(value))",
        hint: "temperatures lie within 0.001 and 1000, learning rates above 0")
    }
  }

  func temperature(at iteration: Int) -> Double {
    guard let finalTemperature, iterations > 1 else { return temperature }
    return temperature
      * pow(finalTemperature / temperature, Double(iteration) / Double(iterations - 1))
  }
}

/// What one start came to.
public struct ExtractedSecret: Sendable, Equatable {
  /// Which token stands at each place of the secret.
  public var choice: [Int]
  /// The target's loss at the text with exactly these tokens.
  public var loss: Double
  public var iterations: Int
}

public enum CanaryExtraction {
  /// Searches from several starts.
  ///
  /// - Parameters:
  ///   - model: reads the canary through embeddings; it stays as it is.
  ///   - loss: from a copy of the model and its output for texts, [texts, …], to the target's loss of each, [texts].
  /// - Returns: a result a start, the one with the least loss first.
  /// - Throws: `type` where the model has no embeddings or cannot be copied, `value` where its loss is not a number or
  ///   does not depend on the tokens.
  public static func secrets(
    _ input: CanaryInput, model: Layer, options: ExtractionOptions,
    loss: (_ model: Layer, _ output: Tensor) throws -> Tensor
  ) throws -> [ExtractedSecret] {
    try options.check()
    var search = try Search(input, model, options)
    for iteration in 0..<options.iterations {
      try Cancellation.check()
      if try !search.step(iteration, loss) { break }
    }
    return try search.results(loss)
  }

  /// A search in progress.
  private struct Search {
    let input: CanaryInput
    let options: ExtractionOptions
    let model: Layer
    /// The tables that tokens are looked up in, and how many of their rows are tokens.
    let tables: [(weight: Parameter, rows: Int, width: Int)]
    /// The first row that is a mixture.
    let firstRow: Int
    let tokens: Tensor
    /// z of each start, place and token; Adam's moments; steps so far.
    var logits: [Double]
    var first: [Double]
    var second: [Double]
    var steps: [Int]
    var choices: [[Int]]
    /// For how many iterations each start's choice has been the same.
    var unchanged: [Int]

    var places: Int { input.canary.length }
    var kinds: Int { input.canary.secrets.count }

    init(_ input: CanaryInput, _ model: Layer, _ options: ExtractionOptions) throws {
      let originals = Search.embeddings(of: model)
      guard !originals.isEmpty else {
        throw DomainError(
          .type, "the model has no embedding: it does not read tokens",
          hint: "the extraction needs a model that begins with `nn.embedding`")
      }
      // Tokens that the model does not know fail here, before there are rows for them.
      let texts = (0..<input.canary.secrets.count).flatMap { token in
        input.numbers(of: [Int](repeating: token, count: input.canary.length))
      }
      _ = try ForwardContext.evaluation {
        try model.forward(
          Tensor(ints: texts).reshaped([input.canary.secrets.count] + input.shape))
      }
      let firstRow = originals.map(\.rows).max() ?? 0
      let copy = try model.copied(
        embeddingRows: firstRow + options.starts * input.cells.count)
      copy.setTrainable(false)
      let copies = Search.embeddings(of: copy)
      guard copies.count == originals.count else {
        throw DomainError(.type, "the copy of a \(model.kind) has other embeddings than it has")
      }
      tables = zip(originals, copies).map { ($1.weight, $0.rows, $0.width) }
      for table in tables { table.weight.requiresGradient = true }
      self.input = input
      self.options = options
      self.model = copy
      self.firstRow = firstRow
      var numbers: [Int] = []
      for start in 0..<options.starts {
        var row = input.base
        for (index, cell) in input.cells.enumerated() {
          row[cell.place] = firstRow + start * input.cells.count + index
        }
        numbers += row
      }
      tokens = try Tensor(ints: numbers).reshaped([options.starts] + input.shape)
      var random = options.key.stream
      // Glorot and Bengio's uniform start of a matrix [places, kinds].
      let bound = (6 / Double(input.canary.length + input.canary.secrets.count)).squareRoot()
      let size = options.starts * input.canary.length * input.canary.secrets.count
      logits = (0..<size).map { _ in random.uniform(-bound, bound) }
      first = [Double](repeating: 0, count: size)
      second = first
      steps = [Int](repeating: 0, count: options.starts)
      unchanged = steps
      choices = []
      choices = (0..<options.starts).map { choice($0) }
    }

    /// All embeddings below, each table once.
    private static func embeddings(of layer: Layer) -> [Embedding] {
      var seen: Set<Parameter> = []
      var found: [Embedding] = []
      func visit(_ layer: Layer) {
        if let embedding = layer as? Embedding, seen.insert(embedding.weight).inserted {
          found.append(embedding)
        }
        for (_, child) in layer.children { visit(child) }
      }
      visit(layer)
      return found
    }

    private func place(_ start: Int, _ position: Int) -> Range<Int> {
      let from = (start * places + position) * kinds
      return from..<from + kinds
    }

    /// The likeliest tokens, of equals the first.
    private func choice(_ start: Int) -> [Int] {
      (0..<places).map { position in
        let row = logits[place(start, position)]
        return (row.firstIndex { $0 == row.max() } ?? row.startIndex) - row.startIndex
      }
    }

    private func mixture(_ start: Int, _ position: Int, _ temperature: Double) -> [Double] {
      let row = logits[place(start, position)].map { $0 / temperature }
      let top = row.max() ?? 0
      let powers = row.map { exp($0 - top) }
      let total = powers.reduce(0, +)
      return powers.map { $0 / total }
    }

    /// Moves all starts that are not at rest; false where none is left.
    mutating func step(
      _ iteration: Int, _ loss: (Layer, Tensor) throws -> Tensor
    ) throws -> Bool {
      let temperature = options.temperature(at: iteration)
      let mixtures = (0..<options.starts).map { start in
        (0..<places).map { mixture(start, $0, temperature) }
      }
      try write(mixtures)
      let gradients = try ForwardContext.evaluation {
        try Tape.withRecording {
          let losses = try loss(model, model.forward(tokens))
          try check(losses)
          return try Tape.gradients(
            of: losses.sum(), withRespectTo: tables.map(\.weight))
        }
      }
      for start in 0..<options.starts where unchanged[start] < options.patience {
        move(start, mixtures[start], gradients, temperature)
        let choice = choice(start)
        unchanged[start] = choice == choices[start] ? unchanged[start] + 1 : 0
        choices[start] = choice
      }
      return unchanged.contains { $0 < options.patience }
    }

    private func check(_ losses: Tensor) throws {
      guard losses.shape == [options.starts] else {
        throw DomainError(
          .shape,
          "the loss must give one number a text, [\(options.starts)], it gave \(losses.shape)")
      }
      guard try losses.doubles().allSatisfy(\.isFinite) else {
        throw DomainError(
          .value, "the model's loss is not a finite number",
          hint: "it has diverged: train with a smaller learning rate")
      }
    }

    /// Writes the mixtures' embeddings into their rows.
    private func write(_ mixtures: [[[Double]]]) throws {
      for table in tables {
        try table.weight.update { numbers in
          for start in 0..<options.starts {
            for (index, cell) in input.cells.enumerated() {
              let row = (firstRow + start * input.cells.count + index) * table.width
              for column in 0..<table.width {
                var sum = 0.0
                for (token, number) in cell.numbers.enumerated() where number < table.rows {
                  sum +=
                    mixtures[start][cell.position][token]
                    * Double(numbers[number * table.width + column])
                }
                numbers[row + column] = Float(sum)
              }
            }
          }
        }
      }
    }

    /// One step of Adam (β 0.9 and 0.999) for the logits of a start.
    private mutating func move(
      _ start: Int, _ mixtures: [[Double]], _ gradients: [Tensor], _ temperature: Double
    ) {
      // Of each place's mixture: the row's gradient times the embedding of each token.
      var slopes = [[Double]](repeating: [Double](repeating: 0, count: kinds), count: places)
      for (table, gradient) in zip(tables, gradients) {
        let numbers = table.weight.data
        withExtendedLifetime((numbers, gradient)) {
          for (index, cell) in input.cells.enumerated() {
            let row =
              gradient.floats + (firstRow + start * input.cells.count + index) * table.width
            for (token, number) in cell.numbers.enumerated() where number < table.rows {
              let embedding = numbers.floats + number * table.width
              var sum = 0.0
              for column in 0..<table.width {
                sum += Double(row[column]) * Double(embedding[column])
              }
              slopes[cell.position][token] += sum
            }
          }
        }
      }
      steps[start] += 1
      let (one, two) = (1 - pow(0.9, Double(steps[start])), 1 - pow(0.999, Double(steps[start])))
      for position in 0..<places {
        let p = mixtures[position]
        let mean = zip(p, slopes[position]).reduce(0) { $0 + $1.0 * $1.1 }
        for (token, index) in place(start, position).enumerated() {
          let slope = p[token] * (slopes[position][token] - mean) / temperature
          first[index] = 0.9 * first[index] + 0.1 * slope
          second[index] = 0.999 * second[index] + 0.001 * slope * slope
          logits[index] -=
            options.rate * (first[index] / one) / ((second[index] / two).squareRoot() + 1e-8)
        }
      }
    }

    /// What the starts have come to, each judged by the text that it stands for.
    func results(_ loss: (Layer, Tensor) throws -> Tensor) throws -> [ExtractedSecret] {
      let texts = try Tensor(ints: choices.flatMap { input.numbers(of: $0) })
        .reshaped([options.starts] + input.shape)
      let losses = try ForwardContext.evaluation { try loss(model, model.forward(texts)) }
      try check(losses)
      let found = try losses.doubles()
      return choices.indices.sorted { (found[$0], $0) < (found[$1], $1) }.map {
        ExtractedSecret(choice: choices[$0], loss: found[$0], iterations: steps[$0])
      }
    }
  }
}
