import Foundations
import Learning
import Privacy
import Runtime
import Syntax
import Tensors
import Text

/// How a model reads a canary's text: by a vocabulary, or by a function of the script.
enum CanaryReader: Bindable {
  case vocabulary(Vocabulary, WordSplitter, classes: [String])
  case function(Callable)

  static let typeName = "vocabulary, dataset, examples or function"

  static func decode(_ value: Value, _ vm: VM) throws -> CanaryReader? {
    if let vocabulary = try Vocabulary.decode(value, vm) {
      return .vocabulary(vocabulary, .words, classes: [])
    }
    if let set = try IntentDataset.decode(value, vm) {
      return .vocabulary(set.vocabulary, set.tokenizer, classes: set.classes)
    }
    if let examples = try Examples.decode(value, vm) {
      return .vocabulary(examples.vocabulary, examples.tokenizer, classes: [])
    }
    return Callable.decode(value, vm).map { .function($0) }
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .vocabulary(let vocabulary, _, _): vocabulary.encode(vm)
    case .function(let function): function.encode(vm)
    }
  }

  /// The input for one text.
  func numbers(_ text: String) throws -> (shape: [Int], numbers: [Int]) {
    switch self {
    case .vocabulary(let vocabulary, let tokenizer, _):
      let numbers = vocabulary.encode(text, tokenizer: tokenizer).map(Int.init)
      return ([numbers.count], numbers)
    case .function(let function):
      let tensor = try function.call(text, as: Tensor.self)
      guard !tensor.dtype.isFloating, tensor.dtype != .bool, tensor.rank > 0, tensor.count > 0
      else {
        throw Fault(
          .type,
          "`vocabulary` must give the whole numbers that a model reads for one text, it gave \(tensor.dtype.name) \(tensor.shape)"
        )
      }
      return (
        tensor.shape.array, try tensor.detached.cast(to: .i64).array(Int64.self).map(Int.init)
      )
    }
  }

  /// - Throws: `value` where a word of the canary is unknown.
  func requireKnown(_ canary: Canary) throws {
    guard case .vocabulary(let vocabulary, let tokenizer, _) = self else { return }
    let words = canary.secrets.flatMap(tokenizer.tokens) + tokenizer.tokens(canary.text)
    guard let unknown = words.first(where: { !vocabulary.contains($0) }) else { return }
    throw Fault(
      .value, "the vocabulary does not know \(Quoting.literal(unknown)) of the canary",
      hint: "insert the canary before the vocabulary is counted: `set = canary.insert(set, …)`")
  }

  /// - Throws: `value` where the class has no number.
  func number(of label: String) throws -> Int {
    guard case .vocabulary(_, _, let classes) = self, !classes.isEmpty else {
      throw Fault(
        .value, "only a dataset knows classes by name, so \(Quoting.literal(label)) has no number",
        hint: "give the dataset as `vocabulary`, or the class's number as `label`")
    }
    guard let number = classes.firstIndex(spelt: label) else {
      throw Fault(.value, "\(Quoting.literal(label)) is no class of the dataset")
    }
    return number
  }
}

/// What a model is to say of a canary: a class by name or number, or a tag for each token.
enum CanaryLabel: Bindable {
  case name(String)
  case number(Int)
  case tags([Int])

  static let typeName = "string, int or list of int"

  static func decode(_ value: Value, _ vm: VM) throws -> CanaryLabel? {
    if let name = value.string { return .name(name) }
    if let number = Int.decode(value, vm) { return .number(number) }
    return try [Int].decode(value, vm).map { .tags($0) }
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .name(let name): name.encode(vm)
    case .number(let number): number.encode(vm)
    case .tags(let tags): try tags.encode(vm)
    }
  }

  func numbers(_ reader: CanaryReader) throws -> [Int] {
    let numbers: [Int]
    switch self {
    case .name(let name): numbers = [try reader.number(of: name)]
    case .number(let number): numbers = [number]
    case .tags(let tags): numbers = tags
    }
    guard !numbers.isEmpty, numbers.allSatisfy({ $0 >= 0 }) else {
      throw Fault(.value, "a canary's label is a number from 0 on, or one for each token")
    }
    return numbers
  }

  /// The loss of each text whose outputs these are: of a model with a CRF that of the tags, else cross-entropy; one of
  /// the script's own goes before.
  func losses(_ model: Layer, _ output: Tensor, _ reader: CanaryReader, _ own: Callable?) throws
    -> Tensor
  {
    let wanted = try numbers(reader)
    guard output.rank > 0 else { throw Fault(.shape, "the model gives a number, not outputs") }
    let texts = output.shape[0]
    let isOne = if case .tags = self { false } else { true }
    var labels = try Tensor(ints: (0..<texts).flatMap { _ in wanted })
    if !isOne { labels = try labels.reshaped([texts, wanted.count]) }
    if let own { return try Loss.ofScript(own)(output, labels) }
    if let field = CanaryLabel.field(of: model) {
      return try field.negativeLogLikelihood(output, labels)
    }
    let losses = try Losses.crossEntropy(output, labels, reduction: .none)
    return isOne ? losses : try losses.mean(axes: [1])
  }

  private static func field(of layer: Layer) -> CRF? {
    (layer as? CRF) ?? layer.children.lazy.compactMap { field(of: $0.layer) }.first
  }
}
